//! Merging two records of one person, and undoing it: both records and the Provenance in one transaction.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::{Doc, Node, ResourceType};
use mt_store::{Batch, Change, Stored};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::attesting;
use super::provenance::{ACTIVITIES, Deed, kind, provenance};
use super::register::needed_reason;
use super::view::PatientView;
use crate::Patients;
use crate::document::{edit, fields, parse, write};
use crate::domain::details::{Details, difference};
use crate::domain::items;
use crate::domain::merge::{self, Fields, linked};
use crate::error::{PatientsError, Result};

/// What is merged into a patient.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Merge {
    /// Id of the record that goes.
    pub source: String,
    /// Version of it that the caller saw.
    pub source_version: u32,
    /// The details that the record that stays shall have; its own when absent.
    #[serde(default)]
    pub details: Option<Details>,
    /// Why they are one person.
    pub reason: String,
}

/// What is taken out of a patient again.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unmerge {
    /// Id of the record that was merged into this one.
    pub source: String,
    /// Why they are not one person.
    pub reason: String,
}

/// The two records.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Merged {
    /// The one that stays.
    pub patient: PatientView,
    /// The other.
    pub source: PatientView,
}

const MERGED: &str = "merged";
/// Provenances of one patient that are looked through.
const MOST: u32 = 200;

/// A record with its fields, at one version.
struct Held {
    stored: Stored,
    doc: Doc,
    fields: Fields,
}

impl Held {
    fn of(stored: Stored) -> Result<Self> {
        let doc = parse(&stored.body)?;
        let fields = fields(doc.root())?;
        Ok(Self {
            stored,
            doc,
            fields,
        })
    }

    fn version(&self, after: u32) -> String {
        let Stored { id, version, .. } = &self.stored;
        format!("Patient/{id}/_history/{}", version + after)
    }

    /// The change that makes it `after`.
    fn become_(&self, after: &Fields) -> Change {
        let changed = difference(&self.fields, after);
        let target = (ResourceType::PATIENT, &*self.stored.id);
        edit(target, Some(self.stored.version), move |doc| {
            write(doc, &changed)
        })
    }
}

impl Patients {
    /// Merges `merge.source` into the version of `id` that the caller saw.
    ///
    /// # Errors
    /// A record with itself, one that was merged before, or into one that was; [`mt_kernel::ErrorKind::Precondition`]
    /// when one of them has changed.
    pub async fn merge(
        &self,
        caller: &Caller,
        id: &str,
        version: u32,
        merge: &Merge,
    ) -> Result<Merged> {
        let reason = needed_reason(&merge.reason)?;
        if let Some(details) = &merge.details {
            details.check()?;
        }
        let records = self.records(caller, Interaction::Update).await?;
        let mut stays = Held::of(self.stored(&records, id).await?)?;
        let mut goes = Held::of(self.stored(&records, &merge.source).await?)?;
        merge::check((id, stays.doc.root()), (&merge.source, goes.doc.root()))?;
        // The versions that were compared on the screen, and no later ones.
        stays.stored.version = version;
        goes.stored.version = merge.source_version;
        let chosen = merge
            .details
            .as_ref()
            .map(|details| details.changes(&stays.fields));
        let mut survivor = merge::survivor(
            &stays.fields,
            &goes.fields,
            &merge.source,
            chosen.unwrap_or_default(),
        );
        survivor.retain(|_, value| !value.is_null());
        let replaced = merge::replaced(&goes.fields, id);
        self.both(
            caller,
            (records, MERGED, reason),
            (&stays, &survivor),
            (&goes, &replaced),
        )
        .await
    }

