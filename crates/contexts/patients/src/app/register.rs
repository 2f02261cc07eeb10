//! Registering a patient, reading and correcting the details.

use mt_access::{Interaction, Operation};
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault};
use mt_matching::Grade;
use mt_store::Batch;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::attesting;
use super::provenance::{Deed, provenance};
use super::view::PatientView;
use crate::Patients;
use crate::document::{create, edit, fields, parse, write};
use crate::domain::details::Details;
use crate::domain::merge::Fields;
use crate::error::{PatientsError, Result};
use crate::policy::record_number;

/// A patient to be registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Registration {
    /// The details.
    pub details: Details,
    /// A record number that exists already; one is assigned when absent.
    pub record_number: Option<String>,
    /// Why this is somebody else although a record agrees so well; needed then.
    pub reason: Option<String>,
}

/// Longest reason.
const REASON: usize = 500;

impl Registration {
    fn resource(&self) -> Value {
        let mut patient = json!({"resourceType": "Patient", "active": true});
        if let Some(number) = &self.record_number {
            patient["identifier"] =
                json!([record_number(self.details.facility.as_deref(), number)]);
        }
        for (field, value) in self.details.changes(&Fields::new()) {
            patient[field] = value;
        }
        patient
    }
}

impl Patients {
    /// One patient within the caller's reach.
    ///
    /// # Errors
    /// When there is none.
    pub async fn read(&self, caller: &Caller, id: &str) -> Result<PatientView> {
        let records = self.records(caller, Interaction::Read).await?;
        PatientView::of(&self.stored(&records, id).await?)
    }

    /// Registers a patient. When a known one agrees so well that it surely is the same, or has the same address of
    /// e-mail, a reason is needed, and is kept.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] without that reason; what the record store refuses.
    pub async fn register(&self, caller: &Caller, new: &Registration) -> Result<PatientView> {
        new.details.check()?;
        let reason = reason(new.reason.as_deref())?;
        if reason.is_none() && caller.who.grant.allows(Operation::Match) {
            self.refuse_known(caller, new).await?;
        }
        let records = self.records(caller, Interaction::Create).await?;
        let name = format!("urn:uuid:{}", Uuid::new_v4());
        let mut batch = Batch::new();
        let mut numbered = new.clone();
        numbered
            .record_number
            .get_or_insert_with(|| self.new_number(caller));
        let mut patient = create(ResourceType::PATIENT, &numbered.resource())?;
        patient.full_url = Some(name.clone());
        batch.push(patient);
        if let Some(reason) = reason {
            let deed = Deed {
                activity: "registered-beside-match",
                targets: vec![name],
                entities: Vec::new(),
                reason,
            };
            batch.push(provenance(caller, &deed)?);
        }
        let committed = self.store.commit(&attesting(records), batch).await?;
        let patient = committed.first().ok_or(PatientsError::Unreadable)?;
        PatientView::committed(patient)
    }

    async fn refuse_known(&self, caller: &Caller, new: &Registration) -> Result<()> {
        let found = self.matches(caller, &new.resource()).await?;
        let email = |one: &super::Duplicate| {
            let known = one.patient.details.email.as_deref();
            let wanted = new.details.email.as_deref();
            known
                .zip(wanted)
                .is_some_and(|(known, wanted)| known.eq_ignore_ascii_case(wanted))
        };
        if found.iter().any(|one| one.grade == Grade::Certain.code()) {
            return Err(PatientsError::conflict(
                "this patient seems to be registered already; give a reason to register another one",
            ));
        }
        if found.iter().any(email) {
            return Err(PatientsError::conflict(
                "another patient has this address of e-mail; give a reason to register a second one",
            ));
        }
        Ok(())
    }

    /// Corrects the details of the version that the caller saw. What a form does not show is kept.
    ///
    /// # Errors
    /// [`ErrorKind::Precondition`] when somebody else was faster.
    pub async fn correct(
        &self,
        caller: &Caller,
        id: &str,
        version: u32,
        details: &Details,
    ) -> Result<PatientView> {
        details.check()?;
        let records = self.records(caller, Interaction::Update).await?;
        let details = details.clone();
        let target = (ResourceType::PATIENT, id);
        let change = edit(target, Some(version), move |doc| {
            let before = fields(doc.root()).map_err(Fault::from)?;
            write(doc, &details.changes(&before))
        });
        PatientView::committed(&self.store.commit_one(&records, change).await?)
    }

    /// Every record that stands for the same person as `id`: itself and those it replaces, by themselves or through
    /// others. Whoever wants the whole chart asks for all of them.
    ///
    /// # Errors
    /// When there is no such patient within the caller's reach.
    pub async fn same_person(&self, caller: &Caller, id: &str) -> Result<Vec<String>> {
        let records = self.records(caller, Interaction::Read).await?;
        let mut all = vec![id.to_owned()];
        let mut at = 0;
        while let Some(id) = all.get(at).cloned() {
            match self.stored(&records, &id).await {
                Ok(stored) => {
                    let doc = parse(&stored.body)?;
                    for other in crate::domain::merge::linked(doc.root(), "replaces") {
                        if all.len() < MOST && !all.iter().any(|known| known == other) {
                            all.push(other.to_owned());
                        }
                    }
                }
                Err(error) if at == 0 => return Err(error),
                Err(_) => {}
            }
            at += 1;
        }
        Ok(all)
    }
}

/// Most records of one person.
const MOST: usize = 50;

/// A reason in words.
pub(super) fn reason(text: Option<&str>) -> Result<Option<&str>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > REASON) {
        let fault = Fault::new(ErrorKind::Invalid, "a reason has at most 500 characters");
        return Err(fault.at("reason").into());
    }
    Ok(text)
}

/// A reason in words, which must be given.
pub(super) fn needed_reason(text: &str) -> Result<&str> {
    reason(Some(text))?.ok_or_else(|| PatientsError::invalid("a reason is needed", "reason"))
}
