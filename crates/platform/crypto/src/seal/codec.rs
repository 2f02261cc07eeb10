//! zstd level 1 with prepared dictionaries and one pair of contexts per thread.
//!
//! Contexts cost more to make than a small body costs to compress, so they are kept; the scratch
//! buffer between compression and sealing is kept as well, up to a size.

use std::cell::RefCell;

use zstd::zstd_safe::{self, CCtx, DCtx};

use crate::{CryptoError, Dictionary};

/// Level 3 gains 2 % in size over level 1 with a dictionary, for 1.6 times the work.
const LEVEL: i32 = 1;
/// Scratch space that a thread keeps between calls.
const KEPT_SCRATCH: usize = 256 << 10;
/// Largest dictionary that is read back.
pub(crate) const MAX_DICTIONARY: usize = 1 << 20;

/// A thread's contexts and buffer.
struct Codec {
    compressor: CCtx<'static>,
    decompressor: DCtx<'static>,
    scratch: Vec<u8>,
}

thread_local! {
    static CODEC: RefCell<Option<Codec>> = const { RefCell::new(None) };
}

/// Compresses `plaintext` and hands the frame to `then`, which may change it in place.
pub(super) fn deflate<R>(
    plaintext: &[u8],
    dictionary: Option<&Dictionary>,
    then: impl FnOnce(&mut [u8]) -> Result<R, CryptoError>,
) -> Result<R, CryptoError> {
    with_codec(|codec| {
        let Codec {
            compressor,
            scratch,
            ..
        } = codec;
        scratch.clear();
        scratch.reserve(zstd_safe::compress_bound(plaintext.len()));
        let written = match dictionary {
            Some(dictionary) => {
                compressor.compress_using_cdict(scratch, plaintext, dictionary.for_compression()?)
            }
            None => compressor.compress(scratch, plaintext, LEVEL),
        };
        written.map_err(|_| CryptoError::Primitive("compression"))?;
        then(scratch)
    })
}

/// Lets `fill` write a frame into a buffer and inflates it into `out`, replacing its content.
///
/// The inflated size stands in the frame and is checked against `limit` before memory is taken; the
/// decompressor writes no more than that, whatever the frame goes on to say.
pub(super) fn inflate(
    fill: impl FnOnce(&mut Vec<u8>) -> Result<(), CryptoError>,
    dictionary: Option<&Dictionary>,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(), CryptoError> {
    out.clear();
    with_codec(|codec| {
        let Codec {
            decompressor,
            scratch,
            ..
        } = codec;
        fill(scratch)?;
        let size = frame_size(scratch, limit)?;
        out.resize(size, 0);
        let target = out.as_mut_slice();
        let written = match dictionary {
            Some(dictionary) => decompressor.decompress_using_ddict(
                target,
                scratch,
                dictionary.for_decompression()?,
            ),
            None => decompressor.decompress(target, scratch),
        };
        if written == Ok(size) {
            Ok(())
        } else {
            out.clear();
            Err(CryptoError::Malformed("compressed body"))
        }
    })
}

/// Compresses without a dictionary, thoroughly: for dictionaries themselves.
pub(crate) fn deflate_plain(plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let failed = |_| CryptoError::Primitive("compression");
    zstd::bulk::compress(plaintext, 19).map_err(failed)
}

/// Inflates what [`deflate_plain`] made, up to [`MAX_DICTIONARY`].
pub(crate) fn inflate_plain(frame: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let size = frame_size(frame, MAX_DICTIONARY)?;
    zstd::bulk::decompress(frame, size).map_err(|_| CryptoError::Malformed("dictionary"))
}

fn frame_size(frame: &[u8], limit: usize) -> Result<usize, CryptoError> {
    let size = zstd_safe::get_frame_content_size(frame).ok().flatten();
    let size = size.ok_or(CryptoError::Malformed("compressed body"))?;
    usize::try_from(size)
        .ok()
        .filter(|size| *size <= limit)
        .ok_or(CryptoError::TooLarge { limit })
}

fn with_codec<R>(run: impl FnOnce(&mut Codec) -> Result<R, CryptoError>) -> Result<R, CryptoError> {
    CODEC.with_borrow_mut(|slot| {
        let codec = match slot {
            Some(codec) => codec,
            None => slot.insert(Codec::new()?),
        };
        let result = run(codec);
        if codec.scratch.capacity() > KEPT_SCRATCH {
            codec.scratch = Vec::new();
        }
        result
    })
}

impl Codec {
    fn new() -> Result<Self, CryptoError> {
        let failed = CryptoError::Primitive("compression context");
        match (CCtx::try_create(), DCtx::try_create()) {
            (Some(compressor), Some(decompressor)) => Ok(Self {
                compressor,
                decompressor,
                scratch: Vec::new(),
            }),
            _ => Err(failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflate_frame(frame: &[u8], limit: usize) -> Result<Vec<u8>, CryptoError> {
        let mut out = vec![7; 3];
        let fill = |scratch: &mut Vec<u8>| {
            scratch.clear();
            scratch.extend_from_slice(frame);
            Ok(())
        };
        inflate(fill, None, limit, &mut out).map(|()| out)
    }

    fn frame_of(plaintext: &[u8]) -> Vec<u8> {
        deflate(plaintext, None, |frame| Ok(frame.to_vec())).unwrap()
    }

    #[test]
    fn a_bomb_is_refused_before_memory_is_taken() {
        let bomb = frame_of(&vec![b'a'; 10 << 20]);
        assert!(bomb.len() < 2000);
        assert!(matches!(
            inflate_frame(&bomb, 1 << 20),
            Err(CryptoError::TooLarge { limit: 1_048_576 })
        ));
        assert_eq!(inflate_frame(&bomb, 10 << 20).unwrap().len(), 10 << 20);
    }

    #[test]
    fn a_frame_that_claims_less_than_it_holds_is_refused() {
        let mut frame = frame_of(&[b'a'; 200]);
        // Single segment, one byte of content size at offset 5 (RFC 8878, 3.1.1.1).
        assert_eq!(frame[5], 200);
        frame[5] = 100;
        assert!(inflate_frame(&frame, 1 << 20).is_err());
    }

    #[test]
    fn two_frames_in_a_row_are_refused() {
        let mut frames = frame_of(b"one");
        frames.extend(frame_of(b"two"));
        assert!(inflate_frame(&frames, 1 << 20).is_err());
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for bytes in [
            &b""[..],
            b"{}",
            &[0x28, 0xb5, 0x2f, 0xfd],
            &[0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1],
        ] {
            assert!(
                matches!(inflate_frame(bytes, 100), Err(CryptoError::Malformed(_))),
                "{bytes:?}"
            );
        }
    }
}
