//! What people may enter of a visit and of a prescription, beside the notes.

use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};

use super::items;

/// Most characters of the words why a patient comes.
const COMPLAINT: usize = 500;
/// Days for which a medicine is prescribed at most.
const DAYS: f64 = 365.0;
/// UCUM units of a supply, in days.
const UNITS: &[(&str, f64)] = &[("d", 1.0), ("wk", 7.0), ("mo", 30.4375), ("a", 365.0)];

/// Refuses a step of an Encounter that cannot be taken: what is over stays over, or was entered in error.
///
/// # Errors
/// [`ErrorKind::Conflict`] for the step, [`ErrorKind::Invalid`] for a complaint that is too long.
pub(crate) fn check_visit(visit: Node<'_>, old: Option<Node<'_>>) -> Result<(), Fault> {
    let long = |text: &str| text.chars().count() > COMPLAINT;
    if items(visit, "reasonCode").any(|reason| reason.str("text").is_some_and(long)) {
        let message = "the reason of a visit has at most 500 characters";
        return Err(Fault::new(ErrorKind::Invalid, message).at("Encounter.reasonCode"));
    }
    let before = old.and_then(|old| old.str("status")).unwrap_or("planned");
    let after = visit.str("status").unwrap_or_default();
    let over = matches!(before, "finished" | "cancelled" | "entered-in-error");
    if over && after != before && after != "entered-in-error" {
        let message = format!("a visit that is {before} cannot become {after}");
        return Err(Fault::new(ErrorKind::Conflict, message).at("Encounter.status"));
    }
    Ok(())
}

/// Refuses a MedicationRequest for less than a day or more than a year.
///
/// # Errors
/// [`ErrorKind::Invalid`] with the place.
pub(crate) fn check_prescription(request: Node<'_>) -> Result<(), Fault> {
    let supply = request.get("dispenseRequest");
    let supply = supply.and_then(|supply| supply.get("expectedSupplyDuration"));
    let Some(supply) = supply else {
        return Ok(());
    };
    let value = supply.get("value").and_then(Node::number_text);
    let value: Option<f64> = value.and_then(|text| text.parse().ok());
    let unit = supply.str("code").or_else(|| supply.str("unit"));
    let days = UNITS.iter().find(|(code, _)| Some(*code) == unit);
    let fits = value
        .zip(days)
        .is_some_and(|(value, (_, days))| (1.0..=DAYS).contains(&(value * days)));
    fits.then_some(()).ok_or_else(|| {
        let message = "a medicine is prescribed for 1 to 365 days (d, wk, mo, a)";
        let place = "MedicationRequest.dispenseRequest.expectedSupplyDuration";
        Fault::new(ErrorKind::Invalid, message).at(place)
    })
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn doc(text: &str) -> Doc {
        Doc::parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn what_is_over_stays_over() {
        let visit = |status: &str| doc(&format!(r#"{{"status":"{status}"}}"#));
        for (before, after, good) in [
            ("planned", "in-progress", true),
            ("in-progress", "finished", true),
            ("finished", "finished", true),
            ("finished", "in-progress", false),
            ("cancelled", "arrived", false),
            ("finished", "cancelled", false),
            ("finished", "entered-in-error", true),
            ("entered-in-error", "planned", false),
        ] {
            let judged = check_visit(visit(after).root(), Some(visit(before).root()));
            assert_eq!(judged.is_ok(), good, "{before} to {after}");
        }
        assert!(check_visit(visit("finished").root(), None).is_ok());
    }

    #[test]
    fn a_complaint_has_at_most_500_characters() {
        for (length, good) in [(500, true), (501, false)] {
            let words = "ü".repeat(length);
            let visit = doc(&format!(
                r#"{{"status":"planned","reasonCode":[{{"text":"{words}"}}]}}"#
            ));
            assert_eq!(check_visit(visit.root(), None).is_ok(), good, "{length}");
        }
    }

    #[test]
    fn a_medicine_is_prescribed_for_1_to_365_days() {
        for (value, unit, good) in [
            ("1", "d", true),
            ("365", "d", true),
            ("0", "d", false),
            ("366", "d", false),
            ("0.5", "d", false),
            ("52", "wk", true),
            ("53", "wk", false),
            ("3", "mo", true),
            ("13", "mo", false),
            ("1", "a", true),
            ("1", "kg", false),
        ] {
            let request = doc(&format!(
                r#"{{"dispenseRequest":{{"expectedSupplyDuration":{{"value":{value},"system":"http://unitsofmeasure.org","code":"{unit}"}}}}}}"#
            ));
            let judged = check_prescription(request.root());
            assert_eq!(judged.is_ok(), good, "{value} {unit}");
        }
        assert!(check_prescription(doc("{}").root()).is_ok());
    }
}
