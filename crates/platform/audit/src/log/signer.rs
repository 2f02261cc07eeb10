//! The key that signs a tenant's checkpoints: made on first use, sealed under the tenant's keys.

use mt_crypto::{CheckpointKey, PublicKey, Purpose, TenantKeys};
use mt_database::TenantTx;
use mt_kernel::Instant;

use super::note::{VerifierKey, hex};
use crate::{AuditError, Result};

/// What the private key is sealed to.
const PLACE: &[u8] = b"checkpoint signer";

/// A tenant's signing key.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) verifier: VerifierKey,
    pub(crate) key: CheckpointKey,
}

/// The verifying half, if the tenant has a key already.
pub(crate) async fn verifier_find(tx: &TenantTx) -> Result<Option<VerifierKey>> {
    let sql = "select origin, public from audit.signer where tenant = $1";
    let Some(row) = tx.query_opt(sql, &[&tx.tenant().0]).await? else {
        return Ok(None);
    };
    let (origin, public): (String, &[u8]) = (column(&row, 0)?, column(&row, 1)?);
    let damaged = |_| AuditError::Damaged("the public key has another length".to_owned());
    Ok(Some(VerifierKey::new(
        origin,
        public.try_into().map_err(damaged)?,
    )))
}

/// The tenant's key; makes the first one. The caller holds the tenant's integration lock.
pub(crate) async fn signer_fetch(tx: &TenantTx, keys: &TenantKeys, now: Instant) -> Result<Signer> {
    let sql = "select sealed from audit.signer where tenant = $1";
    let Some(row) = tx.query_opt(sql, &[&tx.tenant().0]).await? else {
        return make(tx, keys, now).await;
    };
    let pkcs8 = mt_crypto::open(keys, Purpose::Audit, PLACE, column(&row, 0)?)?;
    let key = CheckpointKey::from_pkcs8(&pkcs8)?;
    let verifier = verifier_find(tx).await?.ok_or(AuditError::NoSuchEntry)?;
    if *verifier.public() != raw(&key)? {
        return Err(AuditError::Damaged(
            "the public key is not that of the signer".to_owned(),
        ));
    }
    Ok(Signer { verifier, key })
}

async fn make(tx: &TenantTx, keys: &TenantKeys, now: Instant) -> Result<Signer> {
    let key = CheckpointKey::generate()?;
    let public = raw(&key)?;
    let tenant = tx.tenant();
    // The name is unique beyond this installation, because the key is.
    let origin = format!(
        "meditrack-audit/{}/{tenant}",
        hex(&mt_crypto::sha256(&public)[..8])
    );
    let sealed = mt_crypto::seal(keys, Purpose::Audit, PLACE, key.to_pkcs8()?.expose())?;
    let sql = "insert into audit.signer (tenant, origin, public, sealed, created_at) \
               values ($1, $2, $3, $4, $5)";
    tx.execute(sql, &[&tenant.0, &origin, &&public[..], &sealed, &now.0])
        .await?;
    Ok(Signer {
        verifier: VerifierKey::new(origin, public),
        key,
    })
}

fn raw(key: &CheckpointKey) -> Result<[u8; 32]> {
    match key.public_key()? {
        PublicKey::Ed25519 { x } => Ok(x),
        _ => Err(AuditError::Damaged(
            "the signer is not an Ed25519 key".to_owned(),
        )),
    }
}

/// A column of a row whose shape the statement fixes.
pub(crate) fn column<'r, T: tokio_postgres::types::FromSql<'r>>(
    row: &'r tokio_postgres::Row,
    index: usize,
) -> Result<T> {
    Ok(row.try_get(index).map_err(mt_database::Error::from)?)
}
