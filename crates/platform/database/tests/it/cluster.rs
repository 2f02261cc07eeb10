use std::path::Path;

use mt_database::{Cluster, ClusterError, ClusterOptions};

fn quick() -> ClusterOptions {
    ClusterOptions {
        durable: false,
        settings: vec![("shared_buffers".to_owned(), "32MB".to_owned())],
        ..ClusterOptions::default()
    }
}

async fn start(folder: &Path) -> Cluster {
    Cluster::start_or_join(folder, quick()).await.unwrap()
}

fn is_running(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[tokio::test]
async fn a_cluster_starts_stops_and_starts_again() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3_i32 {
        let cluster = start(folder.path()).await;
        assert!(cluster.is_owner());
        let (client, _driver) = cluster.owner().unwrap().connect().await.unwrap();
        client
            .batch_execute("create table if not exists public.kept (n int4)")
            .await
            .unwrap_or_default();
        let pid = cluster.server_pid().unwrap();
        assert!(is_running(pid), "round {round}");
        cluster.stop().await;
        assert!(!is_running(pid), "round {round}");
    }
}

#[tokio::test]
async fn a_second_process_joins_and_does_not_stop_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let owner = start(folder.path()).await;
    let guest = start(folder.path()).await;
    assert!(owner.is_owner() && !guest.is_owner());
    guest.app().unwrap().connect().await.unwrap();
    guest.stop().await;
    owner.app().unwrap().connect().await.unwrap();
    owner.stop().await;
}

#[tokio::test]
async fn a_guest_takes_over_when_the_owner_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let owner = start(folder.path()).await;
    let guest = start(folder.path()).await;
    let pid = owner.server_pid().unwrap();
    owner.stop().await;
    assert!(is_running(pid));
    while !guest.is_owner() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(guest.server_pid(), Some(pid));
    guest.stop().await;
    assert!(!is_running(pid));
}

#[tokio::test]
async fn a_folder_with_something_else_in_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pgdata = folder.path().join("postgres");
    std::fs::create_dir(&pgdata).unwrap();
    std::fs::write(pgdata.join("letter.txt"), "hello").unwrap();
    let refused = Cluster::start_or_join(folder.path(), quick()).await;
    assert!(
        matches!(refused, Err(ClusterError::NotADataDirectory(_))),
        "{refused:?}"
    );
}
