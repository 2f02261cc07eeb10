use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mt_database::backup::{BackupError, RestoreOptions, backup, restore};
use mt_database::migrate::migrate;
use mt_database::{Cluster, ClusterOptions, Database, Endpoint, Sizes};
use mt_kernel::{Clock, SystemClock};

use crate::cluster::{quick, start};
use crate::fixture::{COUNT, INSERT, NOTES, ONE};

async fn open(cluster: &Cluster) -> Database {
    migrate(&cluster.owner().unwrap(), &[NOTES]).await.unwrap();
    let sizes = Sizes {
        pool: 2,
        readers: 1,
        writers: 1,
    };
    Database::open(&cluster.app().unwrap(), sizes)
        .await
        .unwrap()
}

async fn insert(database: &Database, id: i64) {
    let tx = database.tenant(ONE).await.unwrap();
    tx.execute(INSERT, &[&1_i32, &id, &"x"]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn count(app: &Endpoint) -> i64 {
    let database = Database::open(
        app,
        Sizes {
            pool: 1,
            readers: 1,
            writers: 1,
        },
    )
    .await
    .unwrap();
    let tx = database.tenant(ONE).await.unwrap();
    tx.query_one(COUNT, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_backup_taken_under_writes_restores_to_a_moment_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(&folder.path().join("a")).await;
    let database = open(&cluster).await;
    for id in 0..200 {
        insert(&database, id).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (database, stop) = (database.clone(), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut id = 200;
            while !stop.load(Ordering::SeqCst) {
                insert(&database, id).await;
                id += 1;
            }
            id
        })
    };
    let saved = folder.path().join("backup");
    backup(&cluster, &saved).await.unwrap();
    stop.store(true, Ordering::SeqCst);
    let written = writer.await.unwrap();
    cluster.stop().await;

    let target = folder.path().join("b");
    restore(&saved, &target, RestoreOptions::default())
        .await
        .unwrap();
    let restored = start(&target).await;
    let rows = count(&restored.app().unwrap()).await;
    assert!((200..=written).contains(&rows), "{rows} of {written}");
    insert(&open(&restored).await, 1_000_000).await;
    assert_eq!(count(&restored.app().unwrap()).await, rows + 1);
    restored.stop().await;
}

#[tokio::test]
async fn a_restore_never_overwrites_and_never_trusts_a_damaged_backup() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(&folder.path().join("a")).await;
    let saved = folder.path().join("backup");
    backup(&cluster, &saved).await.unwrap();
    let again = backup(&cluster, &saved).await;
    assert!(matches!(again, Err(BackupError::NotEmpty(_))), "{again:?}");
    cluster.stop().await;
    let default = RestoreOptions::default;
    let over = restore(&saved, &folder.path().join("a"), default()).await;
    assert!(matches!(over, Err(BackupError::NotEmpty(_))), "{over:?}");
    let nothing = restore(folder.path(), &folder.path().join("c"), default()).await;
    assert!(
        matches!(nothing, Err(BackupError::NoBackup(_))),
        "{nothing:?}"
    );
    let victim = saved.join("base/global/pg_control");
    let mut bytes = std::fs::read(&victim).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&victim, bytes).unwrap();
    let damaged = restore(&saved, &folder.path().join("d"), default()).await;
    assert!(
        matches!(damaged, Err(BackupError::Cluster(_))),
        "{damaged:?}"
    );
    assert!(!folder.path().join("d").exists());
}

#[tokio::test]
async fn an_archive_restores_to_a_point_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    std::fs::create_dir(&archive).unwrap();
    open_to_all(folder.path(), 0o711);
    open_to_all(&archive, 0o777);
    let options = ClusterOptions {
        wal_archive: Some(archive.clone()),
        ..quick()
    };
    let cluster = Cluster::start_or_join(&folder.path().join("a"), options)
        .await
        .unwrap();
    let database = open(&cluster).await;
    let saved = folder.path().join("backup");
    backup(&cluster, &saved).await.unwrap();
    for id in 0..10 {
        insert(&database, id).await;
    }
    let moment = SystemClock.now();
    for id in 10..20 {
        insert(&database, id).await;
    }
    archive_now(&cluster).await;
    cluster.stop().await;
    for (name, until, expected) in [("b", Some(moment), 10), ("c", None, 20)] {
        let target = folder.path().join(name);
        let options = RestoreOptions {
            wal_archive: Some(archive.clone()),
            until,
            ..RestoreOptions::default()
        };
        restore(&saved, &target, options).await.unwrap();
        let restored = start(&target).await;
        assert_eq!(count(&restored.app().unwrap()).await, expected);
        restored.stop().await;
    }
}

fn open_to_all(folder: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Closes the current log file and waits until the server has archived it.
async fn archive_now(cluster: &Cluster) {
    let (client, _driver) = cluster.admin().unwrap().connect().await.unwrap();
    let sql = "select pg_walfile_name(pg_switch_wal())";
    let file: String = client.query_one(sql, &[]).await.unwrap().get(0);
    let done = "select coalesce(last_archived_wal >= $1, false) from pg_stat_archiver";
    while !client
        .query_one(done, &[&file])
        .await
        .unwrap()
        .get::<_, bool>(0)
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
