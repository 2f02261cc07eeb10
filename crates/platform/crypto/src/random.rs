//! Random bytes from the operating system's generator.
//!
//! One place, so that no other crate chooses a generator of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::CryptoError;

/// Fills `buffer` with random bytes fit for keys.
///
/// # Errors
/// [`CryptoError::Primitive`] when the machine has no entropy.
pub fn fill_random(buffer: &mut [u8]) -> Result<(), CryptoError> {
    aws_lc_rs::rand::fill(buffer).map_err(|_| CryptoError::Primitive("random generator"))
}

/// `N` random bytes fit for keys.
///
/// # Errors
/// [`CryptoError::Primitive`] when the machine has no entropy.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// A random token of `bytes` bytes of entropy as unpadded base64url text; 32 for bearer secrets.
///
/// # Errors
/// [`CryptoError::Primitive`] when the machine has no entropy.
pub fn random_token(bytes: usize) -> Result<String, CryptoError> {
    let mut buffer = Zeroizing::new(vec![0; bytes]);
    fill_random(&mut buffer)?;
    Ok(URL_SAFE_NO_PAD.encode(&*buffer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_url_safe_of_the_stated_entropy_and_differ() {
        let token = random_token(32).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(&token).unwrap().len(), 32);
        assert_ne!(token, random_token(32).unwrap());
        assert_ne!(random_bytes::<16>().unwrap(), [0; 16]);
    }
}
