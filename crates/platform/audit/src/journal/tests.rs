//! What a journal keeps, and what it says of damage.

use std::io::Write;

use mt_kernel::{Instant, TenantId};
use proptest::prelude::*;

use super::reader::Stop;
use super::*;

fn record(detail: &[u8]) -> Record<'_> {
    Record {
        tenant: TenantId(7),
        at: Instant(1_763_835_644_123_456),
        kind: 2,
        correlation: Uuid::from_u128(9),
        detail,
    }
}

fn read_back(directory: &Path) -> (Vec<Vec<u8>>, Option<Stop>) {
    let mut reader = SegmentReader::open(directory, 0, 0).unwrap().unwrap();
    let mut details = Vec::new();
    loop {
        let chunk = reader.chunk(None).unwrap();
        details.extend(chunk.records().map(|(_, record)| record.detail.to_vec()));
        if chunk.is_empty() || chunk.stop.is_some() {
            return (details, chunk.stop);
        }
    }
}

#[test]
fn records_come_back_in_order_with_the_ends_that_were_reported() {
    let parent = tempfile::tempdir().unwrap();
    let journal = Journal::create(parent.path()).unwrap();
    let mut ends = Vec::new();
    for n in 0..100_u8 {
        journal.append(&record(&[n; 300])).unwrap();
        ends.push(journal.end().offset);
    }
    journal.sync().unwrap();
    let mut reader = SegmentReader::open(journal.directory(), 0, 0)
        .unwrap()
        .unwrap();
    let chunk = reader.chunk(None).unwrap();
    let read: Vec<u64> = chunk.records().map(|(end, _)| end).collect();
    assert_eq!(read, ends);
    assert!(
        chunk
            .records()
            .zip(0_u8..)
            .all(|((_, r), n)| r == record(&[n; 300]))
    );
    assert_eq!(journal.waiting(), *ends.last().unwrap());
}

#[test]
fn a_record_larger_than_a_chunk_is_read_whole_and_one_beyond_the_limit_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let journal = Journal::create(parent.path()).unwrap();
    let large = vec![5; 3 << 20];
    journal.append(&record(b"before")).unwrap();
    journal.append(&record(&large)).unwrap();
    journal.append(&record(b"after")).unwrap();
    let (details, stop) = read_back(journal.directory());
    assert_eq!((details.len(), stop), (3, None));
    assert_eq!(details[1], large);
    let oversize = vec![0; 17 << 20];
    assert!(matches!(
        journal.append(&record(&oversize)),
        Err(JournalError::TooLarge { .. })
    ));
}

#[test]
fn a_torn_tail_is_told_from_damage_in_the_middle() {
    let whole = record(b"one").framed().unwrap();
    let next = record(b"two").framed().unwrap();
    let mut flipped = whole.clone();
    flipped[20] ^= 1;
    let cut = &next[..next.len() - 2];
    for (bytes, count, stop) in [
        ([&whole[..], &next].concat(), 2, None),
        ([&whole[..], cut].concat(), 1, Some(Stop::TornTail)),
        ([&whole[..], &[0; 64]].concat(), 1, Some(Stop::TornTail)),
        ([&flipped[..], &next].concat(), 0, Some(Stop::Damage)),
        ([&whole[..], &[0xff; 64]].concat(), 1, Some(Stop::Damage)),
    ] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(segment_path(directory.path(), 0), bytes).unwrap();
        let (details, found) = read_back(directory.path());
        assert_eq!((details.len(), found), (count, stop));
    }
}

#[test]
fn a_journal_is_an_orphan_once_its_process_let_go() {
    let parent = tempfile::tempdir().unwrap();
    let journal = Journal::create(parent.path()).unwrap();
    journal.append(&record(b"kept")).unwrap();
    assert!(orphans(parent.path()).unwrap().is_empty());
    let id = journal.id();
    drop(journal);
    let found = orphans(parent.path()).unwrap();
    assert_eq!(found.iter().map(Orphan::id).collect::<Vec<_>>(), [id]);
    assert_eq!(found[0].segments().unwrap(), [0]);
    assert!(
        orphans(parent.path()).unwrap().is_empty(),
        "two drainers must not share one"
    );
    for orphan in found {
        orphan.remove().unwrap();
    }
    assert!(orphans(parent.path()).unwrap().is_empty());
}

#[test]
fn full_segments_give_way_to_new_ones() {
    let parent = tempfile::tempdir().unwrap();
    let journal = Journal::create(parent.path()).unwrap();
    let detail = vec![1; 1 << 20];
    for _ in 0..17 {
        journal.append(&record(&detail)).unwrap();
    }
    assert_eq!(journal.end().segment, 2);
    assert!(journal.end().offset > 0);
    journal.sync().unwrap();
}

#[test]
fn a_segment_that_is_still_written_is_read_up_to_the_limit() {
    let parent = tempfile::tempdir().unwrap();
    let journal = Journal::create(parent.path()).unwrap();
    journal.append(&record(b"first")).unwrap();
    let limit = journal.end().offset;
    let path = segment_path(journal.directory(), 0);
    let mut other = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    other.write_all(&[1, 2, 3]).unwrap();
    let mut reader = SegmentReader::open(journal.directory(), 0, 0)
        .unwrap()
        .unwrap();
    let chunk = reader.chunk(Some(limit)).unwrap();
    assert_eq!(
        (chunk.end, chunk.stop, chunk.records().count()),
        (limit, None, 1)
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(segment_path(directory.path(), 0), bytes).unwrap();
        let _ = read_back(directory.path());
    }
}
