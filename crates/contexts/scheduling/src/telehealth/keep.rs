//! Rooms and what is said in them, in the database.

use mt_crypto::{Purpose, TenantKeys};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Instant, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calls::Visit;
use super::room::{Room, Side, conflict};
use super::{Signal, Telehealth};
use crate::Scheduling;
use crate::app::public_caller;
use crate::domain::Visit as Appointment;
use crate::error::{Result, SchedulingError};
use crate::store::{column, row_key};

/// Microseconds for which somebody who was heard of counts as present.
const PRESENT: i64 = 12_000_000;
/// Microseconds after which presence is noted anew.
const NOTED: i64 = 4_000_000;
/// Signals that a room keeps; a call needs some dozens.
const MOST: i64 = 2_000;
/// Microseconds after which a signal is of no use to anybody.
const STALE: i64 = 6 * 3_600_000_000;

/// Rooms that are named in one round.
const ROUND: i64 = 50;

/// A room as it is kept.
pub(super) struct Kept {
    pub(super) key: Uuid,
    /// 0 before it is written first.
    version: i32,
    pub(super) room: Room,
    clinician_seen: Option<i64>,
    patient_seen: Option<i64>,
}

impl Kept {
    /// Whether nobody has come yet.
    pub(super) fn is_new(&self) -> bool {
        self.version == 0
    }

    /// Whether a side was heard of moments ago.
    pub(super) fn is_present(&self, side: Side, now: Instant) -> bool {
        let seen = match side {
            Side::Clinician => self.clinician_seen,
            Side::Patient => self.patient_seen,
        };
        seen.is_some_and(|seen| now.0 - seen < PRESENT)
    }
}

/// A signal with its place in the order of the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Heard {
    /// Grows with time.
    pub seq: i64,
    /// What is said.
    #[serde(flatten)]
    pub signal: Signal,
}

impl Telehealth {
    /// The room of an appointment; a new one when nobody has asked for it.
    pub(super) async fn kept(&self, tenant: TenantId, appointment: &str) -> Result<Kept> {
        let keys = self.scheduling.keys(tenant).await?;
        let key = row_key(&keys, ResourceType::APPOINTMENT, appointment)?;
        let sql = "select version, clinician_seen, patient_seen, sealed from scheduling.room \
             where tenant = $1 and appointment = $2";
        let readers = self.scheduling.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0, &key]).await?;
        let Some(row) = rows.first() else {
            return Ok(Kept {
                key,
                version: 0,
                room: Room::default(),
                clinician_seen: None,
                patient_seen: None,
            });
        };
        Ok(Kept {
            key,
            version: column(row, 0)?,
            clinician_seen: column(row, 1)?,
            patient_seen: column(row, 2)?,
            room: opened(&keys, &place(key, b"room"), column(row, 3)?)?,
        })
    }

    /// Writes a room over the version that was read, and rings.
    pub(super) async fn keep(&self, tenant: TenantId, visit: &mut Visit) -> Result<()> {
        let kept = &visit.kept;
        let keys = self.scheduling.keys(tenant).await?;
        let sealed = sealed(&keys, &place(kept.key, b"room"), &kept.room)?;
        let patient = visit.view.patient.as_ref();
        let patient = patient.and_then(|one| one.reference.strip_prefix("Patient/"));
        let patient = patient.map(|id| row_key(&keys, ResourceType::PATIENT, id));
        let patient = patient.transpose()?;
        let sql = "insert into scheduling.room (tenant, appointment, version, updated_at, sealed, patient) \
             select $1, $2, $3 + 1, $4, $5, $6 \
             where $3 = 0 or exists (select from scheduling.room where tenant = $1 and appointment = $2) \
             on conflict (tenant, appointment) do update set version = excluded.version, \
               updated_at = excluded.updated_at, sealed = excluded.sealed, patient = excluded.patient \
             where room.version = $3";
        let now = self.scheduling.now().0;
        let tx = self.scheduling.database().tenant(tenant).await?;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&tenant.0, &kept.key, &kept.version, &now, &sealed, &patient];
        if tx.execute(sql, &values).await? == 0 {
            return Err(conflict("the room has just changed; try again").into());
        }
        self.ring(&tx, visit).await?;
        tx.commit().await?;
        visit.kept.version += 1;
        Ok(())
    }

    /// Notes that a side is there.
    pub(super) async fn seen(&self, tenant: TenantId, kept: &Kept, side: Side) -> Result<()> {
        let now = self.scheduling.now().0;
        let (sql, seen) = match side {
            Side::Clinician => (
                "update scheduling.room set clinician_seen = $3 where tenant = $1 and appointment = $2",
                kept.clinician_seen,
            ),
            Side::Patient => (
                "update scheduling.room set patient_seen = $3 where tenant = $1 and appointment = $2",
                kept.patient_seen,
            ),
        };
        if seen.is_some_and(|seen| now - seen < NOTED) {
            return Ok(());
        }
        let tx = self.scheduling.database().tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &kept.key, &now]).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps what a side says, all or nothing, and rings.
    pub(super) async fn say(
        &self,
        tenant: TenantId,
        visit: &Visit,
        side: Side,
        signals: &[Signal],
    ) -> Result<()> {
        let room = visit.kept.key;
        let keys = self.scheduling.keys(tenant).await?;
        let now = self.scheduling.now().0;
        let sql = "insert into scheduling.signal (tenant, appointment, side, sent_at, sealed) \
             select $1, $2, $3, $4, $5 where (select count(*) from scheduling.signal \
               where tenant = $1 and appointment = $2) < $6";
        let tx = self.scheduling.database().tenant(tenant).await?;
        for signal in signals {
            let sealed = sealed(&keys, &place(room, b"signal"), signal)?;
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                [&tenant.0, &room, &side.number(), &now, &sealed, &MOST];
            if tx.execute(sql, &values).await? == 0 {
                return Err(SchedulingError::too_many());
            }
        }
        self.ring(&tx, visit).await?;
        Ok(tx.commit().await?)
    }

    /// What the other side has said since.
    pub(super) async fn heard(
        &self,
        tenant: TenantId,
        room: Uuid,
        side: Side,
        after: i64,
    ) -> Result<Vec<Heard>> {
        let keys = self.scheduling.keys(tenant).await?;
        let sql = "select seq, sealed from scheduling.signal \
             where tenant = $1 and appointment = $2 and side <> $3 and seq > $4 order by seq limit 200";
        let readers = self.scheduling.database().readers();
        let number = side.number();
        let rows = readers
            .query(tenant, sql, &[&tenant.0, &room, &number, &after])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Heard {
                    seq: column(row, 0)?,
                    signal: opened(&keys, &place(room, b"signal"), column(row, 1)?)?,
                })
            })
            .collect()
    }

    /// The last place in the order of a room.
    pub(super) async fn last(&self, tenant: TenantId, room: Uuid) -> Result<i64> {
        let sql = "select coalesce(max(seq), 0) from scheduling.signal where tenant = $1 and appointment = $2";
        let readers = self.scheduling.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0, &room]).await?;
        rows.first().map_or(Ok(0), |row| column(row, 0))
    }

    /// Forgets what was said in a room, and in any room long ago.
    pub(super) async fn forget(&self, tenant: TenantId, room: Uuid) -> Result<()> {
        let sql = "delete from scheduling.signal \
             where tenant = $1 and (appointment = $2 or sent_at < $3)";
        let before = self.scheduling.now().0 - STALE;
        let tx = self.scheduling.database().tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &room, &before]).await?;
        Ok(tx.commit().await?)
    }
}

