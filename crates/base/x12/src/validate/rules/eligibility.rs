//! Rules of eligibility (270, 271).

use std::collections::HashSet;

use super::{Rules, amount, dependent_missing};
use crate::syntax::Segment;
use crate::validate::{ElementFault, Mark, Sink};

/// Rules of the 270: somebody is asked about, and something is asked.
#[derive(Debug, Default)]
pub(super) struct InquiryRules {
    subscriber: Option<Mark>,
    has_dependents: bool,
    inquiries: u32,
    references: References,
}

impl Rules for InquiryRules {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        self.references.segment(segment, mark, sink);
        match (mark.loop_id, segment.id()) {
            ("2000C", "HL") => {
                *self = Self {
                    subscriber: Some(mark),
                    ..Self::default()
                };
            }
            ("2000D", "HL") => self.has_dependents = true,
            ("2100C", "NM1") => check_searchable(segment, mark, sink),
            (_, "EQ") => self.inquiries += 1,
            _ => {}
        }
    }

    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        if loop_id != "2000C" || self.has_dependents || self.inquiries > 0 {
            return;
        }
        if let Some(mark) = self.subscriber {
            let at = Mark::new(mark.position, "EQ", "2110C");
            dependent_missing(
                at,
                "EQ",
                "inquiry",
                "nothing is asked about the subscriber",
                sink,
            );
        }
    }
}

/// Each kind of reference (REF01) is sent once for its owner.
#[derive(Debug, Default)]
struct References {
    owner: &'static str,
    kinds: HashSet<String>,
}

impl References {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        if matches!(segment.id(), "NM1" | "EB" | "EQ") || self.owner != mark.loop_id {
            self.kinds.clear();
            self.owner = mark.loop_id;
        }
        if segment.id() == "REF" && !self.kinds.insert(segment.get(1).to_owned()) {
            let message = "this kind of reference has been sent already";
            let at = mark.element(1);
            sink.element(at, ElementFault::InvalidValue, "reference-once", message);
        }
    }
}

/// A payer can only search by a member identifier or a name.
fn check_searchable(nm1: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    if nm1.get(9).is_empty() && nm1.get(3).is_empty() {
        let message = "neither a member identifier nor a name is given to search by";
        sink.element(
            mark.element(9),
            ElementFault::ConditionalMissing,
            "search-key",
            message,
        );
    }
}

/// Rules of the 271: everybody asked about gets an answer, and benefits carry the amounts that
/// their kind needs.
#[derive(Debug, Default)]
pub(super) struct BenefitRules {
    related: Option<Related>,
    references: References,
    /// The innermost person, and whether there was an answer for them.
    person: Option<Mark>,
    answered: bool,
    /// The source or receiver was rejected, which answers for everybody.
    rejected: bool,
    /// The subscriber was rejected, which answers for the dependents.
    subscriber_rejected: bool,
}

/// An open LS … LE bracket.
#[derive(Debug)]
struct Related {
    mark: Mark,
    entities: u32,
    closed: bool,
}

impl Rules for BenefitRules {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        self.references.segment(segment, mark, sink);
        match segment.id() {
            "HL" => self.level(mark),
            "AAA" => {
                self.rejected |= self.person.is_none();
                self.subscriber_rejected |= mark.loop_id == "2100C";
                self.answered = true;
            }
            "EB" => {
                self.answered = true;
                check_benefit(segment, mark, sink);
            }
            "LS" => {
                self.related = Some(Related {
                    mark,
                    entities: 0,
                    closed: false,
                })
            }
            "NM1" if matches!(mark.loop_id, "2120C" | "2120D") => match &mut self.related {
                Some(related) => related.entities += 1,
                None => {
                    let why = "a related entity stands between LS and LE";
                    dependent_missing(mark, "LS", "loop-bracket", why, sink);
                }
            },
            "LE" => match &mut self.related {
                Some(related) => related.closed = true,
                None => dependent_missing(mark, "LS", "loop-bracket", "LE needs an LS", sink),
            },
            _ => {}
        }
    }

    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        // A subscriber with dependents is no longer the innermost person when the loop ends.
        if let Some(person) = self.person.take_if(|person| person.loop_id == loop_id)
            && !self.answered
            && !self.rejected
        {
            let why = "the response has neither benefits nor a rejection for this person";
            dependent_missing(person, "EB", "benefit-missing", why, sink);
        }
        if !matches!(loop_id, "2110C" | "2110D") {
            return;
        }
        if let Some(related) = self.related.take() {
            if !related.closed {
                dependent_missing(related.mark, "LE", "loop-bracket", "LS needs an LE", sink);
            }
            if related.entities == 0 {
                let why = "nothing stands between LS and LE";
                dependent_missing(related.mark, "NM1", "loop-bracket", why, sink);
            }
        }
    }
}

impl BenefitRules {
    /// Takes the HL at `mark`: a source, a receiver, or a person.
    fn level(&mut self, mark: Mark) {
        self.person = matches!(mark.loop_id, "2000C" | "2000D").then_some(mark);
        self.rejected &= mark.loop_id != "2000A";
        self.subscriber_rejected &= mark.loop_id == "2000D";
        self.answered = self.subscriber_rejected;
    }
}

/// Co-insurance is a fraction; a co-payment or deductible is an amount.
fn check_benefit(eb: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    if !eb.get(8).is_empty() && amount(eb.get(8)) > rust_decimal::Decimal::ONE {
        let message = "a percentage is sent as a fraction between 0 and 1";
        sink.element(
            mark.element(8),
            ElementFault::Pattern,
            "benefit-percent",
            message,
        );
    }
    let missing = match eb.get(1) {
        "A" if eb.get(8).is_empty() => 8,
        "B" | "C" if eb.get(7).is_empty() => 7,
        _ => return,
    };
    let message = "this kind of benefit needs its amount or percentage";
    sink.element(
        mark.element(missing),
        ElementFault::ConditionalMissing,
        "benefit-amount",
        message,
    );
}
