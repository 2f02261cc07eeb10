//! Rules of the remittance advice (835): it balances at the line, the claim and the payment.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::{Rules, adjustments, amount, dependent_missing};
use crate::syntax::Segment;
use crate::validate::{ElementFault, Mark, Sink};

/// How many group numbers are remembered, so that memory stays bounded.
const MOST_NUMBERS: usize = 10_000;

/// The open sums.
#[derive(Debug, Default)]
pub(super) struct RemittanceRules {
    numbers: HashSet<u32>,
    payment: Option<(Mark, Decimal)>,
    claims_paid: Decimal,
    provider_adjustments: Decimal,
    claim: Option<Sums>,
    line: Option<Sums>,
}

/// Charge − adjustments = paid.
#[derive(Debug)]
struct Sums {
    mark: Mark,
    charge: Decimal,
    paid: Decimal,
    adjusted: Decimal,
}

impl Sums {
    fn balances(&self) -> bool {
        self.charge - self.adjusted == self.paid
    }
}

impl RemittanceRules {
    fn adjust(&mut self, cas: &Segment<'_>, in_line: bool) {
        let sum = adjustments(cas);
        if let Some(claim) = &mut self.claim {
            claim.adjusted += sum;
        }
        if let Some(line) = self.line.as_mut().filter(|_| in_line) {
            line.adjusted += sum;
        }
    }
}

impl RemittanceRules {
    /// LX01 is a number that no other group of claims in the advice has.
    fn claim_group(&mut self, lx: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        let Ok(number) = lx.get(1).parse() else {
            return;
        };
        if !self.numbers.insert(number) {
            let message = "another group of claims has the same number";
            let at = mark.element(1);
            sink.element(at, ElementFault::InvalidValue, "line-number", message);
        }
        if self.numbers.len() > MOST_NUMBERS {
            self.numbers.clear();
        }
    }
}

impl Rules for RemittanceRules {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        match segment.id() {
            "BPR" => {
                let credit = if segment.get(3) == "D" {
                    -Decimal::ONE
                } else {
                    Decimal::ONE
                };
                self.payment = Some((mark, credit * amount(segment.get(2))));
                check_payment_method(segment, mark, sink);
            }
            "CLP" => {
                let (charge, paid) = (amount(segment.get(3)), amount(segment.get(4)));
                self.claims_paid += paid;
                self.claim = Some(Sums {
                    mark,
                    charge,
                    paid,
                    adjusted: Decimal::ZERO,
                });
            }
            "SVC" => {
                let (charge, paid) = (amount(segment.get(2)), amount(segment.get(3)));
                self.line = Some(Sums {
                    mark,
                    charge,
                    paid,
                    adjusted: Decimal::ZERO,
                });
            }
            "LX" => self.claim_group(segment, mark, sink),
            "CAS" => self.adjust(segment, mark.loop_id == "2110"),
            "PLB" => {
                let amounts = (4..=14)
                    .step_by(2)
                    .map(|element| amount(segment.get(element)));
                self.provider_adjustments += amounts.sum::<Decimal>();
            }
            _ => {}
        }
    }

    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        match loop_id {
            "2110" => {
                if let Some(line) = self.line.take().filter(|line| !line.balances()) {
                    let message = "the line charge less its adjustments is not the line payment";
                    let at = line.mark.element(3);
                    sink.element(at, ElementFault::Pattern, "line-balance", message);
                }
            }
            "2100" => {
                if let Some(claim) = self.claim.take().filter(|claim| !claim.balances()) {
                    let message = "the claim charge less all adjustments is not the claim payment";
                    let at = claim.mark.element(4);
                    sink.element(at, ElementFault::Pattern, "claim-balance", message);
                }
            }
            "set" => {
                let expected = self.claims_paid - self.provider_adjustments;
                if let Some((mark, _)) = self.payment.filter(|(_, paid)| *paid != expected) {
                    let message = "the payment is not the claim payments less provider adjustments";
                    sink.element(
                        mark.element(2),
                        ElementFault::Pattern,
                        "payment-balance",
                        message,
                    );
                }
            }
            _ => {}
        }
    }
}

/// An ACH payment names both banks; a non-payment has no amount.
fn check_payment_method(bpr: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    if bpr.get(4) == "NON" && !amount(bpr.get(2)).is_zero() {
        let message = "a remittance without payment has the amount zero";
        sink.element(
            mark.element(2),
            ElementFault::InvalidValue,
            "payment-method",
            message,
        );
    }
    if matches!(bpr.get(4), "ACH" | "BOP" | "FWT") {
        for element in [6, 7, 8, 9, 10, 12, 13, 14, 15] {
            if bpr.get(element).is_empty() {
                let message = "an electronic payment names both banks and accounts";
                let fault = ElementFault::ConditionalMissing;
                sink.element(mark.element(element), fault, "payment-method", message);
            }
        }
    }
    if bpr.get(4) == "ACH" && bpr.get(5).is_empty() {
        dependent_missing(
            mark,
            "BPR",
            "payment-method",
            "an ACH payment names its format",
            sink,
        );
    }
}
