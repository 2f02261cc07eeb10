//! Invariants that hold for nearly every value of the frequent types, without FHIRPath.
//!
//! Each gives exactly what its expression gives, or `None` to leave the answer to the expression.

use mt_fhir::datetime::DateTime;
use mt_fhir::definitions::{ConstraintDef, TypeId};
use mt_fhir::json::Node;
use mt_fhir::names::{self, Name};

/// Whether the invariant is met by an object.
pub(crate) type Check = fn(Node<'_>) -> Option<bool>;

/// The native form of an invariant.
pub(crate) fn check_of(constraint: &ConstraintDef) -> Option<Check> {
    let check: Check = match constraint.key {
        // code.empty() or system.exists()
        "qty-3" => |n| Some(!has(n, names::CODE) || has(n, names::SYSTEM)),
        // value.empty() or system.exists()
        "cpt-2" => |n| Some(!has(n, names::VALUE) || has(n, names::SYSTEM)),
        // data.empty() or contentType.exists()
        "att-1" => |n| Some(!has(n, names::DATA) || has(n, names::CONTENT_TYPE)),
        "per-1" => period,
        // dataAbsentReason.empty() or value.empty()
        "obs-6" => |n| Some(!has(n, names::DATA_ABSENT_REASON) || !has_value(n)),
        // Without components there is no code to be the same.
        "obs-7" => |n| (!has(n, names::COMPONENT) || !has_value(n)).then_some(true),
        // low.exists() or high.exists() or text.exists()
        "obs-3" => |n| Some(has(n, names::LOW) || has(n, names::HIGH) || has(n, names::TEXT)),
        // duration.empty() or durationUnit.exists(), and the like
        "tim-1" => |n| Some(!has(n, names::DURATION) || has(n, names::DURATION_UNIT)),
        "tim-2" => |n| Some(!has(n, names::PERIOD) || has(n, names::PERIOD_UNIT)),
        "tim-6" => |n| Some(!has(n, names::PERIOD_MAX) || has(n, names::PERIOD)),
        "tim-7" => |n| Some(!has(n, names::DURATION_MAX) || has(n, names::DURATION)),
        "tim-8" => |n| Some(!has(n, names::COUNT_MAX) || has(n, names::COUNT)),
        "tim-10" => |n| Some(!has(n, names::TIME_OF_DAY) || !has(n, names::WHEN)),
        "tim-4" => |n| (!has(n, names::DURATION)).then_some(true),
        "tim-5" => |n| (!has(n, names::PERIOD)).then_some(true),
        "tim-9" => |n| (!has(n, names::OFFSET)).then_some(true),
        "org-1" => |n| Some(has(n, names::IDENTIFIER) || has(n, names::NAME)),
        // where(use = 'home').empty()
        "org-2" | "org-3" => {
            |n| (n.get_name(names::USE).and_then(Node::as_str) != Some("home")).then_some(true)
        }
        // abatement.empty() or …
        "con-4" => |n| (!has_abatement(n)).then_some(true),
        // …empty() or clinicalStatus.empty()
        "con-5" => |n| (!has(n, names::CLINICAL_STATUS)).then_some(true),
        "ait-1" => |n| has(n, names::CLINICAL_STATUS).then_some(true),
        "ait-2" => |n| (!has(n, names::CLINICAL_STATUS)).then_some(true),
        "lst-1" => |n| (!has(n, names::EMPTY_REASON)).then_some(true),
        "bdl-5" => {
            |n| Some(has(n, names::RESOURCE) || has(n, names::REQUEST) || has(n, names::RESPONSE))
        }
        "bdl-8" => |n| {
            let url = n.get_name(names::FULL_URL)?.as_str()?;
            Some(!url.contains("/_history/"))
        },
        _ => return None,
    };
    Some(check)
}

/// Whether the element is there, be it only with extensions.
fn has(node: Node<'_>, name: Name) -> bool {
    node.children().any(|n| n.name() == name && !n.is_null())
}

fn has_value(node: Node<'_>) -> bool {
    let def = TypeId::OBSERVATION.def();
    node.children().any(|n| {
        def.field(n.name())
            .is_some_and(|f| def.element_of(f).symbol == names::VALUE)
    })
}

fn has_abatement(node: Node<'_>) -> bool {
    let def = TypeId::CONDITION.def();
    node.children().any(|n| {
        def.field(n.name())
            .is_some_and(|f| def.element_of(f).symbol == names::ABATEMENT)
    })
}

/// per-1: start is not after end. Where precisions differ, the intervals must allow it; a time
/// without zone may be meant anywhere on earth.
fn period(node: Node<'_>) -> Option<bool> {
    let bound = |name| {
        let text = node.get_name(name)?.as_str()?;
        DateTime::parse_date_time(text)
    };
    let (Some(start), Some(end)) = (bound(names::START), bound(names::END)) else {
        return Some(true);
    };
    let both_zones = start.offset.is_some() == end.offset.is_some();
    let slack = if both_zones {
        0
    } else {
        14 * 3_600 * 1_000_000
    };
    Some(start.bounds().0 - slack <= end.bounds().1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mt_fhir::json::{Doc, Limits};

    fn per_1(json: &str) -> Option<bool> {
        period(
            Doc::parse(json, &Limits::default())
                .expect("valid JSON")
                .root(),
        )
    }

    #[test]
    fn a_period_does_not_end_before_it_starts() {
        assert_eq!(
            per_1(r#"{"start":"2024-05-01","end":"2024-04-30"}"#),
            Some(false)
        );
        assert_eq!(
            per_1(r#"{"start":"2024-05","end":"2024-05-01"}"#),
            Some(true)
        );
        assert_eq!(
            per_1(r#"{"start":"2024-05-31","end":"2024-05"}"#),
            Some(true)
        );
        assert_eq!(per_1(r#"{"start":"2024-05-01"}"#), Some(true));
        let zones = r#"{"start":"2024-05-01T10:00:00Z","end":"2024-05-01T11:00:00+02:00"}"#;
        assert_eq!(per_1(zones), Some(false));
    }
}
