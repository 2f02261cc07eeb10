//! JWTs that others signed: split, decoded within bounds, checked with a key that was chosen before.
//!
//! The algorithm of the header is compared with what the key and the place allow, and never trusted
//! by itself; `crit` is refused, and a key inside the header is only looked at by DPoP.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_crypto::{Algorithm, PublicKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Longest token that is looked at.
const LONGEST: usize = 16 << 10;

/// The part of a JOSE header that matters.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    #[serde(default)]
    pub(crate) typ: Option<String>,
    #[serde(default)]
    pub(crate) kid: Option<String>,
    #[serde(default)]
    pub(crate) jku: Option<String>,
    #[serde(default)]
    pub(crate) jwk: Option<Map<String, Value>>,
    #[serde(default)]
    pub(crate) crit: Option<Value>,
}

/// A token taken apart; nothing is verified yet.
pub(crate) struct Jws<'a> {
    pub(crate) header: Header,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a compact serialisation apart.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        if header.crit.is_some() {
            return None;
        }
        Some(Self {
            header,
            signed,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The algorithm, when it is among those that are allowed here.
    pub(crate) fn algorithm(&self, allowed: &[Algorithm]) -> Option<Algorithm> {
        Algorithm::from_name(&self.header.alg).filter(|one| allowed.contains(one))
    }

    /// The claims, when `key` signed them with `algorithm`.
    pub(crate) fn verified<T: DeserializeOwned>(
        &self,
        algorithm: Algorithm,
        key: &PublicKey,
    ) -> Option<T> {
        key.verify(algorithm, self.signed.as_bytes(), &self.signature)
            .ok()?;
        serde_json::from_slice(&self.payload).ok()
    }

    /// The claims, unverified: only to find the key that must have signed them.
    pub(crate) fn unverified<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.payload).ok()
    }
}

/// A public JWK.
#[derive(Clone, Debug)]
pub(crate) struct Jwk {
    pub(crate) kid: Option<String>,
    pub(crate) key: PublicKey,
    usage: Option<String>,
    algorithm: Option<String>,
}

impl Jwk {
    /// Reads a public key. One that carries private parts is refused: whoever sent it has leaked it.
    pub(crate) fn parse(members: &Map<String, Value>) -> Option<Self> {
        const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return None;
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let key = match (text("kty")?, text("crv")) {
            ("EC", Some("P-256" | "P-384")) => PublicKey::ec(&bytes("x")?, &bytes("y")?).ok()?,
            ("RSA", None) => PublicKey::rsa(&bytes("n")?, &bytes("e")?),
            ("OKP", Some("Ed25519")) => PublicKey::ed25519(&bytes("x")?).ok()?,
            _ => return None,
        };
        let curve_fits = match (&key, text("crv")) {
            (PublicKey::P256 { .. }, curve) => curve == Some("P-256"),
            (PublicKey::P384 { .. }, curve) => curve == Some("P-384"),
            _ => true,
        };
        let owned = |name: &str| text(name).map(str::to_owned);
        curve_fits.then(|| Self {
            kid: owned("kid"),
            key,
            usage: owned("use"),
            algorithm: owned("alg"),
        })
    }

    /// Whether the key may verify a signature under this algorithm.
    pub(crate) fn serves(&self, algorithm: Algorithm) -> bool {
        let kind = match self.key {
            PublicKey::P256 { .. } => algorithm == Algorithm::Es256,
            PublicKey::P384 { .. } => algorithm == Algorithm::Es384,
            PublicKey::Rsa { .. } => matches!(
                algorithm,
                Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Ps256 | Algorithm::Ps384
            ),
            PublicKey::Ed25519 { .. } => algorithm == Algorithm::EdDsa,
        };
        kind && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self
                .algorithm
                .as_deref()
                .is_none_or(|name| name == algorithm.name())
    }

    /// SHA-256 thumbprint (RFC 7638), base64url.
    pub(crate) fn thumbprint(&self) -> String {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // Members in lexicographic order, no white space.
        let canonical = match &self.key {
            PublicKey::P256 { x, y } => ec_members("P-256", &text(x), &text(y)),
            PublicKey::P384 { x, y } => ec_members("P-384", &text(x), &text(y)),
            PublicKey::Rsa { n, e } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(e), text(n))
            }
            PublicKey::Ed25519 { x } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(x))
            }
        };
        text(&mt_crypto::sha256(canonical.as_bytes()))
    }
}

fn ec_members(curve: &str, x: &str, y: &str) -> String {
    format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x}","y":"{y}"}}"#)
}

/// The keys of a JWK set; entries that are no usable public keys are left out (RFC 7517 §5).
pub(crate) fn key_set(set: &Value) -> Vec<Jwk> {
    let entries = set.get("keys").and_then(Value::as_array);
    let objects = entries.into_iter().flatten().filter_map(Value::as_object);
    objects.filter_map(Jwk::parse).collect()
}

/// The one key of `keys` that may have signed under `algorithm` with this id.
pub(crate) fn find<'k>(
    keys: &'k [Jwk],
    kid: Option<&str>,
    algorithm: Algorithm,
) -> Option<&'k Jwk> {
    let mut fitting = keys.iter().filter(|key| {
        key.serves(algorithm) && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
    });
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// `aud`: one text or several.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
    #[default]
    None,
}

impl Audience {
    pub(crate) fn names(&self, wanted: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(text) => wanted(text),
            Self::Many(texts) => texts.iter().any(|text| wanted(text)),
            Self::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_thumbprint_is_that_of_rfc_7638() {
        let jwk = json!({ "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" });
        let key = Jwk::parse(jwk.as_object().unwrap()).unwrap();
        assert_eq!(
            key.thumbprint(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
        assert!(key.serves(Algorithm::Rs256) && !key.serves(Algorithm::Rs384));
        assert!(!key.serves(Algorithm::Es256));
    }

    #[test]
    fn a_private_key_a_secret_and_a_wrong_curve_are_no_keys() {
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        for jwk in [
            json!({ "kty": "EC", "crv": "P-256", "x": x, "y": x, "d": x }),
            json!({ "kty": "EC", "crv": "P-384", "x": x, "y": x }),
            json!({ "kty": "oct", "k": x }),
            json!({ "kty": "EC", "crv": "P-256", "x": x }),
        ] {
            assert!(Jwk::parse(jwk.as_object().unwrap()).is_none(), "{jwk}");
        }
    }

    #[test]
    fn what_is_no_token_is_not_taken_apart() {
        for text in [
            "",
            "a",
            "a.b",
            "a.b.c",
            "e30.e30.",
            "..",
            "eyJhbGciOiJub25lIn0.e30",
        ] {
            assert!(Jws::parse(text).is_none(), "{text}");
        }
        let critical = format!(
            "{}.e30.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","crit":["x"]}"#)
        );
        assert!(Jws::parse(&critical).is_none());
    }
}
