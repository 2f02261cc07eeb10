//! Fixed values, patterns and value ranges (R4 elementdefinition.html).

use mt_fhir::datetime::{DateTime, Time};
use mt_fhir::decimal::Decimal;
use mt_fhir::json::{Kind, Node};
use mt_fhir::names;
use mt_ucum::Unit;

/// The system of units that convert.
const UCUM: &str = "http://unitsofmeasure.org";

/// Whether a value is exactly the fixed one; the order of fields means nothing.
pub(super) fn is_fixed(value: Node<'_>, fixed: Node<'_>) -> bool {
    if value.kind() != fixed.kind() || value.len() != fixed.len() {
        return false;
    }
    match fixed.kind() {
        Kind::Object => fixed.children().all(|f| {
            let found = f.key().and_then(|key| value.get(key));
            found.is_some_and(|v| is_fixed(v, f))
        }),
        Kind::Array => value
            .children()
            .zip(fixed.children())
            .all(|(v, f)| is_fixed(v, f)),
        _ => value.scalar_text() == fixed.scalar_text(),
    }
}

/// Whether a value has everything that the pattern has.
pub(super) fn has_pattern(value: Node<'_>, pattern: Node<'_>) -> bool {
    match pattern.kind() {
        Kind::Object => pattern.children().all(|p| {
            let found = p.key().and_then(|key| value.get(key));
            found.is_some_and(|v| has_pattern(v, p))
        }),
        Kind::Array => pattern
            .children()
            .all(|p| value.children().any(|v| has_pattern(v, p))),
        kind => value.kind() == kind && value.scalar_text() == pattern.scalar_text(),
    }
}

/// Whether `a` is surely less than `b`; of different kinds or units, nothing is sure.
pub(crate) fn is_less(a: Node<'_>, b: Node<'_>) -> bool {
    if a.is_object() && b.is_object() {
        return is_less_quantity(a, b).unwrap_or(false);
    }
    if let (Some(a), Some(b)) = (a.number_text(), b.number_text()) {
        return Decimal::parse(a)
            .zip(Decimal::parse(b))
            .is_some_and(|(a, b)| a < b);
    }
    let (Some(a), Some(b)) = (a.as_str(), b.as_str()) else {
        return false;
    };
    if let Some((a, b)) = DateTime::parse_search(a).zip(DateTime::parse_search(b)) {
        return a.bounds().1 < b.bounds().0;
    }
    Time::parse(a)
        .zip(Time::parse(b))
        .is_some_and(|(a, b)| a.bounds().1 < b.bounds().0)
}

/// In the unit of `b`; `None` when the units do not convert.
fn is_less_quantity(a: Node<'_>, b: Node<'_>) -> Option<bool> {
    let text = |n: Node<'_>, name| n.get_name(name).and_then(Node::as_str).map(str::to_owned);
    let (a_value, b_value) = (a.get_name(names::VALUE)?, b.get_name(names::VALUE)?);
    let (a_code, b_code) = (text(a, names::CODE), text(b, names::CODE));
    let (a_system, b_system) = (text(a, names::SYSTEM), text(b, names::SYSTEM));
    if a_system != b_system {
        return None;
    }
    if a_code == b_code {
        return Some(is_less(a_value, b_value));
    }
    if a_system.as_deref() != Some(UCUM) {
        return None;
    }
    let (from, to) = (Unit::parse(&a_code?).ok()?, Unit::parse(&b_code?).ok()?);
    let (a, b) = (
        Decimal::parse(a_value.number_text()?)?,
        Decimal::parse(b_value.number_text()?)?,
    );
    Some(from.convert_f64(a.to_f64(), &to).ok()? < b.to_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mt_fhir::json::{Doc, Limits};

    fn doc(json: &str) -> Doc {
        Doc::parse(json, &Limits::default()).expect("valid JSON")
    }

    fn with(a: &str, b: &str, check: fn(Node<'_>, Node<'_>) -> bool) -> bool {
        check(doc(a).root(), doc(b).root())
    }

    #[test]
    fn fixed_is_the_same_value_and_a_pattern_is_part_of_it() {
        let coding = r#"{"coding":[{"system":"s","code":"a"},{"code":"b"}],"text":"t"}"#;
        let reordered = r#"{"text":"t","coding":[{"code":"a","system":"s"},{"code":"b"}]}"#;
        let part = r#"{"coding":[{"code":"b"}]}"#;
        assert!(with(coding, reordered, is_fixed));
        assert!(!with(coding, part, is_fixed));
        assert!(with(coding, part, has_pattern));
        assert!(!with(part, coding, has_pattern));
        assert!(!with("\"1\"", "1", has_pattern));
    }

    #[test]
    fn only_what_can_be_compared_is_less() {
        assert!(with("1.5", "2", is_less) && !with("2.0", "2", is_less));
        assert!(
            with("\"2020\"", "\"2021-05\"", is_less) && !with("\"2021\"", "\"2021-05\"", is_less)
        );
        let quantity = |value, code| format!(r#"{{"value":{value},"code":"{code}"}}"#);
        assert!(with(&quantity(2, "kg"), &quantity(3, "kg"), is_less));
        assert!(!with(&quantity(2, "kg"), &quantity(3, "g"), is_less));
    }
}
