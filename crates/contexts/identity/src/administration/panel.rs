//! The patients in somebody's care, and those of a location: what confined roles reach.

use std::collections::BTreeSet;
use std::sync::Arc;

use mt_access::{Compartment, Confinement};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::TenantId;
use mt_search::{Handling, ParseOptions, Query, Scope};

use super::Administration;
use super::error::Result;

/// Patients of one panel. Those beyond are not reached: a confined role fails closed.
const LARGEST: usize = 2_000;
const PAGE: u32 = 500;

/// Days before today in which an encounter or appointment still makes a patient one's own.
const RECENT_DAYS: i64 = 30;

impl Administration {
    /// The patients in the care of the person with this own resource: of their care teams, of their
    /// encounters that are under way or recent, of their appointments, and those who name them as
    /// general practitioner.
    pub(super) async fn in_care_of(
        &self,
        tenant: TenantId,
        person: &str,
    ) -> Result<BTreeSet<Arc<str>>> {
        let recent = self.recently();
        let searches = [
            (
                ResourceType::CARE_TEAM,
                "participant",
                vec![("status", "active,proposed".to_owned())],
            ),
            (
                ResourceType::ENCOUNTER,
                "participant",
                vec![("status", OPEN_ENCOUNTER.to_owned())],
            ),
            (
                ResourceType::ENCOUNTER,
                "participant",
                vec![("date", recent.clone())],
            ),
            (
                ResourceType::APPOINTMENT,
                "actor",
                vec![("status", KEPT_APPOINTMENT.to_owned()), ("date", recent)],
            ),
            (ResourceType::PATIENT, "general-practitioner", Vec::new()),
        ];
        let mut patients = BTreeSet::new();
        for (kind, by, more) in searches {
            self.gather(tenant, kind, by, person, &more, &mut patients)
                .await?;
        }
        Ok(patients)
    }

    /// The patients of encounters and appointments at locations.
    pub(super) async fn at_locations(
        &self,
        tenant: TenantId,
        locations: &[String],
    ) -> Result<BTreeSet<Arc<str>>> {
        let recent = self.recently();
        let mut patients = BTreeSet::new();
        for location in locations {
            let place = format!("Location/{location}");
            let open = [("status", OPEN_ENCOUNTER.to_owned())];
            let lately = [("date", recent.clone())];
            let kept = [
                ("status", KEPT_APPOINTMENT.to_owned()),
                ("date", recent.clone()),
            ];
            for (kind, more) in [
                (ResourceType::ENCOUNTER, open.as_slice()),
                (ResourceType::ENCOUNTER, lately.as_slice()),
                (ResourceType::APPOINTMENT, kept.as_slice()),
            ] {
                self.gather(tenant, kind, "location", &place, more, &mut patients)
                    .await?;
            }
        }
        Ok(patients)
    }

    fn recently(&self) -> String {
        let since = self.now().plus_seconds(-RECENT_DAYS * 86_400);
        format!("ge{}", since.timestamp().strftime("%Y-%m-%d"))
    }

    async fn gather(
        &self,
        tenant: TenantId,
        kind: ResourceType,
        by: &str,
        value: &str,
        more: &[(&str, String)],
        patients: &mut BTreeSet<Arc<str>>,
    ) -> Result<()> {
        let mut pairs = vec![(by.to_owned(), value.to_owned())];
        pairs.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        let options = ParseOptions {
            handling: Handling::Strict,
            ..ParseOptions::at(self.now())
        };
        let params = self.store.tenants().params(tenant).await?;
        let query = Query::parse(&params, Scope::resource(kind), &pairs, &options);
        let mut query = query
            .map_err(mt_kernel::Fault::from)
            .map_err(super::AdministrationError::Refused)?;
        query.count = Some(PAGE);
        let caller = self.system(tenant, "care teams");
        let mut cursor: Option<String> = None;
        loop {
            let page = self
                .store
                .search(&caller, &query, cursor.as_deref())
                .await?;
            for entry in &page.entries {
                if kind == ResourceType::PATIENT {
                    patients.insert(Arc::clone(&entry.resource.id));
                } else if let Ok(doc) = Doc::parse(entry.resource.body.to_vec(), &Limits::default())
                {
                    patients_of(doc.root(), patients);
                }
            }
            cursor = page.next.clone();
            if patients.len() > LARGEST {
                tracing::warn!(%tenant, "a panel of patients is larger than what is reached");
                while patients.len() > LARGEST {
                    patients.pop_last();
                }
                return Ok(());
            }
            if cursor.is_none() {
                return Ok(());
            }
        }
    }
}

const OPEN_ENCOUNTER: &str = "planned,arrived,triaged,in-progress,onleave";
const KEPT_APPOINTMENT: &str = "proposed,pending,booked,arrived,fulfilled,checked-in,waitlist";

/// The patients that a record is about: its subject, or those who take part.
fn patients_of(content: Node<'_>, patients: &mut BTreeSet<Arc<str>>) {
    let subject = content
        .get("subject")
        .and_then(|subject| subject.str("reference"));
    let actors = content
        .get("participant")
        .into_iter()
        .flat_map(Node::children)
        .filter_map(|one| one.get("actor")?.str("reference"));
    let named = subject.into_iter().chain(actors);
    for id in named.filter_map(|reference| reference.strip_prefix("Patient/")) {
        patients.insert(Arc::from(id));
    }
}

/// A confinement to these patients.
pub(super) fn confinement(patients: BTreeSet<Arc<str>>, locations: &[String]) -> Confinement {
    Confinement {
        patients: patients.into_iter().map(Compartment::patient).collect(),
        locations: locations.iter().map(|id| Arc::from(id.as_str())).collect(),
    }
}
