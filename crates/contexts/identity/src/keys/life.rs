//! The life of a signing key: made, published, signing, superseded, retired.

use mt_crypto::{PublicKey, Purpose, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use super::{SigningAlgorithm, TokenKey, kid_text};
use crate::IdentityError;

/// Serialises the making of keys of a tenant: the lock's first half.
const MAKING_LOCK: i32 = 0x6d74_7369;
/// A key is published for so long before it signs: longer than anybody keeps the key set.
const PUBLISHED_FIRST: i64 = 15 * 60;
/// A key signs for so long before the next one is made.
const SIGNS_FOR: i64 = 90 * 24 * 3600;
/// A superseded key stays published for so long: longer than any token lives.
const OUTLIVES: i64 = 24 * 3600;

struct Row {
    kid: Uuid,
    created_at: i64,
}

/// The key that signs with `algorithm` for the tenant now. Makes the first one, and the next one when
/// it is time.
pub(crate) async fn signing_key(
    database: &Database,
    keys: &TenantKeys,
    algorithm: SigningAlgorithm,
    now: Instant,
) -> Result<TokenKey, IdentityError> {
    let tenant = keys.tenant();
    let tx = database.tenant(tenant).await?;
    let mut rows = rows_of(&tx, tenant, algorithm).await?;
    if is_due(&rows, now) {
        lock(&tx, tenant).await?;
        rows = rows_of(&tx, tenant, algorithm).await?;
        if is_due(&rows, now) {
            make(&tx, keys, (algorithm, !rows.is_empty()), now).await?;
            retire(&tx, tenant, &rows, now).await?;
            rows = rows_of(&tx, tenant, algorithm).await?;
        }
    }
    let kid = signing(&rows, now).ok_or(mt_access::TokenError::BadKey)?;
    let sql = "select sealed from identity.signing_key where tenant = $1 and kid = $2";
    let row = tx.query_one(sql, &[&tenant.0, &kid]).await?;
    tx.commit().await?;
    let pkcs8 = mt_crypto::open(keys, Purpose::TokenSigning, kid.as_bytes(), row.get(0))?;
    TokenKey::open(algorithm, kid_text(tenant, kid), &pkcs8)
}

/// Makes the next key of each algorithm now; it signs once it has been published for a while.
pub(crate) async fn rotate(
    database: &Database,
    keys: &TenantKeys,
    now: Instant,
) -> Result<(), IdentityError> {
    let tenant = keys.tenant();
    let tx = database.tenant(tenant).await?;
    lock(&tx, tenant).await?;
    for algorithm in SigningAlgorithm::ALL {
        let rows = rows_of(&tx, tenant, algorithm).await?;
        make(&tx, keys, (algorithm, !rows.is_empty()), now).await?;
        retire(&tx, tenant, &rows, now).await?;
    }
    Ok(tx.commit().await?)
}

/// Newest first.
async fn rows_of(
    tx: &TenantTx,
    tenant: TenantId,
    algorithm: SigningAlgorithm,
) -> Result<Vec<Row>, IdentityError> {
    let sql = "select kid, created_at from identity.signing_key where tenant = $1 \
               and algorithm = $2 and retired_at is null order by created_at desc, kid desc";
    let rows = tx.query(sql, &[&tenant.0, &algorithm.name()]).await?;
    let row = |row: &tokio_postgres::Row| Row {
        kid: row.get(0),
        created_at: row.get(1),
    };
    Ok(rows.iter().map(row).collect())
}

fn is_due(rows: &[Row], now: Instant) -> bool {
    rows.first()
        .is_none_or(|newest| Instant(newest.created_at).plus_seconds(SIGNS_FOR) <= now)
}

/// The newest key that has been published long enough; the first key of a tenant signs at once.
fn signing(rows: &[Row], now: Instant) -> Option<Uuid> {
    let ripe = |row: &&Row| Instant(row.created_at).plus_seconds(PUBLISHED_FIRST) <= now;
    rows.iter()
        .find(ripe)
        .or_else(|| rows.last())
        .map(|row| row.kid)
}

async fn lock(tx: &TenantTx, tenant: TenantId) -> Result<(), IdentityError> {
    let sql = "select pg_advisory_xact_lock($1, $2)";
    tx.query(sql, &[&MAKING_LOCK, &tenant.0]).await?;
    Ok(())
}

/// Makes a key; one that succeeds another is told.
async fn make(
    tx: &TenantTx,
    keys: &TenantKeys,
    (algorithm, succeeds): (SigningAlgorithm, bool),
    now: Instant,
) -> Result<(), IdentityError> {
    let tenant = keys.tenant();
    let kid = Uuid::now_v7();
    // Finding primes takes long enough to keep other requests waiting.
    let made = tokio::task::spawn_blocking(move || TokenKey::generate(algorithm)).await;
    let (pkcs8, public) = made.map_err(|_| mt_access::TokenError::BadKey)??;
    let sealed = mt_crypto::seal(keys, Purpose::TokenSigning, kid.as_bytes(), pkcs8.expose())?;
    let (x, y, n) = match &public {
        PublicKey::P256 { x, y } => (Some(x.as_slice()), Some(y.as_slice()), None),
        PublicKey::Rsa { n, .. } => (None, None, Some(n.as_slice())),
        _ => return Err(mt_access::TokenError::BadKey.into()),
    };
    let sql = "insert into identity.signing_key (tenant, kid, created_at, x, y, n, algorithm, sealed) \
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let name = algorithm.name();
    tx.execute(sql, &[&tenant.0, &kid, &now.0, &x, &y, &n, &name, &sealed])
        .await?;
    if succeeds {
        let event = crate::announce::signing_key_rotated(kid)?;
        mt_store::say(tx, keys, (Uuid::now_v7(), now), &[event]).await?;
    }
    Ok(())
}

/// Retires the keys of `rows` that had been superseded long ago.
async fn retire(
    tx: &TenantTx,
    tenant: TenantId,
    rows: &[Row],
    now: Instant,
) -> Result<(), IdentityError> {
    let over = |successor: &Row| {
        Instant(successor.created_at).plus_seconds(PUBLISHED_FIRST + OUTLIVES) <= now
    };
    for pair in rows.windows(2) {
        let [successor, row] = pair else { continue };
        if over(successor) {
            let sql =
                "update identity.signing_key set retired_at = $3 where tenant = $1 and kid = $2";
            tx.execute(sql, &[&tenant.0, &row.kid, &now.0]).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ages: &[i64], now: Instant) -> Vec<Row> {
        let row = |age: &i64| Row {
            kid: Uuid::from_u128(age.unsigned_abs().into()),
            created_at: now.plus_seconds(-age).0,
        };
        ages.iter().map(row).collect()
    }

    #[test]
    fn a_new_key_signs_only_after_it_has_been_published_for_a_while() {
        let now = Instant(1_000_000_000_000_000);
        let kid = |age: u128| Some(Uuid::from_u128(age));
        assert_eq!(signing(&rows(&[10], now), now), kid(10));
        assert_eq!(signing(&rows(&[10, 5_000], now), now), kid(5_000));
        assert_eq!(signing(&rows(&[900, 5_000], now), now), kid(900));
        assert_eq!(signing(&[], now), None);
    }

    #[test]
    fn the_next_key_is_due_after_its_time() {
        let now = Instant(1_000_000_000_000_000);
        assert!(is_due(&[], now));
        assert!(!is_due(&rows(&[SIGNS_FOR - 1], now), now));
        assert!(is_due(&rows(&[SIGNS_FOR], now), now));
    }
}
