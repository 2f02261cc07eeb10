//! The bucket against a server that speaks the S3 API.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops where its ground gives way, and says why it was skipped"
)]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mt_kernel::{Clock as _, Instant, Secret, SystemClock};
use mt_objects::{Bucket, BucketConfig, Held, ObjectError};

/// A server, ended with this value when it was started here.
struct Server {
    address: String,
    child: Option<Child>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Server {
    /// The server that `MEDITRACK_S3` names, else a `moto_server` of our own, else none.
    async fn find() -> Option<Self> {
        if let Ok(address) = std::env::var("MEDITRACK_S3") {
            return Some(Self {
                address,
                child: None,
            });
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let started = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            eprintln!("skipped: no S3 server (set MEDITRACK_S3, or put moto_server into the path)");
            return None;
        };
        let server = Self {
            address: format!("http://127.0.0.1:{port}"),
            child: Some(child),
        };
        for _ in 0..300 {
            if reqwest::get(&server.address).await.is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("moto_server does not answer");
    }

    async fn make(&self, bucket: &str, locked: bool) {
        let url = format!("{}/{bucket}", self.address);
        let mut request = reqwest::Client::new().put(url);
        if locked {
            request = request.header("x-amz-bucket-object-lock-enabled", "true");
        }
        assert!(request.send().await.unwrap().status().is_success());
    }

    fn bucket(&self, name: &str) -> Bucket {
        Bucket::new(BucketConfig {
            endpoint: self.address.clone(),
            bucket: name.to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "archivist".to_owned(),
            secret_key: Secret::new("a long secret".to_owned()),
        })
        .unwrap()
    }
}

fn now() -> Instant {
    SystemClock.now()
}

#[tokio::test]
async fn what_is_written_is_read_back_and_cannot_be_deleted() {
    let Some(server) = Server::find().await else {
        return;
    };
    server.make("archive", true).await;
    let bucket = server.bucket("archive");
    bucket.check_lock(now()).await.unwrap();
    assert_eq!(bucket.get("tile/0/000", now()).await.unwrap(), None);
    let held = Held {
        until: now().plus_seconds(7 * 366 * 86_400),
    };
    bucket
        .put("tile/0/000", b"first", held, now())
        .await
        .unwrap();
    assert_eq!(
        bucket.get("tile/0/000", now()).await.unwrap().unwrap(),
        b"first"
    );
    // The version is there to stay, whoever asks.
    let url = format!("{}/archive/tile/0/000", server.address);
    let anyone = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, \
                  SignedHeaders=host, Signature=0";
    let client = reqwest::Client::new();
    let head = client.head(&url).header("authorization", anyone);
    let head = head.send().await.unwrap();
    assert_eq!(head.headers()["x-amz-object-lock-mode"], "COMPLIANCE");
    let version = head.headers()["x-amz-version-id"].to_str().unwrap();
    let gone = client.delete(format!("{url}?versionId={version}"));
    let gone = gone.header("authorization", anyone).send().await.unwrap();
    assert_eq!(gone.status().as_u16(), 403);
    assert_eq!(
        bucket.get("tile/0/000", now()).await.unwrap().unwrap(),
        b"first"
    );
}

#[tokio::test]
async fn a_bucket_without_lock_and_no_bucket_at_all_are_refused() {
    let Some(server) = Server::find().await else {
        return;
    };
    server.make("loose", false).await;
    let loose = server.bucket("loose").check_lock(now()).await;
    assert!(matches!(loose, Err(ObjectError::NoLock)), "{loose:?}");
    let held = Held {
        until: now().plus_seconds(86_400),
    };
    let nowhere = server.bucket("nowhere").put("x", b"x", held, now()).await;
    assert!(
        matches!(&nowhere, Err(ObjectError::Refused { status: 404, code }) if code == "NoSuchBucket"),
        "{nowhere:?}"
    );
}

#[tokio::test]
async fn storage_that_does_not_answer_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let server = Server {
        address: format!("http://127.0.0.1:{port}"),
        child: None,
    };
    let error = server.bucket("b").get("x", now()).await.unwrap_err();
    assert!(matches!(error, ObjectError::Unreachable(_)), "{error:?}");
    assert_eq!(error.kind(), mt_kernel::ErrorKind::Unavailable);
}
