//! How one message lies in a journal file.
//!
//! `magic u32, length u32, crc u32, payload`, all little-endian, where the CRC-32 covers length
//! and payload. The payload is `durable u64, received i64, SHA-256 [32], eight texts` (connection,
//! MSH-3, MSH-4, MSH-10, peer address, peer certificate, acknowledgement, message), each text as
//! `length u32, bytes`. `durable` is how much of the file was known to be on the disk when the
//! record was written: damage before that mark is not the trace of a crash.

use bytes::Bytes;
use mt_kernel::Instant;

use crate::store::{Digest, MessageKey, Peer, Received};

/// First bytes of a record.
pub(super) const MAGIC: [u8; 4] = *b"\xf7MJ1";
const HEAD: usize = 12;
/// Largest payload that is believed.
const MAX_PAYLOAD: usize = 1 << 30;

/// A record as it was read.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// How much of the file was on the disk before this record.
    pub(super) durable: u64,
    /// Bytes of the whole record in the file.
    pub(super) length: usize,
    pub(super) received: Received,
}

/// Appends `received` to `out`.
pub(super) fn write(received: &Received, durable: u64, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&durable.to_le_bytes());
    out.extend_from_slice(&received.received_at.0.to_le_bytes());
    out.extend_from_slice(&received.digest);
    let key = &received.key;
    let address = received.peer.address.to_string();
    let certificate = received.peer.certificate.unwrap_or_default();
    let certificate = received.peer.certificate.map_or(&[][..], |_| &certificate);
    for text in [
        key.connection.as_bytes(),
        &key.sending_application,
        &key.sending_facility,
        &key.control_id,
        address.as_bytes(),
        certificate,
        &received.ack,
        &received.message,
    ] {
        out.extend_from_slice(&narrow(text.len()).to_le_bytes());
        out.extend_from_slice(text);
    }
    let payload = narrow(out.len() - start - HEAD);
    out[start + 4..start + 8].copy_from_slice(&payload.to_le_bytes());
    let crc = checksum(payload, &out[start + HEAD..]);
    out[start + 8..start + HEAD].copy_from_slice(&crc.to_le_bytes());
}

/// The record at the start of `bytes`; `None` when there is none that is whole.
pub(super) fn read(bytes: &[u8]) -> Option<Record> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    if head[..4] != MAGIC {
        return None;
    }
    let number = |at: usize| head[at..at + 4].try_into().ok().map(u32::from_le_bytes);
    let (length, crc) = (number(4)?, number(8)?);
    let payload = rest
        .get(..length as usize)
        .filter(|p| p.len() <= MAX_PAYLOAD)?;
    if checksum(length, payload) != crc {
        return None;
    }
    let mut fields = Fields(payload);
    let durable = u64::from_le_bytes(fields.array()?);
    let received_at = Instant(i64::from_le_bytes(fields.array()?));
    let digest: Digest = fields.array()?;
    let connection = std::str::from_utf8(fields.text()?).ok()?.into();
    let mut part = || fields.text().map(Bytes::copy_from_slice);
    let key = MessageKey {
        connection,
        sending_application: part()?,
        sending_facility: part()?,
        control_id: part()?,
    };
    let address = std::str::from_utf8(fields.text()?).ok()?.parse().ok()?;
    let certificate = fields.text()?.try_into().ok();
    let ack = Bytes::copy_from_slice(fields.text()?);
    let message = Bytes::copy_from_slice(fields.text()?);
    let received = Received {
        key,
        digest,
        message,
        ack,
        peer: Peer {
            address,
            certificate,
        },
        received_at,
    };
    Some(Record {
        durable,
        length: HEAD + payload.len(),
        received,
    })
}

/// Reads a payload from front to back.
struct Fields<'p>(&'p [u8]);

impl<'p> Fields<'p> {
    fn take(&mut self, length: usize) -> Option<&'p [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn text(&mut self) -> Option<&'p [u8]> {
        let length = u32::from_le_bytes(self.array()?);
        self.take(length as usize)
    }
}

fn checksum(length: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// Frames are limited far below four gigabytes.
fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received() -> Received {
        Received {
            key: MessageKey {
                connection: "lab".into(),
                sending_application: Bytes::from_static(b"LAB"),
                sending_facility: Bytes::from_static(b"MAIN^1.2^ISO"),
                control_id: Bytes::from_static(b"7"),
            },
            digest: [7; 32],
            message: Bytes::from_static(b"MSH|^~\\&|LAB\r"),
            ack: Bytes::from_static(b"MSH|^~\\&|\rMSA|AA|7\r"),
            peer: Peer {
                address: "[::1]:2575".parse().unwrap(),
                certificate: Some([9; 32]),
            },
            received_at: Instant(1_234_567),
        }
    }

    #[test]
    fn a_record_is_read_back_whole() {
        let mut bytes = Vec::new();
        write(&received(), 40, &mut bytes);
        let length = bytes.len();
        bytes.extend_from_slice(b"more");
        let record = read(&bytes).unwrap();
        assert_eq!((record.durable, record.length), (40, length));
        assert_eq!(
            format!("{:?}", record.received),
            format!("{:?}", received())
        );
    }

    #[test]
    fn a_record_that_is_short_or_changed_anywhere_is_not_read() {
        let mut bytes = Vec::new();
        write(&received(), 0, &mut bytes);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_none(), "{length}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(read(&changed).is_none(), "{at}");
        }
    }
}
