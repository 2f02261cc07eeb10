//! Webhooks that others send to us: one verifier for all.
//!
//! A signature is checked over the bytes as they arrived, in constant time, within a window of time; an id is
//! taken once, in the transaction of its effect. Without a secret everything is refused.

use axum::http::HeaderMap;
use mt_crypto::{constant_time_eq, hmac_sha256, sha256};
use mt_database::TenantTx;
use mt_kernel::{ErrorKind, Fault, Instant};

use crate::domain::{Secret, moment};
use crate::error::Result;
use crate::store;

/// How far the sender's clock may be from ours, seconds.
const WINDOW: i64 = 300;
/// How old a message may be whose time is that of what happened, not that of the attempt: whoever tries again sends the same.
/// Ids are remembered for longer.
const TRIED_AGAIN_FOR: i64 = 3 * 86_400;
/// Longest id of a sender.
const LONGEST_ID: usize = 256;

/// How a sender signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`; secrets are `whsec_…`.
    Standard,
    /// Azoth: `X-Azoth-Signature`, hexadecimal HMAC-SHA256 of the body, in which id (`event_id`) and time (`timestamp`) are.
    Azoth,
    /// Stripe: `Stripe-Signature: t=…,v1=…`, hexadecimal HMAC-SHA256 of `t.body`; the id is that of the event in the body.
    Stripe,
}

/// Why a message is not taken. All say the same to the sender but in the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No secret is set.
    #[error("no secret is set for this sender")]
    NoSecret,
    /// A header is missing or cannot be read.
    #[error("the message is not signed")]
    Unsigned,
    /// It was signed too long ago, or in the future.
    #[error("the message is too old or too new")]
    OutOfWindow,
    /// The signature is of another secret or message.
    #[error("the signature is not valid")]
    BadSignature,
    /// It has no id by which it could be told from another.
    #[error("the message has no id")]
    NoId,
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        let kind = match refused {
            Refused::NoSecret => ErrorKind::Unavailable,
            Refused::NoId => ErrorKind::Malformed,
            _ => ErrorKind::Unauthenticated,
        };
        Self::new(kind, refused.to_string())
    }
}

/// A message whose sender is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The sender's id of it.
    pub id: String,
}

/// Verifies the messages of one sender.
#[derive(Clone, Debug)]
pub struct Verifier {
    source: &'static str,
    scheme: Scheme,
    /// Several during a rotation; none refuses everything.
    secrets: Vec<String>,
}

impl Verifier {
    /// The verifier of a sender, under a name of ours. Empty secrets do not count.
    #[must_use]
    pub fn new(source: &'static str, scheme: Scheme, secrets: Vec<String>) -> Self {
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
        Self {
            source,
            scheme,
            secrets: secrets.collect(),
        }
    }

