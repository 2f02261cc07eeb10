//! What somebody typed and has not saved: kept for its author alone until it is saved or discarded, however old it is.
//!
//! A draft is no record: nobody else reads it, and it says nothing in the chart. What bounds it is how many drafts a
//! person has and how long each is, not its age, because unsigned work must not vanish by itself.

use std::collections::BTreeMap;

use mt_access::Interaction;
use mt_api::Caller;
use mt_crypto::{Purpose, TenantKeys};
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Charting;
use crate::error::{ChartingError, Result};

/// Drafts that a person has at most.
const MOST: i64 = 200;
/// Characters of a draft at most: twenty sections that are full.
const LONGEST: usize = 200_000;
/// Fields of a draft at most.
const FIELDS: usize = 60;
/// Number under which accounts and places are hashed; no resource type has it.
const OWN: u16 = u16::MAX - 1;

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Draft {
    /// Id of the Encounter that it is written in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
    /// What stands in each field of the form, by the form's own names.
    pub fields: BTreeMap<String, String>,
}

/// A draft as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptDraft {
    /// Version; it grows with every change.
    pub version: u32,
    /// Id of the Patient.
    pub patient: String,
    /// What it is a draft of.
    pub place: String,
    /// When it was kept last.
    pub updated_at: String,
    /// Id of the Encounter that it is written in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
    /// What stands in each field of the form.
    pub fields: BTreeMap<String, String>,
}

/// A draft in the list of the caller's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedDraft {
    /// Id of the Patient.
    pub patient: String,
    /// What it is a draft of: `new` for a new note, `note.ID` for one that goes on from a stored note, `addendum.ID`.
    pub place: String,
    /// Id of the Encounter that it is written in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit: Option<String>,
    /// When it was kept last.
    pub updated_at: String,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    patient: String,
    place: String,
    draft: Draft,
}

/// Keyed hashes under which a draft is found.
struct Keys {
    keys: TenantKeys,
    author: Uuid,
    patient: Uuid,
    place: Uuid,
}

impl Keys {
    fn aad(&self) -> Vec<u8> {
        aad(self.author, self.patient, self.place)
    }
}

fn aad(author: Uuid, patient: Uuid, place: Uuid) -> Vec<u8> {
    let parts = [
        b"charting draft\0\0".as_slice(),
        author.as_bytes(),
        patient.as_bytes(),
        place.as_bytes(),
    ];
    parts.concat()
}

const KEEP: &str = "insert into charting.draft (tenant, author, patient, place, version, updated_at, sealed) \
    select $1, $2, $3, $4, $5 + 1, $6, $7 \
    where ($5 = 0 and (select count(*) from charting.draft where tenant = $1 and author = $2) < $8) \
       or exists (select from charting.draft where tenant = $1 and author = $2 and patient = $3 and place = $4) \
    on conflict (tenant, author, patient, place) do update set version = excluded.version, \
      updated_at = excluded.updated_at, sealed = excluded.sealed where draft.version = $5";

impl Charting {
    /// Keeps what the caller typed about a patient, over version `seen` of it; 0 when none was kept.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the patient is out of the caller's reach; [`ErrorKind::Invalid`] when it is too long;
    /// [`ErrorKind::Precondition`] when another window kept something else; [`ErrorKind::Conflict`] when the caller has
    /// as many drafts as a person may have.
    pub async fn keep_draft(
        &self,
        caller: &Caller,
        (patient, place): (&str, &str),
        seen: u32,
        draft: Draft,
    ) -> Result<KeptDraft> {
        check(place, &draft)?;
        // Whoever goes on typing has been let in when the draft began, and learns nothing here.
        if seen == 0 {
            self.reach(caller, patient).await?;
        }
        let keys = self.draft_keys(caller, patient, place).await?;
        let sealed = Sealed {
            patient: patient.to_owned(),
            place: place.to_owned(),
            draft,
        };
        let plain = serde_json::to_vec(&sealed).map_err(|_| ChartingError::Unreadable)?;
        let bytes = mt_crypto::seal(&keys.keys, Purpose::Attachment, &keys.aad(), &plain)
            .map_err(StoreError::from)?;
        let tenant = caller.tenant();
        let before = i32::try_from(seen).unwrap_or(i32::MAX - 1);
        let now = self.store.clock().now();
        let tx = self.store.database().tenant(tenant).await?;
        let kept = tx
            .execute(
                KEEP,
                &[
                    &tenant.0,
                    &keys.author,
                    &keys.patient,
                    &keys.place,
                    &before,
                    &now.0,
                    &bytes,
                    &MOST,
                ],
            )
            .await?;
        if kept == 0 {
            return Err(self.why_not_kept(caller, &keys).await?);
        }
        tx.commit().await?;
        Ok(shown(sealed, seen + 1, now))
    }

    /// What the caller typed about a patient and has not saved.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when nothing is kept, or the patient is out of the caller's reach.
    pub async fn draft(&self, caller: &Caller, patient: &str, place: &str) -> Result<KeptDraft> {
        let keys = self.draft_keys(caller, patient, place).await?;
        let tenant = caller.tenant();
        let sql = "select version, updated_at, sealed from charting.draft \
             where tenant = $1 and author = $2 and patient = $3 and place = $4";
        let readers = self.store.database().readers();
        let rows = readers
            .query(
                tenant,
                sql,
                &[&tenant.0, &keys.author, &keys.patient, &keys.place],
            )
            .await?;
        let row = rows.first().ok_or_else(missing)?;
        // It may repeat what the chart says, so that it is read by who may read the chart still.
        self.reach(caller, patient).await?;
        let unreadable = |_| ChartingError::Unreadable;
        let version: i32 = row.try_get(0).map_err(unreadable)?;
        let at: i64 = row.try_get(1).map_err(unreadable)?;
        let bytes: &[u8] = row.try_get(2).map_err(unreadable)?;
        let sealed = opened(&keys.keys, &keys.aad(), bytes)?;
        Ok(shown(sealed, version.unsigned_abs(), Instant(at)))
    }