    /// Undoes the merge of `unmerge.source` into `id`. What was changed since then stays.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::Conflict`] when they are not merged.
    pub async fn unmerge(&self, caller: &Caller, id: &str, unmerge: &Unmerge) -> Result<Merged> {
        let reason = needed_reason(&unmerge.reason)?;
        let records = self.records(caller, Interaction::Update).await?;
        let stays = Held::of(self.stored(&records, id).await?)?;
        let goes = Held::of(self.stored(&records, &unmerge.source).await?)?;
        let joined = linked(stays.doc.root(), "replaces").contains(&unmerge.source.as_str())
            && linked(goes.doc.root(), "replaced-by").contains(&id);
        if !joined {
            return Err(PatientsError::conflict("the records are not merged"));
        }
        let (survivor, source) = self.before_merge(&records, id, &unmerge.source).await?;
        let stayed = self.undone(&records, &stays, survivor).await?;
        let gone = self.undone(&records, &goes, source).await?;
        self.both(
            caller,
            (records, "unmerged", reason),
            (&stays, &stayed),
            (&goes, &gone),
        )
        .await
    }

    async fn both(
        &self,
        caller: &Caller,
        (records, activity, reason): (mt_store::Caller, &'static str, &str),
        (stays, survivor): (&Held, &Fields),
        (goes, source): (&Held, &Fields),
    ) -> Result<Merged> {
        let deed = Deed {
            activity,
            targets: vec![stays.version(1), goes.version(1)],
            entities: vec![("revision", stays.version(0)), ("source", goes.version(0))],
            reason,
        };
        let mut batch = Batch::new();
        batch.push(stays.become_(survivor));
        batch.push(goes.become_(source));
        batch.push(provenance(caller, &deed)?);
        let committed = self.store.commit(&attesting(records), batch).await?;
        let [patient, source, ..] = &committed[..] else {
            return Err(PatientsError::Unreadable);
        };
        Ok(Merged {
            patient: PatientView::committed(patient)?,
            source: PatientView::committed(source)?,
        })
    }

    /// The versions of both records before their latest merge.
    async fn before_merge(
        &self,
        records: &mt_store::Caller,
        survivor: &str,
        source: &str,
    ) -> Result<(u32, u32)> {
        let registry = self.store.tenants().params(records.ctx.tenant).await?;
        let pairs = [("target", format!("Patient/{source}"))];
        let query = self.query(&registry, kind(), &pairs, MOST)?;
        let page = self.store.search(records, &query, None).await?;
        let mut latest: Option<(u32, u32)> = None;
        for entry in page.entries {
            let doc = parse(&entry.resource.body)?;
            if is_merge(doc.root()) {
                let versions = version_of(doc.root(), survivor).zip(version_of(doc.root(), source));
                latest = latest.max(versions);
            }
        }
        let lost = "how the records were merged is not known; part them by hand";
        latest.ok_or_else(|| PatientsError::conflict(lost))
    }

    /// A record without what the merge of version `before` made of it.
    async fn undone(&self, records: &mt_store::Caller, now: &Held, before: u32) -> Result<Fields> {
        let id = &now.stored.id;
        let version = async |version| {
            let stored = self
                .store
                .vread(records, ResourceType::PATIENT, id, version);
            fields(parse(&stored.await?.body)?.root())
        };
        let (was, became) = (version(before).await?, version(before + 1).await?);
        Ok(merge::undone(&was, &became, &now.fields))
    }
}

fn is_merge(provenance: Node<'_>) -> bool {
    let activity = provenance.get("activity").into_iter();
    let mut codings = activity.flat_map(|activity| items(activity, "coding"));
    codings.any(|coding| {
        coding.str("system") == Some(ACTIVITIES) && coding.str("code") == Some(MERGED)
    })
}

/// The version of a patient that a Provenance says was merged.
fn version_of(provenance: Node<'_>, id: &str) -> Option<u32> {
    items(provenance, "entity").find_map(|entity| {
        let what = entity.get("what")?.str("reference")?;
        let (patient, version) = what.strip_prefix("Patient/")?.split_once("/_history/")?;
        (patient == id).then(|| version.parse().ok()).flatten()
    })
}
