//! Coordination of benefits in a claim: the other payers and what they paid on it and on each line.

use rust_decimal::Decimal;

use super::{adjustments, amount};
use crate::syntax::Segment;
use crate::validate::{ElementFault, Mark, Sink};

/// A claim has at most ten other payers; what a claim with more says of them is not kept.
const MOST_PAYERS: usize = 10;

/// The payers of the open claim, and the adjudication of the open line.
#[derive(Debug, Default)]
pub(super) struct Coordination {
    /// Payer responsibility of the claim's destination (SBR01 of 2000B).
    destination: String,
    claim_charge: Decimal,
    payers: Vec<OtherPayer>,
    line_charge: Decimal,
    adjudication: Option<Adjudication>,
}

/// One loop 2320, and what the lines say of its payer.
#[derive(Debug, Default)]
struct OtherPayer {
    /// SBR01 of the loop.
    responsibility: String,
    /// 2330B NM109.
    identifier: String,
    /// AMT*D.
    paid: Option<(Mark, Decimal)>,
    /// CAS of the claim, and whether there was one.
    adjusted: Decimal,
    has_adjustments: bool,
    /// Sum of SVD02, and whether there was one.
    lines_paid: Decimal,
    has_lines: bool,
}

#[derive(Debug)]
struct Adjudication {
    mark: Mark,
    paid: Decimal,
    adjusted: Decimal,
}

impl Coordination {
    pub(super) fn begin_claim(&mut self, destination: &str, charge: Decimal) {
        destination.clone_into(&mut self.destination);
        self.claim_charge = charge;
        self.payers.clear();
        self.adjudication = None;
    }

    pub(super) fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        match (mark.loop_id, segment.id()) {
            ("2320", "SBR") => self.other_payer(segment, mark, sink),
            ("2320", _) => self.claim_adjudication(segment, mark),
            ("2330B", "NM1") => {
                if let Some(payer) = self.payers.last_mut() {
                    segment.get(9).clone_into(&mut payer.identifier);
                }
            }
            ("2400", "SV1") => self.line_charge = amount(segment.get(2)),
            ("2400", "SV2") => self.line_charge = amount(segment.get(3)),
            ("2430", "SVD") => self.line_adjudication(segment, mark, sink),
            ("2430", "CAS") => {
                if let Some(open) = &mut self.adjudication {
                    open.adjusted += adjustments(segment);
                }
            }
            _ => {}
        }
    }

    pub(super) fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        match loop_id {
            "2430" => self.check_line(sink),
            "2300" => self.check_payers(sink),
            _ => {}
        }
    }

    /// Each payer of a claim has its own place in the order of payers; only `U` may repeat.
    fn other_payer(&mut self, sbr: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        let code = sbr.get(1);
        let mut used = self
            .payers
            .iter()
            .map(|payer| payer.responsibility.as_str());
        if code != "U" && (code == self.destination || used.any(|used| used == code)) {
            let message = "another payer of this claim has the same place in the order of payers";
            let at = mark.element(1);
            sink.element(at, ElementFault::InvalidValue, "payer-order", message);
        }
        if self.payers.len() < MOST_PAYERS {
            self.payers.push(OtherPayer {
                responsibility: code.to_owned(),
                ..OtherPayer::default()
            });
        }
    }

    /// What the payer of the open loop 2320 decided about the claim as a whole.
    fn claim_adjudication(&mut self, segment: &Segment<'_>, mark: Mark) {
        let Some(payer) = self.payers.last_mut() else {
            return;
        };
        match (segment.id(), segment.get(1)) {
            ("CAS", _) => {
                payer.adjusted += adjustments(segment);
                payer.has_adjustments = true;
            }
            ("AMT", "D") => payer.paid = Some((mark, amount(segment.get(2)))),
            _ => {}
        }
    }

    /// SVD01 is the identifier of one of the claim's other payers.
    fn line_adjudication(&mut self, svd: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        let paid = amount(svd.get(2));
        let mut payers = self.payers.iter_mut();
        match payers.find(|payer| payer.identifier == svd.get(1)) {
            Some(payer) => {
                payer.lines_paid += paid;
                payer.has_lines = true;
            }
            None => {
                let message = "it identifies no other payer of this claim (2330B NM109)";
                let at = mark.element(1);
                sink.element(at, ElementFault::InvalidValue, "line-payer", message);
            }
        }
        self.adjudication = Some(Adjudication {
            mark,
            paid,
            adjusted: Decimal::ZERO,
        });
    }

    fn check_line(&mut self, sink: &mut Sink) {
        let Some(found) = self.adjudication.take() else {
            return;
        };
        if found.paid + found.adjusted != self.line_charge {
            let message = "what the other payer paid and adjusted is not the charge of the line";
            let at = found.mark.element(2);
            sink.element(at, ElementFault::Pattern, "line-balance", message);
        }
    }

    /// What a payer paid on the claim is what it paid on the lines, or else the charge, less what
    /// it adjusted on the claim.
    fn check_payers(&self, sink: &mut Sink) {
        for payer in &self.payers {
            let Some((mark, paid)) = payer.paid else {
                continue;
            };
            let expected = match (payer.has_lines, payer.has_adjustments) {
                (true, _) => payer.lines_paid - payer.adjusted,
                (false, true) => self.claim_charge - payer.adjusted,
                (false, false) => continue,
            };
            if paid != expected {
                let message = "what the other payer paid does not agree with its adjustments";
                sink.element(
                    mark.element(2),
                    ElementFault::Pattern,
                    "payer-balance",
                    message,
                );
            }
        }
    }
}
