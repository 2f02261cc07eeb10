//! Appointments that are still to come, when their patient leaves or turns out to be another record's.

use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{Fault, Instant};
use mt_store::{Change, Stored};
use serde_json::json;

use crate::Patients;
use crate::document::{edit, parse, write};
use crate::domain::items;
use crate::domain::merge::Fields;
use crate::error::Result;

/// Appointments that are still to come are in one of these states.
const AHEAD: &str = "proposed,pending,booked,waitlist";
/// Most appointments that are changed at once.
const MOST: u32 = 500;
/// Code system of reasons for calling an appointment off, and the reason.
const REASONS: &str = "https://meditrack.health/fhir/CodeSystem/appointment-cancellation";
const INACTIVE: &str = "patient-inactive";

impl Patients {
    /// The appointments of a patient that are still to come, and how each is called off.
    pub(super) async fn to_call_off(
        &self,
        records: &mt_store::Caller,
        id: &str,
    ) -> Result<Vec<(String, Change)>> {
        let ahead = self.ahead(records, id).await?;
        let off = ahead.into_iter().map(|stored| {
            let change = edit(
                (ResourceType::APPOINTMENT, &*stored.id),
                Some(stored.version),
                call_off,
            );
            (stored.id.to_string(), change)
        });
        Ok(off.collect())
    }

    /// The appointments of `from` that are still to come (of those `among`, when they are named), and how each becomes
    /// one of `to`.
    pub(super) async fn to_hand_over(
        &self,
        records: &mt_store::Caller,
        (from, to): (&str, &str),
        among: Option<&[String]>,
    ) -> Result<Vec<(Stored, Change)>> {
        let ahead = self.ahead(records, from).await?;
        let meant = |one: &Stored| among.is_none_or(|named| named.iter().any(|id| **id == *one.id));
        let handed = ahead.into_iter().filter(meant).map(|stored| {
            let (from, to) = (format!("Patient/{from}"), format!("Patient/{to}"));
            let target = (ResourceType::APPOINTMENT, &*stored.id);
            let change = edit(target, Some(stored.version), move |doc| {
                hand_over(doc, &from, &to);
                Ok(())
            });
            (stored, change)
        });
        Ok(handed.collect())
    }

    async fn ahead(&self, records: &mt_store::Caller, id: &str) -> Result<Vec<Stored>> {
        let registry = self.store.tenants().params(records.ctx.tenant).await?;
        let pairs = [
            ("patient", format!("Patient/{id}")),
            ("status", AHEAD.to_owned()),
        ];
        let query = self.query(&registry, ResourceType::APPOINTMENT, &pairs, MOST)?;
        let page = self.store.search(records, &query, None).await?;
        let mut ahead = Vec::new();
        for entry in page.entries {
            if is_ahead(&parse(&entry.resource.body)?, records.ctx.now) {
                ahead.push(entry.resource);
            }
        }
        Ok(ahead)
    }
}

/// Whether an Appointment has no time yet, or one after `now`.
fn is_ahead(appointment: &Doc, now: Instant) -> bool {
    let start = appointment.root().str("start");
    let start = start.and_then(mt_fhir::datetime::DateTime::parse_date_time);
    start.is_none_or(|start| start.start() > now.0)
}

fn call_off(doc: &mut Doc) -> Result<(), Fault> {
    let mut fields = Fields::new();
    fields.insert("status".to_owned(), json!("cancelled"));
    let reason = json!({"coding": [{"system": REASONS, "code": INACTIVE}]});
    fields.insert("cancelationReason".to_owned(), reason);
    write(doc, &fields)
}

/// Every participant that is the one patient becomes the other; the name that stood beside it may be another.
fn hand_over(doc: &mut Doc, from: &str, to: &str) {
    let actors: Vec<_> = items(doc.root(), "participant")
        .filter_map(|one| one.get("actor"))
        .filter(|actor| actor.str("reference") == Some(from))
        .map(Node::id)
        .collect();
    for actor in actors {
        doc.set_string_field(actor, "reference", to);
        doc.remove_field(actor, "display");
    }
}
