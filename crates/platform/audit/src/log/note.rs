//! Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint).
//!
//! The text is what leaves the house: a witness needs nothing else to notice a rewritten log.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mt_crypto::{Algorithm, CheckpointKey, PublicKey};

use crate::tree::Hash;
use crate::{AuditError, Result};

/// Kind of signature in a note: Ed25519.
const ED25519: u8 = 1;

/// The state of a log: so many leaves with this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// The key that verifies the checkpoints of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

impl Checkpoint {
    /// The signed part of the note.
    fn body(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root.0)
        )
    }

    /// The checkpoint as a note signed by `key` under the log's name.
    pub(crate) fn signed(&self, verifier: &VerifierKey, key: &CheckpointKey) -> Result<String> {
        let body = self.body();
        let mut signature = verifier.id().to_vec();
        signature.extend_from_slice(&key.sign(body.as_bytes())?);
        Ok(format!(
            "{body}\n— {} {}\n",
            verifier.name,
            STANDARD.encode(signature)
        ))
    }

    /// Reads a note and checks the signature of `verifier`; other signatures are left alone.
    ///
    /// # Errors
    /// [`AuditError::BadCheckpoint`].
    pub fn open(note: &str, verifier: &VerifierKey) -> Result<Self> {
        let (body, signatures) = note
            .split_once("\n\n")
            .ok_or(AuditError::BadCheckpoint("no signature"))?;
        let checkpoint = Self::read(body)?;
        if checkpoint.origin != verifier.name {
            return Err(AuditError::BadCheckpoint("another log"));
        }
        let signed = format!("{body}\n");
        let verified = signatures
            .lines()
            .any(|line| verifier.verifies(&signed, line));
        if verified {
            Ok(checkpoint)
        } else {
            Err(AuditError::BadCheckpoint("no valid signature"))
        }
    }

    /// Extension lines behind the root are allowed and mean nothing to us.
    fn read(body: &str) -> Result<Self> {
        let malformed = || AuditError::BadCheckpoint("malformed");
        let mut lines = body.lines();
        let mut line = || {
            lines
                .next()
                .filter(|line| !line.is_empty())
                .ok_or_else(malformed)
        };
        let (origin, size, root) = (line()?, line()?, line()?);
        let value = size.parse().map_err(|_| malformed())?;
        let root = STANDARD
            .decode(root)
            .ok()
            .and_then(|bytes| Hash::from_bytes(&bytes));
        // One text for one number: no sign, no leading zero.
        if format!("{value}") != size {
            return Err(malformed());
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: value,
            root: root.ok_or_else(malformed)?,
        })
    }
}

impl VerifierKey {
    pub(crate) fn new(name: String, public: [u8; 32]) -> Self {
        Self { name, public }
    }

    /// Name of the log and of its key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The raw Ed25519 key.
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Key id: the first bytes of `SHA-256(name || "\n" || kind || key)`.
    fn id(&self) -> [u8; 4] {
        let mut input = self.name.clone().into_bytes();
        input.extend_from_slice(&[b'\n', ED25519]);
        input.extend_from_slice(&self.public);
        let [a, b, c, d, ..] = mt_crypto::sha256(&input);
        [a, b, c, d]
    }

    fn verifies(&self, signed: &str, line: &str) -> bool {
        let name_and_signature = line
            .strip_prefix("— ")
            .and_then(|rest| rest.split_once(' '));
        let Some((name, signature)) = name_and_signature else {
            return false;
        };
        let Ok(signature) = STANDARD.decode(signature) else {
            return false;
        };
        let Some((id, signature)) = signature.split_first_chunk::<4>() else {
            return false;
        };
        let key = PublicKey::Ed25519 { x: self.public };
        name == self.name
            && *id == self.id()
            && key
                .verify(Algorithm::EdDsa, signed.as_bytes(), signature)
                .is_ok()
    }

    /// Reads the text that [`Self::to_string`](ToString::to_string) writes.
    ///
    /// # Errors
    /// [`AuditError::BadCheckpoint`].
    pub fn parse(text: &str) -> Result<Self> {
        let malformed = || AuditError::BadCheckpoint("malformed verifier key");
        let mut parts = text.trim_end().splitn(3, '+');
        let (name, id, key) = (parts.next(), parts.next(), parts.next());
        let key = key
            .and_then(|key| STANDARD.decode(key).ok())
            .ok_or_else(malformed)?;
        let public = match key.split_first() {
            Some((&ED25519, public)) => public.try_into().map_err(|_| malformed())?,
            _ => return Err(malformed()),
        };
        let verifier = Self {
            name: name.ok_or_else(malformed)?.to_owned(),
            public,
        };
        let same = id.is_some_and(|id| id == hex(&verifier.id()));
        if same { Ok(verifier) } else { Err(malformed()) }
    }
}

impl std::fmt::Display for VerifierKey {
    /// `name+id+key`, as tools of the transparency ecosystem take it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut key = vec![ED25519];
        key.extend_from_slice(&self.public);
        write!(
            f,
            "{}+{}+{}",
            self.name,
            hex(&self.id()),
            STANDARD.encode(key)
        )
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> (VerifierKey, CheckpointKey, Checkpoint, String) {
        let key = CheckpointKey::generate().unwrap();
        let Ok(PublicKey::Ed25519 { x }) = key.public_key() else {
            panic!("an Ed25519 key")
        };
        let verifier = VerifierKey::new("audit.example/7".to_owned(), x);
        let checkpoint = Checkpoint {
            origin: verifier.name.clone(),
            size: 42,
            root: Hash::of_leaf(b"x"),
        };
        let note = checkpoint.signed(&verifier, &key).unwrap();
        (verifier, key, checkpoint, note)
    }

    #[test]
    fn a_note_opens_under_its_key_and_no_other() {
        let (verifier, _, checkpoint, note) = signed();
        assert_eq!(Checkpoint::open(&note, &verifier).unwrap(), checkpoint);
        assert!(Checkpoint::open(&note, &signed().0).is_err());
    }

    #[test]
    fn a_note_with_any_changed_character_is_refused() {
        let (verifier, _, _, note) = signed();
        for (at, character) in note.char_indices() {
            let other = if character == 'A' { 'B' } else { 'A' };
            let mut changed = note.clone();
            changed.replace_range(
                at..at + character.len_utf8(),
                other.encode_utf8(&mut [0; 4]),
            );
            if at + 1 < note.len() {
                assert!(Checkpoint::open(&changed, &verifier).is_err(), "{at}");
            }
        }
    }

    #[test]
    fn signatures_of_witnesses_do_not_disturb() {
        let (verifier, _, checkpoint, note) = signed();
        let note = format!("{note}— witness.example/w1 AAAAAAAA\n");
        assert_eq!(Checkpoint::open(&note, &verifier).unwrap(), checkpoint);
    }

    #[test]
    fn a_size_has_one_spelling() {
        for size in ["042", "+42", "-1", "", "4 2", "99999999999999999999999"] {
            let root = STANDARD.encode([0; 32]);
            assert!(
                Checkpoint::read(&format!("o\n{size}\n{root}")).is_err(),
                "{size}"
            );
        }
    }

    #[test]
    fn a_verifier_key_survives_its_text() {
        let verifier = signed().0;
        assert_eq!(VerifierKey::parse(&verifier.to_string()).unwrap(), verifier);
        assert!(VerifierKey::parse(&verifier.to_string().replace("7+", "8+")).is_err());
    }
}
