//! Keys that sign a tenant's tokens: made on first use, found by key id, replaced without an outage.
//!
//! A new key is published before it signs and stays published after it has stopped, so that a client
//! that keeps the key set for a while never meets a signature it cannot check.

mod life;
mod signer;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_access::VerifyingKey;
use mt_crypto::PublicKey;
use mt_database::Database;
use mt_kernel::TenantId;
use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

pub(crate) use life::{rotate, signing_key};
pub(crate) use signer::TokenKey;

use crate::IdentityError;

/// What a key of ours signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// Access tokens, and ID tokens of clients that ask for it.
    Es256,
    /// ID tokens of all other clients (OpenID Connect Core §15.1).
    Rs256,
}

impl SigningAlgorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Es256, Self::Rs256];

    /// The name in a JOSE header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// `<tenant>.<uuid>`
pub(crate) fn kid_text(tenant: TenantId, kid: Uuid) -> String {
    format!("{tenant}.{kid}")
}

/// The tenant and key that a key id names.
pub(crate) fn parse_kid(text: &str) -> Option<(TenantId, Uuid)> {
    let (tenant, kid) = text.split_once('.')?;
    Some((TenantId(tenant.parse().ok()?), Uuid::try_parse(kid).ok()?))
}

/// The ES256 public key `kid` of `tenant`; `None` when there is none or it is retired.
pub(crate) async fn verifying_key_find(
    database: &Database,
    tenant: TenantId,
    kid: Uuid,
    issuer: &str,
) -> Result<Option<VerifyingKey>, IdentityError> {
    let sql = "select x, y from identity.signing_key \
               where tenant = $1 and kid = $2 and retired_at is null and algorithm = 'ES256'";
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

/// A public key as clients see it.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) kid: String,
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) key: PublicKey,
}

impl Published {
    /// The JWK (RFC 7517).
    pub(crate) fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.key {
            PublicKey::Rsa { n, e } => json!({ "kty": "RSA", "n": text(n), "e": text(e) }),
            PublicKey::P256 { x, y } => {
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) })
            }
            PublicKey::P384 { x, y } => {
                json!({ "kty": "EC", "crv": "P-384", "x": text(x), "y": text(y) })
            }
            PublicKey::Ed25519 { x } => json!({ "kty": "OKP", "crv": "Ed25519", "x": text(x) }),
        };
        jwk["kid"] = self.kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm.name().into();
        jwk
    }
}

/// Every key of `tenant` that is not retired, newest first.
pub(crate) async fn published(
    database: &Database,
    tenant: TenantId,
) -> Result<Vec<Published>, IdentityError> {
    let sql = "select kid, algorithm, x, y, n from identity.signing_key \
               where tenant = $1 and retired_at is null order by created_at desc, kid";
    let rows = database.readers().query(tenant, sql, &[&tenant.0]).await?;
    rows.iter().map(|row| published_of(tenant, row)).collect()
}

/// 65537, the exponent of every RSA key that is made here.
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

fn published_of(tenant: TenantId, row: &Row) -> Result<Published, IdentityError> {
    let algorithm = SigningAlgorithm::from_name(row.get(1)).unwrap_or(SigningAlgorithm::Es256);
    let key = match algorithm {
        SigningAlgorithm::Es256 => PublicKey::ec(
            row.get::<_, Option<&[u8]>>(2).unwrap_or_default(),
            row.get::<_, Option<&[u8]>>(3).unwrap_or_default(),
        )?,
        SigningAlgorithm::Rs256 => PublicKey::Rsa {
            n: row.get::<_, Option<Vec<u8>>>(4).unwrap_or_default(),
            e: RSA_EXPONENT.to_vec(),
        },
    };
    Ok(Published {
        kid: kid_text(tenant, row.get(0)),
        algorithm,
        key,
    })
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
