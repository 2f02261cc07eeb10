//! The rows of `outbound.parcel`.

use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Load, NewParcel, QueueError, State, Status};

const INSERT: &str = "insert into outbound.parcel (tenant, id, target, courier, created_at, due_at, sealed) \
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";

/// Takes what is due by pushing its next time into the future: a process that dies does not lose it. Where order
/// is kept, only the oldest of a target that waits.
const CLAIM: &str = "update outbound.parcel p set attempts = p.attempts + 1, due_at = $4 \
     where p.tenant = $1 and p.id in ( \
       select q.id from outbound.parcel q \
        where q.tenant = $1 and q.courier = $2 and q.state = 1 and q.due_at <= $3 \
          and (not $5 or not exists ( \
            select from outbound.parcel e where e.tenant = $1 and e.courier = $2 and e.state = 1 \
               and e.target = q.target and e.seq < q.seq)) \
        order by q.due_at, q.seq limit $6 for update skip locked) \
    returning p.id, p.target, p.attempts, p.created_at, p.sealed";

/// Only the holder of the latest claim says what came of it.
const SETTLE: &str = "update outbound.parcel set state = $4, due_at = $5, ended_at = $6, last_status = $7, reason = $8 \
    where tenant = $1 and id = $2 and attempts = $3 and state = 1";

const LIST: &str = "select id, seq, state, created_at, due_at, attempts, last_status, reason from outbound.parcel \
    where tenant = $1 and target = $2 and seq < $3 order by seq desc limit $4";

const LOADS: &str = "select courier, count(*) filter (where state = 1), min(due_at) filter (where state = 1 and due_at <= $2), \
      count(*) filter (where state = 3) \
    from outbound.parcel where tenant = $1 and state in (1, 3) group by courier order by courier";

/// A parcel that this process has taken upon itself.
pub(crate) struct Claimed {
    pub(crate) id: Uuid,
    pub(crate) target: Uuid,
    pub(crate) attempts: i32,
    pub(crate) created_at: Instant,
    pub(crate) sealed: Vec<u8>,
}

/// What came of an attempt.
pub(crate) struct Settled {
    pub(crate) state: State,
    pub(crate) due_at: Instant,
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<&'static str>,
}

