//! Rules between fields that no table can express, one module per family of transaction sets.
//!
//! Each rule is a small function with a name; the name is also the `rule` of its issues.

mod claim;
mod coordination;
mod eligibility;
mod remittance;
mod review;
mod status;

use std::fmt::Debug;

use rust_decimal::Decimal;

use super::{ElementFault, Mark, SegmentFault, Sink};
use crate::guide::{Codes, Guide};
use crate::syntax::Segment;

/// The rules of one guide, fed with every segment that found its place.
pub(super) trait Rules: Debug + Send {
    /// A segment; `mark.loop_id` is the loop it stands in.
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink);

    /// A loop ended; the transaction set itself is the loop `set`.
    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink);
}

/// The rules for a guide.
pub(super) fn for_guide(guide: &Guide) -> Box<dyn Rules> {
    match guide.name {
        "837P" => Box::new(claim::ClaimRules::professional()),
        "837I" => Box::new(claim::ClaimRules::institutional()),
        "835" => Box::new(remittance::RemittanceRules::default()),
        "270" => Box::new(eligibility::InquiryRules::default()),
        "271" => Box::new(eligibility::BenefitRules::default()),
        "276" => Box::new(status::RequestRules::default()),
        "277" => Box::new(status::ResponseRules::default()),
        "277CA" => Box::new(status::ClaimAcknowledgmentRules::default()),
        "278 request" => Box::new(review::ReviewRules::request()),
        "278 response" => Box::new(review::ReviewRules::response()),
        _ => Box::new(NoRules),
    }
}

/// For guides whose tables say everything.
#[derive(Debug)]
struct NoRules;

impl Rules for NoRules {
    fn segment(&mut self, _: &Segment<'_>, _: Mark, _: &mut Sink) {}

    fn leave(&mut self, _: &'static str, _: &mut Sink) {}
}

/// The rules that hold in every guide.
pub(super) fn check_everywhere(segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    match segment.id() {
        "N4" => check_address(segment, mark, sink),
        "NM1" => check_name(segment, mark, sink),
        _ => {}
    }
}

/// An organisation (NM102 is 2) has one name, and no first name, middle name, prefix or suffix.
fn check_name(nm1: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    if nm1.get(2) != "2" {
        return;
    }
    for element in (4..=7).filter(|&element| !nm1.get(element).is_empty()) {
        let message = "an organisation has no parts of a person's name";
        let at = mark.element(element);
        sink.element(at, ElementFault::NotUsed, "organization-name", message);
    }
}

/// An address in the United States or Canada needs a state and a postal code of the right form.
fn check_address(n4: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    if !matches!(n4.get(4), "" | "US" | "CA") {
        return;
    }
    let checks = [(2, "@state", "state"), (3, "@zip", "postal code")];
    for (element, set, what) in checks {
        let value = n4.get(element);
        if value.is_empty() {
            let message = format!("a {what} is required for an address in the US or Canada");
            sink.element(
                mark.element(element),
                ElementFault::ConditionalMissing,
                "address",
                message,
            );
        } else if !Codes::named(set).is_some_and(|codes| codes.allow(value)) {
            let message = format!("it is not a {what} of the US or Canada");
            sink.element(
                mark.element(element),
                ElementFault::InvalidValue,
                "address",
                message,
            );
        }
    }
}

/// An amount as an exact decimal; an unreadable one counts as zero, since its element is refused
/// for itself. The standard's amounts have at most 18 digits, so that no sum can overflow.
fn amount(text: &str) -> Decimal {
    if text.is_empty() || text.len() > 20 {
        return Decimal::ZERO;
    }
    text.parse().unwrap_or(Decimal::ZERO)
}

/// The sum of the amounts of a CAS segment.
fn adjustments(cas: &Segment<'_>) -> Decimal {
    (3..=18)
        .step_by(3)
        .map(|element| amount(cas.get(element)))
        .sum()
}

/// A segment that other content makes necessary is missing.
fn dependent_missing(mark: Mark, segment: &str, rule: &'static str, why: &str, sink: &mut Sink) {
    let at = Mark::new(mark.position, segment, mark.loop_id);
    sink.segment(at, SegmentFault::DependentMissing, rule, why);
}
