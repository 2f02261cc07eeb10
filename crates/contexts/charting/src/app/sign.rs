//! Signing a note: it is written and signed in one transaction, with the request for a second signature where
//! one is needed.

use mt_access::Interaction;
use mt_api::Caller;
use mt_kernel::{ErrorKind, Fault};
use mt_store::Batch;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{note_type, requests, signer, written};
use crate::Charting;
use crate::document::{create_as, parse, replace};
use crate::domain::note::{LEGAL, Note, PROFESSIONAL, REASON, State};
use crate::error::{ChartingError, Result};

/// A note to be signed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignNote {
    /// A FHIR Composition: with `id` and `meta.versionId` the next version of that one, else a new one. Its state,
    /// date and signatures are written here; the author of a new one is the caller.
    #[schema(value_type = Object)]
    pub note: Map<String, Value>,
    /// Who is asked for a co-signature, such as `Practitioner/1`; when one is needed and nobody is named, whoever
    /// may give it finds the request in the inbox.
    #[serde(default)]
    pub cosigner: Option<String>,
    /// Why a signed note is amended.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A note as it was written.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedNote {
    /// The FHIR Composition.
    #[schema(value_type = Object)]
    pub note: Value,
    /// Its version.
    #[serde(skip)]
    pub version: u32,
}

const LONGEST_REASON: usize = 500;

/// The version of a note that somebody goes on from.
struct Base {
    id: String,
    version: u32,
    state: State,
}

impl Charting {
    /// Writes a note and signs it in the caller's name.
    ///
    /// Where the caller's notes need a co-signature, or one is asked for, it waits for that; otherwise it is final, or,
    /// when it was final before, amended.
    ///
    /// # Errors
    /// What the rules of notes refuse; [`ErrorKind::Precondition`] when the note has changed meanwhile.
    pub async fn sign(&self, caller: &Caller, asked: &SignNote) -> Result<SignedNote> {
        let who = signer(caller)?.to_owned();
        let cosigner = asked
            .cosigner
            .as_deref()
            .map(str::trim)
            .filter(|one| !one.is_empty());
        self.check_cosigner(caller, cosigner).await?;
        let base = self.base(caller, &asked.note).await?;
        if base.as_ref().is_none_or(|base| base.state == State::Draft) {
            self.check_addendum(caller, &asked.note).await?;
        }
        let amends = base
            .as_ref()
            .is_some_and(|base| base.state == State::Signed);
        let needs_second =
            cosigner.is_some() || self.cosigning.of(caller.tenant()).bind(&caller.ctx.actor);
        let (mode, status) = match (amends, needs_second) {
            (true, _) => (LEGAL, "amended"),
            (false, true) => (PROFESSIONAL, "preliminary"),
            (false, false) => (LEGAL, "final"),
        };
        let mut note = asked.note.clone();
        let party = self.named(caller, &who).await?;
        if base.is_none() {
            note.insert("author".to_owned(), json!([party]));
        }
        let at = caller.ctx.now.to_fhir();
        note.insert("resourceType".to_owned(), json!("Composition"));
        note.insert("status".to_owned(), json!(status));
        note.insert("date".to_owned(), json!(at));
        let signature = json!({"mode": mode, "time": at, "party": party});
        add(&mut note, "attester", signature);
        if amends {
            let reason = amendment(asked.reason.as_deref())?;
            add(
                &mut note,
                "extension",
                json!({"url": REASON, "valueString": reason}),
            );
        }
        let id = base
            .as_ref()
            .map_or_else(|| Uuid::now_v7().to_string(), |base| base.id.clone());
        note.insert("id".to_owned(), json!(id));
        let mut batch = Batch::new();
        batch.push(match &base {
            Some(base) => replace(note_type()?, &id, base.version, &note)?,
            None => create_as(note_type()?, &id, &note)?,
        });
        if needs_second && !amends {
            // A request that was sent back is answered by the new one.
            for ended in self.end_requests(caller, &id, "cancelled").await? {
                batch.push(ended);
            }
            batch.push(requests::request(caller, (&id, &note), cosigner)?);
        }
        let records = self.records(caller, Interaction::Update).await?;
        let committed = self.store.commit(&records, batch).await?;
        written(&committed, note_type()?)
    }

    /// What the note goes on from, when it has an id.
    async fn base(&self, caller: &Caller, note: &Map<String, Value>) -> Result<Option<Base>> {
        let Some(id) = note.get("id").and_then(Value::as_str) else {
            return Ok(None);
        };
        let version = note.get("meta").and_then(|meta| meta.get("versionId"));
        let version = version
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok());
        let version = version.ok_or_else(|| {
            ChartingError::invalid("say which version was read", "note.meta.versionId")
        })?;
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self.note(&records, id).await?;
        Ok(Some(Base {
            id: id.to_owned(),
            version,
            state: Note(parse(&stored.body)?.root()).state(),
        }))
    }

    /// An addendum adds to a signed note about the same patient: a draft is written on instead.
    async fn check_addendum(&self, caller: &Caller, note: &Map<String, Value>) -> Result<()> {
        let doc = crate::document::of(note)?;
        let added = Note(doc.root());
        let Some(id) = added.appends_to() else {
            return Ok(());
        };
        let place = "note.relatesTo";
        let records = self.records(caller, Interaction::Read).await?;
        let stored = match self.note(&records, id).await {
            Ok(stored) => stored,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                return Err(ChartingError::invalid("there is no such note", place));
            }
            Err(error) => return Err(error),
        };
        let target = parse(&stored.body)?;
        let target = Note(target.root());
        if !target.is_about_the_patient_of(added) {
            let message = "an addendum is about the patient of the note";
            return Err(ChartingError::invalid(message, place));
        }
        if target.state() != State::Signed {
            let message = "an addendum is written to a signed note";
            return Err(ChartingError::conflict(message));
        }
        Ok(())
    }

    /// Who is asked to co-sign exists, and is somebody else.
    async fn check_cosigner(&self, caller: &Caller, cosigner: Option<&str>) -> Result<()> {
        let Some(cosigner) = cosigner else {
            return Ok(());
        };
        if caller.ctx.actor.fhir_user.as_deref() == Some(cosigner) {
            return Err(ChartingError::invalid(
                "nobody co-signs a note of their own",
                "cosigner",
            ));
        }
        let known = cosigner.split_once('/').and_then(|(kind, id)| {
            let kind = mt_fhir::ResourceType::from_name(kind)?;
            matches!(kind.name(), "Practitioner" | "PractitionerRole").then_some((kind, id))
        });
        let unknown = || ChartingError::invalid("there is no such practitioner", "cosigner");
        let (kind, id) = known.ok_or_else(unknown)?;
        let records = self.records(caller, Interaction::Read).await?;
        match self.store.read(&records, kind, id).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                Err(unknown())
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn add(note: &mut Map<String, Value>, field: &str, item: Value) {
    let list = note.entry(field).or_insert_with(|| json!([]));
    match list {
        Value::Array(items) => items.push(item),
        other => *other = json!([item]),
    }
}

fn amendment(reason: Option<&str>) -> Result<&str> {
    let reason = reason.map(str::trim).unwrap_or_default();
    if !(3..=LONGEST_REASON).contains(&reason.chars().count()) {
        let message = "an amendment needs a reason of 3 to 500 characters";
        return Err(Fault::new(ErrorKind::Invalid, message).at("reason").into());
    }
    Ok(reason)
}
