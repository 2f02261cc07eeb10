//! What a bus carries can be repeated by whoever can write to it, not changed.

use std::sync::Arc;

use mt_events::catalogue::EventType;
use mt_events::{Event, EventError, SealedEvent};
use mt_kernel::Instant;
use uuid::Uuid;

use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_anything_changed_does_not_open() {
    let fixture = Fixture::new().await;
    let keys = fixture.tenant_keys().await;
    let event = Event {
        id: Uuid::now_v7(),
        kind: EventType::named("patient.registered.v1").unwrap(),
        tenant: fixture.tenant,
        at: Instant(1_763_835_644_123_456),
        correlation: Uuid::now_v7(),
        key: Arc::from("p1"),
        payload: vec![1, 2, 3],
    };
    let sealed = event.seal(&keys).unwrap();
    let opened = sealed.open(&keys).unwrap();
    assert_eq!(
        (&*opened.key, opened.payload.as_slice()),
        ("p1", &[1, 2, 3][..])
    );

    let other = EventType::named("patient.updated.v1").unwrap().number;
    let changes: [fn(&mut SealedEvent); 4] = [
        |event| event.id = Uuid::now_v7(),
        |event| event.correlation = Uuid::now_v7(),
        |event| event.at.0 += 1,
        |event| event.body[20] ^= 1,
    ];
    for change in changes {
        let mut changed = sealed.clone();
        change(&mut changed);
        assert!(matches!(changed.open(&keys), Err(EventError::Crypto(_))));
    }
    let kind = SealedEvent {
        number: other,
        ..sealed
    };
    assert!(matches!(kind.open(&keys), Err(EventError::Crypto(_))));
}
