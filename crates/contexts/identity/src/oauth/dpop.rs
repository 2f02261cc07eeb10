//! Proofs of possession (RFC 9449): the client shows, per request, that it holds the key of its token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_crypto::{Algorithm, Purpose, TenantKeys};
use mt_kernel::Instant;
use serde::Deserialize;

use super::jose::{Jwk, Jws};
use super::replay::Replay;
use crate::IdentityError;

/// Algorithms of proofs.
pub(crate) const ALGORITHMS: [Algorithm; 5] = [
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Ps256,
    Algorithm::Rs256,
    Algorithm::EdDsa,
];

/// A proof is good for so long after it was made.
const FRESH: i64 = 60;
/// The client's clock may run ahead of ours by so much.
const AHEAD: i64 = 10;
/// A nonce of ours is good for so long.
const NONCE_LIVES: i64 = 300;

/// The request that a proof must be about.
pub(crate) struct Asked<'a> {
    /// `htm`
    pub(crate) method: &'a str,
    /// `htu`: the names under which clients know the endpoint.
    pub(crate) urls: &'a [String],
    /// The access token that comes along (`ath`).
    pub(crate) token: Option<&'a str>,
}

/// Why a proof is refused.
#[derive(Debug)]
pub(crate) enum ProofError {
    /// It is not good, and why.
    Bad(&'static str),
    /// It needs this nonce.
    Nonce(String),
    /// It could not be checked.
    Other(IdentityError),
}

impl<E: Into<IdentityError>> From<E> for ProofError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// A nonce that this installation will accept for a while: the time, sealed.
pub(crate) fn nonce(keys: &TenantKeys, now: Instant) -> Result<String, IdentityError> {
    let sealed = mt_crypto::seal(keys, Purpose::Cursor, NONCE_PLACE, &now.0.to_be_bytes())?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

const NONCE_PLACE: &[u8] = b"dpop-nonce";

fn is_current(keys: &TenantKeys, nonce: &str, now: Instant) -> bool {
    let made = || {
        let sealed = URL_SAFE_NO_PAD.decode(nonce).ok()?;
        let time = mt_crypto::open(keys, Purpose::Cursor, NONCE_PLACE, &sealed).ok()?;
        Some(Instant(i64::from_be_bytes(
            time.as_slice().try_into().ok()?,
        )))
    };
    made().is_some_and(|made| made <= now && now < made.plus_seconds(NONCE_LIVES))
}

/// Thumbprint of the key whose possession `proof` shows for the request `asked`.
pub(crate) async fn check(
    keys: &TenantKeys,
    replay: &Replay,
    proof: &str,
    asked: &Asked<'_>,
    now: Instant,
) -> Result<String, ProofError> {
    let jws = Jws::parse(proof).ok_or(ProofError::Bad("the proof is no JWT"))?;
    if jws.header.typ.as_deref() != Some("dpop+jwt") {
        return Err(ProofError::Bad("typ must be dpop+jwt"));
    }
    let algorithm = jws.algorithm(&ALGORITHMS);
    let algorithm = algorithm.ok_or(ProofError::Bad("the algorithm is not accepted"))?;
    let jwk = jws.header.jwk.as_ref().and_then(Jwk::parse);
    let jwk = jwk.ok_or(ProofError::Bad("jwk must be a public key"))?;
    let claims: Claims = jws
        .verified(algorithm, &jwk.key)
        .ok_or(ProofError::Bad("the signature or the claims are not good"))?;
    about(&claims, asked, now.unix_seconds()).map_err(ProofError::Bad)?;
    match &claims.nonce {
        Some(given) if is_current(keys, given, now) => {}
        _ => return Err(ProofError::Nonce(nonce(keys, now)?)),
    }
    let thumbprint = jwk.thumbprint();
    let until = now.plus_seconds(FRESH + AHEAD);
    let issuer = format!("dpop {thumbprint}");
    let first = replay.is_first(keys.tenant(), &issuer, &claims.jti, until);
    if first.await? {
        Ok(thumbprint)
    } else {
        Err(ProofError::Bad("the proof was used before"))
    }
}

fn about(claims: &Claims, asked: &Asked<'_>, now: i64) -> Result<(), &'static str> {
    if claims.jti.is_empty() || claims.jti.len() > 255 {
        return Err("jti must be 1 to 255 characters");
    }
    if claims.htm != asked.method {
        return Err("htm is not the method of the request");
    }
    let htu = claims.htu.split(['?', '#']).next().unwrap_or_default();
    if !asked.urls.iter().any(|url| same_url(url, htu)) {
        return Err("htu is not the URL of the request");
    }
    if claims.iat > now + AHEAD || claims.iat < now - FRESH {
        return Err("iat is not now");
    }
    let hash = |token: &str| URL_SAFE_NO_PAD.encode(mt_crypto::sha256(token.as_bytes()));
    if claims.ath != asked.token.map(hash) && asked.token.is_some() {
        return Err("ath is not the hash of the access token");
    }
    Ok(())
}

/// Equal after normalisation by scheme, host and port (RFC 9449 §4.3, RFC 3986 §6.2).
fn same_url(ours: &str, theirs: &str) -> bool {
    match (url::Url::parse(ours), url::Url::parse(theirs)) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            jti: "1".to_owned(),
            htm: "POST".to_owned(),
            htu: "HTTPS://EHR.example.org:443/token?x=1".to_owned(),
            iat: 1_000,
            ath: None,
            nonce: None,
        }
    }

    #[test]
    fn a_proof_is_about_one_request_at_one_time() {
        let urls = ["https://ehr.example.org/token".to_owned()];
        let asked = |token: Option<&'static str>| Asked {
            method: "POST",
            urls: &urls,
            token,
        };
        assert_eq!(about(&claims(), &asked(None), 1_000), Ok(()));
        let cases: [(Claims, Option<&str>, i64); 7] = [
            (
                Claims {
                    htm: "GET".into(),
                    ..claims()
                },
                None,
                1_000,
            ),
            (
                Claims {
                    htu: "https://ehr.example.org/".into(),
                    ..claims()
                },
                None,
                1_000,
            ),
            (
                Claims {
                    htu: "http://ehr.example.org/token".into(),
                    ..claims()
                },
                None,
                1_000,
            ),
            (
                Claims {
                    jti: String::new(),
                    ..claims()
                },
                None,
                1_000,
            ),
            (claims(), None, 1_061),
            (claims(), None, 989),
            (claims(), Some("token"), 1_000),
        ];
        for (at, (claims, token, now)) in cases.into_iter().enumerate() {
            assert!(about(&claims, &asked(token), now).is_err(), "case {at}");
        }
    }
}
