//! Secrets and signatures of Standard Webhooks 1.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mt_crypto::{CryptoError, constant_time_eq, hmac_sha256};

const PREFIX: &str = "whsec_";
/// Bytes of a secret of ours; others may have 24 to 64.
const LENGTH: usize = 32;

/// The secret is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret is whsec_ and base64 of 24 to 64 bytes")]
pub struct SecretError;

/// A shared secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        Ok(Self(mt_crypto::random_bytes::<LENGTH>()?.to_vec()))
    }

    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// [`SecretError`] when it is none.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretError)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| SecretError)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(SecretError)
        }
    }

    /// The secret as its receiver gets it, once.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The signature of a message: `v1,` and base64.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
        format!("v1,{}", STANDARD.encode(hmac_sha256(&self.0, &signed)))
    }

    /// Whether one of several signatures is of this secret; takes as long whether it is or not.
    #[must_use]
    pub fn signed(&self, id: &str, timestamp: i64, body: &[u8], signatures: &str) -> bool {
        let expected = self.sign(id, timestamp, body);
        signatures.split(' ').fold(false, |found, one| {
            constant_time_eq(one.as_bytes(), expected.as_bytes()) | found
        })
    }
}

/// The header `webhook-signature`: one signature for each secret in force.
pub(crate) fn signatures(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let each: Vec<String> = secrets
        .iter()
        .map(|secret| secret.sign(id, timestamp, body))
        .collect();
    each.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example of the specification's libraries.
    #[test]
    fn the_example_of_the_specification_is_signed_as_there() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn during_a_rotation_either_secret_verifies_and_no_other() {
        let [old, new, other] = [(); 3].map(|()| Secret::generate().unwrap());
        let header = signatures(&[new.clone(), old.clone()], "m", 1, b"{}");
        assert!(old.signed("m", 1, b"{}", &header) && new.signed("m", 1, b"{}", &header));
        assert!(!other.signed("m", 1, b"{}", &header));
        assert!(!new.signed("n", 1, b"{}", &header));
        assert!(!new.signed("m", 2, b"{}", &header));
        assert!(!new.signed("m", 1, b"{ }", &header));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_none_is_printed() {
        let short = format!("whsec_{}", STANDARD.encode([1; 23]));
        for text in ["", "whsec_", "whsec_!", &short, "c2VjcmV0"] {
            assert_eq!(Secret::parse(text), Err(SecretError), "{text}");
        }
        let secret = Secret::generate().unwrap();
        assert_eq!(Secret::parse(&secret.reveal()), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
