//! Coordination of benefits in a claim: the other payers and what they paid on each line.

use rust_decimal::Decimal;

use super::{adjustments, amount};
use crate::syntax::Segment;
use crate::validate::{ElementFault, Mark, Sink};

/// The payers of the open claim, and the adjudication of the open line.
#[derive(Debug, Default)]
pub(super) struct Coordination {
    /// Payer responsibility codes used so far (SBR01 of 2000B and 2320).
    responsibilities: Vec<String>,
    /// Identifiers of the other payers (2330B NM109).
    payers: Vec<String>,
    line_charge: Decimal,
    adjudication: Option<Adjudication>,
}

#[derive(Debug)]
struct Adjudication {
    mark: Mark,
    paid: Decimal,
    adjusted: Decimal,
}

impl Coordination {
    pub(super) fn begin_claim(&mut self, destination: &str) {
        self.responsibilities.clear();
        self.responsibilities.push(destination.to_owned());
        self.payers.clear();
        self.adjudication = None;
    }

    pub(super) fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        match (mark.loop_id, segment.id()) {
            ("2320", "SBR") => self.responsibility(segment, mark, sink),
            ("2330B", "NM1") => self.payers.push(segment.get(9).to_owned()),
            ("2400", "SV1") => self.line_charge = amount(segment.get(2)),
            ("2400", "SV2") => self.line_charge = amount(segment.get(3)),
            ("2430", "SVD") => {
                self.known_payer(segment, mark, sink);
                let paid = amount(segment.get(2));
                self.adjudication = Some(Adjudication {
                    mark,
                    paid,
                    adjusted: Decimal::ZERO,
                });
            }
            ("2430", "CAS") => {
                if let Some(open) = &mut self.adjudication {
                    open.adjusted += adjustments(segment);
                }
            }
            _ => {}
        }
    }

    pub(super) fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        if loop_id != "2430" {
            return;
        }
        let Some(found) = self.adjudication.take() else {
            return;
        };
        if found.paid + found.adjusted != self.line_charge {
            let message = "what the other payer paid and adjusted is not the charge of the line";
            sink.element(
                found.mark.element(2),
                ElementFault::Pattern,
                "line-balance",
                message,
            );
        }
    }

    /// Each payer of a claim has its own place in the order of payers; only `U` may repeat.
    fn responsibility(&mut self, sbr: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        let code = sbr.get(1);
        if code != "U" && self.responsibilities.iter().any(|used| used == code) {
            let message = "another payer of this claim has the same place in the order of payers";
            sink.element(
                mark.element(1),
                ElementFault::InvalidValue,
                "payer-order",
                message,
            );
        }
        self.responsibilities.push(code.to_owned());
    }

    /// SVD01 is the identifier of one of the claim's other payers.
    fn known_payer(&self, svd: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        if !self.payers.iter().any(|known| known == svd.get(1)) {
            let message = "it identifies no other payer of this claim (2330B NM109)";
            sink.element(
                mark.element(1),
                ElementFault::InvalidValue,
                "line-payer",
                message,
            );
        }
    }
}
