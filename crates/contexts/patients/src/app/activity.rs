//! Declaring a patient inactive, with what follows for appointments; and active again.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{Fault, Instant};
use mt_store::{Batch, Change};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::attesting;
use super::provenance::{Deed, provenance};
use super::register::needed_reason;
use super::view::PatientView;
use crate::Patients;
use crate::document::{edit, parse, write};
use crate::domain::merge::{Fields, linked};
use crate::error::{PatientsError, Result};

/// Why a record goes out of use, or comes back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Activity {
    /// In words.
    pub reason: String,
}

/// A patient whose record is no longer in use.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deactivated {
    /// The patient.
    pub patient: PatientView,
    /// Ids of the appointments that were called off.
    pub called_off: Vec<String>,
}

/// Appointments that are still to come are in one of these states.
const AHEAD: &str = "proposed,pending,booked,waitlist";
/// Most appointments that are called off at once.
const MOST: u32 = 500;
/// Code system of reasons for calling an appointment off, and the reason.
const REASONS: &str = "https://meditrack.health/fhir/CodeSystem/appointment-cancellation";
const INACTIVE: &str = "patient-inactive";

impl Patients {
    /// Declares a patient inactive, and calls off what is still to come, in one transaction.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::Conflict`] when the record is not in use already.
    pub async fn deactivate(
        &self,
        caller: &Caller,
        id: &str,
        why: &Activity,
    ) -> Result<Deactivated> {
        let reason = needed_reason(&why.reason)?;
        let records = self.records(caller, Interaction::Update).await?;
        let stored = self.stored(&records, id).await?;
        let view = PatientView::of(&stored)?;
        if !view.active {
            return Err(PatientsError::conflict("the patient is inactive already"));
        }
        let mut batch = Batch::new();
        batch.push(set_active(id, stored.version, false));
        let off = self.to_call_off(&records, id).await?;
        let called_off: Vec<String> = off.iter().map(|(id, _)| id.clone()).collect();
        off.into_iter().for_each(|(_, change)| batch.push(change));
        batch.push(self.attested(caller, id, stored.version, "deactivated", reason)?);
        let committed = self.store.commit(&attesting(records), batch).await?;
        let patient = committed.first().ok_or(PatientsError::Unreadable)?;
        Ok(Deactivated {
            patient: PatientView::committed(patient)?,
            called_off,
        })
    }

    /// Declares a patient active again. What was called off stays so.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::Conflict`] when the record is in use, or stands for nobody since it was merged.
    pub async fn activate(&self, caller: &Caller, id: &str, why: &Activity) -> Result<PatientView> {
        let reason = needed_reason(&why.reason)?;
        let records = self.records(caller, Interaction::Update).await?;
        let stored = self.stored(&records, id).await?;
        let doc = parse(&stored.body)?;
        if !linked(doc.root(), "replaced-by").is_empty() {
            let message = "the record is merged into another one; undo the merge instead";
            return Err(PatientsError::conflict(message));
        }
        if doc.root().get("active").and_then(Node::as_bool) != Some(false) {
            return Err(PatientsError::conflict("the patient is active already"));
        }
        let mut batch = Batch::new();
        batch.push(set_active(id, stored.version, true));
        batch.push(self.attested(caller, id, stored.version, "activated", reason)?);
        let committed = self.store.commit(&attesting(records), batch).await?;
        PatientView::committed(committed.first().ok_or(PatientsError::Unreadable)?)
    }

    fn attested(
        &self,
        caller: &Caller,
        id: &str,
        version: u32,
        activity: &'static str,
        reason: &str,
    ) -> Result<Change> {
        let deed = Deed {
            activity,
            targets: vec![format!("Patient/{id}/_history/{}", version + 1)],
            entities: vec![("revision", format!("Patient/{id}/_history/{version}"))],
            reason,
        };
        provenance(caller, &deed)
    }

    /// The appointments of a patient that are still to come, and how each is called off.
    pub(super) async fn to_call_off(
        &self,
        records: &mt_store::Caller,
        id: &str,
    ) -> Result<Vec<(String, Change)>> {
        let registry = self.store.tenants().params(records.ctx.tenant).await?;
        let pairs = [
            ("patient", format!("Patient/{id}")),
            ("status", AHEAD.to_owned()),
        ];
        let query = self.query(&registry, ResourceType::APPOINTMENT, &pairs, MOST)?;
        let page = self.store.search(records, &query, None).await?;
        let mut off = Vec::new();
        for entry in page.entries {
            let stored = entry.resource;
            if is_ahead(&parse(&stored.body)?, records.ctx.now) {
                let target = (ResourceType::APPOINTMENT, &*stored.id);
                off.push((
                    stored.id.to_string(),
                    edit(target, Some(stored.version), call_off),
                ));
            }
        }
        Ok(off)
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

fn set_active(id: &str, version: u32, active: bool) -> Change {
    edit((ResourceType::PATIENT, id), Some(version), move |doc| {
        let mut fields = Fields::new();
        fields.insert("active".to_owned(), json!(active));
        write(doc, &fields)
    })
}
