//! What is kept comes back; and a Redis that goes, comes back, or stands still.

use std::time::Duration;

use mt_store::SharedCache;

use crate::server::{Server, becomes, cache, is_there, until};

const KEY: [u8; 16] = [7; 16];
const LIFE: Duration = Duration::from_secs(600);

/// Keeps a value and waits until it is there.
async fn keep(cache: &impl SharedCache, value: &[u8]) {
    until("the value is not kept", async || {
        cache.put(KEY, value.to_vec(), LIFE);
        cache.get(KEY).await.as_deref() == Some(value)
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_is_found_by_others_until_its_life_is_over() {
    if !is_there() {
        return;
    }
    let server = Server::start();
    let (one, other) = (cache(&server.url(), None), cache(&server.url(), None));
    becomes(&one, true).await;
    becomes(&other, true).await;
    assert_eq!(one.get([8; 16]).await, None);
    let large = vec![0xff; 256 << 10];
    keep(&one, &large).await;
    until("others do not find it", async || {
        other.get(KEY).await.as_ref() == Some(&large)
    })
    .await;
    until("a short life does not end", async || {
        one.put(KEY, b"short".to_vec(), Duration::from_millis(1));
        tokio::time::sleep(Duration::from_millis(20)).await;
        one.is_connected() && one.get(KEY).await.is_none()
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_dies_is_not_asked_and_is_found_again() {
    if !is_there() {
        return;
    }
    let mut server = Server::start();
    let cache = cache(&server.url(), None);
    becomes(&cache, true).await;
    keep(&cache, b"value").await;
    server.kill();
    becomes(&cache, false).await;
    assert_eq!(cache.get(KEY).await, None);
    cache.put(KEY, b"lost".to_vec(), LIFE);
    server.restart();
    becomes(&cache, true).await;
    assert_eq!(cache.get(KEY).await, None, "it began anew, empty");
    keep(&cache, b"again").await;
}

#[tokio::test]
async fn a_redis_that_stands_still_is_asked_no_more_after_three_times() {
    if !is_there() {
        return;
    }
    let server = Server::start();
    let cache = cache(&server.url(), None);
    becomes(&cache, true).await;
    keep(&cache, b"value").await;
    server.signal("-STOP");
    for _ in 0..3 {
        assert_eq!(cache.get(KEY).await, None);
    }
    assert!(!cache.is_connected());
    server.signal("-CONT");
    until("it is not asked again", async || {
        cache.get(KEY).await.as_deref() == Some(b"value")
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_is_away_at_the_start_is_found_later() {
    if !is_there() {
        return;
    }
    let mut server = Server::start();
    server.kill();
    let cache = cache(&server.url(), None);
    assert_eq!(cache.get(KEY).await, None);
    server.restart();
    becomes(&cache, true).await;
    keep(&cache, b"value").await;
}

#[tokio::test]
async fn a_password_is_given_and_a_wrong_one_gets_nothing() {
    if !is_there() {
        return;
    }
    let server = Server::with(&["--requirepass", "p@ss"]);
    let with = |login: &str| format!("redis://{login}127.0.0.1:{}/2", server.port);
    let right = cache(&with(":p%40ss@"), None);
    let (wrong, none) = (cache(&with(":pass@"), None), cache(&with(""), None));
    becomes(&right, true).await;
    keep(&right, b"value").await;
    for refused in [wrong, none] {
        assert!(!refused.is_connected());
        assert_eq!(refused.get(KEY).await, None);
    }
}

#[tokio::test]
async fn a_server_is_verified_by_the_given_certificates() {
    if !is_there() {
        return;
    }
    let (server, certificate) = Server::with_tls();
    let right = cache(&server.url(), Some(certificate));
    let system = cache(&server.url(), None);
    becomes(&right, true).await;
    keep(&right, b"value").await;
    assert!(!system.is_connected(), "the system does not know it");
    assert_eq!(system.get(KEY).await, None);
}
