//! Public keys as authenticators send them (COSE_Key, RFC 9053), of the three kinds that we accept.

use mt_crypto::{Algorithm, PublicKey};

use super::WebAuthnError;
use super::cbor::Value;

/// The algorithms that we ask for, best first, by their COSE numbers.
pub(super) const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// Labels of a COSE_Key (RFC 9052 §7.1, RFC 9053 §7, RFC 8230 §4).
const KTY: i64 = 1;
const ALG: i64 = 3;
const CRV_OR_N: i64 = -1;
const X_OR_E: i64 = -2;
const Y: i64 = -3;

/// A key, and the one algorithm that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CredentialKey {
    algorithm: Algorithm,
    key: PublicKey,
}

impl CredentialKey {
    /// Reads a COSE_Key that is all of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, WebAuthnError> {
        Self::of(&Value::whole(bytes)?)
    }

    /// Kind, curve and algorithm must name each other: a key has one use.
    pub(super) fn of(cose: &Value<'_>) -> Result<Self, WebAuthnError> {
        let integer = |label| cose.at(label).and_then(Value::integer);
        let bytes = |label| {
            cose.at(label)
                .and_then(Value::bytes)
                .ok_or(WebAuthnError::Key)
        };
        let bad = |_| WebAuthnError::Key;
        let algorithm = integer(ALG).ok_or(WebAuthnError::Key)?;
        let (algorithm, key) = match (integer(KTY), algorithm, integer(CRV_OR_N)) {
            (Some(2), ES256, Some(1)) => {
                let (x, y) = (bytes(X_OR_E)?, bytes(Y)?);
                (Algorithm::Es256, PublicKey::ec(x, y).map_err(bad)?)
            }
            (Some(1), EDDSA, Some(6)) => {
                let key = PublicKey::ed25519(bytes(X_OR_E)?);
                (Algorithm::EdDsa, key.map_err(bad)?)
            }
            (Some(3), RS256, None) => {
                let key = PublicKey::rsa(bytes(CRV_OR_N)?, bytes(X_OR_E)?);
                (Algorithm::Rs256, key)
            }
            (_, ES256 | EDDSA | RS256, _) => return Err(WebAuthnError::Key),
            _ => return Err(WebAuthnError::Algorithm),
        };
        // The coordinates of P-384 have another length, and are no key of ES256.
        if matches!(key, PublicKey::P384 { .. }) {
            return Err(WebAuthnError::Key);
        }
        Ok(Self { algorithm, key })
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WebAuthnError> {
        let verified = self
            .key
            .verify_authenticator(self.algorithm, message, signature);
        verified.map_err(|_| WebAuthnError::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ec(alg: i64, crv: i64, x: &'static [u8], y: Value<'static>) -> Value<'static> {
        Value::Map(vec![
            (Value::Integer(1), Value::Integer(2)),
            (Value::Integer(3), Value::Integer(alg)),
            (Value::Integer(-1), Value::Integer(crv)),
            (Value::Integer(-2), Value::Bytes(x)),
            (Value::Integer(-3), y),
        ])
    }

    #[test]
    fn a_key_is_what_it_says_in_all_its_parts() {
        let y = || Value::Bytes(&[2; 32]);
        assert!(CredentialKey::of(&ec(-7, 1, &[1; 32], y())).is_ok());
        for (odd, why) in [
            (ec(-7, 2, &[1; 32], y()), "another curve"),
            (ec(-8, 1, &[1; 32], y()), "an algorithm of another kind"),
            (ec(-7, 1, &[1; 31], y()), "a short coordinate"),
            (ec(-7, 1, &[1; 48], Value::Bytes(&[2; 48])), "P-384"),
            (ec(-7, 1, &[1; 32], Value::Bool(true)), "a compressed point"),
            (Value::Map(vec![]), "nothing"),
            (Value::Integer(1), "no map"),
        ] {
            assert_eq!(CredentialKey::of(&odd), Err(WebAuthnError::Key), "{why}");
        }
        let es384 = ec(-35, 2, &[1; 48], Value::Bytes(&[2; 48]));
        assert_eq!(CredentialKey::of(&es384), Err(WebAuthnError::Algorithm));
    }
}