    /// Checks a message: the headers, and the body as it arrived.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Instant,
    ) -> Result<Verified, Refused> {
        if self.secrets.is_empty() {
            return Err(Refused::NoSecret);
        }
        let id = match self.scheme {
            Scheme::Standard => self.standard(headers, body, now)?,
            Scheme::Azoth => self.azoth(headers, body, now)?,
            Scheme::Stripe => self.stripe(headers, body, now)?,
        };
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(Refused::NoId);
        }
        Ok(Verified { id })
    }

    /// Takes a verified message, in the transaction of its effect; false when it was taken before, and then nothing is to be done.
    ///
    /// # Errors
    /// When the database does not answer: the sender must send again.
    pub async fn take(&self, tx: &TenantTx, verified: &Verified, now: Instant) -> Result<bool> {
        store::receive(tx, self.source, &sha256(verified.id.as_bytes()), now).await
    }

    fn standard(&self, headers: &HeaderMap, body: &[u8], now: Instant) -> Result<String, Refused> {
        let id = text(headers, "webhook-id").ok_or(Refused::NoId)?;
        let timestamp = text(headers, "webhook-timestamp").and_then(whole);
        let timestamp = timestamp.ok_or(Refused::Unsigned)?;
        let signatures = text(headers, "webhook-signature").ok_or(Refused::Unsigned)?;
        within(timestamp, now)?;
        let good = self.any(|secret| {
            Secret::parse(secret).is_ok_and(|secret| secret.signed(id, timestamp, body, signatures))
        });
        good.then(|| id.to_owned()).ok_or(Refused::BadSignature)
    }

    fn stripe(&self, headers: &HeaderMap, body: &[u8], now: Instant) -> Result<String, Refused> {
        let header = text(headers, "stripe-signature").ok_or(Refused::Unsigned)?;
        let parts = || header.split(',').filter_map(|part| part.split_once('='));
        let given: Vec<&str> = parts()
            .filter(|(name, _)| *name == "v1")
            .map(|(_, value)| value)
            .collect();
        let mut times = parts().filter(|(name, _)| *name == "t");
        let timestamp = match (times.next(), times.next()) {
            (Some((_, time)), None) => whole(time).ok_or(Refused::Unsigned)?,
            _ => return Err(Refused::Unsigned),
        };
        within(timestamp, now)?;
        let signed = [format!("{timestamp}.").as_bytes(), body].concat();
        let good = self.any(|secret| {
            let expected = hexadecimal(&hmac_sha256(secret.as_bytes(), &signed));
            given.iter().fold(false, |found, one| {
                constant_time_eq(one.as_bytes(), expected.as_bytes()) | found
            })
        });
        if !good {
            return Err(Refused::BadSignature);
        }
        let event: serde_json::Value = serde_json::from_slice(body).map_err(|_| Refused::NoId)?;
        let id = event.get("id").and_then(serde_json::Value::as_str);
        id.map(str::to_owned).ok_or(Refused::NoId)
    }

    fn azoth(&self, headers: &HeaderMap, body: &[u8], now: Instant) -> Result<String, Refused> {
        #[derive(serde::Deserialize)]
        struct Signed {
            event_id: Option<String>,
            timestamp: Option<String>,
        }
        let given = text(headers, "x-azoth-signature").ok_or(Refused::Unsigned)?;
        let given = given.to_ascii_lowercase();
        let good = self.any(|secret| {
            let expected = hexadecimal(&hmac_sha256(secret.as_bytes(), body));
            constant_time_eq(given.as_bytes(), expected.as_bytes())
        });
        if !good {
            return Err(Refused::BadSignature);
        }
        let signed: Signed = serde_json::from_slice(body).map_err(|_| Refused::NoId)?;
        let at = signed.timestamp.as_deref().and_then(moment);
        let age = now.unix_seconds() - at.ok_or(Refused::OutOfWindow)?.unix_seconds();
        if !(-WINDOW..=TRIED_AGAIN_FOR).contains(&age) {
            return Err(Refused::OutOfWindow);
        }
        signed.event_id.ok_or(Refused::NoId)
    }

    /// Asks every secret, whichever of them is good.
    fn any(&self, mut is_good: impl FnMut(&str) -> bool) -> bool {
        self.secrets
            .iter()
            .fold(false, |found, secret| is_good(secret) | found)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Digits and nothing else, so that what was signed is what is compared.
fn whole(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
    (plain && !text.starts_with('0'))
        .then(|| text.parse().ok())
        .flatten()
}

fn within(timestamp: i64, now: Instant) -> Result<(), Refused> {
    if timestamp.abs_diff(now.unix_seconds()) > WINDOW.unsigned_abs() {
        return Err(Refused::OutOfWindow);
    }
    Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_700_000_000_000_000);
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        pairs.collect()
    }

    fn standard(timestamp: i64, body: &[u8]) -> HeaderMap {
        let signature = Secret::parse(SECRET)
            .unwrap()
            .sign("msg_1", timestamp, body);
        headers(&[
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", &timestamp.to_string()),
            ("webhook-signature", &format!("v1a,other {signature}")),
        ])
    }

    fn stripe(timestamp: i64, body: &[u8], secret: &str) -> HeaderMap {
        let signed = [format!("{timestamp}.").as_bytes(), body].concat();
        let signature = hexadecimal(&hmac_sha256(secret.as_bytes(), &signed));
        let header = format!("t={timestamp},v1={signature},v0=legacy");
        headers(&[("stripe-signature", &header)])
    }

    #[test]
    fn without_a_secret_everything_is_refused() {
        let headers = standard(NOW.unix_seconds(), b"{}");
        for secrets in [vec![], vec![String::new()]] {
            let verifier = Verifier::new("test", Scheme::Standard, secrets);
            assert_eq!(
                verifier.verify(&headers, b"{}", NOW),
                Err(Refused::NoSecret)
            );
        }
    }

    #[test]
    fn a_standard_message_is_taken_as_it_was_signed_and_when() {
        let secrets = vec![Secret::generate().unwrap().reveal(), SECRET.to_owned()];
        let verifier = Verifier::new("test", Scheme::Standard, secrets);
        let verify = |at: i64, body: &[u8]| {
            let signed = standard(NOW.unix_seconds() + at, b"{}");
            verifier
                .verify(&signed, body, NOW)
                .map(|verified| verified.id)
        };
        assert_eq!(verify(0, b"{}"), Ok("msg_1".to_owned()));
        assert_eq!(verify(-300, b"{}"), Ok("msg_1".to_owned()));
        assert_eq!(verify(-301, b"{}"), Err(Refused::OutOfWindow));
        assert_eq!(verify(301, b"{}"), Err(Refused::OutOfWindow));
        assert_eq!(verify(0, b"{ }"), Err(Refused::BadSignature));
        let unsigned = verifier.verify(&HeaderMap::new(), b"{}", NOW);
        assert_eq!(unsigned, Err(Refused::NoId));
    }

    #[test]
    fn a_stripe_message_is_known_by_the_id_of_its_event() {
        let secret = "whsec_of_stripe";
        let verifier = Verifier::new("stripe", Scheme::Stripe, vec![secret.to_owned()]);
        let body = br#"{"id":"evt_1","type":"charge.succeeded"}"#;
        let now = NOW.unix_seconds();
        let verified = verifier.verify(&stripe(now, body, secret), body, NOW);
        assert_eq!(verified.map(|one| one.id), Ok("evt_1".to_owned()));
        for (headers, why) in [
            (stripe(now, body, "other"), Refused::BadSignature),
            (stripe(now - 301, body, secret), Refused::OutOfWindow),
            (headers(&[("stripe-signature", "v1=00")]), Refused::Unsigned),
            (
                headers(&[("stripe-signature", "t=1,t=2,v1=00")]),
                Refused::Unsigned,
            ),
        ] {
            assert_eq!(verifier.verify(&headers, body, NOW), Err(why));
        }
        let nameless = verifier.verify(&stripe(now, b"{}", secret), b"{}", NOW);
        assert_eq!(nameless, Err(Refused::NoId));
    }

    #[test]
    fn a_message_of_azoth_is_known_by_the_id_and_the_time_in_its_body() {
        let secret = "secret-of-azoth";
        let verify = |secrets: &[&str], signed_with: &str, body: &[u8]| {
            let signature = hexadecimal(&hmac_sha256(signed_with.as_bytes(), body));
            let secrets = secrets.iter().map(|&one| one.to_owned()).collect();
            let headers = headers(&[("x-azoth-signature", &signature.to_uppercase())]);
            let verifier = Verifier::new("azoth", Scheme::Azoth, secrets);
            verifier.verify(&headers, body, NOW).map(|one| one.id)
        };
        let at = |seconds: i64| {
            let at = NOW.plus_seconds(seconds).to_fhir();
            format!(r#"{{"event_id":"e1","timestamp":"{at}"}}"#).into_bytes()
        };
        assert_eq!(
            verify(&["new", secret], secret, &at(0)),
            Ok("e1".to_owned())
        );
        assert_eq!(
            verify(&[secret], secret, &at(-3 * 86_400)),
            Ok("e1".to_owned())
        );
        let timeless = br#"{"event_id":"e1"}"#;
        let nameless = format!(r#"{{"timestamp":"{}"}}"#, NOW.to_fhir());
        for (secrets, body, why) in [
            (&[][..], at(0), Refused::NoSecret),
            (&["other"], at(0), Refused::BadSignature),
            (&[secret], at(-3 * 86_400 - 1), Refused::OutOfWindow),
            (&[secret], at(301), Refused::OutOfWindow),
            (&[secret], timeless.to_vec(), Refused::OutOfWindow),
            (&[secret], nameless.into_bytes(), Refused::NoId),
        ] {
            assert_eq!(verify(secrets, secret, &body), Err(why));
        }
        let verifier = Verifier::new("azoth", Scheme::Azoth, vec![secret.to_owned()]);
        let unsigned = verifier.verify(&HeaderMap::new(), &at(0), NOW);
        assert_eq!(unsigned, Err(Refused::Unsigned));
    }

    #[test]
    fn numbers_are_digits_without_tricks() {
        for bad in ["", "+1", "-1", "01", " 1", "1.0", "99999999999999"] {
            assert_eq!(whole(bad), None, "{bad}");
        }
        assert_eq!(whole("1700000000"), Some(1_700_000_000));
    }
}