pub(super) async fn insert(
    tx: &TenantTx,
    courier: &str,
    parcel: &NewParcel,
    sealed: &[u8],
    now: Instant,
) -> Result<(), QueueError> {
    let NewParcel {
        id, target, due_at, ..
    } = parcel;
    tx.execute(
        INSERT,
        &[
            &tx.tenant().0,
            id,
            target,
            &courier,
            &now.0,
            &due_at.0,
            &sealed,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn due_tenants(
    database: &Database,
    courier: &str,
    now: Instant,
) -> Result<Vec<TenantId>, QueueError> {
    let sql = "select t from outbound.due_tenants($1, $2) as t";
    let rows = database
        .readers()
        .query(TenantId(0), sql, &[&courier, &now.0])
        .await?;
    let tenants: Result<Vec<i32>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    let tenants = tenants.map_err(mt_database::Error::from)?;
    Ok(tenants.into_iter().map(TenantId).collect())
}

pub(super) async fn loads(
    database: &Database,
    tenant: TenantId,
    now: Instant,
) -> Result<Vec<Load>, QueueError> {
    let rows = database
        .readers()
        .query(tenant, LOADS, &[&tenant.0, &now.0])
        .await?;
    let load = |row: &Row| {
        Ok(Load {
            courier: row.try_get(0)?,
            waiting: row.try_get(1)?,
            due_since: row.try_get::<_, Option<i64>>(2)?.map(Instant),
            given_up: row.try_get(3)?,
        })
    };
    let loads: Result<Vec<Load>, tokio_postgres::Error> = rows.iter().map(load).collect();
    Ok(loads.map_err(mt_database::Error::from)?)
}

pub(crate) async fn claim(
    database: &Database,
    tenant: TenantId,
    courier: &str,
    (now, until): (Instant, Instant),
    keeps_order: bool,
    limit: i64,
) -> Result<Vec<Claimed>, QueueError> {
    let tx = database.tenant(tenant).await?;
    let rows = tx
        .query(
            CLAIM,
            &[&tenant.0, &courier, &now.0, &until.0, &keeps_order, &limit],
        )
        .await?;
    tx.commit().await?;
    let claimed: Result<Vec<Claimed>, tokio_postgres::Error> = rows.iter().map(claimed).collect();
    Ok(claimed.map_err(mt_database::Error::from)?)
}

fn claimed(row: &Row) -> Result<Claimed, tokio_postgres::Error> {
    Ok(Claimed {
        id: row.try_get(0)?,
        target: row.try_get(1)?,
        attempts: row.try_get(2)?,
        created_at: Instant(row.try_get(3)?),
        sealed: row.try_get(4)?,
    })
}

/// Says what came of a claim; false when somebody else holds the parcel by now.
pub(crate) async fn settle(
    database: &Database,
    tenant: TenantId,
    claimed: &Claimed,
    settled: &Settled,
    now: Instant,
) -> Result<bool, QueueError> {
    let ended = (settled.state != State::Waiting).then_some(now.0);
    let status = settled.status.map(i32::from);
    let tx = database.tenant(tenant).await?;
    let count = tx
        .execute(
            SETTLE,
            &[
                &tenant.0,
                &claimed.id,
                &claimed.attempts,
                &settled.state.number(),
                &settled.due_at.0,
                &ended,
                &status,
                &settled.reason,
            ],
        )
        .await?;
    tx.commit().await?;
    Ok(count == 1)
}

pub(super) async fn list(
    database: &Database,
    tenant: TenantId,
    target: Uuid,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Status>, QueueError> {
    let (before, limit) = (before.unwrap_or(i64::MAX), i64::from(limit));
    let params: mt_database::Params<'_> = &[&tenant.0, &target, &before, &limit];
    let rows = database.readers().query(tenant, LIST, params).await?;
    let listed: Result<Vec<Status>, tokio_postgres::Error> = rows.iter().map(status).collect();
    Ok(listed.map_err(mt_database::Error::from)?)
}

fn status(row: &Row) -> Result<Status, tokio_postgres::Error> {
    let attempts: i32 = row.try_get(5)?;
    let last: Option<i32> = row.try_get(6)?;
    Ok(Status {
        id: row.try_get(0)?,
        seq: row.try_get(1)?,
        state: State::of(row.try_get(2)?),
        created_at: Instant(row.try_get(3)?),
        due_at: Instant(row.try_get(4)?),
        attempts: u32::try_from(attempts).unwrap_or_default(),
        last_status: last.and_then(|status| u16::try_from(status).ok()),
        reason: row.try_get(7)?,
    })
}

pub(super) async fn again(
    tx: &TenantTx,
    target: Uuid,
    since: Instant,
    now: Instant,
) -> Result<u64, QueueError> {
    let sql = "update outbound.parcel set state = 1, attempts = 0, due_at = $4, ended_at = null, reason = null \
        where tenant = $1 and target = $2 and created_at >= $3 and state = 3";
    Ok(tx
        .execute(sql, &[&tx.tenant().0, &target, &since.0, &now.0])
        .await?)
}

pub(super) async fn give_up(
    tx: &TenantTx,
    target: Uuid,
    reason: &str,
    now: Instant,
) -> Result<u64, QueueError> {
    let sql = "update outbound.parcel set state = 3, ended_at = $4, reason = $3 \
        where tenant = $1 and target = $2 and state = 1";
    Ok(tx
        .execute(sql, &[&tx.tenant().0, &target, &reason, &now.0])
        .await?)
}

pub(super) async fn tidy(database: &Database, before: Instant) -> Result<i64, QueueError> {
    let tx = database.admin().await?;
    let row = tx
        .query_one("select outbound.tidy($1, 10000)", &[&before.0])
        .await?;
    tx.commit().await?;
    Ok(row.try_get(0).map_err(mt_database::Error::from)?)
}
