//! AWS Signature Version 4: proof of who asks, over every header sent and the whole body.

use std::fmt::Write as _;

use mt_crypto::{hmac_sha256, sha256};
use mt_kernel::{Instant, Secret};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: Secret<String>,
    pub(crate) region: String,
}

/// A request before it is signed. Header names are lower case, without `x-amz-date` and
/// `x-amz-content-sha256`, which signing adds.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    /// Path, percent-encoded.
    pub(crate) path: &'a str,
    /// Parameters, sorted and encoded as they go out.
    pub(crate) query: &'a str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: &'a [u8],
}

/// The headers of `request` and those that prove who asks.
pub(crate) fn sign(
    request: Unsigned<'_>,
    credentials: &Credentials,
    now: Instant,
) -> Vec<(&'static str, String)> {
    let time = now.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = time.get(..8).unwrap_or_default().to_owned();
    let digest = hex(&sha256(request.body));
    let mut headers = request.headers;
    headers.push(("x-amz-content-sha256", digest.clone()));
    headers.push(("x-amz-date", time.clone()));
    headers.sort_unstable();
    let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, request.query);
    for (name, value) in &headers {
        let _ = writeln!(canonical, "{name}:{}", value.trim());
    }
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let _ = write!(canonical, "\n{names}\n{digest}");
    let scope = format!("{day}/{}/s3/aws4_request", credentials.region);
    let canonical = hex(&sha256(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{canonical}");
    let signature = hex(&hmac_sha256(&key(credentials, &day), text.as_bytes()));
    let id = &credentials.access_key;
    headers.push((
        "authorization",
        format!(
            "AWS4-HMAC-SHA256 Credential={id}/{scope},SignedHeaders={names},Signature={signature}"
        ),
    ));
    headers
}

/// The key of one day, region and service.
fn key(credentials: &Credentials, day: &str) -> [u8; 32] {
    let secret = format!("AWS4{}", credentials.secret_key.expose());
    let of_day = hmac_sha256(secret.as_bytes(), day.as_bytes());
    let of_region = hmac_sha256(&of_day, credentials.region.as_bytes());
    let of_service = hmac_sha256(&of_region, b"s3");
    hmac_sha256(&of_service, b"aws4_request")
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A key of an object as a path: everything but unreserved characters and slashes is encoded.
pub(crate) fn encode_path(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the Amazon S3 API reference, "Signature Calculations for the Authorization
    /// Header: Transferring Payload in a Single Chunk".
    #[test]
    fn signatures_are_those_of_the_published_examples() {
        let credentials = Credentials {
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            region: "us-east-1".to_owned(),
        };
        let now = Instant(1_369_353_600_000_000);
        let host = ("host", "examplebucket.s3.amazonaws.com".to_owned());
        let get = |query| Unsigned {
            method: "GET",
            path: "/",
            query,
            headers: vec![host.clone()],
            body: b"",
        };
        let read = Unsigned {
            path: "/test.txt",
            headers: vec![host.clone(), ("range", "bytes=0-9".to_owned())],
            ..get("")
        };
        let write = Unsigned {
            method: "PUT",
            path: &encode_path("/test$file.text"),
            headers: vec![
                host.clone(),
                ("date", "Fri, 24 May 2013 00:00:00 GMT".to_owned()),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY".to_owned()),
            ],
            body: b"Welcome to Amazon S3.",
            query: "",
        };
        for (request, expected) in [
            (
                read,
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                write,
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                get("lifecycle="),
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                get("max-keys=2&prefix=J"),
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ] {
            let headers = sign(request, &credentials, now);
            let (_, proof) = headers
                .iter()
                .find(|(name, _)| *name == "authorization")
                .unwrap();
            assert!(proof.ends_with(expected), "{proof}");
        }
    }

    #[test]
    fn keys_are_encoded_byte_by_byte() {
        assert_eq!(encode_path("a b/ü$"), "a%20b/%C3%BC%24");
    }
}
