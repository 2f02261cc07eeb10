//! Request bodies in bounded memory.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use mt_kernel::{ErrorKind, Fault};

/// Compressed bytes that are inflated without leaving the thread.
const INLINE: usize = 16 << 10;

/// Bytes inflated at a time.
const STEP: usize = 64 << 10;

/// Bounds on a body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Bytes as they arrive.
    pub received: usize,
    /// Bytes after `gzip` is inflated.
    pub inflated: usize,
    /// Time for the body to arrive.
    pub time: Duration,
}

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More bytes than the limit, before or after inflating.
    #[error("the request body is larger than the limit")]
    TooLarge,
    /// The connection broke.
    #[error("the request body did not arrive whole")]
    Incomplete,
    /// The body did not arrive in time.
    #[error("the request body arrived too slowly")]
    TooSlow,
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
            BodyError::Incomplete | BodyError::TooSlow | BodyError::BadGzip => ErrorKind::Malformed,
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
    // Most requests have none, and need no timer.
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if declared
        .and_then(|text| text.parse::<usize>().ok())
        .is_some_and(|n| n > limits.received)
    {
        return Err(BodyError::TooLarge);
    }
    let received = tokio::time::timeout(limits.time, Limited::new(body, limits.received).collect())
        .await
        .map_err(|_| BodyError::TooSlow)?
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
        Some(b"gzip" | b"x-gzip") if bytes.len() < INLINE => inflate(&bytes, limits.inflated),
        // Inflating much takes long, and others share this thread.
        Some(b"gzip" | b"x-gzip") => {
            tokio::task::spawn_blocking(move || inflate(&bytes, limits.inflated))
                .await
                .unwrap_or(Err(BodyError::BadGzip))
        }
        Some(_) => Err(BodyError::UnknownEncoding),
    }
}

/// Inflates in steps, so that what is held is never more than the answer and one step.
fn inflate(bytes: &[u8], limit: usize) -> Result<Bytes, BodyError> {
    let mut reader = flate2::read::MultiGzDecoder::new(bytes);
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(4).min(limit));
    let mut step = vec![0; STEP];
    loop {
        let n = reader.read(&mut step).map_err(|_| BodyError::BadGzip)?;
        if n == 0 {
            return Ok(out.into());
        }
        if out.len() + n > limit {
            return Err(BodyError::TooLarge);
        }
        if out.capacity() - out.len() < n {
            // A quarter at a time: doubling would hold up to three times the answer.
            let more = (out.len() / 4).clamp(n, limit - out.len());
            out.reserve_exact(more);
        }
        out.extend_from_slice(&step[..n]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LIMITS: BodyLimits = BodyLimits {
        received: 1_000,
        inflated: 5_000,
        time: Duration::from_secs(10),
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

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = futures::stream::pending::<Result<Bytes, std::io::Error>>();
        let body = Body::from_stream(never);
        let limits = BodyLimits {
            time: Duration::from_millis(20),
            ..LIMITS
        };
        let read = read_body(&HeaderMap::new(), body, limits).await;
        assert_eq!(read, Err(BodyError::TooSlow));
    }
}
