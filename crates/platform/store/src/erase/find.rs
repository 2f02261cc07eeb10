//! What belongs to a patient, by looking at every stored version.
//!
//! The index knows the compartments of living records. What was deleted, moved to another patient or attached
//! is known to the bodies alone, so all of them are opened; erasing is rare.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use mt_crypto::CryptoError;
use mt_fhir::ResourceType;
use mt_fhir::json::Limits;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{known_type, token_of};
use crate::body::literal_id;
use crate::tenants::{Tenant, column};
use crate::{Result, Store, StoreError};

/// Versions read at once.
const CHUNK: i64 = 1_000;

const CURRENT: &str = "select type, id, body, version, deleted, coalesce(pat = $5, false) from records.res \
    where tenant = $1 and (type, id) > ($2, $3) order by type, id limit $4";
const SUPERSEDED: &str = "select h.type, h.id, h.body, h.version, r.deleted, coalesce(r.pat = $6, false) \
    from records.res_h h join records.res r on r.tenant = h.tenant and r.type = h.type and r.id = h.id \
    where h.tenant = $1 and (h.type, h.id, h.version) > ($2, $3, $4) \
    order by h.type, h.id, h.version limit $5";

/// One record to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) resource_type: ResourceType,
    pub(super) id: Uuid,
    pub(super) literal: Arc<str>,
}

impl Record {
    /// Reads type, key, body and version in the first four columns.
    pub(super) fn read(tenant: &Tenant, row: &Row) -> Result<Self> {
        let (number, id): (i16, Uuid) = (column(row, 0)?, column(row, 1)?);
        let (sealed, version): (&[u8], i32) = (column(row, 2)?, column(row, 3)?);
        let resource_type = known_type(number)?;
        let body = tenant.open_version(resource_type, id, version.cast_unsigned(), sealed)?;
        Ok(Self {
            resource_type,
            id,
            literal: literal_of(&body, id),
        })
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) records: Vec<Record>,
    /// Superseded versions of records that stay: type, key, version.
    pub(super) stale: Vec<(i16, Uuid, i32)>,
    /// Living records that are others' as well, or name the patient: they stay.
    pub(super) shared: BTreeSet<(i16, Uuid)>,
}

/// One stored version, opened.
struct Version {
    key: (i16, Uuid),
    number: i32,
    /// Whether the record was deleted since.
    deleted: bool,
    /// Whether the record lies in the patient's compartment.
    within: bool,
    current: bool,
    resource_type: ResourceType,
    body: String,
}

impl Store {
    pub(super) async fn find(&self, tenant: &Tenant, patient: &str) -> Result<Found> {
        let mut search = Search::new(tenant, patient);
        let token = token_of(tenant, patient);
        let (mut number, mut id, mut version) = (-1_i16, Uuid::nil(), 0_i32);
        loop {
            let rows = self
                .shared(tenant.id)
                .query(CURRENT, &[&tenant.id.0, &number, &id, &CHUNK, &token])
                .await?;
            for row in &rows {
                (number, id) = (column(row, 0)?, column(row, 1)?);
                search.look(row, true)?;
            }
            if rows.is_empty() {
                break;
            }
        }
        (number, id) = (-1, Uuid::nil());
        loop {
            let rows = self
                .shared(tenant.id)
                .query(
                    SUPERSEDED,
                    &[&tenant.id.0, &number, &id, &version, &CHUNK, &token],
                )
                .await?;
            for row in &rows {
                (number, id, version) = (column(row, 0)?, column(row, 1)?, column(row, 3)?);
                search.look(row, false)?;
            }
            if rows.is_empty() {
                break;
            }
        }
        Ok(search.found())
    }
}

/// Who uses an attachment.
#[derive(Clone, Copy, Debug, Default)]
struct Users {
    patient: bool,
    others: bool,
}

struct Search<'a> {
    tenant: &'a Tenant,
    patient: &'a str,
    own: (i16, Uuid),
    literals: HashMap<(i16, Uuid), Arc<str>>,
    erased: BTreeSet<(i16, Uuid)>,
    stale: Vec<(i16, Uuid, i32)>,
    shared: BTreeSet<(i16, Uuid)>,
    /// Attachments, and who uses them.
    attachments: BTreeMap<Uuid, Users>,
    /// What is said of which records: it goes when all of them do.
    statements: BTreeMap<(i16, Uuid), Vec<(i16, Uuid)>>,
}

impl<'a> Search<'a> {
    fn new(tenant: &'a Tenant, patient: &'a str) -> Self {
        let own = tenant.key_of(ResourceType::PATIENT, patient);
        Self {
            tenant,
            patient,
            own: (ResourceType::PATIENT.number().cast_signed(), own),
            literals: HashMap::new(),
            erased: BTreeSet::new(),
            stale: Vec::new(),
            shared: BTreeSet::new(),
            attachments: BTreeMap::new(),
            statements: BTreeMap::new(),
        }
    }

    fn look(&mut self, row: &Row, current: bool) -> Result<()> {
        if let Some(version) = self.open(row, current)? {
            self.judge(&version);
        }
        Ok(())
    }

