//! Request bodies in bounded memory.

use std::io::Read;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mt_kernel::{ErrorKind, Fault};

/// Bounds on a body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Bytes as they arrive.
    pub received: usize,
    /// Bytes after `gzip` is inflated.
    pub inflated: usize,
}

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More bytes than the limit, before or after inflating.
    #[error("the request body is larger than the limit")]
    TooLarge,
    /// The connection broke, or the client was too slow.
    #[error("the request body did not arrive whole")]
    Incomplete,
    /// `Content-Encoding` is neither absent, `identity` nor `gzip`.
    #[error("the content encoding of the request is not supported")]
    UnknownEncoding,
    /// The bytes are not `gzip`.
    #[error("the request body is not valid gzip")]
    BadGzip,
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        let kind = match error {
            BodyError::TooLarge => ErrorKind::TooLarge,
            BodyError::Incomplete | BodyError::BadGzip => ErrorKind::Malformed,
            BodyError::UnknownEncoding => ErrorKind::Unsupported,
        };
        Self::new(kind, error.to_string())
    }
}

/// The whole body, inflated.
///
/// # Errors
/// [`BodyError`]; nothing larger than the limits is ever held.
pub async fn read_body(
    headers: &HeaderMap,
    body: Body,
    limits: BodyLimits,
) -> Result<Bytes, BodyError> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if declared
        .and_then(|text| text.parse::<usize>().ok())
        .is_some_and(|n| n > limits.received)
    {
        return Err(BodyError::TooLarge);
    }
    let received = Limited::new(body, limits.received)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                BodyError::TooLarge
            } else {
                BodyError::Incomplete
            }
        })?;
    let bytes = received.to_bytes();
    match headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.as_bytes())
    {
        None | Some(b"identity") => Ok(bytes),
        Some(b"gzip" | b"x-gzip") => inflate(&bytes, limits.inflated),
        Some(_) => Err(BodyError::UnknownEncoding),
    }
}

fn inflate(bytes: &[u8], limit: usize) -> Result<Bytes, BodyError> {
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(4).min(limit));
    let one_more = limit as u64 + 1;
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(one_more);
    reader
        .read_to_end(&mut out)
        .map_err(|_| BodyError::BadGzip)?;
    if out.len() > limit {
        Err(BodyError::TooLarge)
    } else {
        Ok(out.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LIMITS: BodyLimits = BodyLimits {
        received: 1_000,
        inflated: 5_000,
    };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn read(encoding: Option<&'static str>, body: Vec<u8>) -> Result<Bytes, BodyError> {
        let mut headers = HeaderMap::new();
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, encoding.parse().unwrap());
        }
        read_body(&headers, Body::from(body), LIMITS).await
    }

    #[tokio::test]
    async fn plain_and_gzip_bodies_arrive_whole() {
        assert_eq!(read(None, b"{}".to_vec()).await.unwrap(), "{}");
        assert_eq!(read(Some("gzip"), gzip(b"{}")).await.unwrap(), "{}");
    }

    #[tokio::test]
    async fn what_is_too_large_or_broken_is_refused() {
        assert_eq!(
            read(None, vec![b' '; 1_001]).await,
            Err(BodyError::TooLarge)
        );
        let bomb = gzip(&vec![0; 100_000]);
        assert!(bomb.len() < LIMITS.received);
        assert_eq!(read(Some("gzip"), bomb).await, Err(BodyError::TooLarge));
        assert_eq!(
            read(Some("gzip"), b"{}".to_vec()).await,
            Err(BodyError::BadGzip)
        );
        assert_eq!(
            read(Some("br"), b"{}".to_vec()).await,
            Err(BodyError::UnknownEncoding)
        );
    }
}
