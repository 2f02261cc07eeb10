//! A crash of the database takes back what the relay appended last: it comes again, at positions that nobody has seen.

use std::collections::BTreeSet;
use std::time::Duration;

use mt_events::catalogue::Topic;
use mt_events::{EventBus, EventError, EventFeed, Group, Relay, Subscription};
use uuid::Uuid;

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_secs(30);
/// Renewed at every third of it.
const SHORT_LEASE: Duration = Duration::from_millis(600);

/// The database as it would come up had it crashed after the batches that followed.
struct Before {
    restore: String,
}

impl Before {
    async fn now(fixture: &Fixture) -> Self {
        let tx = fixture.database.admin().await.unwrap();
        let sql = "select format('update events.relay set from_xid = %L, to_xid = %L, after_seq = %s, position = %s', \
                     from_xid, to_xid, after_seq, position), position from events.relay";
        let row = tx.query_one(sql, &[]).await.unwrap();
        tx.rollback().await;
        let (relay, position): (String, i64) = (row.get(0), row.get(1));
        let restore = format!(
            "{relay}; delete from events.log where position > {position}; \
             delete from events.day where low > {position}; \
             update events.day set high = {position} where high > {position}; \
             update events.head set position = {position} where position > {position}"
        );
        Self { restore }
    }

    async fn again(&self, fixture: &Fixture) {
        let (owner, _connection) = fixture.test.database.owner().connect().await.unwrap();
        owner.batch_execute(&self.restore).await.unwrap();
    }
}

/// Readers that remember how far they have come.
struct Readers {
    group: Box<dyn Subscription>,
    feed: Box<dyn EventFeed>,
}

impl Readers {
    async fn new(fixture: &Fixture) -> Self {
        let topic = Topic::named("patient-events").unwrap();
        let group = Group {
            consumer: "reader",
            topic,
        };
        Self {
            group: fixture.bus.subscribe(group).await.unwrap(),
            feed: fixture.bus.feed().await.unwrap(),
        }
    }

    /// Ids of patients' events that come to the group, and of all that come to the feed.
    async fn read(&mut self) -> (Vec<Uuid>, Vec<Uuid>) {
        let (mut taken, mut fed) = (Vec::new(), Vec::new());
        loop {
            // As few at a time as a busy consumer asks for.
            let found = self.group.poll(2).await.unwrap();
            if found.is_empty() {
                break;
            }
            taken.extend(found.iter().map(|one| one.sealed.id));
        }
        loop {
            let found = self.feed.next(100).await.unwrap();
            if found.is_empty() {
                return (taken, fed);
            }
            fed.extend(found.iter().map(|one| one.sealed.id));
        }
    }
}

async fn logged(fixture: &Fixture) -> Vec<Uuid> {
    let events = fixture.logged("patient-events").await;
    events.iter().map(|event| event.id).collect()
}

fn distinct(ids: &[Uuid]) -> BTreeSet<Uuid> {
    ids.iter().copied().collect()
}

/// What was relayed and lost, with readers that have seen it.
async fn lose(fixture: &Fixture, relay: &mut Relay) -> (Readers, Vec<Uuid>) {
    fixture.register_all(3).await;
    fixture.relay_all(relay).await;
    let mut readers = Readers::new(fixture).await;
    readers.read().await;
    let before = Before::now(fixture).await;
    fixture.register_all(2).await;
    fixture.relay_all(relay).await;
    let (lost, _) = readers.read().await;
    assert_eq!(lost.len(), 2);
    before.again(fixture).await;
    (readers, lost)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_takes_back_comes_before_what_is_new() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let (mut readers, lost) = lose(&fixture, &mut relay).await;
    fixture.register_all(1).await;
    let refused = loop {
        match relay.step().await {
            Ok(relayed) => assert_eq!(relayed.events, 0, "behind a gap"),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, EventError::Fenced), "{refused:?}");
    fixture.relay_all(&mut relay).await;
    let log = logged(&fixture).await;
    assert_eq!((log.len(), distinct(&log).len()), (6, 6));
    let (taken, fed) = readers.read().await;
    assert_eq!(taken.len(), 3, "the lost ones and the new one");
    assert_eq!(taken[..2], lost[..], "the same ids: an inbox knows them");
    assert!(distinct(&taken).is_subset(&distinct(&fed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_takes_back_comes_though_nothing_is_new() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(SHORT_LEASE);
    let (mut readers, lost) = lose(&fixture, &mut relay).await;
    tokio::time::sleep(SHORT_LEASE / 2).await;
    fixture.relay_all(&mut relay).await;
    let log = logged(&fixture).await;
    assert_eq!((log.len(), distinct(&log).len()), (5, 5));
    assert_eq!(readers.read().await.0, lost);
}
