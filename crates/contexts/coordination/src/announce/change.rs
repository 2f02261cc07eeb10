//! A change as the rules look at it: the record before and after.

use mt_events::catalogue::Value;
use mt_fhir::datetime::DateTime;
use mt_fhir::{Node, ResourceType};
use mt_store::ProposedChange;

/// The record before and after; `None` when there is none.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) old: Option<Node<'a>>,
    pub(super) new: Option<Node<'a>>,
    is_patient: bool,
    id: &'a str,
}

impl<'a> Change<'a> {
    pub(super) fn new(proposed: &ProposedChange<'a>) -> Self {
        Self {
            old: proposed.old,
            new: proposed.new,
            is_patient: proposed.resource_type == ResourceType::PATIENT,
            id: proposed.id,
        }
    }

    /// The record as it is now, or as it last was.
    pub(super) fn latest(&self) -> Option<Node<'a>> {
        self.new.or(self.old)
    }

    /// Id of the patient that the record is about.
    pub(super) fn patient(&self) -> Option<&'a str> {
        if self.is_patient {
            return Some(self.id);
        }
        let record = self.latest()?;
        let named = ["subject", "patient", "beneficiary", "for"]
            .iter()
            .find_map(|name| patient_in(record.get(name)?));
        named.or_else(|| {
            let participants = record.get("participant")?.children();
            participants
                .filter_map(|one| patient_in(one.get("actor")?))
                .next()
        })
    }

    /// A code of the record before and after.
    pub(super) fn code(&self, name: &str) -> (Option<&'a str>, Option<&'a str>) {
        (
            self.old.and_then(|old| old.str(name)),
            self.new.and_then(|new| new.str(name)),
        )
    }

    /// Whether a code has become one of these just now.
    pub(super) fn became(&self, name: &str, codes: &[&str]) -> bool {
        let (old, new) = self.code(name);
        let is = |code: Option<&str>| code.is_some_and(|code| codes.contains(&code));
        is(new) && !is(old)
    }

    /// Whether an element is another one than before; so it is when the record is new and has it.
    pub(super) fn differs(&self, name: &str) -> bool {
        let (old, new) = (
            self.old.and_then(|old| old.get(name)),
            self.new.and_then(|new| new.get(name)),
        );
        match (old, new) {
            (Some(old), Some(new)) => !old.same_as(new),
            (None, None) => false,
            _ => true,
        }
    }

    /// Whether the record is there for the first time, or again.
    pub(super) fn is_new(&self) -> bool {
        self.old.is_none() && self.new.is_some()
    }
}

/// The id in a reference to a patient.
fn patient_in(reference: Node<'_>) -> Option<&str> {
    reference_to(reference, "Patient")
}

/// The id in a literal reference to a record of this type.
pub(super) fn reference_to<'a>(reference: Node<'a>, resource_type: &str) -> Option<&'a str> {
    let text = reference.str("reference")?;
    let (before, rest) = text.rsplit_once(resource_type)?;
    let id = rest.strip_prefix('/')?;
    let id = id.split('/').next().unwrap_or(id);
    (!id.is_empty() && (before.is_empty() || before.ends_with('/'))).then_some(id)
}

/// The first id among references to this type.
pub(super) fn first_to<'a>(references: Option<Node<'a>>, resource_type: &str) -> Option<&'a str> {
    let mut all = references?.children();
    all.find_map(|one| reference_to(one, resource_type))
}

/// The first code of a CodeableConcept, or of the first of several.
pub(super) fn concept(concept: Option<Node<'_>>) -> Option<&str> {
    let concept = concept?;
    let one = if concept.is_array() {
        concept.item(0)?
    } else {
        concept
    };
    one.get("coding")?
        .children()
        .find_map(|coding| coding.str("code"))
}

/// Whether one of several CodeableConcepts has one of these codes.
pub(super) fn any_code(concepts: Option<Node<'_>>, codes: &[&str]) -> bool {
    let has = |concept: Node<'_>| {
        let codings = concept.get("coding");
        codings.is_some_and(|all| {
            all.children()
                .any(|coding| coding.str("code").is_some_and(|code| codes.contains(&code)))
        })
    };
    concepts.is_some_and(|all| all.children().any(has))
}

/// An optional field of text.
pub(super) fn text(name: &'static str, value: Option<&str>) -> Option<(&'static str, Value)> {
    value.map(|value| (name, Value::from(value)))
}

/// An optional field of time, from a FHIR `instant` or `dateTime`.
pub(super) fn moment(name: &'static str, value: Option<&str>) -> Option<(&'static str, Value)> {
    let moment = DateTime::parse_date_time(value?)?;
    Some((name, Value::Whole(moment.start())))
}
