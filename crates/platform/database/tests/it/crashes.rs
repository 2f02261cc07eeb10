//! What is left after processes were killed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mt_database::migrate::migrate;
use mt_database::{Cluster, ClusterOptions, Database, Error, Sizes, Step};
use rustix::process::{Pid, Signal, kill_process};

use crate::cluster::{is_running, quick, start};
use crate::fixture::{COUNT, INSERT, NOTES, ONE};

const SMALL: Sizes = Sizes {
    pool: 4,
    readers: 2,
    writers: 4,
};

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// Runs a cluster in a runtime that ends without stopping it: locks are freed and the server goes
/// on, as when the owner is killed.
fn abandon(folder: &Path) -> i32 {
    let folder = folder.to_owned();
    let life = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let cluster = runtime.block_on(start(&folder));
        let pid = cluster.server_pid().unwrap();
        std::mem::forget(cluster);
        drop(runtime);
        pid
    });
    life.join().unwrap()
}

#[tokio::test]
async fn the_server_of_a_killed_owner_is_adopted() {
    let folder = tempfile::tempdir().unwrap();
    let pid = abandon(folder.path());
    assert!(is_running(pid));
    let heir = start(folder.path()).await;
    assert!(heir.is_owner());
    assert_eq!(heir.server_pid(), Some(pid));
    heir.app().unwrap().connect().await.unwrap();
    heir.stop().await;
    assert!(!is_running(pid));
}

#[tokio::test]
async fn the_server_of_a_killed_owner_is_restarted_when_settings_changed() {
    let folder = tempfile::tempdir().unwrap();
    let pid = abandon(folder.path());
    let mut options = quick();
    options
        .settings
        .push(("max_connections".to_owned(), "50".to_owned()));
    let heir = Cluster::start_or_join(folder.path(), options)
        .await
        .unwrap();
    assert_ne!(heir.server_pid(), Some(pid));
    let (client, _driver) = heir.app().unwrap().connect().await.unwrap();
    let row = client.query_one("show max_connections", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "50");
    heir.stop().await;
}

#[tokio::test]
async fn a_stale_pid_file_does_not_hinder_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let pid = abandon(folder.path());
    kill(pid);
    let heir = start(folder.path()).await;
    assert_ne!(heir.server_pid(), Some(pid));
    heir.app().unwrap().connect().await.unwrap();
    heir.stop().await;
}

#[tokio::test]
async fn a_dropped_cluster_stops_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path()).await;
    let pid = cluster.server_pid().unwrap();
    drop(cluster);
    while is_running(pid) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let again = start(folder.path()).await;
    again.stop().await;
}

/// Writers count what was acknowledged while the server is killed under them several times. What
/// was acknowledged is there; nothing is there that was not sent; work goes on afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_comes_back_with_every_acknowledged_commit() {
    let folder = tempfile::tempdir().unwrap();
    let options = ClusterOptions {
        durable: true,
        ..quick()
    };
    let cluster = Cluster::start_or_join(folder.path(), options)
        .await
        .unwrap();
    migrate(&cluster.owner().unwrap(), &[NOTES]).await.unwrap();
    let database = Database::open(&cluster.app().unwrap(), SMALL)
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4_i64)
        .map(|writer| {
            let (database, stop) = (database.clone(), Arc::clone(&stop));
            tokio::spawn(async move { write_until(&database, writer, &stop).await })
        })
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = cluster.restarts();
        kill(cluster.server_pid().unwrap());
        while cluster.restarts() == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    let mut unknown = Vec::new();
    for writer in writers {
        let (sure, unsure) = writer.await.unwrap();
        acknowledged.extend(sure);
        unknown.extend(unsure);
    }
    let rows = database
        .readers()
        .query(ONE, "select id from notes.note", &[])
        .await
        .unwrap();
    let stored: std::collections::BTreeSet<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert!(
        acknowledged.len() > 100,
        "only {} commits",
        acknowledged.len()
    );
    assert!(acknowledged.iter().all(|id| stored.contains(id)));
    let known = |id: &i64| acknowledged.contains(id) || unknown.contains(id);
    assert!(stored.iter().all(known));
    assert_eq!(cluster.restarts(), 3);
    cluster.stop().await;
}

/// Ids that were acknowledged, and ids whose commit has an unknown outcome.
async fn write_until(database: &Database, writer: i64, stop: &AtomicBool) -> (Vec<i64>, Vec<i64>) {
    let (mut sure, mut unsure) = (Vec::new(), Vec::new());
    let mut id = writer * 1_000_000;
    while !stop.load(Ordering::SeqCst) {
        id += 1;
        let step = Step {
            sql: INSERT,
            params: &[&1_i32, &id, &"x"],
        };
        match database.writers().commit(ONE, &[step]).await {
            Ok(_) => sure.push(id),
            Err(Error::CommitUnknown) => unsure.push(id),
            Err(Error::Unavailable { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    (sure, unsure)
}

#[tokio::test]
async fn transactions_and_reads_recover_after_the_server_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let options = ClusterOptions {
        durable: true,
        ..quick()
    };
    let cluster = Cluster::start_or_join(folder.path(), options)
        .await
        .unwrap();
    migrate(&cluster.owner().unwrap(), &[NOTES]).await.unwrap();
    let database = Database::open(&cluster.app().unwrap(), SMALL)
        .await
        .unwrap();
    let tx = database.tenant(ONE).await.unwrap();
    tx.query(COUNT, &[]).await.unwrap();
    kill(cluster.server_pid().unwrap());
    while cluster.restarts() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let lost = tx.query(COUNT, &[]).await;
    assert!(matches!(lost, Err(Error::Unavailable { .. })), "{lost:?}");
    drop(tx);
    database.tenant(ONE).await.unwrap().commit().await.unwrap();
    database.readers().query(ONE, COUNT, &[]).await.unwrap();
    cluster.stop().await;
}