    /// The caller's own drafts, oldest first: of whom and of what, not what they say.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drafts(&self, caller: &Caller) -> Result<Vec<ListedDraft>> {
        let tenant = caller.tenant();
        let keys = self.store.tenants().keys(tenant).await?;
        let author = author(&keys, caller)?;
        let sql = "select patient, place, updated_at, sealed from charting.draft \
             where tenant = $1 and author = $2 order by updated_at";
        let readers = self.store.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0, &author]).await?;
        let unreadable = |_| ChartingError::Unreadable;
        let mut listed = Vec::with_capacity(rows.len());
        for row in &rows {
            let patient: Uuid = row.try_get(0).map_err(unreadable)?;
            let place: Uuid = row.try_get(1).map_err(unreadable)?;
            let at: i64 = row.try_get(2).map_err(unreadable)?;
            let bytes: &[u8] = row.try_get(3).map_err(unreadable)?;
            let sealed = opened(&keys, &aad(author, patient, place), bytes)?;
            listed.push(ListedDraft {
                patient: sealed.patient,
                place: sealed.place,
                visit: sealed.draft.visit,
                updated_at: Instant(at).to_fhir(),
            });
        }
        Ok(listed)
    }

    /// Discards a draft of the caller; one that is gone already is no failure.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn discard_draft(&self, caller: &Caller, patient: &str, place: &str) -> Result<()> {
        let keys = self.draft_keys(caller, patient, place).await?;
        let tenant = caller.tenant();
        let sql = "delete from charting.draft \
             where tenant = $1 and author = $2 and patient = $3 and place = $4";
        let tx = self.store.database().tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &keys.author, &keys.patient, &keys.place])
            .await?;
        Ok(tx.commit().await?)
    }

    /// Refuses a patient out of the caller's reach, as if there were none.
    async fn reach(&self, caller: &Caller, patient: &str) -> Result<()> {
        let records = self.records(caller, Interaction::Read).await?;
        let kind = ResourceType::PATIENT;
        self.store.read(&records, kind, patient).await?;
        Ok(())
    }

    async fn draft_keys(&self, caller: &Caller, patient: &str, place: &str) -> Result<Keys> {
        let keys = self.store.tenants().keys(caller.tenant()).await?;
        let ids = keys.resource_ids().map_err(StoreError::from)?;
        Ok(Keys {
            author: author(&keys, caller)?,
            patient: ids.key_of(ResourceType::PATIENT.number(), patient),
            place: ids.key_of(OWN, &format!("place\0{place}")),
            keys,
        })
    }

    async fn why_not_kept(&self, caller: &Caller, keys: &Keys) -> Result<ChartingError> {
        let tenant = caller.tenant();
        let sql = "select 1 from charting.draft where tenant = $1 and author = $2 and patient = $3 and place = $4 \
             union all select 2 where (select count(*) from charting.draft where tenant = $1 and author = $2) < $5";
        let readers = self.store.database().readers();
        let rows = readers
            .query(
                tenant,
                sql,
                &[&tenant.0, &keys.author, &keys.patient, &keys.place, &MOST],
            )
            .await?;
        Ok(if rows.is_empty() {
            ChartingError::conflict(
                "you have 200 unfinished notes, as many as are kept: sign or discard some of them",
            )
        } else {
            let message = "another window keeps another draft here; read it again";
            Fault::new(ErrorKind::Precondition, message).into()
        })
    }
}

/// The account under which drafts are found: made like the keys of records, so that it outlives a new index of search.
fn author(keys: &TenantKeys, caller: &Caller) -> Result<Uuid> {
    let ids = keys.resource_ids().map_err(StoreError::from)?;
    Ok(ids.key_of(OWN, &format!("account\0{}", caller.ctx.actor.id)))
}

fn opened(keys: &TenantKeys, aad: &[u8], bytes: &[u8]) -> Result<Sealed> {
    let plain = mt_crypto::open(keys, Purpose::Attachment, aad, bytes).map_err(StoreError::from)?;
    serde_json::from_slice(&plain).map_err(|_| ChartingError::Unreadable)
}

fn shown(sealed: Sealed, version: u32, at: Instant) -> KeptDraft {
    KeptDraft {
        version,
        patient: sealed.patient,
        place: sealed.place,
        updated_at: at.to_fhir(),
        visit: sealed.draft.visit,
        fields: sealed.draft.fields,
    }
}

fn missing() -> ChartingError {
    Fault::new(ErrorKind::NotFound, "nothing is kept here").into()
}

fn check(place: &str, draft: &Draft) -> Result<()> {
    let sign = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if place.is_empty() || place.len() > 80 || !place.chars().all(sign) {
        let message = "the place of a draft has letters, digits, points and hyphens, at most 80";
        return Err(ChartingError::invalid(message, "place"));
    }
    if draft.visit.as_ref().is_some_and(|visit| visit.len() > 64) {
        return Err(ChartingError::invalid("this is no id of a visit", "visit"));
    }
    let named = draft
        .fields
        .keys()
        .all(|name| (1..=40).contains(&name.len()));
    if draft.fields.len() > FIELDS || !named {
        let message = "a draft has at most 60 fields, with names of at most 40 characters";
        return Err(ChartingError::invalid(message, "fields"));
    }
    let length: usize = draft.fields.values().map(|text| text.chars().count()).sum();
    if length > LONGEST {
        let message = "a draft has at most 200000 characters";
        return Err(ChartingError::invalid(message, "fields"));
    }
    Ok(())
}
