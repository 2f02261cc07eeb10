//! One bucket: objects written under a lock and read back.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mt_kernel::{Instant, Secret};
use reqwest::{Client, Method, Response, StatusCode};
use url::Url;

use crate::signature::{Credentials, Unsigned, encode_path, sign};
use crate::{ObjectError, Result};

/// Bytes of one answer at most.
const LARGEST: usize = 64 << 20;
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a bucket is and who writes to it.
#[derive(Clone, Debug)]
pub struct BucketConfig {
    /// Address of the storage, such as `https://s3.eu-central-1.amazonaws.com`.
    pub endpoint: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Region; `us-east-1` for storage that knows none.
    pub region: String,
    /// Id of the key.
    pub access_key: String,
    /// The key.
    pub secret_key: Secret<String>,
}

/// An object as it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Until when nobody can delete this version.
    pub until: Instant,
}

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    endpoint: Url,
    host: String,
    name: String,
    credentials: Credentials,
}

impl Bucket {
    /// A bucket; nothing is asked yet.
    ///
    /// # Errors
    /// [`ObjectError::Address`] when the endpoint is no URL, or speaks plain HTTP to another machine.
    pub fn new(config: BucketConfig) -> Result<Self> {
        let endpoint: Url = config
            .endpoint
            .parse()
            .map_err(|_| ObjectError::Address("it is no URL"))?;
        let host = endpoint
            .host_str()
            .ok_or(ObjectError::Address("it names no host"))?;
        let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        if endpoint.scheme() != "https" && !(here && endpoint.scheme() == "http") {
            return Err(ObjectError::Address("it is not https"));
        }
        let host = match endpoint.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let client = Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(ObjectError::Unreachable)?;
        Ok(Self {
            client,
            endpoint,
            host,
            name: config.bucket,
            credentials: Credentials {
                access_key: config.access_key,
                secret_key: config.secret_key,
                region: config.region,
            },
        })
    }

    /// Refuses a bucket whose objects could be changed.
    ///
    /// # Errors
    /// [`ObjectError::NoLock`], or why the bucket does not answer.
    pub async fn check_lock(&self, now: Instant) -> Result<()> {
        let sent = self.send(Method::GET, "", "object-lock=", Vec::new(), &[], now);
        let answer = match sent.await {
            Err(ObjectError::Refused { code, .. })
                if code == "ObjectLockConfigurationNotFoundError" =>
            {
                return Err(ObjectError::NoLock);
            }
            answer => body(answer?).await?,
        };
        let text = String::from_utf8_lossy(&answer);
        if text.contains("<ObjectLockEnabled>Enabled</ObjectLockEnabled>") {
            Ok(())
        } else {
            Err(ObjectError::NoLock)
        }
    }

    /// Writes an object that nobody can delete or replace until `held.until` (compliance mode).
    ///
    /// # Errors
    /// What the storage refuses; nothing is written then.
    pub async fn put(&self, key: &str, content: &[u8], held: Held, now: Instant) -> Result<()> {
        let until = held.until.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ");
        let checksum = STANDARD.encode(mt_crypto::sha256(content));
        let headers = vec![
            ("content-type", "application/octet-stream".to_owned()),
            ("x-amz-checksum-sha256", checksum),
            ("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()),
            ("x-amz-object-lock-mode", "COMPLIANCE".to_owned()),
            ("x-amz-object-lock-retain-until-date", until.to_string()),
        ];
        self.send(Method::PUT, key, "", headers, content, now)
            .await
            .map(drop)
    }

    /// The newest version of an object; `None` when there is none.
    ///
    /// # Errors
    /// What the storage refuses; [`ObjectError::TooLarge`].
    pub async fn get(&self, key: &str, now: Instant) -> Result<Option<Vec<u8>>> {
        match self.send(Method::GET, key, "", Vec::new(), &[], now).await {
            Ok(answer) => body(answer).await.map(Some),
            Err(ObjectError::Refused { code, .. }) if code == "NoSuchKey" => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn send(
        &self,
        method: Method,
        key: &str,
        query: &str,
        mut headers: Vec<(&'static str, String)>,
        content: &[u8],
        now: Instant,
    ) -> Result<Response> {
        let path = if key.is_empty() {
            encode_path(&format!("/{}", self.name))
        } else {
            encode_path(&format!("/{}/{key}", self.name))
        };
        let mut url = self.endpoint.clone();
        url.set_path(&path);
        url.set_query((!query.is_empty()).then_some(query));
        headers.push(("host", self.host.clone()));
        let unsigned = Unsigned {
            method: method.as_str(),
            path: &path,
            query,
            headers,
            body: content,
        };
        let signed = sign(unsigned, &self.credentials, now);
        let mut request = self.client.request(method, url);
        for (name, value) in signed.into_iter().filter(|(name, _)| *name != "host") {
            request = request.header(name, value);
        }
        let answer = request.body(content.to_vec()).send().await;
        let answer = answer.map_err(ObjectError::Unreachable)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(refusal(answer).await)
    }
}

/// The body of an answer, bounded.
async fn body(mut answer: Response) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(ObjectError::Unreachable)? {
        if content.len() + chunk.len() > LARGEST {
            return Err(ObjectError::TooLarge(LARGEST));
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

async fn refusal(answer: Response) -> ObjectError {
    let status = answer.status();
    let text = body(answer).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"))
        .map(|(code, _)| code)
        .filter(|code| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let unknown = if status == StatusCode::NOT_FOUND {
        "NotFound"
    } else {
        "unknown"
    };
    ObjectError::Refused {
        status: status.as_u16(),
        code: code.unwrap_or(unknown).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_this_machine_alone() {
        let at = |endpoint: &str| {
            Bucket::new(BucketConfig {
                endpoint: endpoint.to_owned(),
                bucket: "b".to_owned(),
                region: "us-east-1".to_owned(),
                access_key: "a".to_owned(),
                secret_key: Secret::new("s".to_owned()),
            })
        };
        for good in [
            "https://s3.example.org",
            "http://localhost:9000",
            "http://127.0.0.1:9000",
        ] {
            assert!(at(good).is_ok(), "{good}");
        }
        for bad in [
            "http://s3.example.org",
            "ftp://localhost",
            "s3.example.org",
            "http://localhost.example.org",
        ] {
            assert!(matches!(at(bad), Err(ObjectError::Address(_))), "{bad}");
        }
        assert!(!format!("{:?}", at("https://s3.example.org")).contains("\"s\""));
    }
}
