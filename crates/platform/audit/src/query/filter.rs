//! Which entries are asked for.

use std::fmt;
use std::net::IpAddr;

use mt_fhir::ResourceType;
use mt_kernel::Instant;
use uuid::Uuid;

use super::{Cursor, Entry};
use crate::log::mention::Mentions;
use crate::{EventCode, Kind};

/// Which entries are asked for; every given criterion must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before.
    pub from: Option<Instant>,
    /// Before.
    pub until: Option<Instant>,
    /// Id of the login or client that acted.
    pub actor: Option<String>,
    /// FHIR resource of the person who acted, such as `Practitioner/7`.
    pub fhir_user: Option<String>,
    /// Network address from which somebody acted.
    pub address: Option<IpAddr>,
    /// Id of a patient: entries about the patient or anything in the patient's compartment.
    pub patient: Option<String>,
    /// Ids of the only patients whose trail the reader may see: entries about them, cut down to what
    /// is about them.
    pub within: Option<Vec<String>>,
    /// A record.
    pub resource: Option<(ResourceType, String)>,
    /// Form of the entry.
    pub kind: Option<Kind>,
    /// Kind of event.
    pub event: Option<EventCode>,
    /// Whether it was refused.
    pub refused: Option<bool>,
    /// The request.
    pub correlation: Option<Uuid>,
    /// Oldest first instead of newest first.
    pub oldest_first: bool,
}

impl Filter {
    /// The keyed hashes of the criterion that finds the entries; `None` when only time does.
    pub(super) fn tokens(&self, mentions: &Mentions) -> Option<Vec<i64>> {
        if self.patient.is_some() || self.within.is_some() {
            let patients = self.patients();
            return Some(patients.iter().map(|id| mentions.patient(id)).collect());
        }
        if let Some((resource_type, id)) = &self.resource {
            return Some(vec![
                mentions.resource(*resource_type, id),
                mentions.many(*resource_type),
            ]);
        }
        if let Some(reference) = &self.fhir_user {
            return Some(vec![mentions.fhir_user(reference)]);
        }
        if let Some(actor) = &self.actor {
            return Some(vec![mentions.actor(actor)]);
        }
        if let Some(address) = self.address {
            return Some(vec![mentions.address(address)]);
        }
        (self.refused == Some(true)).then(|| vec![mentions.refused()])
    }

    /// The patients that every entry is about, one of them at least. Empty when none may be seen.
    pub(super) fn patients(&self) -> Vec<&str> {
        let allowed = |id: &&str| {
            let within = self.within.as_ref();
            within.is_none_or(|within| within.iter().any(|one| one == id))
        };
        match (&self.patient, &self.within) {
            (Some(patient), _) => [patient.as_str()].into_iter().filter(allowed).collect(),
            (None, within) => within.iter().flatten().map(String::as_str).collect(),
        }
    }

    /// The address that the reader may know: whoever sees the trail of certain patients alone sees where
    /// these acted from, and not where others work.
    pub(super) fn shown_address(&self, entry: &Entry) -> Option<IpAddr> {
        let user = entry.detail.actor.fhir_user.as_deref();
        let patient = user.and_then(|user| user.strip_prefix("Patient/"));
        let own = |within: &Vec<String>| within.iter().any(|id| Some(id.as_str()) == patient);
        let shown = self.within.as_ref().is_none_or(own);
        entry.detail.address.filter(|_| shown)
    }

    /// Where the first page begins.
    pub(super) fn start(&self) -> Cursor {
        if self.oldest_first {
            return Cursor::before(self.from.map_or(i64::MIN, |from| from.0));
        }
        Cursor::before(self.until.map_or(i64::MAX, |until| until.0))
    }

    /// Whether an opened entry is asked for. The patients are settled by the hash.
    pub(super) fn admits(&self, entry: &Entry) -> bool {
        let Entry {
            kind,
            correlation,
            detail,
            ..
        } = entry;
        let names = |(resource_type, id): &(ResourceType, String)| {
            let same = |touched: &crate::Touched| {
                touched.resource_type == *resource_type && *touched.id == **id
            };
            detail.resources.iter().any(same)
        };
        let actor = &detail.actor;
        self.resource.as_ref().is_none_or(names)
            && self.actor.as_deref().is_none_or(|id| *id == *actor.id)
            && (self.fhir_user.is_none() || self.fhir_user.as_deref() == actor.fhir_user.as_deref())
            && (self.address.is_none() || self.address == self.shown_address(entry))
            && self.kind.is_none_or(|asked| asked == *kind)
            && (self.event.is_none() || self.event == detail.event)
            && self
                .refused
                .is_none_or(|refused| refused == detail.outcome.is_refusal())
            && self.correlation.is_none_or(|asked| asked == *correlation)
    }
}

impl fmt::Display for Filter {
    /// The criteria as they stand in the trail, in the words of an AuditEvent search.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut criteria = Vec::new();
        let mut add = |name: &str, value: Option<String>| {
            criteria.extend(value.map(|value| format!("{name}={value}")));
        };
        add(
            "date",
            self.from.map(|from| format!("ge{}", from.to_fhir())),
        );
        add(
            "date",
            self.until.map(|until| format!("lt{}", until.to_fhir())),
        );
        add("agent-name", self.actor.clone());
        add("agent", self.fhir_user.clone());
        add("address", self.address.map(|address| address.to_string()));
        add("patient", self.patient.clone());
        add("within", self.within.as_ref().map(|ids| ids.join(",")));
        add(
            "entity",
            self.resource
                .as_ref()
                .map(|(kind, id)| format!("{kind}/{id}")),
        );
        add("kind", self.kind.map(|kind| format!("{kind:?}")));
        add("event", self.event.map(|event| format!("{event:?}")));
        add("refused", self.refused.map(|refused| refused.to_string()));
        add("correlation", self.correlation.map(|id| id.to_string()));
        f.write_str(&criteria.join("&"))
    }
}
