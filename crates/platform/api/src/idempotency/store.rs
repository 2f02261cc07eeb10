//! The rows of `api.idempotency`.

use mt_database::{Database, TenantTx};
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};

use super::unavailable;

/// How long an answer is kept, seconds.
const KEPT_SECONDS: i64 = 24 * 3600;
/// After this time a first request that never answered is taken for dead, seconds.
const DEAD_SECONDS: i64 = 60;

/// A request that wants to be the first with its key.
pub(super) struct Claim {
    pub(super) tenant: TenantId,
    pub(super) key: [u8; 32],
    pub(super) request: [u8; 32],
    pub(super) now: Instant,
}

/// `None` when the request is the first; else the sealed answer of the first.
pub(super) async fn claim(database: &Database, claim: &Claim) -> Result<Option<Vec<u8>>, Fault> {
    let tx = database.tenant(claim.tenant).await.map_err(unavailable)?;
    let known = claim_in(&tx, claim).await.map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)?;
    match known {
        None => Ok(None),
        Some((request, _)) if request != claim.request => Err(Fault::new(
            ErrorKind::Invalid,
            "the idempotency key was used for another request",
        )),
        Some((_, None)) => Err(Fault::new(
            ErrorKind::Conflict,
            "the first request with this idempotency key is still running",
        )),
        Some((_, Some(sealed))) => Ok(Some(sealed)),
    }
}

/// The hash of the first request with this key, and its sealed answer once it has one.
type Known = (Vec<u8>, Option<Vec<u8>>);

async fn claim_in(tx: &TenantTx, claim: &Claim) -> Result<Option<Known>, mt_database::Error> {
    let (tenant, key, request) = (&claim.tenant.0, &&claim.key[..], &&claim.request[..]);
    let old = claim.now.plus_seconds(-KEPT_SECONDS).0;
    let dead = claim.now.plus_seconds(-DEAD_SECONDS).0;
    let forget = "delete from api.idempotency where tenant = $1 and \
                  (created_at < $2 or (key = $3 and sealed is null and created_at < $4))";
    tx.execute(forget, &[tenant, &old, key, &dead]).await?;
    let insert = "insert into api.idempotency (tenant, key, request, created_at) \
                  values ($1, $2, $3, $4) on conflict (tenant, key) do nothing";
    let inserted = tx
        .execute(insert, &[tenant, key, request, &claim.now.0])
        .await?;
    if inserted == 1 {
        return Ok(None);
    }
    let select = "select request, sealed from api.idempotency where tenant = $1 and key = $2";
    let row = tx.query_one(select, &[tenant, key]).await?;
    Ok(Some((row.get(0), row.get(1))))
}

/// Keeps the answer.
pub(super) async fn keep(database: &Database, claim: &Claim, sealed: &[u8]) -> Result<(), Fault> {
    let sql = "update api.idempotency set sealed = $3 where tenant = $1 and key = $2";
    let tx = database.tenant(claim.tenant).await.map_err(unavailable)?;
    tx.execute(sql, &[&claim.tenant.0, &&claim.key[..], &sealed])
        .await
        .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}

/// Forgets the claim.
pub(super) async fn forget(database: &Database, claim: &Claim) -> Result<(), Fault> {
    let sql = "delete from api.idempotency where tenant = $1 and key = $2 and sealed is null";
    let tx = database.tenant(claim.tenant).await.map_err(unavailable)?;
    tx.execute(sql, &[&claim.tenant.0, &&claim.key[..]])
        .await
        .map_err(unavailable)?;
    tx.commit().await.map_err(unavailable)
}
