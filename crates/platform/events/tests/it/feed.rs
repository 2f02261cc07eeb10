//! The feed of a live hub: everything from now on, for every process that asks.

use std::time::Duration;

use mt_events::{EventBus, EventFeed};

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_secs(30);

/// Keys of the events of patients that a feed has, asked for a few at a time.
async fn keys(fixture: &Fixture, feed: &mut dyn EventFeed) -> Vec<String> {
    let keys = mt_events::Keys::of(fixture.test.store.tenants(), fixture.tenant)
        .await
        .unwrap();
    let mut found = Vec::new();
    loop {
        let deliveries = feed.next(3).await.unwrap();
        if deliveries.is_empty() {
            return found;
        }
        assert!(deliveries.len() <= 3);
        for delivery in deliveries {
            let event = delivery.open(&keys).unwrap();
            if event.kind.name == "patient.registered.v1" {
                found.push(event.key.to_string());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_feed_hears_everything_once_and_in_order_from_the_moment_it_was_opened() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    fixture.register().await;
    fixture.relay_all(&mut relay).await;
    let mut one = fixture.bus.feed().await.unwrap();
    assert!(keys(&fixture, one.as_mut()).await.is_empty());
    let mut registered = Vec::new();
    for _ in 0..5 {
        registered.push(fixture.register().await);
    }
    fixture.relay_all(&mut relay).await;
    let mut late = fixture.bus.feed().await.unwrap();
    assert_eq!(keys(&fixture, one.as_mut()).await, registered);
    assert!(keys(&fixture, late.as_mut()).await.is_empty());
    registered = vec![fixture.register().await];
    fixture.relay_all(&mut relay).await;
    assert_eq!(keys(&fixture, one.as_mut()).await, registered);
    assert_eq!(keys(&fixture, late.as_mut()).await, registered);
}
