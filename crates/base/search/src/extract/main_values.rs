//! The main code and the main clinical date of each resource type.
//!
//! Most clinical searches name a code and a stretch of time. The store keeps one index on these
//! two for every type, so each type must have one code parameter and an order of date parameters.

use mt_fhir::definitions::{ParamId, ResourceType};
use smallvec::SmallVec;

use crate::registry::{ParamKind, ParamRegistry};

/// Types whose main code is not the first that exists of [`USUAL_CODES`].
const CODES: &[(&str, &str)] = &[
    ("Appointment", "service-type"),
    ("AuditEvent", "type"),
    ("CarePlan", "category"),
    ("CareTeam", "category"),
    ("Claim", "use"),
    ("ClaimResponse", "use"),
    ("Communication", "category"),
    ("Goal", "category"),
    ("ImagingStudy", "modality"),
    ("Immunization", "vaccine-code"),
    ("MedicationRequest", "code"),
    ("Patient", "identifier"),
    ("Practitioner", "identifier"),
    ("PractitionerRole", "specialty"),
    ("Provenance", "agent-role"),
    ("Schedule", "service-type"),
    ("Slot", "service-type"),
];

const USUAL_CODES: [&str; 4] = ["code", "type", "category", "class"];

/// Types whose main dates are not those that exist of [`USUAL_DATES`]; the first with a value
/// counts.
const DATES: &[(&str, &[&str])] = &[
    ("AllergyIntolerance", &["date", "onset"]),
    ("Communication", &["sent", "received"]),
    ("Condition", &["onset-date", "recorded-date"]),
    ("DiagnosticReport", &["date", "issued"]),
    ("DocumentReference", &["date", "period"]),
    ("Goal", &["start-date", "target-date"]),
    ("MedicationAdministration", &["effective-time"]),
    ("MedicationDispense", &["whenhandedover", "whenprepared"]),
    ("MedicationRequest", &["authoredon"]),
    ("MedicationStatement", &["effective"]),
    ("Patient", &["birthdate"]),
    ("Person", &["birthdate"]),
    ("RelatedPerson", &["birthdate"]),
    ("Provenance", &["when", "recorded"]),
    ("Slot", &["start"]),
    ("Specimen", &["collected"]),
    ("Task", &["period", "authored-on"]),
];

const USUAL_DATES: [&str; 7] = [
    "date",
    "authored",
    "authoredon",
    "authored-on",
    "started",
    "created",
    "period",
];

/// The parameter whose first value is the main code of `resource_type`.
pub(super) fn code_param(registry: &ParamRegistry, resource_type: ResourceType) -> Option<ParamId> {
    let own = CODES.iter().find(|(name, _)| *name == resource_type.name());
    let candidates = own.map_or(&USUAL_CODES[..], |(_, code)| std::slice::from_ref(code));
    candidates
        .iter()
        .find_map(|code| of_kind(registry, resource_type, code, ParamKind::Token))
}

/// The parameters of which the first with a value is the main clinical date of `resource_type`.
pub(super) fn date_params(
    registry: &ParamRegistry,
    resource_type: ResourceType,
) -> SmallVec<[ParamId; 2]> {
    let own = DATES.iter().find(|(name, _)| *name == resource_type.name());
    let candidates = own.map_or(&USUAL_DATES[..], |(_, codes)| codes);
    let ids = candidates
        .iter()
        .filter_map(|code| of_kind(registry, resource_type, code, ParamKind::Date));
    // Of the usual ones only the first: they mean different things.
    ids.take(own.map_or(1, |(_, codes)| codes.len())).collect()
}

fn of_kind(
    registry: &ParamRegistry,
    resource_type: ResourceType,
    code: &str,
    kind: ParamKind,
) -> Option<ParamId> {
    registry
        .get(resource_type, code)
        .filter(|param| param.kind == kind)
        .map(|param| param.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_the_tables_exists_and_has_the_kind() {
        let registry = ParamRegistry::official();
        let typed = |name: &str| ResourceType::from_name(name).expect("a type");
        for (name, code) in CODES {
            assert!(
                of_kind(&registry, typed(name), code, ParamKind::Token).is_some(),
                "{name} {code}"
            );
        }
        for (name, codes) in DATES {
            for code in *codes {
                assert!(
                    of_kind(&registry, typed(name), code, ParamKind::Date).is_some(),
                    "{name} {code}"
                );
            }
        }
    }

    #[test]
    fn clinical_types_have_both() {
        let registry = ParamRegistry::official();
        let code_of = |id: Option<ParamId>| {
            id.and_then(|id| registry.by_id(id))
                .map_or("-", |param| param.code.as_ref())
                .to_owned()
        };
        for (name, code, date) in [
            ("Observation", "code", "date"),
            ("Condition", "code", "onset-date"),
            ("Encounter", "type", "date"),
            ("Procedure", "code", "date"),
            ("MedicationRequest", "code", "authoredon"),
            ("ServiceRequest", "code", "authored"),
            ("Immunization", "vaccine-code", "date"),
            ("DocumentReference", "type", "date"),
            ("Claim", "use", "created"),
            ("Organization", "type", "-"),
        ] {
            let resource_type = ResourceType::from_name(name).expect("a type");
            assert_eq!(
                code_of(code_param(&registry, resource_type)),
                code,
                "{name}"
            );
            assert_eq!(
                code_of(date_params(&registry, resource_type).first().copied()),
                date,
                "{name}"
            );
        }
    }
}
