//! Rules of claim status (276, 277) and the claim acknowledgment (277CA).

use rust_decimal::Decimal;

use super::{Rules, amount, dependent_missing};
use crate::syntax::Segment;
use crate::validate::{ElementFault, Mark, Sink};

/// Rules of the 276: a subscriber who is the patient is described and has a claim to ask about.
#[derive(Debug, Default)]
pub(super) struct RequestRules {
    subscriber: Option<Mark>,
    has_dependents: bool,
    has_demographics: bool,
    claims: u32,
}

impl Rules for RequestRules {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, _: &mut Sink) {
        match (mark.loop_id, segment.id()) {
            ("2000D", "HL") => {
                *self = Self {
                    subscriber: Some(mark),
                    ..Self::default()
                }
            }
            ("2000D", "DMG") => self.has_demographics = true,
            ("2000E", "HL") => self.has_dependents = true,
            ("2200D", "TRN") => self.claims += 1,
            _ => {}
        }
    }

    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        let Some(mark) = self
            .subscriber
            .filter(|_| loop_id == "2000D" && !self.has_dependents)
        else {
            return;
        };
        if self.claims == 0 {
            let at = Mark::new(mark.position, "TRN", "2200D");
            dependent_missing(at, "TRN", "status-request", "no claim is asked about", sink);
        }
        if !self.has_demographics {
            let why = "a subscriber who is the patient needs a birth date";
            dependent_missing(mark, "DMG", "patient-demographics", why, sink);
        }
    }
}

/// Rules of the 277: a level of the hierarchy that nothing follows says what the status is.
#[derive(Debug, Default)]
pub(super) struct ResponseRules {
    open: Option<StatusLevel>,
}

/// The innermost level that may carry a status, by the loop of its HL.
#[derive(Debug)]
struct StatusLevel {
    mark: Mark,
    answered: bool,
}

impl Rules for ResponseRules {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, _: &mut Sink) {
        match (mark.loop_id, segment.id()) {
            (_, "HL") => {
                let answered = false;
                self.open = Some(StatusLevel { mark, answered });
            }
            (_, "STC") => {
                if let Some(level) = &mut self.open {
                    level.answered = true;
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        // A level that others follow is no longer the open one when its loop ends.
        let Some(level) = self.open.take_if(|level| level.mark.loop_id == loop_id) else {
            return;
        };
        if !level.answered {
            let why = "the level has neither a status nor levels below it";
            dependent_missing(level.mark, "STC", "status-missing", why, sink);
        }
    }
}

/// Rules of the 277CA: the totals of the batch agree with each other and with the claims.
#[derive(Debug, Default)]
pub(super) struct ClaimAcknowledgmentRules {
    /// The status of the whole batch, with its charge.
    batch: Option<(Mark, Decimal)>,
    accepted: Option<Decimal>,
    rejected: Option<Decimal>,
}

impl Rules for ClaimAcknowledgmentRules {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        match (mark.loop_id, segment.id(), segment.get(1)) {
            ("2200B", "STC", _) if self.batch.is_none() => {
                self.batch = Some((mark, amount(segment.get(4))));
            }
            ("2200B", "AMT", "YU") => self.accepted = Some(amount(segment.get(2))),
            ("2200B", "AMT", "YY") => self.rejected = Some(amount(segment.get(2))),
            _ => {}
        }
        if segment.id() == "STC" {
            check_category(segment, mark, sink);
        }
    }

    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        if loop_id != "2200B" {
            return;
        }
        let totals = [self.accepted, self.rejected];
        let (Some((mark, total)), true) = (self.batch, totals.iter().any(Option::is_some)) else {
            return;
        };
        if totals.into_iter().flatten().sum::<Decimal>() != total {
            let message = "the batch charge is not the accepted and rejected amounts together";
            sink.element(
                mark.element(4),
                ElementFault::Pattern,
                "batch-total",
                message,
            );
        }
    }
}

/// A claim acknowledgment only uses the acknowledgement categories.
fn check_category(stc: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    for element in [1, 10, 11] {
        let category = stc.component(element, 1);
        if !category.is_empty() && !category.starts_with('A') {
            let message = "a claim acknowledgment uses the categories A0 to A8";
            let at = mark.component(element, 1);
            sink.element(
                at,
                ElementFault::InvalidValue,
                "acknowledgment-category",
                message,
            );
        }
    }
}
