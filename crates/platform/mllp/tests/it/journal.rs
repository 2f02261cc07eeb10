//! The journal: what it keeps, what it repairs, and when it refuses to go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use mt_kernel::Instant;
use mt_mllp::journal::{JournalError, JournalOptions, messages};
use mt_mllp::{JournalStore, MessageKey, MessageStore, Peer, Received, Stored};

fn received(id: &str, text: &str) -> Received {
    let mut digest = [0; 32];
    digest[..text.len()].copy_from_slice(text.as_bytes());
    Received {
        key: MessageKey {
            connection: "lab".into(),
            sending_application: Bytes::from_static(b"LAB"),
            sending_facility: Bytes::from_static(b"MAIN"),
            control_id: Bytes::copy_from_slice(id.as_bytes()),
        },
        digest,
        message: Bytes::copy_from_slice(text.as_bytes()),
        ack: Bytes::from(format!("ack of {id}")),
        peer: Peer {
            address: "127.0.0.1:4000".parse().unwrap(),
            certificate: None,
        },
        received_at: Instant(1),
    }
}

async fn stored(store: &JournalStore, id: &str, text: &str) -> Stored {
    store.store(received(id, text)).await.unwrap()
}

fn duplicate(id: &str) -> Stored {
    Stored::Duplicate {
        ack: Bytes::from(format!("ack of {id}")),
    }
}

fn ids(folder: &Path) -> Vec<String> {
    messages(folder)
        .unwrap()
        .map(|entry| String::from_utf8(entry.unwrap().received.key.control_id.to_vec()).unwrap())
        .collect()
}

fn only_file(folder: &Path) -> PathBuf {
    folder.join("00000000000000000001.journal")
}

#[tokio::test]
async fn messages_are_known_again_after_the_folder_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let store = JournalStore::open(folder.path()).unwrap();
        let first = if round == 0 {
            Stored::New
        } else {
            duplicate("1")
        };
        assert_eq!(stored(&store, "1", "one").await, first);
        assert_eq!(stored(&store, "1", "one").await, duplicate("1"));
        assert_eq!(stored(&store, "1", "other").await, Stored::Conflict);
        let next = format!("round {round}");
        assert_eq!(stored(&store, &next, "x").await, Stored::New);
    }
    assert_eq!(ids(folder.path()), ["1", "round 0", "round 1", "round 2"]);
}

#[tokio::test]
async fn the_connection_is_part_of_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = JournalStore::open(folder.path()).unwrap();
    assert_eq!(stored(&store, "1", "one").await, Stored::New);
    let mut other = received("1", "two");
    other.key.connection = "ward".into();
    assert_eq!(store.store(other).await, Ok(Stored::New));
}

#[tokio::test]
async fn concurrent_messages_are_all_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        segment_bytes: 4096,
        group_bytes: 1000,
    };
    let store = Arc::new(JournalStore::open_with(folder.path(), options).unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for sender in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut new = 0;
            for number in 0..50 {
                // Every message comes from two senders.
                let id = format!("{}-{number}", sender / 2);
                let outcome = stored(&store, &id, &id).await;
                assert!(outcome == Stored::New || outcome == duplicate(&id));
                new += usize::from(outcome == Stored::New);
            }
            new
        });
    }
    let new: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(new, 200);
    drop(store);
    let found = ids(folder.path());
    assert_eq!(found.len(), 200);
    for sender in 0..4 {
        let prefix = format!("{sender}-");
        let of_sender: Vec<&str> = found
            .iter()
            .filter_map(|id| id.strip_prefix(&prefix))
            .collect();
        let expected: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        assert_eq!(of_sender, expected);
    }
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert!(files > 3, "{files} files");
    let again = JournalStore::open(folder.path()).unwrap();
    assert_eq!(stored(&again, "0-0", "0-0").await, duplicate("0-0"));
}

#[tokio::test]
async fn a_torn_tail_is_cut_off_wherever_it_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let file = only_file(folder.path());
    let store = JournalStore::open(folder.path()).unwrap();
    stored(&store, "1", "one").await;
    let whole = fs::metadata(&file).unwrap().len();
    stored(&store, "2", "two").await;
    drop(store);
    let bytes = fs::read(&file).unwrap();
    for length in usize::try_from(whole).unwrap()..bytes.len() {
        fs::write(&file, &bytes[..length]).unwrap();
        let store = JournalStore::open(folder.path()).unwrap();
        assert_eq!(stored(&store, "1", "one").await, duplicate("1"));
        assert_eq!(stored(&store, "2", "two").await, Stored::New);
        drop(store);
        assert_eq!(ids(folder.path()), ["1", "2"]);
    }
    for length in 0..8 {
        fs::write(&file, &bytes[..length]).unwrap();
        let store = JournalStore::open(folder.path()).unwrap();
        assert_eq!(stored(&store, "1", "one").await, Stored::New);
    }
}

#[tokio::test]
async fn damage_before_the_end_is_never_repaired_silently() {
    let folder = tempfile::tempdir().unwrap();
    let file = only_file(folder.path());
    let store = JournalStore::open(folder.path()).unwrap();
    for id in ["1", "2", "3"] {
        stored(&store, id, id).await;
    }
    drop(store);
    let bytes = fs::read(&file).unwrap();
    let mut damaged = bytes.clone();
    damaged[60] ^= 1;
    fs::write(&file, &damaged).unwrap();
    let Err(JournalError::Damaged { offset: 8, .. }) = JournalStore::open(folder.path()) else {
        panic!("damage was not seen");
    };
    assert_eq!(fs::read(&file).unwrap(), damaged);
    fs::write(&file, &bytes).unwrap();
    assert_eq!(ids(folder.path()), ["1", "2", "3"]);
    fs::write(
        folder.path().join("00000000000000000002.journal"),
        "something else",
    )
    .unwrap();
    let opened = JournalStore::open(folder.path());
    assert!(matches!(opened, Err(JournalError::Foreign(_))));
}

#[tokio::test]
async fn only_the_last_file_may_end_in_half_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        segment_bytes: 100,
        ..JournalOptions::default()
    };
    let store = JournalStore::open_with(folder.path(), options).unwrap();
    stored(&store, "1", "one").await;
    stored(&store, "2", "two").await;
    drop(store);
    let file = only_file(folder.path());
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let opened = JournalStore::open(folder.path());
    assert!(matches!(opened, Err(JournalError::Damaged { .. })));
}

#[tokio::test]
async fn a_folder_is_open_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = JournalStore::open(folder.path()).unwrap();
    let second = JournalStore::open(folder.path());
    assert!(matches!(second, Err(JournalError::InUse(_))));
    drop(store);
    assert!(JournalStore::open(folder.path()).is_ok());
}
