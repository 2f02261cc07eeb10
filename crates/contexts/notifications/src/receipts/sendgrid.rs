//! SendGrid's signed event webhook: ECDSA over P-256 and SHA-256 of the timestamp and the body as they arrived.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mt_kernel::{Instant, TenantId};
use serde::Deserialize;
use uuid::Uuid;

use super::{Receipt, Refused};
use crate::domain::DeliveryState;

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";
/// How far the sender's clock may be from ours, seconds.
const WINDOW: u64 = 300;
/// `SubjectPublicKeyInfo` of a point of P-256 up to the point itself (RFC 5480).
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The verification key that SendGrid shows: an uncompressed point of P-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendGridKey([u8; 65]);

impl SendGridKey {
    /// Reads the key as SendGrid shows it: base64 of `SubjectPublicKeyInfo`. `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let der = STANDARD.decode(text.trim()).ok()?;
        let point = der.strip_prefix(&SPKI)?;
        Some(Self(point.try_into().ok()?))
    }

    /// The receipts of a call, once it is known to be SendGrid's; what is not about a delivery of ours is left out.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn read(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Instant,
    ) -> Result<Vec<Receipt>, Refused> {
        let timestamp = one(headers, TIMESTAMP).ok_or(Refused::Unsigned)?;
        let signature = one(headers, SIGNATURE).ok_or(Refused::Unsigned)?;
        let signature = STANDARD.decode(signature).map_err(|_| Refused::Unsigned)?;
        let at: i64 = timestamp.parse().map_err(|_| Refused::Unsigned)?;
        if at.abs_diff(now.unix_seconds()) > WINDOW {
            return Err(Refused::OutOfWindow);
        }
        let signed = [timestamp.as_bytes(), body].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0);
        let good = key.verify(&signed, &signature);
        good.map_err(|_| Refused::BadSignature)?;
        let events: Vec<Event> = serde_json::from_slice(body).map_err(|_| Refused::Unreadable)?;
        Ok(events.into_iter().filter_map(Event::receipt).collect())
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// An event of SendGrid; `delivery` and `tenant` are what we gave it along.
#[derive(Deserialize)]
struct Event {
    event: String,
    sg_event_id: String,
    #[serde(default)]
    delivery: Option<String>,
    #[serde(default)]
    tenant: Option<String>,
    /// Of a bounce: `bounce`, or `blocked` when the server may take the next one.
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl Event {
    fn receipt(self) -> Option<Receipt> {
        let blocked = self.kind.as_deref() == Some("blocked");
        let failed = Some(DeliveryState::Failed);
        let (state, reason, gone) = match self.event.as_str() {
            "delivered" => (Some(DeliveryState::Delivered), None, false),
            "bounce" if blocked => (failed, Some("blocked"), false),
            "bounce" => (failed, Some("bounced"), true),
            "dropped" => (failed, Some("dropped"), false),
            "spamreport" => (None, Some("complaint"), true),
            "unsubscribe" | "group_unsubscribe" => (None, Some("stopped"), true),
            _ => return None,
        };
        Some(Receipt {
            tenant: TenantId(self.tenant?.parse().ok()?),
            delivery: Uuid::parse_str(&self.delivery?).ok()?,
            id: self.sg_event_id,
            state,
            reason,
            gone,
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
    use axum::http::HeaderName;

    use super::*;

    const NOW: Instant = Instant(1_800_000_000_000_000);

    fn pair() -> (EcdsaKeyPair, SendGridKey) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
        let shown = STANDARD.encode([&SPKI[..], pair.public_key().as_ref()].concat());
        let key = SendGridKey::parse(&shown).unwrap();
        (pair, key)
    }

    fn signed(pair: &EcdsaKeyPair, at: i64, body: &[u8]) -> HeaderMap {
        let message = [at.to_string().as_bytes(), body].concat();
        let signature = pair.sign(&SystemRandom::new(), &message).unwrap();
        [
            (SIGNATURE, STANDARD.encode(signature.as_ref())),
            (TIMESTAMP, at.to_string()),
        ]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect()
    }

    #[test]
    fn what_is_signed_is_read_and_nothing_else() {
        let (pair, key) = pair();
        let body = br#"[
            {"event":"delivered","sg_event_id":"e1","delivery":"00000000-0000-0000-0000-000000000001","tenant":"7"},
            {"event":"bounce","type":"bounce","sg_event_id":"e2","delivery":"00000000-0000-0000-0000-000000000001","tenant":"7"},
            {"event":"bounce","type":"blocked","sg_event_id":"e3","delivery":"00000000-0000-0000-0000-000000000001","tenant":"7"},
            {"event":"open","sg_event_id":"e4","delivery":"00000000-0000-0000-0000-000000000001","tenant":"7"},
            {"event":"delivered","sg_event_id":"e5"}
        ]"#;
        let now = NOW.unix_seconds();
        let read = key.read(&signed(&pair, now, body), body, NOW).unwrap();
        let said: Vec<_> = read
            .iter()
            .map(|one| (one.state, one.reason, one.gone))
            .collect();
        assert_eq!(
            said,
            [
                (Some(DeliveryState::Delivered), None, false),
                (Some(DeliveryState::Failed), Some("bounced"), true),
                (Some(DeliveryState::Failed), Some("blocked"), false),
            ]
        );
        assert_eq!(read[0].tenant, TenantId(7));
        let other = signed(&self::pair().0, now, body);
        let old = signed(&pair, now - 301, body);
        for (headers, body, why) in [
            (&other, &body[..], Refused::BadSignature),
            (&old, &body[..], Refused::OutOfWindow),
            (&signed(&pair, now, body), b"[]", Refused::BadSignature),
            (&HeaderMap::new(), &body[..], Refused::Unsigned),
            (&signed(&pair, now, b"{"), b"{", Refused::Unreadable),
        ] {
            assert_eq!(key.read(headers, body, NOW), Err(why));
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for bad in ["", "AAAA", "!", &STANDARD.encode([0; 91])] {
            assert_eq!(SendGridKey::parse(bad), None, "{bad}");
        }
    }
}
