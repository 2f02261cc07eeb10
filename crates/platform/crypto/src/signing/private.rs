//! Keys that sign.
//!
//! Tokens are signed with ES256, and ID tokens with RS256 for clients that ask for nothing else; checkpoints
//! of the audit tree with Ed25519, as transparency logs are.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use mt_kernel::Secret;
use zeroize::Zeroizing;

use super::PublicKey;
use crate::CryptoError;

/// A private key as PKCS#8 (RFC 5958): not printed, wiped when dropped, to be sealed before it goes
/// anywhere.
pub type Pkcs8 = Secret<Zeroizing<Vec<u8>>>;

/// An ES256 key (ECDSA over P-256 with SHA-256).
pub struct SigningKey {
    pair: EcdsaKeyPair,
}

impl SigningKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Primitive`] when the machine has no entropy.
    pub fn generate() -> Result<Self, CryptoError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        pair.map(|pair| Self { pair })
            .map_err(|_| CryptoError::Primitive("key generation"))
    }

    /// Reads a key that [`Self::to_pkcs8`] wrote.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
        pair.map(|pair| Self { pair })
            .map_err(|_| CryptoError::BadKey("ES256 private"))
    }

    /// The private key, for sealed storage.
    ///
    /// # Errors
    /// [`CryptoError::Primitive`].
    pub fn to_pkcs8(&self) -> Result<Pkcs8, CryptoError> {
        let document = self
            .pair
            .to_pkcs8v1()
            .map_err(|_| CryptoError::Primitive("key export"))?;
        Ok(Secret::new(Zeroizing::new(document.as_ref().to_vec())))
    }

    /// The signature of `message`: `r | s`, 64 bytes, as JWS wants it (RFC 7518, 3.4).
    ///
    /// # Errors
    /// [`CryptoError::Primitive`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        signature
            .map(|signature| signature.as_ref().to_vec())
            .map_err(|_| CryptoError::Primitive("signing"))
    }

    /// The public half.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`].
    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        PublicKey::from_p256_point(self.pair.public_key().as_ref())
    }
}

/// An RS256 key (RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits), which every OpenID client must understand.
pub struct RsaSigningKey {
    pair: RsaKeyPair,
}

impl RsaSigningKey {
    /// A new random key. Takes a good part of a second of a processor.
    ///
    /// # Errors
    /// [`CryptoError::Primitive`] when the machine has no entropy.
    pub fn generate() -> Result<Self, CryptoError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048);
        pair.map(|pair| Self { pair })
            .map_err(|_| CryptoError::Primitive("key generation"))
    }

    /// Reads a key that [`Self::to_pkcs8`] wrote.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8);
        pair.map(|pair| Self { pair })
            .map_err(|_| CryptoError::BadKey("RS256 private"))
    }

    /// The private key, for sealed storage.
    ///
    /// # Errors
    /// [`CryptoError::Primitive`].
    pub fn to_pkcs8(&self) -> Result<Pkcs8, CryptoError> {
        let document: Pkcs8V1Der<'static> = self
            .pair
            .as_der()
            .map_err(|_| CryptoError::Primitive("key export"))?;
        Ok(Secret::new(Zeroizing::new(document.as_ref().to_vec())))
    }

    /// The signature of `message`, as long as the modulus (RFC 7518, 3.3).
    ///
    /// # Errors
    /// [`CryptoError::Primitive`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| CryptoError::Primitive("signing"))?;
        Ok(signature)
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        let public = self.pair.public_key();
        PublicKey::Rsa {
            n: public.modulus().big_endian_without_leading_zero().to_vec(),
            e: public.exponent().big_endian_without_leading_zero().to_vec(),
        }
    }
}

/// An Ed25519 key that signs checkpoints.
pub struct CheckpointKey {
    pair: Ed25519KeyPair,
}

impl CheckpointKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Primitive`] when the machine has no entropy.
    pub fn generate() -> Result<Self, CryptoError> {
        let pair = Ed25519KeyPair::generate();
        pair.map(|pair| Self { pair })
            .map_err(|_| CryptoError::Primitive("key generation"))
    }

    /// Reads a key that [`Self::to_pkcs8`] wrote.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8);
        pair.map(|pair| Self { pair })
            .map_err(|_| CryptoError::BadKey("Ed25519 private"))
    }

    /// The private key, for sealed storage.
    ///
    /// # Errors
    /// [`CryptoError::Primitive`].
    pub fn to_pkcs8(&self) -> Result<Pkcs8, CryptoError> {
        let document = self
            .pair
            .to_pkcs8()
            .map_err(|_| CryptoError::Primitive("key export"))?;
        Ok(Secret::new(Zeroizing::new(document.as_ref().to_vec())))
    }

    /// The signature of `message`, 64 bytes (RFC 8032).
    ///
    /// # Errors
    /// [`CryptoError::Primitive`].
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], CryptoError> {
        let failed = CryptoError::Primitive("signing");
        let signature = self
            .pair
            .try_sign(message)
            .map_err(|_| CryptoError::Primitive("signing"))?;
        signature.as_ref().try_into().map_err(|_| failed)
    }

    /// The public half.
    ///
    /// # Errors
    /// [`CryptoError::BadKey`].
    pub fn public_key(&self) -> Result<PublicKey, CryptoError> {
        PublicKey::ed25519(self.pair.public_key().as_ref())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([secret])")
    }
}

impl fmt::Debug for RsaSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaSigningKey([secret])")
    }
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckpointKey([secret])")
    }
}
