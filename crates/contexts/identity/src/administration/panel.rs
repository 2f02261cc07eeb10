//! The patients in somebody's care, and those of a location: what confined roles reach.

use std::collections::BTreeSet;
use std::sync::Arc;

use mt_access::{Compartment, Confinement};
use mt_fhir::datetime::DateTime;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{Instant, TenantId};
use mt_search::{Handling, ParseOptions, Query, Scope};

use super::Administration;
use super::error::Result;

/// Patients of one panel. Those beyond are not reached: a confined role fails closed.
const LARGEST: usize = 2_000;
const PAGE: u32 = 500;

/// Days before today in which an encounter or appointment still makes a patient one's own.
const RECENT_DAYS: i64 = 30;

impl Administration {
    /// The patients in the care of the person with this own resource: of the care teams that they serve on now, of
    /// their encounters that are under way or recent, of their appointments, and those who name them as general
    /// practitioner. Whoever is named by a role of theirs (`PractitionerRole`) is named.
    pub(super) async fn in_care_of(
        &self,
        tenant: TenantId,
        person: &str,
    ) -> Result<BTreeSet<Arc<str>>> {
        let recent = self.recently();
        let people = self.names_of(tenant, person).await?;
        let person = people.join(",");
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
            self.gather(tenant, kind, by, &person, &more, &mut patients)
                .await?;
        }
        Ok(patients)
    }

    /// The references by which a person is named: their own resource and the roles that they have.
    async fn names_of(&self, tenant: TenantId, person: &str) -> Result<Vec<String>> {
        let mut names = vec![person.to_owned()];
        let Some(kind) = ResourceType::from_name("PractitionerRole") else {
            return Ok(names);
        };
        if person.starts_with("Practitioner/") {
            let query = self
                .panel_query(tenant, kind, &[("practitioner", person)])
                .await?;
            let caller = self.system(tenant, "care teams");
            let page = self.store.search(&caller, &query, None).await?;
            let roles = page.entries.iter();
            names.extend(roles.map(|role| format!("PractitionerRole/{}", role.resource.id)));
        }
        Ok(names)
    }

    async fn panel_query(
        &self,
        tenant: TenantId,
        kind: ResourceType,
        pairs: &[(&str, &str)],
    ) -> Result<Query> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let pairs: Vec<(String, String)> = pairs.iter().map(owned).collect();
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
        Ok(query)
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
        let mut pairs = vec![(by, value)];
        pairs.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
        let query = self.panel_query(tenant, kind, &pairs).await?;
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
                    let is_team = kind == ResourceType::CARE_TEAM;
                    if !is_team || serves(doc.root(), value, self.now()) {
                        patients_of(doc.root(), patients);
                    }
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

/// Whether one of `people`, references parted by commas, serves on a care team now: whoever has left cares no longer.
fn serves(team: Node<'_>, people: &str, now: Instant) -> bool {
    let is_one = |reference: &str| {
        let literal = reference.split("/_history/").next().unwrap_or_default();
        people.split(',').any(|one| {
            literal
                .strip_suffix(one)
                .is_some_and(|base| base.is_empty() || base.ends_with('/'))
        })
    };
    let participants = team.get("participant").into_iter();
    let mut participants = participants.flat_map(Node::children);
    is_now(team, now)
        && participants.any(|one| {
            let member = one.get("member").and_then(|member| member.str("reference"));
            member.is_some_and(is_one) && is_now(one, now)
        })
}

/// Whether the `period` of something, if it has one, is not to come and not over; a day that is named counts whole.
fn is_now(node: Node<'_>, now: Instant) -> bool {
    let bounds = |name: &str| {
        let text = node.get("period")?.str(name)?;
        Some(DateTime::parse_search(text)?.bounds())
    };
    bounds("start").is_none_or(|(from, _)| from <= now.0)
        && bounds("end").is_none_or(|(_, until)| now.0 <= until)
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_left_a_care_team_or_comes_later_does_not_serve_on_it() {
        let now = Instant(
            "2026-11-23T12:00:00Z"
                .parse::<jiff::Timestamp>()
                .unwrap()
                .as_microsecond(),
        );
        let people = "Practitioner/a,PractitionerRole/r";
        let team = |member: &str, period: &str, of_team: &str| {
            let text = format!(
                r#"{{{of_team}"participant":[{{"member":{{"reference":"Practitioner/b"}}}},{{"member":{{"reference":"{member}"}}{period}}}]}}"#
            );
            Doc::parse(text, &Limits::default()).unwrap()
        };
        for (member, period, of_team, expected) in [
            ("Practitioner/a", "", "", true),
            ("PractitionerRole/r", "", "", true),
            (
                "https://a.b/fhir/R4/Practitioner/a/_history/3",
                "",
                "",
                true,
            ),
            ("Practitioner/aa", "", "", false),
            (
                "Practitioner/a",
                r#","period":{"end":"2026-11-22"}"#,
                "",
                false,
            ),
            (
                "Practitioner/a",
                r#","period":{"start":"2026-11-01","end":"2026-11-23"}"#,
                "",
                true,
            ),
            (
                "Practitioner/a",
                r#","period":{"start":"2026-12"}"#,
                "",
                false,
            ),
            ("Practitioner/a", "", r#""period":{"end":"2026"},"#, true),
            ("Practitioner/a", "", r#""period":{"end":"2025"},"#, false),
        ] {
            let team = team(member, period, of_team);
            assert_eq!(
                serves(team.root(), people, now),
                expected,
                "{member} {period} {of_team}"
            );
        }
    }
}
