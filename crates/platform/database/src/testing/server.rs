//! The cluster that all test processes of a user share.
//!
//! It lives on a thread of its own with its own runtime, because each test has a runtime that ends
//! with it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use tokio::sync::{OnceCell, oneshot};

use super::reaper;
use crate::{Cluster, ClusterError, ClusterOptions, Endpoint, roles};

static SHARED: OnceCell<TestServer> = OnceCell::const_new();

enum Job {
    Drop(String, mpsc::Sender<()>),
}

/// The shared test cluster, as this process sees it.
#[derive(Debug)]
pub struct TestServer {
    template: Endpoint,
    passwords: [(&'static str, Endpoint); 3],
    jobs: Mutex<tokio::sync::mpsc::UnboundedSender<Job>>,
}

impl TestServer {
    /// Starts or joins the test cluster of this user.
    ///
    /// # Panics
    /// When PostgreSQL cannot be started: no test of the database can run then.
    pub async fn shared() -> &'static Self {
        SHARED
            .get_or_init(|| async {
                let (ready, started) = oneshot::channel();
                thread::spawn(move || serve(ready));
                let started = started.await.expect("the thread of the test cluster lives");
                started.expect("the test cluster starts")
            })
            .await
    }

    pub(super) fn endpoint(&self, role: &str, database: &str) -> Endpoint {
        let known = self.passwords.iter().find(|(name, _)| *name == role);
        let endpoint = known.map_or(&self.template, |(_, endpoint)| endpoint);
        endpoint.clone().database(database)
    }

    /// Drops a test database and waits until it is gone.
    pub(super) fn drop_database(&self, name: &str) {
        let (done, gone) = mpsc::channel();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = jobs.send(Job::Drop(name.to_owned(), done));
        drop(jobs);
        if sent.is_ok() {
            let _ = gone.recv();
        }
    }
}

/// Folder of the test cluster: one per user, where the server's account can reach it.
fn folder() -> PathBuf {
    let uid = rustix::process::geteuid().as_raw();
    std::env::temp_dir().join(format!("meditrack-test-{uid}"))
}

fn options() -> ClusterOptions {
    ClusterOptions {
        durable: false,
        settings: vec![
            ("max_connections".to_owned(), "400".to_owned()),
            ("shared_buffers".to_owned(), "128MB".to_owned()),
            ("max_wal_size".to_owned(), "1GB".to_owned()),
        ],
        ..ClusterOptions::default()
    }
}

fn serve(ready: oneshot::Sender<Result<TestServer, ClusterError>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else { return };
    runtime.block_on(async {
        let cluster = match Cluster::start_or_join(&folder(), options()).await {
            Ok(cluster) => cluster,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let (jobs, mut inbox) = tokio::sync::mpsc::unbounded_channel();
        let server = describe(&cluster, jobs);
        if let Ok(server) = &server {
            reaper::watch(&folder());
            drop_leftovers(&server.endpoint(roles::ADMIN, "postgres")).await;
        }
        let admin = server
            .as_ref()
            .ok()
            .map(|one| one.endpoint(roles::ADMIN, "postgres"));
        if ready.send(server).is_err() {
            return;
        }
        while let (Some(Job::Drop(name, done)), Some(admin)) = (inbox.recv().await, &admin) {
            drop_database(admin, &name).await;
            let _ = done.send(());
        }
    });
}

fn describe(
    cluster: &Cluster,
    jobs: tokio::sync::mpsc::UnboundedSender<Job>,
) -> Result<TestServer, ClusterError> {
    Ok(TestServer {
        template: cluster.app()?,
        passwords: [
            (roles::ADMIN, cluster.admin()?),
            (roles::OWNER, cluster.owner()?),
            (roles::APP, cluster.app()?),
        ],
        jobs: Mutex::new(jobs),
    })
}

async fn drop_database(admin: &Endpoint, name: &str) {
    if let Ok((client, _driver)) = admin.connect().await {
        let statement = format!("drop database if exists {name} with (force)");
        let _ = client.batch_execute(&statement).await;
    }
}

/// Drops databases whose test process has ended.
async fn drop_leftovers(admin: &Endpoint) {
    let Ok((client, _driver)) = admin.connect().await else {
        return;
    };
    let names = "select datname::text from pg_database where datname like 'mt\\_test\\_%'";
    for row in client.query(names, &[]).await.unwrap_or_default() {
        let name: String = row.get(0);
        let pid = name.split('_').nth(2).and_then(|pid| pid.parse().ok());
        let pid = pid.and_then(rustix::process::Pid::from_raw);
        let ended = pid.is_none_or(|pid| {
            rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
        });
        if ended {
            drop_database(admin, &name).await;
        }
    }
}
