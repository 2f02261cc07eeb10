//! Push to browsers: RFC 8030 with the encryption of RFC 8291 and the voluntary identification of RFC 8292.
//!
//! The push service belongs to the browser's maker and reads nothing: the browser alone can open the message.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use mt_crypto::hkdf_sha256;
use mt_kernel::{Clock, Instant};
use mt_outbound::{Answer, Guard, Outgoing};
use serde_json::json;
use url::Url;

use super::{PATIENCE, meaning, misdirected, unanswered};
use crate::ports::{Address, Dispatch, Sent, Transport};

/// Size of the one record, which every push service takes (RFC 8291 §4).
const RECORD: u32 = 4_096;
/// Octets of an uncompressed point of P-256.
const POINT: usize = 65;
/// How long an identification is good, seconds; a day at most (RFC 8292 §2).
const LIFE: i64 = 12 * 3_600;

/// Why something of push cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebPushError {
    /// The keys of the browser are none.
    #[error("the keys of the browser cannot be read")]
    Browser,
    /// Our own key is none.
    #[error("the key that identifies this installation cannot be read")]
    Key,
    /// The machine has no entropy, or the message is too long.
    #[error("the message cannot be sealed")]
    Seal,
}

/// The key by which push services know this installation (VAPID).
pub struct VapidKey {
    pair: EcdsaKeyPair,
}

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VapidKey({})", self.public())
    }
}

impl VapidKey {
    /// A new key, in PKCS #8, to be kept: browsers are registered with it.
    ///
    /// # Errors
    /// [`WebPushError::Seal`] when the machine has no entropy.
    pub fn generate() -> Result<Vec<u8>, WebPushError> {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        Ok(pkcs8.map_err(|_| WebPushError::Seal)?.as_ref().to_vec())
    }

    /// Reads a key in PKCS #8.
    ///
    /// # Errors
    /// [`WebPushError::Key`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, WebPushError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
        let pair = pair.map_err(|_| WebPushError::Key)?;
        Ok(Self { pair })
    }

    /// The public key as browsers want it (`applicationServerKey`): base64url of the uncompressed point.
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    /// `Authorization` for a push service (RFC 8292 §3).
    fn identification(&self, audience: &str, contact: &str, now: Instant) -> Option<String> {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({"typ": "JWT", "alg": "ES256"}));
        let claims = part(json!({
            "aud": audience, "exp": now.unix_seconds() + LIFE, "sub": contact,
        }));
        let signed = format!("{head}.{claims}");
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .ok()?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Some(format!("vapid t={signed}.{signature}, k={}", self.public()))
    }
}

/// Push services of browsers.
pub struct WebPush {
    guard: Guard,
    key: Arc<VapidKey>,
    /// Whom a push service may ask: `mailto:…` or `https://…`.
    contact: String,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for WebPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebPush").finish_non_exhaustive()
    }
}

impl WebPush {
    /// Push under the name of this key; `contact` is a `mailto:` or `https:` URL of the operator.
    #[must_use]
    pub fn new(guard: Guard, key: Arc<VapidKey>, contact: String, clock: Arc<dyn Clock>) -> Self {
        Self {
            guard,
            key,
            contact,
            clock,
        }
    }

    async fn deliver(&self, dispatch: &Dispatch) -> Sent {
        let Address::Web {
            endpoint,
            p256dh,
            auth,
        } = &dispatch.address
        else {
            return misdirected();
        };
        let never = |reason| Sent::Gone {
            reason,
            status: None,
        };
        let Some(headers) = self.headers(dispatch, endpoint) else {
            return never("bad-endpoint");
        };
        let text = json!({
            "title": dispatch.subject.as_str(), "body": dispatch.text.as_str(), "url": dispatch.link,
        });
        let Ok(body) = sealed(p256dh, auth, text.to_string().as_bytes()) else {
            return never("bad-keys");
        };
        let outgoing = Outgoing {
            method: Method::POST,
            url: endpoint.clone(),
            headers,
            body: body.into(),
            timeout: PATIENCE,
        };
        match self.guard.send(outgoing).await {
            Ok(answer) => verdict(&answer),
            Err(error) => unanswered(&error),
        }
    }

    fn headers(&self, dispatch: &Dispatch, endpoint: &str) -> Option<HeaderMap> {
        let audience = Url::parse(endpoint).ok()?.origin().ascii_serialization();
        let now = self.clock.now();
        let identification = self.key.identification(&audience, &self.contact, now)?;
        let urgency = if dispatch.urgent { "high" } else { "normal" };
        let life = dispatch.lifetime.as_secs().to_string();
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (header::AUTHORIZATION, identification.as_str()),
            (header::CONTENT_ENCODING, "aes128gcm"),
            (header::CONTENT_TYPE, "application/octet-stream"),
            (HeaderName::from_static("ttl"), &life),
            (HeaderName::from_static("urgency"), urgency),
        ] {
            headers.insert(name, HeaderValue::from_str(value).ok()?);
        }
        Some(headers)
    }
}

