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
    /// Ids of the appointments that are still to come and went along.
    pub appointments: Vec<String>,
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
        // What is booked for the one who goes is kept by the one who stays.
        let handed = self
            .to_hand_over(&records, (&merge.source, id), None)
            .await?;
        self.both(
            caller,
            (records, MERGED, reason),
            (&stays, &survivor),
            (&goes, &replaced),
            handed,
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
        let merge = self.latest_merge(&records, id, &unmerge.source).await?;
        let stayed = self.undone(&records, &stays, merge.survivor).await?;
        let gone = self.undone(&records, &goes, merge.source).await?;
        let ways = (id, unmerge.source.as_str());
        let handed = self
            .to_hand_over(&records, ways, Some(&merge.appointments))
            .await?;
        self.both(
            caller,
            (records, "unmerged", reason),
            (&stays, &stayed),
            (&goes, &gone),
            handed,
        )
        .await
    }

    async fn both(
        &self,
        caller: &Caller,
        (records, activity, reason): (mt_store::Caller, &'static str, &str),
        (stays, survivor): (&Held, &Fields),
        (goes, source): (&Held, &Fields),
        handed: Vec<(Stored, Change)>,
    ) -> Result<Merged> {
        let appointments: Vec<String> = handed.iter().map(|(one, _)| one.id.to_string()).collect();
        let went = handed
            .iter()
            .map(|(one, _)| format!("Appointment/{}/_history/{}", one.id, one.version + 1));
        let deed = Deed {
            activity,
            targets: [stays.version(1), goes.version(1)]
                .into_iter()
                .chain(went)
                .collect(),
            entities: vec![("revision", stays.version(0)), ("source", goes.version(0))],
            reason,
        };
        let mut batch = Batch::new();
        batch.push(stays.become_(survivor));
        batch.push(goes.become_(source));
        batch.push(provenance(caller, &deed)?);
        handed
            .into_iter()
            .for_each(|(_, change)| batch.push(change));
        let committed = self.store.commit(&attesting(records), batch).await?;
        let [patient, source, ..] = &committed[..] else {
            return Err(PatientsError::Unreadable);
        };
        Ok(Merged {
            patient: PatientView::committed(patient)?,
            source: PatientView::committed(source)?,
            appointments,
        })
    }

    /// The latest merge of the two.
    async fn latest_merge(
        &self,
        records: &mt_store::Caller,
        survivor: &str,
        source: &str,
    ) -> Result<Joined> {
        let registry = self.store.tenants().params(records.ctx.tenant).await?;
        let pairs = [("target", format!("Patient/{source}"))];
        let query = self.query(&registry, kind(), &pairs, MOST)?;
        let page = self.store.search(records, &query, None).await?;
        let mut latest: Option<Joined> = None;
        for entry in page.entries {
            let doc = parse(&entry.resource.body)?;
            if is_merge(doc.root()) {
                latest = latest.max(Joined::read(doc.root(), survivor, source));
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

/// A merge as its Provenance says; the later of two has the later versions.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Joined {
    /// Version of the one that stays before the merge.
    survivor: u32,
    /// Version of the other before it.
    source: u32,
    /// Ids of the appointments that went along.
    appointments: Vec<String>,
}

impl Joined {
    fn read(provenance: Node<'_>, survivor: &str, source: &str) -> Option<Self> {
        let appointment = |target: Node<'_>| {
            let id = target.str("reference")?.strip_prefix("Appointment/")?;
            Some(id.split('/').next()?.to_owned())
        };
        Some(Self {
            survivor: version_of(provenance, survivor)?,
            source: version_of(provenance, source)?,
            appointments: items(provenance, "target")
                .filter_map(appointment)
                .collect(),
        })
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
