//! Something that listens where Redis should be, and answers what it likes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mt_store::SharedCache;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::{becomes, cache, until};

const KEY: [u8; 16] = [9; 16];

/// Listens and answers everything with `answer`, or with what a decent server says until it is asked for a value.
async fn liar(answer: &'static [u8], is_decent_first: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut heard = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut heard).await {
                    let text = String::from_utf8_lossy(&heard[..length]).into_owned();
                    let gets = text.matches("GET\r\n").count();
                    count.fetch_add(gets, Ordering::Relaxed);
                    let mut said = Vec::new();
                    if is_decent_first {
                        said.extend(b"+OK\r\n".repeat(text.matches("SETINFO").count()));
                        said.extend(b"+PONG\r\n".repeat(text.matches("PING").count()));
                        said.extend(answer.repeat(gets));
                    } else {
                        said.extend_from_slice(answer);
                    }
                    if stream.write_all(&said).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (url, asked)
}

#[tokio::test]
async fn what_speaks_no_redis_is_never_asked_for_a_value() {
    for answer in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(),
        b"-ERR go away\r\n",
        b"$-7\r\n",
        b"*99999999\r\n",
        b"",
    ] {
        let (url, asked) = liar(answer, false).await;
        let cache = cache(&url, None);
        for _ in 0..20 {
            assert_eq!(cache.get(KEY).await, None);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(asked.load(Ordering::Relaxed), 0, "{answer:?}");
    }
}

#[tokio::test]
async fn answers_of_another_kind_are_none_and_are_not_asked_for_long() {
    for answer in [
        b"-ERR no\r\n".as_slice(),
        b"*2\r\n:1\r\n:2\r\n",
        b"$5\r\nab",
        b"\x00\xff nonsense\r\n",
        b"",
    ] {
        let (url, asked) = liar(answer, true).await;
        let cache = cache(&url, None);
        becomes(&cache, true).await;
        until("it is asked for ever", async || {
            assert_eq!(cache.get(KEY).await, None, "{answer:?}");
            !cache.is_connected()
        })
        .await;
        assert!(asked.load(Ordering::Relaxed) >= 1, "{answer:?}");
    }
}