impl Scheduling {
    /// Notes whose visits the rooms are that were written before rooms said so: an erasure finds them by that. A room
    /// of nobody who can be found is noted as nobody's, so that it is not looked at again.
    pub(crate) async fn name_rooms(&self, tenant: TenantId) -> Result<()> {
        let sql = "select appointment, sealed from scheduling.room \
             where tenant = $1 and patient is null limit $2";
        let readers = self.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0, &ROUND]).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let keys = self.keys(tenant).await?;
        for row in rows {
            let key: Uuid = column(&row, 0)?;
            let room: Room = opened(&keys, &place(key, b"room"), column(&row, 1)?)?;
            let patient = match self.patient_of(tenant, key, &room).await? {
                Some(id) => row_key(&keys, ResourceType::PATIENT, &id)?,
                None => Uuid::nil(),
            };
            let sql = "update scheduling.room set patient = $3 \
                 where tenant = $1 and appointment = $2 and patient is null";
            let tx = self.database().tenant(tenant).await?;
            tx.execute(sql, &[&tenant.0, &key, &patient]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The patient of the room's appointment, which goes by its key unless it was named otherwise, or of its Encounter.
    async fn patient_of(&self, tenant: TenantId, key: Uuid, room: &Room) -> Result<Option<String>> {
        let system = public_caller(tenant, "telehealth-rooms", self.now());
        let records = self.records(&system, mt_access::Interaction::Read).await?;
        let encounter = ResourceType::from_name("Encounter").zip(room.encounter.clone());
        let sources = [
            Some((ResourceType::APPOINTMENT, key.to_string())),
            encounter,
        ];
        for (kind, id) in sources.into_iter().flatten() {
            let stored = match self.store.read(&records, kind, &id).await {
                Ok(stored) => stored,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let doc = Doc::parse(stored.body.as_ref(), &Limits::default());
            let doc = doc.map_err(|_| SchedulingError::Unreadable)?;
            let subject = doc.root().get("subject");
            let subject = subject.and_then(|one| one.str("reference")?.strip_prefix("Patient/"));
            let visit = Appointment::read(doc.root());
            let booked = visit.and_then(|visit| visit.actor(ResourceType::PATIENT));
            if let Some(id) = subject.or(booked) {
                return Ok(Some(id.to_owned()));
            }
        }
        Ok(None)
    }
}

fn place(room: Uuid, what: &[u8]) -> Vec<u8> {
    [b"telehealth ".as_slice(), what, b"\0", room.as_bytes()].concat()
}

fn sealed(keys: &TenantKeys, place: &[u8], value: &impl Serialize) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(value).map_err(|_| SchedulingError::Unreadable)?;
    Ok(mt_crypto::seal(keys, Purpose::Attachment, place, &plain)?)
}

fn opened<T: serde::de::DeserializeOwned>(
    keys: &TenantKeys,
    place: &[u8],
    bytes: &[u8],
) -> Result<T> {
    let plain = mt_crypto::open(keys, Purpose::Attachment, place, bytes)?;
    serde_json::from_slice(&plain).map_err(|_| SchedulingError::Unreadable)
}