    /// `None` for what nobody can open any more.
    fn open(&self, row: &Row, current: bool) -> Result<Option<Version>> {
        let (number, id): (i16, Uuid) = (column(row, 0)?, column(row, 1)?);
        let (sealed, version): (&[u8], i32) = (column(row, 2)?, column(row, 3)?);
        let resource_type = known_type(number)?;
        let opened = self
            .tenant
            .open_version(resource_type, id, version.cast_unsigned(), sealed);
        let body = match opened {
            Ok(body) => body,
            Err(StoreError::Crypto(error))
                if matches!(*error, CryptoError::KeyDestroyed { .. }) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let body = String::from_utf8(body).map_err(|_| StoreError::Damaged("body"))?;
        Ok(Some(Version {
            key: (number, id),
            number: version,
            deleted: column(row, 4)?,
            within: column(row, 5)?,
            current,
            resource_type,
            body,
        }))
    }

    fn judge(&mut self, version: &Version) {
        let key = version.key;
        let named = names(&version.body, "Patient", self.patient);
        let mut patients = references(&version.body, "Patient");
        let others = patients.any(|id| id != self.patient);
        // A group, or what one patient has for another, is theirs as well.
        if key != self.own && version.current && others && (version.within || named) {
            self.shared.insert(key);
        }
        // A record that was deleted lies in no compartment any more, and an attachment never does.
        let alone = version.deleted || version.resource_type == ResourceType::BINARY;
        let within = version.within && !self.shared.contains(&key);
        let belongs = key == self.own || within || (named && alone && !others);
        for attachment in references(&version.body, "Binary") {
            let id = self.tenant.key_of(ResourceType::BINARY, attachment);
            let users = self.attachments.entry(id).or_default();
            users.patient |= belongs;
            users.others |= !belongs;
        }
        if belongs {
            self.erased.insert(key);
        } else if version.resource_type == ResourceType::PROVENANCE && version.current {
            self.statements.insert(key, self.targets(&version.body));
        } else if named && version.current {
            self.shared.insert(key);
        } else if named && !others {
            self.stale.push((key.0, key.1, version.number));
        }
        if version.current {
            self.literals
                .insert(key, literal_of(version.body.as_bytes(), key.1));
        }
    }

    /// The records that a Provenance is about.
    fn targets(&self, body: &str) -> Vec<(i16, Uuid)> {
        let Ok(doc) = mt_fhir::Doc::parse(body, &Limits::default()) else {
            return Vec::new();
        };
        let targets = doc.root().get("target");
        targets
            .into_iter()
            .flat_map(mt_fhir::Node::children)
            .filter_map(|one| {
                let (kind, id) = one.str("reference")?.split_once('/')?;
                let kind = ResourceType::from_name(kind)?;
                let id = id.split('/').next().unwrap_or(id);
                Some((kind.number().cast_signed(), self.tenant.key_of(kind, id)))
            })
            .collect()
    }

    fn found(mut self) -> Found {
        let binary = ResourceType::BINARY.number().cast_signed();
        let attachments = self.attachments.iter();
        let unused = attachments.filter(|(_, users)| users.patient && !users.others);
        self.erased.extend(unused.map(|(id, _)| (binary, *id)));
        let gone: Vec<(i16, Uuid)> = self
            .statements
            .iter()
            .filter(|(_, targets)| {
                !targets.is_empty() && targets.iter().all(|target| self.erased.contains(target))
            })
            .map(|(key, _)| *key)
            .collect();
        self.erased.extend(gone);
        let stale = self.stale.into_iter();
        let shared = self.shared.difference(&self.erased).copied().collect();
        Found {
            stale: stale
                .filter(|(number, id, _)| !self.erased.contains(&(*number, *id)))
                .collect(),
            shared,
            records: self
                .erased
                .iter()
                .filter_map(|key| {
                    Some(Record {
                        resource_type: known_type(key.0).ok()?,
                        id: key.1,
                        // What has no current row is not there.
                        literal: Arc::clone(self.literals.get(key)?),
                    })
                })
                .collect(),
        }
    }
}

fn literal_of(body: &[u8], id: Uuid) -> Arc<str> {
    let literal = literal_id(body).map(Arc::from);
    literal.unwrap_or_else(|| id.hyphenated().to_string().into())
}

/// Whether a body refers to this resource, in whatever way it writes the slash.
fn names(body: &str, kind: &str, id: &str) -> bool {
    references(body, kind).any(|found| found == id)
}

/// The ids in references to resources of a type.
fn references<'a>(body: &'a str, kind: &'a str) -> impl Iterator<Item = &'a str> {
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '.');
    body.match_indices(kind).filter_map(move |(at, _)| {
        let rest = &body[at + kind.len()..];
        let rest = rest
            .strip_prefix('/')
            .or_else(|| rest.strip_prefix("\\/"))?;
        let id = rest.split(ends).next()?;
        (!id.is_empty()).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_whole_and_in_every_spelling() {
        let body = r#"{"subject":{"reference":"Patient/p1"},"a":"Patient\/p2","b":"https://h/Patient/p3/_history/2","c":"Patient?x","d":"RelatedPatient/p4"}"#;
        let found: Vec<_> = references(body, "Patient").collect();
        assert_eq!(found, ["p1", "p2", "p3", "p4"]);
        assert!(names(body, "Patient", "p1") && !names(body, "Patient", "p"));
        assert!(!names(body, "Patient", "p11"));
    }
}
