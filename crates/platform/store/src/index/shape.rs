//! Which parameters of a type get the columns: the main code, the main date, the patient.
//!
//! Most clinical searches name a patient or a code and sort by a date. The b-trees on those columns
//! answer them in order; everything else goes through the hashed keys.

use std::sync::{Arc, OnceLock};

use mt_fhir::ResourceType;
use mt_fhir::definitions::{Compartment, ParamId, ParamKind, compartment_params, search_param};

/// Parameter codes for the main date; the first that the type has. (`date` of a prescription is when
/// to take it.)
const DATES: [&str; 24] = [
    "authoredon",
    "date",
    "onset-date",
    "authored",
    "authored-on",
    "created",
    "effective-time",
    "effective",
    "whenhandedover",
    "whenprepared",
    "occurrence",
    "occurence",
    "collected",
    "started",
    "start-date",
    "start",
    "recorded",
    "sent",
    "received",
    "period",
    "birthdate",
    "enterer-date",
    "request-date",
    "expiration-date",
];

/// Parameter codes for the main code; the first that the type has.
const CODES: [&str; 7] = [
    "code",
    "vaccine-code",
    "type",
    "class",
    "category",
    "service-type",
    "status",
];

/// Types whose work lists ask for a state before anything else.
const BY_STATUS: [ResourceType; 4] = [
    ResourceType::TASK,
    ResourceType::APPOINTMENT,
    ResourceType::SLOT,
    ResourceType::QUESTIONNAIRE_RESPONSE,
];

/// Elements that name whom a resource is about.
const OWNERS: [&str; 3] = ["subject", "patient", "beneficiary"];

/// The columns of one type.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// Parameter in `dlo` and `dhi`.
    pub(crate) date: Option<ParamId>,
    /// Parameter in `k1`.
    pub(crate) code: Option<ParamId>,
    /// Reference parameters through which the resource is in a patient's compartment.
    pub(crate) patient: Vec<ParamId>,
    /// The one of them whose first value is in `pat`: whom the resource is about.
    pub(crate) owner: Option<ParamId>,
    /// Whether a resource has at most one owner.
    pub(crate) single_owner: bool,
}

impl Shape {
    /// The columns of `resource_type`.
    pub(crate) fn of(resource_type: ResourceType) -> &'static Self {
        static SHAPES: OnceLock<Vec<Arc<Shape>>> = OnceLock::new();
        let shapes = SHAPES.get_or_init(|| {
            ResourceType::all()
                .map(|t| Arc::new(Self::new(t)))
                .collect()
        });
        &shapes[usize::from(resource_type.number())]
    }

    /// Whether `pat` says all that there is to say about references of `param` to patients: such
    /// references need no key.
    pub(crate) fn owner_says_all(&self, param: ParamId) -> bool {
        self.single_owner && self.owner == Some(param)
    }

    fn new(resource_type: ResourceType) -> Self {
        let first = |codes: &[&str], kind: ParamKind| {
            let defs = codes
                .iter()
                .filter_map(|code| search_param(resource_type, code));
            defs.filter(|def| def.kind == kind).map(|def| def.id).next()
        };
        let by_status = BY_STATUS.contains(&resource_type);
        let codes: &[&str] = if by_status { &["status"] } else { &CODES };
        let patient: Vec<ParamId> = compartment_params(Compartment::Patient, resource_type)
            .iter()
            .filter_map(|code| search_param(resource_type, code))
            .filter(|def| def.kind == ParamKind::Reference)
            .map(|def| indexed_as(resource_type, def.id))
            .collect();
        let code_of = |param: &ParamId| param.def().map_or("", |def| def.code);
        let owner = OWNERS
            .iter()
            .find_map(|code| patient.iter().find(|p| code_of(p) == *code));
        let owner = owner.or(patient.first()).copied();
        let single = |param: ParamId| {
            let elements = resource_type.type_id().def().elements;
            elements
                .iter()
                .any(|element| element.name == code_of(&param) && element.max == 1)
        };
        Self {
            date: first(&DATES, ParamKind::Date),
            code: first(codes, ParamKind::Token),
            single_owner: owner.is_some_and(single),
            patient,
            owner,
        }
    }
}

/// The parameter under which values of `param` are indexed: `patient` is `subject` where it is
/// defined as the subjects that are patients.
pub(crate) fn indexed_as(resource_type: ResourceType, param: ParamId) -> ParamId {
    let Some(def) = param.def().filter(|def| def.code == "patient") else {
        return param;
    };
    let alias = format!("{resource_type}.subject.where(resolve() is Patient)");
    let same = def.expression.split('|').any(|part| part.trim() == alias);
    let subject = search_param(resource_type, "subject").filter(|_| same);
    subject.map_or(param, |subject| subject.id)
}

/// For a `combo-…` parameter, the parameter of which it is a superset: shared values are indexed
/// under that one only, and a search asks for both.
pub(crate) fn superset_of(resource_type: ResourceType, param: ParamId) -> Option<ParamId> {
    let rest = param.def()?.code.strip_prefix("combo-")?;
    search_param(resource_type, rest).map(|def| def.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(id: Option<ParamId>) -> &'static str {
        id.and_then(ParamId::def).map_or("", |def| def.code)
    }

    #[test]
    fn the_clinical_types_have_their_usual_columns() {
        for (resource_type, date, main) in [
            (ResourceType::OBSERVATION, "date", "code"),
            (ResourceType::CONDITION, "onset-date", "code"),
            (ResourceType::ENCOUNTER, "date", "type"),
            (ResourceType::MEDICATION_REQUEST, "authoredon", "code"),
            (ResourceType::IMMUNIZATION, "date", "vaccine-code"),
            (ResourceType::CLAIM, "created", "status"),
            (ResourceType::PATIENT, "birthdate", ""),
            (ResourceType::TASK, "authored-on", "status"),
        ] {
            let shape = Shape::of(resource_type);
            assert_eq!(
                (code(shape.date), code(shape.code)),
                (date, main),
                "{resource_type}"
            );
        }
    }

    #[test]
    fn most_types_have_one_owner() {
        for (resource_type, owner, single) in [
            (ResourceType::OBSERVATION, "subject", true),
            (ResourceType::CLAIM, "patient", true),
            (ResourceType::COVERAGE, "beneficiary", true),
            (ResourceType::ACCOUNT, "subject", false),
            (ResourceType::APPOINTMENT, "actor", false),
            (ResourceType::ORGANIZATION, "", false),
        ] {
            let shape = Shape::of(resource_type);
            assert_eq!(
                (code(shape.owner), shape.single_owner),
                (owner, single),
                "{resource_type}"
            );
        }
    }

    #[test]
    fn patient_is_indexed_as_subject_only_where_it_means_that() {
        let id = |t, code: &str| search_param(t, code).unwrap().id;
        for t in [
            ResourceType::OBSERVATION,
            ResourceType::CONDITION,
            ResourceType::ENCOUNTER,
        ] {
            assert_eq!(indexed_as(t, id(t, "patient")), id(t, "subject"), "{t}");
        }
        let t = ResourceType::ALLERGY_INTOLERANCE;
        assert_eq!(indexed_as(t, id(t, "patient")), id(t, "patient"));
    }

    #[test]
    fn combined_parameters_share_the_values_of_their_part() {
        let t = ResourceType::OBSERVATION;
        let id = |code: &str| search_param(t, code).unwrap().id;
        assert_eq!(superset_of(t, id("combo-code")), Some(id("code")));
        assert_eq!(superset_of(t, id("code")), None);
    }
}
