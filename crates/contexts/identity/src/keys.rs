//! Signing keys: made on first use, found by key id.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_access::{Signer, VerifyingKey};
use mt_crypto::{PublicKey, Purpose, SigningKey, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, Secret, TenantId};
use uuid::Uuid;

use crate::IdentityError;

/// Serialises the making of the first key of a tenant: the lock's first half.
const FIRST_KEY_LOCK: i32 = 0x6d74_7369;

/// `<tenant>.<uuid>`
pub(crate) fn kid_text(tenant: TenantId, kid: Uuid) -> String {
    format!("{tenant}.{kid}")
}

/// The tenant and key that a key id names.
pub(crate) fn parse_kid(text: &str) -> Option<(TenantId, Uuid)> {
    let (tenant, kid) = text.split_once('.')?;
    Some((TenantId(tenant.parse().ok()?), Uuid::try_parse(kid).ok()?))
}

/// The public key `kid` of `tenant`; `None` when there is none or it is retired.
pub(crate) async fn verifying_key_find(
    database: &Database,
    tenant: TenantId,
    kid: Uuid,
    issuer: &str,
) -> Result<Option<VerifyingKey>, IdentityError> {
    let sql = "select x, y from identity.signing_key \
               where tenant = $1 and kid = $2 and retired_at is null";
    let rows = database
        .readers()
        .query(tenant, sql, &[&tenant.0, &kid])
        .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let (x, y): (&[u8], &[u8]) = (row.get(0), row.get(1));
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    Ok(Some(VerifyingKey::from_jwk(tenant, issuer, &x, &y)?))
}

/// The key that signs for the tenant now; makes the first one.
pub(crate) async fn signer_fetch(
    database: &Database,
    keys: &TenantKeys,
    now: Instant,
) -> Result<Signer, IdentityError> {
    let tenant = keys.tenant();
    let tx = database.tenant(tenant).await?;
    if let Some(signer) = newest(&tx, keys).await? {
        tx.commit().await?;
        return Ok(signer);
    }
    tx.query(
        "select pg_advisory_xact_lock($1, $2)",
        &[&FIRST_KEY_LOCK, &tenant.0],
    )
    .await?;
    let signer = match newest(&tx, keys).await? {
        Some(signer) => signer,
        None => make(&tx, keys, now).await?,
    };
    tx.commit().await?;
    Ok(signer)
}

async fn newest(tx: &TenantTx, keys: &TenantKeys) -> Result<Option<Signer>, IdentityError> {
    let tenant = keys.tenant();
    let sql = "select kid, sealed from identity.signing_key \
               where tenant = $1 and retired_at is null order by created_at desc limit 1";
    let rows = tx.query(sql, &[&tenant.0]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let (kid, sealed): (Uuid, &[u8]) = (row.get(0), row.get(1));
    let pkcs8 = mt_crypto::open(keys, Purpose::TokenSigning, kid.as_bytes(), sealed)?;
    Ok(Some(Signer::new(
        &kid_text(tenant, kid),
        &Secret::new(pkcs8),
    )))
}

async fn make(tx: &TenantTx, keys: &TenantKeys, now: Instant) -> Result<Signer, IdentityError> {
    let tenant = keys.tenant();
    let kid = Uuid::now_v7();
    let key = SigningKey::generate()?;
    let pkcs8 = key.to_pkcs8()?;
    let sealed = mt_crypto::seal(keys, Purpose::TokenSigning, kid.as_bytes(), pkcs8.expose())?;
    let point = key.public_key()?;
    let PublicKey::P256 { x, y } = point else {
        return Err(mt_access::TokenError::BadKey.into());
    };
    let sql = "insert into identity.signing_key (tenant, kid, created_at, x, y, sealed) \
               values ($1, $2, $3, $4, $5, $6)";
    tx.execute(
        sql,
        &[
            &tenant.0,
            &kid,
            &now.0,
            &x.as_slice(),
            &y.as_slice(),
            &sealed,
        ],
    )
    .await?;
    Ok(Signer::new(
        &kid_text(tenant, kid),
        &Secret::new(pkcs8.expose().to_vec()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_names_its_tenant() {
        let kid = Uuid::now_v7();
        assert_eq!(
            parse_kid(&kid_text(TenantId(7), kid)),
            Some((TenantId(7), kid))
        );
        for bad in [
            "",
            "7",
            "7.",
            "x.y",
            &format!(".{kid}"),
            &format!("{kid}.7"),
        ] {
            assert_eq!(parse_kid(bad), None, "{bad}");
        }
    }
}
