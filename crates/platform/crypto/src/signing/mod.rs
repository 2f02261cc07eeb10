//! Signatures: ES256 and RS256 for tokens, Ed25519 for checkpoints, and what others sign their tokens with.
//!
//! Signing keys leave as PKCS#8 only, to be sealed under [`Purpose::TokenSigning`](crate::Purpose);
//! public keys come and go as the members of a JWK (RFC 7518, RFC 8037).

mod private;
mod public;

pub use private::{CheckpointKey, Pkcs8, RsaSigningKey, SigningKey};
pub use public::{Algorithm, PublicKey};
