//! Calendars: when actors can be booked.

use mt_crypto::{Purpose, TenantKeys};
use mt_kernel::TenantId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::settings::stale;
use super::{column, named, row_key};
use crate::Scheduling;
use crate::domain::Availability;
use crate::error::{Result, SchedulingError};

/// The availability of one actor as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    /// Row key of the actor.
    pub(crate) key: Uuid,
    /// Reference to the actor.
    pub(crate) actor: String,
    pub(crate) version: u32,
    pub(crate) availability: Availability,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    actor: String,
    availability: Availability,
}

const COLUMNS: &str = "select actor, version, sealed from scheduling.calendar where tenant = $1";

impl Scheduling {
    /// Every calendar of the organisation.
    pub(crate) async fn calendars(&self, tenant: TenantId) -> Result<Vec<Calendar>> {
        let keys = self.keys(tenant).await?;
        let readers = self.database().readers();
        let rows = readers.query(tenant, COLUMNS, &[&tenant.0]).await?;
        let mut all: Vec<Calendar> = rows
            .iter()
            .map(|row| opened(&keys, row))
            .collect::<Result<_>>()?;
        all.sort_by(|one, other| one.actor.cmp(&other.actor));
        Ok(all)
    }

    /// Those of the actors who are no longer active: whatever hours they have, nothing is booked with them.
    pub(crate) async fn inactive(&self, tenant: TenantId, actors: &[Uuid]) -> Result<Vec<Uuid>> {
        let sql = "select actor from scheduling.inactive where tenant = $1 and actor = any($2)";
        let readers = self.database().readers();
        let rows = readers.query(tenant, sql, &[&tenant.0, &actors]).await?;
        rows.iter().map(|row| column(row, 0)).collect()
    }

    /// The calendars of those who are active.
    pub(crate) async fn open_calendars(&self, tenant: TenantId) -> Result<Vec<Calendar>> {
        let mut all = self.calendars(tenant).await?;
        let keys: Vec<Uuid> = all.iter().map(|one| one.key).collect();
        let gone = self.inactive(tenant, &keys).await?;
        all.retain(|one| !gone.contains(&one.key));
        Ok(all)
    }

    /// The calendar of an actor, when hours are defined for it.
    pub(crate) async fn calendar(&self, tenant: TenantId, actor: &str) -> Result<Option<Calendar>> {
        let keys = self.keys(tenant).await?;
        let (kind, id) = named(actor, "actor")?;
        let key = row_key(&keys, kind, id)?;
        let sql = format!("{COLUMNS} and actor = $2");
        let readers = self.database().readers();
        let rows = readers.query(tenant, &sql, &[&tenant.0, &key]).await?;
        rows.first().map(|row| opened(&keys, row)).transpose()
    }

    /// Stores what replaces version `current` (0: there is none); returns the new version.
    pub(crate) async fn store_calendar(
        &self,
        tenant: TenantId,
        actor: &str,
        current: u32,
        availability: &Availability,
    ) -> Result<u32> {
        let keys = self.keys(tenant).await?;
        let (kind, id) = named(actor, "actor")?;
        let key = row_key(&keys, kind, id)?;
        let sealed = Sealed {
            actor: actor.to_owned(),
            availability: availability.clone(),
        };
        let plain = serde_json::to_vec(&sealed).map_err(|_| SchedulingError::Unreadable)?;
        let sealed = mt_crypto::seal(&keys, Purpose::Attachment, &place(key), &plain)?;
        let small = |number: u16| i16::try_from(number).unwrap_or(i16::MAX);
        let minutes = |number: u16| i64::from(number) * 60_000_000;
        let sql = "insert into scheduling.calendar \
             (tenant, actor, kind, capacity, overbook, before_us, after_us, version, updated_at, sealed) \
             select $1, $2, $3, $4, $5, $6, $7, $8 + 1, $9, $10 where $8 = 0 or exists \
               (select from scheduling.calendar where tenant = $1 and actor = $2) \
             on conflict (tenant, actor) do update set capacity = excluded.capacity, \
               overbook = excluded.overbook, before_us = excluded.before_us, \
               after_us = excluded.after_us, version = excluded.version, \
               updated_at = excluded.updated_at, sealed = excluded.sealed \
             where calendar.version = $8";
        let tx = self.database().tenant(tenant).await?;
        let done = tx
            .execute(
                sql,
                &[
                    &tenant.0,
                    &key,
                    &kind.number().cast_signed(),
                    &small(availability.capacity),
                    &small(availability.overbook),
                    &minutes(availability.buffer_before),
                    &minutes(availability.buffer_after),
                    &i32::try_from(current).unwrap_or(i32::MAX),
                    &self.now().0,
                    &sealed,
                ],
            )
            .await?;
        if done == 0 {
            return Err(stale());
        }
        tx.commit().await?;
        Ok(current + 1)
    }
}

fn place(actor: Uuid) -> Vec<u8> {
    [b"scheduling calendar\0".as_slice(), actor.as_bytes()].concat()
}

fn opened(keys: &TenantKeys, row: &tokio_postgres::Row) -> Result<Calendar> {
    let key: Uuid = column(row, 0)?;
    let version: i32 = column(row, 1)?;
    let bytes: &[u8] = column(row, 2)?;
    let plain = mt_crypto::open(keys, Purpose::Attachment, &place(key), bytes)?;
    let Sealed {
        actor,
        availability,
    } = serde_json::from_slice(&plain).map_err(|_| SchedulingError::Unreadable)?;
    Ok(Calendar {
        key,
        actor,
        version: version.unsigned_abs(),
        availability,
    })
}