/// What a push service's answer means (RFC 8030 §7.3: 404 and 410 end a subscription).
fn verdict(answer: &Answer) -> Sent {
    match answer.status {
        404 | 410 => Sent::Gone {
            reason: "unregistered",
            status: Some(answer.status),
        },
        _ => meaning(answer),
    }
}

/// Seals a message for a browser.
///
/// # Errors
/// [`WebPushError`].
fn sealed(p256dh: &str, auth: &str, message: &[u8]) -> Result<Vec<u8>, WebPushError> {
    let key = PrivateKey::generate(&ECDH_P256).map_err(|_| WebPushError::Seal)?;
    let mut salt = [0; 16];
    mt_crypto::fill_random(&mut salt).map_err(|_| WebPushError::Seal)?;
    sealed_with(&key, salt, (p256dh, auth), message)
}

/// The same with a key and a salt that are given.
fn sealed_with(
    own: &PrivateKey,
    salt: [u8; 16],
    (p256dh, auth): (&str, &str),
    message: &[u8],
) -> Result<Vec<u8>, WebPushError> {
    let seal = |_| WebPushError::Seal;
    let (browser, secret) = (octets(p256dh)?, octets(auth)?);
    if browser.len() != POINT || secret.len() != 16 {
        return Err(WebPushError::Browser);
    }
    let public = own.compute_public_key().map_err(|_| WebPushError::Seal)?;
    // RFC 8291 §3.3: the shared secret is bound to both keys and to the browser's own secret.
    let info = [b"WebPush: info\0", &browser[..], public.as_ref()].concat();
    let peer = UnparsedPublicKey::new(&ECDH_P256, &browser);
    let mut ikm = [0; 32];
    agree(own, peer, WebPushError::Browser, |shared| {
        hkdf_sha256(shared, &secret, &info, &mut ikm).map_err(|_| WebPushError::Seal)
    })?;
    // RFC 8188 §2.2, §2.3.
    let (mut cek, mut nonce) = ([0; 16], [0; 12]);
    hkdf_sha256(&ikm, &salt, b"Content-Encoding: aes128gcm\0", &mut cek).map_err(seal)?;
    hkdf_sha256(&ikm, &salt, b"Content-Encoding: nonce\0", &mut nonce).map_err(seal)?;
    // One record, which is the last: its delimiter is 2.
    let mut record = [message, &[2]].concat();
    let cipher = UnboundKey::new(&AES_128_GCM, &cek).map_err(|_| WebPushError::Seal)?;
    let nonce = Nonce::assume_unique_for_key(nonce);
    LessSafeKey::new(cipher)
        .seal_in_place_append_tag(nonce, Aad::empty(), &mut record)
        .map_err(|_| WebPushError::Seal)?;
    if record.len() > RECORD as usize - POINT - 21 {
        return Err(WebPushError::Seal);
    }
    let head = [&salt[..], &RECORD.to_be_bytes(), &[POINT as u8]].concat();
    Ok([&head[..], public.as_ref(), &record].concat())
}

/// Base64url, with or without its padding.
fn octets(text: &str) -> Result<Vec<u8>, WebPushError> {
    let decoded = URL_SAFE_NO_PAD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text));
    decoded.map_err(|_| WebPushError::Browser)
}

impl Transport for WebPush {
    fn send<'a>(&'a self, dispatch: &'a Dispatch) -> BoxFuture<'a, Sent> {
        Box::pin(self.deliver(dispatch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8291, Appendix A.
    const AS_PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const UA_PUBLIC: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const SEALED: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    #[test]
    fn the_example_of_the_standard_is_sealed_as_there() {
        let own = PrivateKey::from_private_key(&ECDH_P256, &octets(AS_PRIVATE).unwrap()).unwrap();
        let salt = octets(SALT).unwrap().try_into().unwrap();
        let message = b"When I grow up, I want to be a watermelon";
        let made = sealed_with(&own, salt, (UA_PUBLIC, AUTH), message).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(made), SEALED);
    }

    #[test]
    fn keys_that_are_none_and_messages_that_do_not_fit_are_refused() {
        for (p256dh, auth) in [("", AUTH), (AUTH, AUTH), (UA_PUBLIC, "AAAA"), ("!", AUTH)] {
            assert_eq!(sealed(p256dh, auth, b"x"), Err(WebPushError::Browser));
        }
        let off_curve = URL_SAFE_NO_PAD.encode([4; POINT]);
        assert_eq!(sealed(&off_curve, AUTH, b"x"), Err(WebPushError::Browser));
        assert!(sealed(UA_PUBLIC, AUTH, &[0; 3_900]).is_ok());
        assert_eq!(
            sealed(UA_PUBLIC, AUTH, &[0; 4_000]),
            Err(WebPushError::Seal)
        );
    }

    #[test]
    fn a_key_is_read_as_it_was_made() {
        let key = VapidKey::from_pkcs8(&VapidKey::generate().unwrap()).unwrap();
        assert_eq!(octets(&key.public()).unwrap().len(), POINT);
        assert!(VapidKey::from_pkcs8(b"none").is_err());
    }
}
