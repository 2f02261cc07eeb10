//! The second signature: given, refused with a reason, or the first one taken back.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::Doc;
use mt_kernel::{ErrorKind, Fault};
use mt_store::Batch;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::sign::SignedNote;
use super::{note_type, requests, signer, written};
use crate::Charting;
use crate::document::{edit, parse, push, set};
use crate::domain::note::{LEGAL, Note, State};
use crate::error::{ChartingError, Result};

/// A note that was co-signed.
pub type Cosigned = SignedNote;

/// Why a note is not co-signed as it is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Returned {
    /// In words, for its author.
    pub reason: String,
}

impl Charting {
    /// Co-signs a note that waits for it; the requests for that are done.
    ///
    /// # Errors
    /// What the rules of notes refuse: the own note, a draft that its author has not signed, a signed note.
    pub async fn cosign(&self, caller: &Caller, id: &str) -> Result<Cosigned> {
        let who = signer(caller)?.to_owned();
        let records = self.records(caller, Interaction::Update).await?;
        let stored = self.note(&records, id).await?;
        let doc = parse(&stored.body)?;
        let note = Note(doc.root());
        waits(note)?;
        let party = self.named(caller, &who).await?;
        let signature = json!({"mode": LEGAL, "time": caller.ctx.now.to_fhir(), "party": party});
        let mut batch = Batch::new();
        batch.push(edit(
            note_type()?,
            id,
            stored.version,
            move |doc: &mut Doc| {
                set(doc, "status", &json!("final"))?;
                push(doc, "attester", &signature)
            },
        ));
        for done in self.end_requests(caller, id, "completed").await? {
            batch.push(done);
        }
        let committed = self.store.commit(&records, batch).await?;
        written(&committed, note_type()?)
    }

    /// Sends a note back to its author, who finds the reason in the inbox.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the note does not wait, or nobody asked for a co-signature.
    pub async fn send_back(&self, caller: &Caller, id: &str, why: &Returned) -> Result<()> {
        let reason = why.reason.trim();
        if !(3..=500).contains(&reason.chars().count()) {
            let message = "a reason has 3 to 500 characters";
            return Err(ChartingError::invalid(message, "reason"));
        }
        let records = self.records(caller, Interaction::Update).await?;
        let stored = self.note(&records, id).await?;
        waits(Note(parse(&stored.body)?.root()))?;
        let mut batch = Batch::new();
        for task in self.requests(caller, id).await? {
            batch.push(requests::send_back(caller, &task, reason)?);
        }
        if batch.is_empty() {
            return Err(ChartingError::conflict(
                "nobody asks for a co-signature of this note",
            ));
        }
        self.store.commit(&records, batch).await?;
        Ok(())
    }

    /// Takes the caller's signature back from a note that waits, which is a draft again.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] when the signature is somebody else's.
    pub async fn take_back(&self, caller: &Caller, id: &str) -> Result<SignedNote> {
        let who = signer(caller)?.to_owned();
        let records = self.records(caller, Interaction::Update).await?;
        let stored = self.note(&records, id).await?;
        let doc = parse(&stored.body)?;
        let note = Note(doc.root());
        waits(note)?;
        if !note.signatures().all(|one| one.party() == Some(&who)) {
            let message = "a signature is taken back by who gave it";
            return Err(Fault::new(ErrorKind::Forbidden, message).into());
        }
        let mut batch = Batch::new();
        batch.push(edit(note_type()?, id, stored.version, |doc: &mut Doc| {
            let root = doc.root().id();
            doc.remove_field(root, "attester");
            Ok(())
        }));
        for ended in self.end_requests(caller, id, "cancelled").await? {
            batch.push(ended);
        }
        let committed = self.store.commit(&records, batch).await?;
        written(&committed, note_type()?)
    }
}

fn waits(note: Note<'_>) -> Result<()> {
    match note.state() {
        State::Waiting => Ok(()),
        State::Draft => Err(ChartingError::conflict(
            "the author has not signed the note",
        )),
        State::Signed => Err(ChartingError::conflict("the note is signed already")),
        State::Withdrawn => Err(ChartingError::conflict("the note was entered in error")),
    }
}
