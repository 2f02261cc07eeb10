//! Access tokens: JWTs of type `at+jwt` (RFC 9068), ES256, one key set per tenant.
//!
//! The algorithm is fixed by the key and never read from the header; the key decides the tenant.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use mt_kernel::{Clock, Secret, TenantId};
use serde::{Deserialize, Serialize};

/// The key that the holder of a token must prove (RFC 7800, RFC 9449 §6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// SHA-256 thumbprint of the key (RFC 7638), base64url.
    pub jkt: String,
}

/// Claims of an access token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer: the tenant's issuer URL.
    pub iss: String,
    /// Subject: the login's or client's id.
    pub sub: String,
    /// Audience: the FHIR base of the tenant.
    pub aud: String,
    /// OAuth client.
    pub client_id: String,
    /// Granted scopes, separated by spaces.
    pub scope: String,
    /// Role codes.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Relative reference to the actor's own resource.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "fhirUser")]
    pub fhir_user: Option<String>,
    /// Patient in the launch context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Encounter in the launch context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<String>,
    /// Patients that the actor is, or is proxy for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_patients: Vec<String>,
    /// Authentication context (`1fa`, `mfa`, `step-up`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// When the person signed in, seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The authorization that the token comes from: revoked with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// The key that the token is bound to (DPoP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Issued at, seconds since the epoch.
    pub iat: i64,
    /// Expires at, seconds since the epoch.
    pub exp: i64,
    /// Unique id of the token.
    pub jti: String,
}

/// Why a token is refused. The text never tells an attacker which check failed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token, unknown key, wrong signature, wrong issuer, type, audience or tenant.
    #[error("the access token is not valid")]
    Invalid,
    /// Was good, is over.
    #[error("the access token has expired")]
    Expired,
    /// The key does not sign.
    #[error("the signing key cannot be used")]
    BadKey,
}

/// Signs access tokens with one key.
#[derive(Clone)]
pub struct Signer {
    kid: String,
    key: Arc<EncodingKey>,
}

impl Signer {
    /// A signer for the PKCS#8 (DER) form of an ES256 private key.
    #[must_use]
    pub fn new(kid: &str, pkcs8: &Secret<Vec<u8>>) -> Self {
        let key = EncodingKey::from_ec_der(pkcs8.expose());
        Self {
            kid: kid.to_owned(),
            key: Arc::new(key),
        }
    }

    /// The signed token.
    ///
    /// # Errors
    /// [`TokenError::BadKey`] when the key is not an ES256 key.
    pub fn sign(&self, claims: &AccessClaims) -> Result<String, TokenError> {
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|_| TokenError::BadKey)
    }
}

/// A public key that verifies tokens of one tenant.
#[derive(Clone)]
pub struct VerifyingKey {
    /// The tenant whose key this is.
    pub tenant: TenantId,
    /// The issuer that tokens of this key must name.
    pub issuer: Arc<str>,
    key: Arc<DecodingKey>,
}

impl VerifyingKey {
    /// A key from the base64url coordinates of a P-256 point, as in a JWK.
    ///
    /// # Errors
    /// [`TokenError::BadKey`] when they are no such point.
    pub fn from_jwk(tenant: TenantId, issuer: &str, x: &str, y: &str) -> Result<Self, TokenError> {
        let key = DecodingKey::from_ec_components(x, y).map_err(|_| TokenError::BadKey)?;
        Ok(Self {
            tenant,
            issuer: Arc::from(issuer),
            key: Arc::new(key),
        })
    }
}

/// A verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// SHA-256 of the token: names it without revealing it.
    pub digest: [u8; 32],
    /// The tenant whose key signed it.
    pub tenant: TenantId,
    /// The claims.
    pub claims: AccessClaims,
}

/// Verifies tokens and remembers the ones it has seen, because one signature check costs more
/// than a cached read of a record.
pub struct Verifier {
    seen: Cache<[u8; 32], Arc<Verified>>,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// A verifier that tells the time by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let seen = Cache::builder()
            .max_capacity(50_000)
            .time_to_live(Duration::from_secs(60))
            .build();
        Self { seen, clock }
    }

    /// The claims of `token`, when a key that `find_key` knows by `kid` has signed it.
    ///
    /// A good token is remembered for up to a minute, so that a revoked *key* is refused after
    /// that time at the latest; a revoked *token* is the caller's to look up by `jti`.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] or [`TokenError::Expired`].
    pub fn verify(
        &self,
        token: &str,
        find_key: impl FnOnce(&str) -> Option<VerifyingKey>,
    ) -> Result<Arc<Verified>, TokenError> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
        let digest: [u8; 32] = digest
            .as_ref()
            .try_into()
            .map_err(|_| TokenError::Invalid)?;
        if let Some(seen) = self.seen.get(&digest) {
            self.check_time(&seen.claims)?;
            return Ok(seen);
        }
        let verified = Arc::new(check(token, digest, find_key)?);
        self.check_time(&verified.claims)?;
        self.seen.insert(digest, Arc::clone(&verified));
        Ok(verified)
    }

    /// Forgets every remembered token, as after a key was revoked.
    pub fn forget_all(&self) {
        self.seen.invalidate_all();
    }

    fn check_time(&self, claims: &AccessClaims) -> Result<(), TokenError> {
        let now = self.clock.now().unix_seconds();
        // Another server of the cluster may run ahead by a little.
        let skew = 5;
        if claims.iat > now + skew {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= now {
            Err(TokenError::Expired)
        } else {
            Ok(())
        }
    }
}

