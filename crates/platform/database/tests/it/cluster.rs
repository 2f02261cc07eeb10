use std::path::Path;

use mt_database::{Cluster, ClusterError, ClusterOptions, Database, Error, Sizes};

use crate::fixture::ONE;

pub(crate) fn quick() -> ClusterOptions {
    ClusterOptions {
        durable: false,
        settings: vec![("shared_buffers".to_owned(), "32MB".to_owned())],
        ..ClusterOptions::default()
    }
}

pub(crate) async fn start(folder: &Path) -> Cluster {
    Cluster::start_or_join(folder, quick()).await.unwrap()
}

pub(crate) fn is_running(pid: i32) -> bool {
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
        let keep = "create schema if not exists kept; \
                    create table if not exists kept.round (n int4)";
        client.batch_execute(keep).await.unwrap();
        client
            .execute("insert into kept.round values ($1)", &[&round])
            .await
            .unwrap();
        let rows = client.query("select n from kept.round", &[]).await.unwrap();
        assert_eq!(rows.len(), usize::try_from(round).unwrap() + 1);
        let pid = cluster.server_pid().unwrap();
        assert!(is_running(pid), "round {round}");
        cluster.stop().await;
        assert!(!is_running(pid), "round {round}");
    }
}

#[tokio::test]
async fn a_standby_is_read_and_refuses_writes_as_something_that_passes() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path()).await;
    let signal = cluster.pgdata().join("standby.signal");
    cluster.stop().await;
    std::fs::write(signal, "").unwrap();
    let standby = start(folder.path()).await;
    let endpoint = standby.app().unwrap();
    let database = Database::open(&endpoint, Sizes::default()).await.unwrap();
    let rows = database.readers().query(ONE, "select 1", &[]).await;
    assert_eq!(rows.unwrap().len(), 1);
    let refused = database.tenant(ONE).await;
    assert_eq!(refused.unwrap_err(), Error::ReadOnly);
    standby.stop().await;
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

#[tokio::test]
async fn nobody_else_can_read_the_files_or_connect_without_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path()).await;
    let mode = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    let app = cluster.app().unwrap();
    let socket = app.socket_directory().unwrap();
    assert_eq!(mode(&socket), 0o700);
    assert_eq!(mode(cluster.pgdata()), 0o700);
    for file in ["postgres.credentials", "postgres.owner", "postgres.log"] {
        assert_eq!(mode(&folder.path().join(file)), 0o600, "{file}");
    }
    let wrong = mt_database::Endpoint::socket(&socket, "meditrack_app", "guess", "meditrack");
    assert!(wrong.connect().await.is_err());
    cluster.stop().await;
}

#[tokio::test]
async fn the_roles_have_no_right_they_do_not_need() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path()).await;
    let (client, _driver) = cluster.admin().unwrap().connect().await.unwrap();
    let sql = "select rolname::text from pg_roles where rolname in ('meditrack_owner', \
               'meditrack_app') and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or \
               rolreplication)";
    assert!(client.query(sql, &[]).await.unwrap().is_empty());
    let checksums = client.query_one("show data_checksums", &[]).await.unwrap();
    assert_eq!(checksums.get::<_, &str>(0), "on");
    let (app, _driver) = cluster.app().unwrap().connect().await.unwrap();
    assert!(app.batch_execute("create schema mine").await.is_err());
    assert!(
        app.batch_execute("create table public.mine (n int4)")
            .await
            .is_err()
    );
    cluster.stop().await;
}

#[tokio::test]
async fn a_data_directory_of_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path()).await;
    let version = cluster.pgdata().join("PG_VERSION");
    cluster.stop().await;
    std::fs::write(&version, "14\n").unwrap();
    let refused = Cluster::start_or_join(folder.path(), quick()).await;
    assert!(
        matches!(refused, Err(ClusterError::WrongVersion { data: 14, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_setting_that_the_server_refuses_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = quick();
    options
        .settings
        .push(("no_such_setting".to_owned(), "1".to_owned()));
    let refused = Cluster::start_or_join(folder.path(), options)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("no_such_setting"), "{refused}");
    start(folder.path()).await.stop().await;
}

#[tokio::test]
async fn a_path_that_is_too_long_for_a_socket_works() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("d".repeat(100));
    let cluster = start(&long).await;
    let socket = cluster.app().unwrap().socket_directory().unwrap();
    assert!(!socket.starts_with(&long));
    cluster.app().unwrap().connect().await.unwrap();
    cluster.stop().await;
    std::fs::remove_dir_all(socket).unwrap();
}
