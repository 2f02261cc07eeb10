//! Results that somebody has seen and answers for.
//!
//! An acknowledgement is a completed Task about the Observation, with who and when, and the version that was seen: a
//! result that is corrected afterwards has been seen by nobody.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Fault};
use mt_store::{Batch, Stored};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::requests::TASKS;
use super::{signer, task_type};
use crate::Charting;
use crate::document::{create, object, parse};
use crate::domain::acknowledgement::{ACKNOWLEDGE, Acknowledgement, VERSION};
use crate::error::{ChartingError, Result};

/// A result as it was seen.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenResult {
    /// Id of the Observation.
    pub id: String,
    /// The version that was shown.
    pub version: u32,
}

/// Results that are acknowledged together.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acknowledging {
    /// 1 to 100 results of one patient.
    pub results: Vec<SeenResult>,
    /// What follows from them, at most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// A result that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AcknowledgedResult {
    /// Id of the Observation.
    pub id: String,
    /// The version that was seen.
    pub version: u32,
    /// Reference of who acknowledged it first.
    pub by: String,
    /// When.
    pub at: String,
}

/// Results that were acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AcknowledgedResults {
    /// In the order in which they were asked for.
    pub items: Vec<AcknowledgedResult>,
}

const MOST: usize = 100;
const LONGEST: usize = 500;
/// Acknowledgements of one result that are looked at: one for each of its versions.
const KNOWN: u32 = 50;
/// Categories of results; what was measured at the bedside is seen when it is entered.
const MEASURED: &str = "vital-signs";

impl Charting {
    /// Acknowledges results in the caller's name: all or none. What somebody has acknowledged already stays theirs.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a result out of the caller's reach, [`ErrorKind::Precondition`] when one has changed
    /// since it was shown, [`ErrorKind::Conflict`] when one is not final.
    pub async fn acknowledge(
        &self,
        caller: &Caller,
        asked: &Acknowledging,
    ) -> Result<AcknowledgedResults> {
        let who = signer(caller)?.to_owned();
        let note = check(asked)?;
        let records = self.records(caller, Interaction::Read).await?;
        let party = self.named(caller, &who).await?;
        let at = caller.ctx.now.to_fhir();
        let (mut batch, mut items) = (Batch::new(), Vec::with_capacity(asked.results.len()));
        let mut subject: Option<Value> = None;
        for seen in &asked.results {
            let kind = ResourceType::OBSERVATION;
            let stored = self.store.read(&records, kind, &seen.id).await?;
            let result = result_of(&stored, seen)?;
            if *subject.get_or_insert_with(|| result["subject"].clone()) != result["subject"] {
                let message = "the results are of one patient";
                return Err(ChartingError::invalid(message, "results"));
            }
            if let Some(known) = self.known(caller, seen).await? {
                items.push(known);
                continue;
            }
            let task = task(&result, seen, (&party, at.as_str()), note);
            let task = task.as_object().cloned().unwrap_or_default();
            batch.push(create(task_type()?, &task)?);
            items.push(AcknowledgedResult {
                id: seen.id.clone(),
                version: seen.version,
                by: who.clone(),
                at: at.clone(),
            });
        }
        if !batch.is_empty() {
            let records = self.records(caller, Interaction::Create).await?;
            self.store.commit(&records, batch).await?;
        }
        Ok(AcknowledgedResults { items })
    }

    /// The acknowledgement of this version of a result, if there is one.
    async fn known(
        &self,
        caller: &Caller,
        seen: &SeenResult,
    ) -> Result<Option<AcknowledgedResult>> {
        let pairs = [
            ("focus", format!("Observation/{}", seen.id)),
            ("code", format!("{TASKS}|{ACKNOWLEDGE}")),
            ("status", "completed".to_owned()),
        ];
        for task in self.found(caller, task_type()?, &pairs, KNOWN).await? {
            let doc: Doc = parse(&task.body)?;
            let known = Acknowledgement::read(doc.root());
            if let Some(known) = known.filter(|known| known.version == seen.version) {
                return Ok(Some(AcknowledgedResult {
                    id: seen.id.clone(),
                    version: seen.version,
                    by: known.by.to_owned(),
                    at: known.at.to_owned(),
                }));
            }
        }
        Ok(None)
    }
}

/// What is said beside the acknowledgement.
fn check(asked: &Acknowledging) -> Result<Option<&str>> {
    if !(1..=MOST).contains(&asked.results.len()) {
        let message = "1 to 100 results are acknowledged at once";
        return Err(ChartingError::invalid(message, "results"));
    }
    let mut ids: Vec<&str> = asked.results.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < asked.results.len() {
        let message = "a result is named once";
        return Err(ChartingError::invalid(message, "results"));
    }
    let note = asked.note.as_deref().map(str::trim);
    let note = note.filter(|text| !text.is_empty());
    if note.is_some_and(|text| text.chars().count() > LONGEST) {
        let message = "a note has at most 500 characters";
        return Err(ChartingError::invalid(message, "note"));
    }
    Ok(note)
}

/// The result, as it was shown and final.
fn result_of(stored: &Stored, seen: &SeenResult) -> Result<Value> {
    if stored.version != seen.version {
        let message = "a result has changed since it was shown; look at it again";
        return Err(Fault::new(ErrorKind::Precondition, message).into());
    }
    let result = Value::Object(object(&stored.body)?);
    let released = ["final", "amended", "corrected", "preliminary"];
    if !released.contains(&result["status"].as_str().unwrap_or_default()) {
        return Err(ChartingError::conflict(
            "only a result that was reported is acknowledged",
        ));
    }
    let categories = result["category"].as_array();
    let measured = categories.into_iter().flatten().any(|category| {
        let codings = category["coding"].as_array();
        codings
            .into_iter()
            .flatten()
            .any(|coding| coding["code"] == MEASURED)
    });
    if measured {
        return Err(ChartingError::conflict(
            "vital signs are seen when they are entered",
        ));
    }
    Ok(result)
}

fn task(
    result: &Value,
    seen: &SeenResult,
    (party, at): (&Value, &str),
    note: Option<&str>,
) -> Value {
    let mut task = json!({
        "resourceType": "Task", "status": "completed", "intent": "order", "priority": "routine",
        "code": {"coding": [{"system": TASKS, "code": ACKNOWLEDGE, "display": "Acknowledge a result"}],
            "text": "Acknowledge a result"},
        "focus": {"reference": format!("Observation/{}", seen.id)},
        "requester": party, "owner": party,
        "authoredOn": at, "lastModified": at, "executionPeriod": {"start": at, "end": at},
        "input": [{"type": {"coding": [{"system": TASKS, "code": VERSION}], "text": "Version that was seen"},
            "valuePositiveInt": seen.version}],
    });
    for (from, to) in [("subject", "for"), ("encounter", "encounter")] {
        if let Some(value) = result.get(from) {
            task[to] = value.clone();
        }
    }
    if let Some(text) = note {
        task["note"] = json!([{"time": at, "text": text}]);
    }
    task
}
