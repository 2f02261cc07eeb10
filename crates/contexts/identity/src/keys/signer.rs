//! A private key that is ready to sign.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_access::{AccessClaims, Signer};
use mt_crypto::{Pkcs8, PublicKey, RsaSigningKey, SigningKey};
use mt_kernel::Secret;
use serde_json::{Value, json};

use super::SigningAlgorithm;
use crate::IdentityError;

/// A key with its id.
pub(crate) struct TokenKey {
    kid: String,
    private: Private,
}

enum Private {
    Es256 { key: SigningKey, access: Signer },
    Rs256(RsaSigningKey),
}

impl TokenKey {
    pub(super) fn generate(
        algorithm: SigningAlgorithm,
    ) -> Result<(Pkcs8, PublicKey), IdentityError> {
        Ok(match algorithm {
            SigningAlgorithm::Es256 => {
                let key = SigningKey::generate()?;
                (key.to_pkcs8()?, key.public_key()?)
            }
            SigningAlgorithm::Rs256 => {
                let key = RsaSigningKey::generate()?;
                (key.to_pkcs8()?, key.public_key())
            }
        })
    }

    pub(super) fn open(
        algorithm: SigningAlgorithm,
        kid: String,
        pkcs8: &[u8],
    ) -> Result<Self, IdentityError> {
        let private = match algorithm {
            SigningAlgorithm::Es256 => Private::Es256 {
                key: SigningKey::from_pkcs8(pkcs8)?,
                access: Signer::new(&kid, &Secret::new(pkcs8.to_vec())),
            },
            SigningAlgorithm::Rs256 => Private::Rs256(RsaSigningKey::from_pkcs8(pkcs8)?),
        };
        Ok(Self { kid, private })
    }

    /// An access token (RFC 9068). Only ES256 keys sign these.
    pub(crate) fn sign_access(&self, claims: &AccessClaims) -> Result<String, IdentityError> {
        match &self.private {
            Private::Es256 { access, .. } => Ok(access.sign(claims)?),
            Private::Rs256(_) => Err(mt_access::TokenError::BadKey.into()),
        }
    }

    /// Another JWT of ours: an ID token (`JWT`) or a logout token (`logout+jwt`).
    pub(crate) fn sign(&self, typ: &str, claims: &Value) -> Result<String, IdentityError> {
        let algorithm = match &self.private {
            Private::Es256 { .. } => SigningAlgorithm::Es256,
            Private::Rs256(_) => SigningAlgorithm::Rs256,
        };
        let header = json!({ "alg": algorithm.name(), "typ": typ, "kid": self.kid });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = match &self.private {
            Private::Es256 { key, .. } => key.sign(message.as_bytes())?,
            Private::Rs256(key) => key.sign(message.as_bytes())?,
        };
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