/// The key id that the header of `token` names; nothing is verified yet.
#[must_use]
pub fn key_id(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).ok()?.kid
}

fn check(
    token: &str,
    digest: [u8; 32],
    find_key: impl FnOnce(&str) -> Option<VerifyingKey>,
) -> Result<Verified, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
    let is_access_token = header.typ.as_deref().is_some_and(|typ| {
        typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
    });
    if !is_access_token {
        return Err(TokenError::Invalid);
    }
    let key = header
        .kid
        .as_deref()
        .and_then(find_key)
        .ok_or(TokenError::Invalid)?;
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&[key.issuer.as_ref()]);
    rules.set_required_spec_claims(&["iss", "exp"]);
    // The audience is the FHIR base of this tenant: the edge compares it, which knows the base.
    rules.validate_aud = false;
    // Time is checked on each use against the caller's clock.
    rules.validate_exp = false;
    let data = jsonwebtoken::decode::<AccessClaims>(token, &key.key, &rules)
        .map_err(|_| TokenError::Invalid)?;
    Ok(Verified {
        digest,
        tenant: key.tenant,
        claims: data.claims,
    })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use mt_kernel::{FixedClock, Instant};

    use super::*;

    struct Fixture {
        signer: Signer,
        key: VerifyingKey,
        clock: FixedClock,
        verifier: Verifier,
    }

    fn base64url(bytes: &[u8]) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let value = chunk.iter().fold(0_u32, |sum, b| sum << 8 | u32::from(*b))
                << (8 * (3 - chunk.len()));
            for at in 0..=chunk.len() {
                text.push(char::from(ALPHABET[(value >> (18 - 6 * at)) as usize & 63]));
            }
        }
        text
    }

    fn fixture(tenant: i32) -> Fixture {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..65]));
        let key = VerifyingKey::from_jwk(TenantId(tenant), "https://x/t/a", &x, &y).unwrap();
        let clock = FixedClock::at(Instant(1_000_000_000_000_000));
        let verifier = Verifier::new(Arc::new(clock.clone()));
        let signer = Signer::new("k1", &Secret::new(pkcs8.as_ref().to_vec()));
        Fixture {
            signer,
            key,
            clock,
            verifier,
        }
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            iss: "https://x/t/a".into(),
            sub: "u1".into(),
            aud: "https://x/fhir/R4".into(),
            client_id: "c1".into(),
            scope: "user/*.rs".into(),
            roles: vec!["doctor".into()],
            iat: 1_000_000_000,
            exp: 1_000_000_300,
            jti: "j1".into(),
            ..AccessClaims::default()
        }
    }

    #[test]
    fn a_good_token_verifies_until_it_expires_even_when_remembered() {
        let f = fixture(7);
        let token = f.signer.sign(&claims()).unwrap();
        for _ in 0..2 {
            let verified = f.verifier.verify(&token, |_| Some(f.key.clone())).unwrap();
            assert_eq!(
                (verified.tenant, &verified.claims),
                (TenantId(7), &claims())
            );
        }
        f.clock.advance_seconds(300);
        let refused = f.verifier.verify(&token, |_| Some(f.key.clone()));
        assert_eq!(refused, Err(TokenError::Expired));
    }

    #[test]
    fn tampered_foreign_and_untyped_tokens_are_refused() {
        let (f, other) = (fixture(1), fixture(2));
        let token = f.signer.sign(&claims()).unwrap();
        let verify = |token: &str, key: Option<VerifyingKey>| {
            f.verifier.verify(token, |_| key).map(|_| ()).unwrap_err()
        };
        assert_eq!(verify(&token, None), TokenError::Invalid);
        assert_eq!(verify(&token, Some(other.key)), TokenError::Invalid);
        assert_eq!(verify("a.b.c", Some(f.key.clone())), TokenError::Invalid);
        let stranger = AccessClaims {
            iss: "https://x/t/b".into(),
            ..claims()
        };
        let stranger = f.signer.sign(&stranger).unwrap();
        assert_eq!(verify(&stranger, Some(f.key.clone())), TokenError::Invalid);
        let future = AccessClaims {
            iat: 1_000_000_100,
            ..claims()
        };
        let future = f.signer.sign(&future).unwrap();
        assert_eq!(verify(&future, Some(f.key.clone())), TokenError::Invalid);
        let mut parts: Vec<&str> = token.split('.').collect();
        let none = base64url(br#"{"alg":"none","typ":"at+jwt","kid":"k1"}"#);
        parts[0] = &none;
        assert_eq!(
            verify(&parts.join("."), Some(f.key.clone())),
            TokenError::Invalid
        );
    }

    #[test]
    fn an_id_token_is_no_access_token() {
        let f = fixture(1);
        let header = Header {
            kid: Some("k1".into()),
            ..Header::new(Algorithm::ES256)
        };
        let token = jsonwebtoken::encode(&header, &claims(), &f.signer.key).unwrap();
        let refused = f.verifier.verify(&token, |_| Some(f.key.clone()));
        assert_eq!(refused, Err(TokenError::Invalid));
    }
}
