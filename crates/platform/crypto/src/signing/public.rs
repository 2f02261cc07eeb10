//! Keys that verify.
//!
//! The algorithm is chosen by the verifier and checked against the kind of key, so a token cannot talk
//! its way to a weaker one.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};

use crate::CryptoError;

/// A signature algorithm by its JOSE name. `none` and the symmetric ones are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2048 to 8192 bits.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384, keys of 2048 to 8192 bits.
    Rs384,
    /// RSASSA-PSS with SHA-256, keys of 2048 to 8192 bits.
    Ps256,
    /// RSASSA-PSS with SHA-384, keys of 2048 to 8192 bits.
    Ps384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    const ALL: [Self; 7] = [
        Self::Es256,
        Self::Es384,
        Self::Rs256,
        Self::Rs384,
        Self::Ps256,
        Self::Ps384,
        Self::EdDsa,
    ];

    /// The name in a JOSE header (RFC 7518, 3.1; RFC 8037).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of this name, when it is one we accept.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    const fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
            Self::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
            Self::Es256 | Self::Es384 | Self::EdDsa => None,
        }
    }
}

/// A public key, as the members of a JWK after base64url decoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// `kty` EC, `crv` P-256.
    P256 {
        /// `x`
        x: [u8; 32],
        /// `y`
        y: [u8; 32],
    },
    /// `kty` EC, `crv` P-384.
    P384 {
        /// `x`
        x: [u8; 48],
        /// `y`
        y: [u8; 48],
    },
    /// `kty` RSA.
    Rsa {
        /// Modulus, big-endian.
        n: Vec<u8>,
        /// Public exponent, big-endian.
        e: Vec<u8>,
    },
    /// `kty` OKP, `crv` Ed25519.
    Ed25519 {
        /// `x`
        x: [u8; 32],
    },
}

impl PublicKey {
    /// A P-256 or P-384 key by the lengths of its coordinates.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] when they have neither length. Whether the point lies on the curve is
    /// checked when it verifies.
    pub fn ec(x: &[u8], y: &[u8]) -> Result<Self, CryptoError> {
        if let (Ok(x), Ok(y)) = (x.try_into(), y.try_into()) {
            return Ok(Self::P256 { x, y });
        }
        match (x.try_into(), y.try_into()) {
            (Ok(x), Ok(y)) => Ok(Self::P384 { x, y }),
            _ => Err(CryptoError::BadKey("EC public")),
        }
    }

    /// An RSA key; its size is checked when it verifies.
    #[must_use]
    pub fn rsa(n: &[u8], e: &[u8]) -> Self {
        let significant = |bytes: &[u8]| bytes.iter().copied().skip_while(|b| *b == 0).collect();
        Self::Rsa {
            n: significant(n),
            e: significant(e),
        }
    }

    /// An Ed25519 key.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`] when it does not have 32 bytes.
    pub fn ed25519(x: &[u8]) -> Result<Self, CryptoError> {
        let x = x
            .try_into()
            .map_err(|_| CryptoError::BadKey("Ed25519 public"))?;
        Ok(Self::Ed25519 { x })
    }

    /// From an uncompressed point, `04 | x | y`.
    pub(super) fn from_p256_point(point: &[u8]) -> Result<Self, CryptoError> {
        match point.split_first() {
            Some((4, coordinates)) if coordinates.len() == 64 => {
                let (x, y) = coordinates.split_at(32);
                Self::ec(x, y)
            }
            _ => Err(CryptoError::BadKey("EC public")),
        }
    }

    /// Verifies `signature` of `message` under `algorithm`.
    ///
    /// # Errors
    /// [`CryptoError::BadSignature`], also when the algorithm does not go with the kind of key or the
    /// key is too weak for it.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let verified = match (self, algorithm) {
            (Self::P256 { x, y }, Algorithm::Es256) => {
                verify_raw(&ECDSA_P256_SHA256_FIXED, &point(x, y), message, signature)
            }
            (Self::P384 { x, y }, Algorithm::Es384) => {
                verify_raw(&ECDSA_P384_SHA384_FIXED, &point(x, y), message, signature)
            }
            (Self::Ed25519 { x }, Algorithm::EdDsa) => verify_raw(&ED25519, x, message, signature),
            (Self::Rsa { n, e }, algorithm) => algorithm.rsa().is_some_and(|parameters| {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(parameters, message, signature).is_ok()
            }),
            _ => false,
        };
        judged(verified)
    }

    /// Verifies a signature as authenticators make it (WebAuthn §6.5.5): that of ES256 is a DER sequence
    /// there, all others are as in JOSE.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_authenticator(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        let (Self::P256 { x, y }, Algorithm::Es256) = (self, algorithm) else {
            return self.verify(algorithm, message, signature);
        };
        let key = point(x, y);
        judged(verify_raw(
            &ECDSA_P256_SHA256_ASN1,
            &key,
            message,
            signature,
        ))
    }
}

const fn judged(verified: bool) -> Result<(), CryptoError> {
    if verified {
        Ok(())
    } else {
        Err(CryptoError::BadSignature)
    }
}

fn verify_raw(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    UnparsedPublicKey::new(algorithm, key)
        .verify(message, signature)
        .is_ok()
}

/// An uncompressed point (SEC 1, 2.3.3).
fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}
