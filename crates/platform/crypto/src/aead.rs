//! AES-256-GCM with nonces that cannot repeat.
//!
//! # Nonces
//! GCM is broken by one repeated nonce. Each *session* (one loading of a key by one process) draws a
//! random 96-bit start and counts up from it modulo 2^96: within a session nonces are distinct by
//! construction. Two sessions that used `a` and `b` nonces overlap with probability below
//! `(a + b) / 2^96`, so `s` sessions with `N` seals in all overlap with probability below
//! `s · N / 2^96`: for 2^24 sessions and 2^40 seals under one key that is 2^-32, the bound of NIST
//! SP 800-38D. Random nonces reach that bound at 2^32 seals, and cost a call to the generator each.
//!
//! What breaks the argument is a *copied* session: a virtual machine resumed twice from one memory
//! snapshot, or a process that forks. The server does not fork; operators rotate the data keys
//! before they resume a second copy.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::random::random_bytes;
use crate::{CryptoError, DataKey};

/// Bytes of a nonce.
pub(crate) const NONCE: usize = 12;
/// Bytes of an authentication tag.
pub(crate) const TAG: usize = 16;

/// Seals per session; far beyond practice, so that the argument above never rests on hope.
const SESSION_LIMIT: u64 = 1 << 40;

/// One loaded AES-256-GCM key with its nonce sequence.
pub(crate) struct AeadKey {
    key: LessSafeKey,
    nonces: NonceSequence,
}

impl AeadKey {
    pub(crate) fn new(key: &DataKey) -> Result<Self, CryptoError> {
        let unbound = UnboundKey::new(&AES_256_GCM, key.expose())
            .map_err(|_| CryptoError::Primitive("key schedule"))?;
        Ok(Self {
            key: LessSafeKey::new(unbound),
            nonces: NonceSequence::start()?,
        })
    }

    /// A nonce that this key has not used.
    pub(crate) fn next_nonce(&self) -> Result<[u8; NONCE], CryptoError> {
        self.nonces.next()
    }

    /// Encrypts `buffer` in place and returns the tag. `nonce` must come from [`Self::next_nonce`].
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE],
        aad: &[u8],
        buffer: &mut [u8],
    ) -> Result<[u8; TAG], CryptoError> {
        let failed = CryptoError::Primitive("sealing");
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), buffer)
            .map_err(|_| CryptoError::Primitive("sealing"))?;
        tag.as_ref().try_into().map_err(|_| failed)
    }

    /// Decrypts `ciphertext` (with its tag at the end) into `plaintext`, replacing its content.
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE],
        aad: &[u8],
        ciphertext: &[u8],
        plaintext: &mut Vec<u8>,
    ) -> Result<(), CryptoError> {
        let (body, tag) = ciphertext
            .split_last_chunk::<TAG>()
            .ok_or(CryptoError::Malformed("sealed value"))?;
        plaintext.resize(body.len(), 0);
        self.key
            .open_separate_gather(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                body,
                tag,
                plaintext,
            )
            .map_err(|_| {
                plaintext.clear();
                CryptoError::NotAuthentic
            })
    }

    /// How many values this loading of the key has sealed.
    pub(crate) fn sealed(&self) -> u64 {
        self.nonces.used()
    }
}

/// A random 96-bit start, counted up.
struct NonceSequence {
    start: u128,
    next: AtomicU64,
}

impl NonceSequence {
    fn start() -> Result<Self, CryptoError> {
        let mut start = [0; 16];
        start[4..].copy_from_slice(&random_bytes::<NONCE>()?);
        Ok(Self {
            start: u128::from_be_bytes(start),
            next: AtomicU64::new(0),
        })
    }

    fn next(&self) -> Result<[u8; NONCE], CryptoError> {
        let step = self.next.fetch_add(1, Ordering::Relaxed);
        if step >= SESSION_LIMIT {
            return Err(CryptoError::Exhausted);
        }
        let wide = self.start.wrapping_add(u128::from(step)).to_be_bytes();
        let [_, _, _, _, nonce @ ..] = wide;
        Ok(nonce)
    }

    fn used(&self) -> u64 {
        self.next.load(Ordering::Relaxed).min(SESSION_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nonces_of_one_session_are_distinct_even_where_the_counter_wraps() {
        let sequence = NonceSequence {
            start: (1 << 96) - 3,
            next: AtomicU64::new(0),
        };
        let nonces: Vec<_> = (0..6).map(|_| sequence.next().unwrap()).collect();
        assert_eq!(nonces[2], [0xff; NONCE]);
        assert_eq!(nonces[3], [0; NONCE]);
        assert_eq!(nonces.iter().collect::<HashSet<_>>().len(), 6);
        assert_eq!(sequence.used(), 6);
    }

    #[test]
    fn threads_never_share_a_nonce() {
        let sequence = NonceSequence::start().unwrap();
        let drawn: Vec<_> = std::thread::scope(|scope| {
            let draw = || {
                (0..1000)
                    .map(|_| sequence.next().unwrap())
                    .collect::<Vec<_>>()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 4000);
    }

    #[test]
    fn sessions_start_apart() {
        let [a, b] = [0, 1].map(|_| NonceSequence::start().unwrap());
        assert_ne!(a.start, b.start);
        assert!(a.start < 1 << 96);
    }

    #[test]
    fn an_exhausted_session_refuses_and_stays_refusing() {
        let sequence = NonceSequence {
            start: 0,
            next: AtomicU64::new(SESSION_LIMIT - 1),
        };
        assert!(sequence.next().is_ok());
        for _ in 0..2 {
            assert!(matches!(sequence.next(), Err(CryptoError::Exhausted)));
        }
    }

    /// Test case 16 of the GCM specification (McGrew and Viega), AES-256 with associated data.
    #[test]
    fn aes_256_gcm_agrees_with_the_published_vector() {
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let nonce = hex("cafebabefacedbaddecaf888").try_into().unwrap();
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plaintext = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let key = AeadKey::new(&DataKey::from_bytes(key.try_into().unwrap())).unwrap();
        let mut buffer = plaintext.clone();
        let tag = key.seal(nonce, &aad, &mut buffer).unwrap();
        assert_eq!(
            buffer,
            hex(
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            )
        );
        assert_eq!(tag.to_vec(), hex("76fc6ece0f4e1768cddf8853bb2d551b"));
        buffer.extend_from_slice(&tag);
        let mut opened = Vec::new();
        key.open(nonce, &aad, &buffer, &mut opened).unwrap();
        assert_eq!(opened, plaintext);
        assert!(key.open(nonce, &aad[1..], &buffer, &mut opened).is_err());
        assert!(opened.is_empty());
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }
}
