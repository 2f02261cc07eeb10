//! Each way of changing the trail is found, and said to be what it is.

use std::time::Duration;

use mt_audit::{AuditError, Finding, Folder};
use mt_fhir::ResourceType;
use mt_kernel::Instant;

use crate::fixture::{Fixture, ONE, TWO, ctx, read};

const ROWS: usize = 600;

/// The number of the row that is leaf `n` of tenant one.
async fn seq_of(fixture: &Fixture, leaf: i64) -> i64 {
    fixture
        .ask(&format!(
            "select seqs[{leaf} - first + 1] from audit.checkpoint \
             where tenant = 1 and first <= {leaf} and size > {leaf}"
        ))
        .await
}

async fn findings(fixture: &Fixture) -> Vec<Finding> {
    let other = fixture.audit.verify(TWO).await.unwrap();
    assert!(other.is_sound(), "{other}");
    fixture.audit.verify(ONE).await.unwrap().findings
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_log_is_sound() {
    let fixture = Fixture::with_reads(ROWS).await;
    let report = fixture.audit.verify(ONE).await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(
        (report.leaves, report.waiting, report.unreadable),
        (600, 0, 0)
    );
    assert!(report.witnessed > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_becomes_a_leaf_whatever_the_order_of_transactions() {
    let mut fixture = Fixture::new().await;
    let one = |n| {
        let ctx = ctx(ONE, n);
        let detail = read(&ctx, ResourceType::PATIENT, "p");
        (ctx, detail)
    };
    fixture.gather((0..2500).map(one)).await;
    // Thirty transactions with numbers of one and two digits, each over several batches' rows.
    fixture
        .tamper("update records.audit set xid = (1 + seq % 30)::text::xid8")
        .await;
    fixture.reopen().await;
    fixture.logged(ONE, 2500).await;
    let report = fixture.audit.verify(ONE).await.unwrap();
    assert!(report.is_sound() && report.leaves == 2500, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_deleted_or_swapped_row_is_named() {
    let fixture = Fixture::with_reads(ROWS).await;
    let (a, b, c, d) = (
        seq_of(&fixture, 3).await,
        seq_of(&fixture, 100).await,
        seq_of(&fixture, 200).await,
        seq_of(&fixture, 201).await,
    );
    fixture
        .tamper(&format!(
            "update records.audit set detail = set_byte(detail, 40, get_byte(detail, 40) # 1) where seq = {a};
             delete from records.audit where seq = {b};
             update records.audit a
               set at = b.at, correlation = b.correlation, detail = b.detail
               from records.audit b where (a.seq, b.seq) in (({c}, {d}), ({d}, {c}));"
        ))
        .await;
    let mut found = findings(&fixture).await;
    found.sort();
    assert_eq!(
        found,
        [
            Finding::Missing { leaf: 100, seq: b },
            Finding::Changed { leaf: 3, seq: a },
            Finding::Changed { leaf: 200, seq: c },
            Finding::Changed { leaf: 201, seq: d },
            Finding::Forged { seq: a },
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_the_part_that_fills_no_tile_is_found() {
    let fixture = Fixture::with_reads(ROWS).await;
    let last = seq_of(&fixture, 599).await;
    fixture
        .tamper(&format!(
            "update records.audit set at = at - 1 where seq = {last}"
        ))
        .await;
    let found = findings(&fixture).await;
    assert!(found.contains(&Finding::Forged { seq: last }), "{found:?}");
    assert!(
        matches!(found[..], [_, Finding::Batch { size: 600, .. }]),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_row_is_found_whether_the_log_takes_it_or_not() {
    let fixture = Fixture::with_reads(ROWS).await;
    let copied = seq_of(&fixture, 7).await;
    fixture
        .tamper(&format!(
            "insert into records.audit (at, xid, tenant, kind, correlation, detail)
             select at, '1'::xid8, tenant, kind, correlation, detail from records.audit where seq = {copied};"
        ))
        .await;
    let beside = fixture.ask("select max(seq) from records.audit").await;
    assert_eq!(findings(&fixture).await, [Finding::Outside { seq: beside }]);

    fixture
        .tamper(&format!(
            "delete from records.audit where seq = {beside};
             insert into records.audit (at, tenant, kind, correlation, detail)
             select at, tenant, kind, correlation, detail from records.audit where seq = {copied};
             insert into records.audit (at, tenant, kind, correlation, detail)
             values (1, 1, 2, gen_random_uuid(), '\\x01020304')"
        ))
        .await;
    fixture.enter_reads(ONE, 1);
    fixture.logged(ONE, 603).await;
    let mut found = findings(&fixture).await;
    found.sort();
    let (duplicate, forged) = (beside + 1, beside + 2);
    assert_eq!(
        found,
        [
            Finding::Duplicate { seq: duplicate },
            Finding::Forged { seq: forged }
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_tiles_and_checkpoints_are_found() {
    let fixture = Fixture::with_reads(ROWS).await;
    fixture
        .tamper("update audit.tile set hashes = set_byte(hashes, 9, get_byte(hashes, 9) # 1) where tenant = 1 and n = 1")
        .await;
    assert_eq!(findings(&fixture).await, [Finding::Tile { level: 0, n: 1 }]);
    fixture
        .tamper("delete from audit.tile where tenant = 1 and n = 0")
        .await;
    let found = findings(&fixture).await;
    assert_eq!(
        found,
        [
            Finding::Tile { level: 0, n: 0 },
            Finding::Tile { level: 0, n: 1 }
        ]
    );

    let fixture = Fixture::with_reads(10).await;
    fixture
        .tamper("update audit.checkpoint set note = replace(note, 'a', 'b') where tenant = 1")
        .await;
    let found = findings(&fixture).await;
    assert!(
        found
            .iter()
            .all(|finding| matches!(finding, Finding::Signature { .. })),
        "{found:?}"
    );
    assert!(!found.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_tail_and_an_older_backup_are_told_by_the_witness() {
    let mut fixture = Fixture::with_reads(300).await;
    fixture.enter_reads(ONE, 300);
    fixture.logged(ONE, 600).await;
    fixture.audit.close().await;
    // All of it gone, as if the database had been restored from a backup of the time before.
    let keep = fixture
        .ask("select min(size) from audit.checkpoint where tenant = 1")
        .await;
    fixture
        .tamper(&format!(
            "delete from records.audit a using audit.checkpoint c
               where a.tenant = 1 and c.tenant = 1 and c.size > {keep} and a.seq = any(c.seqs);
             delete from audit.tile where tenant = 1 and (n + 1) * 256 > {keep};
             delete from audit.checkpoint where tenant = 1 and size > {keep};"
        ))
        .await;
    fixture.reopen().await;
    let found = findings(&fixture).await;
    let size = keep.cast_unsigned();
    assert!(
        found.contains(&Finding::RolledBack { size, seen: 600 }),
        "{found:?}"
    );

    // The log is not signed on over the hole, until a person says why it is there.
    fixture.enter_reads(ONE, 5);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let report = fixture.audit.verify(ONE).await.unwrap();
    assert_eq!((report.leaves, report.waiting), (size, 5));
    let kept = fixture
        .audit
        .accept_rollback(&ctx(ONE, 0), "restored on purpose")
        .unwrap();
    assert!(kept.join("latest").exists());
    fixture.logged(ONE, size + 6).await;
    assert_eq!(findings(&fixture).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_log_is_told_from_a_kept_checkpoint() {
    let fixture = Fixture::with_reads(20).await;
    let kept = fixture.audit.checkpoint(ONE).await.unwrap().unwrap();
    let proof = fixture.audit.compare(ONE, &kept).await.unwrap();
    assert!(proof.hashes.is_empty());
    assert!(matches!(
        fixture.audit.compare(TWO, &kept).await,
        Err(AuditError::BadCheckpoint("another log"))
    ));
    fixture
        .tamper(
            "delete from records.audit where tenant = 1; delete from audit.checkpoint where tenant = 1;
             delete from audit.tile where tenant = 1; delete from audit.mention where tenant = 1;",
        )
        .await;
    let found = findings(&fixture).await;
    assert!(
        found.contains(&Finding::RolledBack { size: 0, seen: 20 }),
        "{found:?}"
    );
    assert!(fixture.audit.compare(ONE, &kept).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_rows_leave_the_database_and_stay_verifiable() {
    let fixture = Fixture::with_reads(ROWS).await;
    let folder = Folder(fixture.directory.path().join("archive"));
    let rows = || fixture.ask("select count(*) from records.audit where tenant = 1");
    let never = fixture
        .audit
        .prune(ONE, &folder, Instant(i64::MAX))
        .await
        .unwrap();
    assert_eq!((never.rows, never.leaves), (0, 0), "nothing is archived");
    fixture.audit.archive(ONE, &folder).await.unwrap();
    let young = fixture.audit.prune(ONE, &folder, Instant(0)).await.unwrap();
    assert_eq!(
        (young.rows, rows().await),
        (0, 600),
        "nothing is old enough"
    );
    let gone = seq_of(&fixture, 100).await;
    let pruned = fixture
        .audit
        .prune(ONE, &folder, Instant(i64::MAX))
        .await
        .unwrap();
    assert_eq!(
        (pruned.rows, pruned.leaves),
        (512, 512),
        "the rows of two full tiles"
    );
    assert_eq!(rows().await, 88);
    let mentions = format!("select count(*) from audit.mention where tenant = 1 and seq = {gone}");
    assert_eq!(fixture.ask(&mentions).await, 0);
    // Without the archive the tiles vouch for the copies, with it every row is read again.
    let report = fixture.audit.verify(ONE).await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.leaves, report.elsewhere), (600, 512));
    let report = fixture.audit.verify_with(ONE, Some(&folder)).await.unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(
        (report.leaves, report.archived, report.elsewhere),
        (600, 512, 0)
    );
    // The log goes on, and so does its archive.
    fixture.enter_reads(ONE, 300);
    fixture.logged(ONE, 900).await;
    assert_eq!(
        fixture.audit.archive(ONE, &folder).await.unwrap().leaves,
        900
    );
    let more = fixture
        .audit
        .prune(ONE, &folder, Instant(i64::MAX))
        .await
        .unwrap();
    assert_eq!((more.rows, more.leaves), (256, 768));
    assert!(
        fixture
            .audit
            .verify_with(ONE, Some(&folder))
            .await
            .unwrap()
            .is_sound()
    );
    // Whoever removes more, or changes the archive, is found.
    let inside = seq_of(&fixture, 800).await;
    fixture
        .tamper(&format!("delete from records.audit where seq = {inside}"))
        .await;
    let missing = Finding::Missing {
        leaf: 800,
        seq: inside,
    };
    let report = fixture.audit.verify(ONE).await.unwrap();
    // No full tile says what the leaf was, so its batch cannot be vouched for either.
    assert!(report.findings.contains(&missing), "{report}");
    let path = folder.0.join("rows/000");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[90] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let report = fixture.audit.verify_with(ONE, Some(&folder)).await.unwrap();
    assert!(
        report.findings.contains(&Finding::Missing {
            leaf: 0,
            seq: seq_of(&fixture, 0).await
        }),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_whole_in_the_archive_stays_in_the_database() {
    let fixture = Fixture::with_reads(ROWS).await;
    let folder = Folder(fixture.directory.path().join("archive"));
    fixture.audit.archive(ONE, &folder).await.unwrap();
    let tile = folder.0.join("tile/entries/001");
    let kept = std::fs::read(&tile).unwrap();
    let mut bytes = kept.clone();
    bytes[20] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    let pruned = fixture.audit.prune(ONE, &folder, Instant(i64::MAX)).await;
    let damaged = matches!(pruned, Err(AuditError::Damaged(_)));
    assert!(damaged, "{pruned:?}");
    assert_eq!(
        fixture
            .ask("select count(*) from records.audit where tenant = 1")
            .await,
        344
    );
    std::fs::write(&tile, &kept[..100]).unwrap();
    let pruned = fixture
        .audit
        .prune(ONE, &folder, Instant(i64::MAX))
        .await
        .unwrap();
    assert_eq!(pruned.rows, 0);
    // The application itself can neither remove a row nor say that rows are elsewhere.
    for sql in [
        "delete from records.audit",
        "insert into audit.pruned (tenant, upto) values (1, 512)",
    ] {
        let own = fixture.database.tenant(ONE).await.unwrap();
        assert!(own.execute(sql, &[]).await.is_err(), "{sql}");
        own.rollback().await;
    }
}
