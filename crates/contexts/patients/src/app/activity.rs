//! Declaring a patient inactive, with what follows for appointments; and active again.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::{Node, ResourceType};
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
}

fn set_active(id: &str, version: u32, active: bool) -> Change {
    edit((ResourceType::PATIENT, id), Some(version), move |doc| {
        let mut fields = Fields::new();
        fields.insert("active".to_owned(), json!(active));
        write(doc, &fields)
    })
}
