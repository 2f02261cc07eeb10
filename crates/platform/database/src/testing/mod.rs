//! A real database for every test, in milliseconds.
//!
//! One cluster per user is shared by all test processes; a template is migrated once per set of
//! schemas and cloned for each test. When nobody has used the cluster for a while it is stopped.

mod reaper;
mod server;

use std::sync::atomic::{AtomicU32, Ordering};

pub use server::TestServer;

use crate::access::{Database, Sizes};
use crate::migrate::{Migrations, fingerprint, migrate};
use crate::{Endpoint, Error, SessionSettings, roles};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A database of its own for one test, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    server: &'static TestServer,
    name: String,
}

impl TestDatabase {
    /// A new database with the schemas of `sets`.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or a migration fails: the test cannot run then.
    pub async fn create(sets: &[Migrations]) -> Self {
        let server = TestServer::shared().await;
        let template = ensure_template(server, sets)
            .await
            .expect("the test template is made");
        let name = format!(
            "mt_test_{}_{}_{}",
            std::process::id(),
            COUNTER.fetch_add(1, Ordering::Relaxed),
            crate::digest::hex(&crate::digest::random_bytes::<4>()),
        );
        let admin = server.admin("postgres");
        let (client, _driver) = admin.connect().await.expect("the test cluster answers");
        crate::cluster::initialise::create_database(&client, &name, Some(&template))
            .await
            .expect("the test database is cloned");
        Self { server, name }
    }

    /// The application role on this database.
    #[must_use]
    pub fn app(&self) -> Endpoint {
        self.server.app(&self.name)
    }

    /// The owner role on this database.
    #[must_use]
    pub fn owner(&self) -> Endpoint {
        self.server.owner(&self.name)
    }

    /// The superuser on this database.
    #[must_use]
    pub fn admin(&self) -> Endpoint {
        self.server.admin(&self.name)
    }

    /// The database opened as the application role with few connections.
    ///
    /// # Panics
    /// When the test cluster does not answer.
    pub async fn open(&self) -> Database {
        let sizes = Sizes {
            pool: 8,
            readers: 2,
            writers: 2,
        };
        Database::open(&self.app(), sizes)
            .await
            .expect("the test database opens")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        self.server.drop_database(&self.name);
    }
}

/// Name of the template for `sets`, migrated by whichever process comes first.
async fn ensure_template(server: &TestServer, sets: &[Migrations]) -> Result<String, Error> {
    let checksum = fingerprint(sets);
    let name = format!("mt_template_{}", checksum.get(..16).unwrap_or(&checksum));
    let admin = server
        .admin("postgres")
        .settings(SessionSettings::unlimited());
    let (client, _driver) = admin.connect().await?;
    let complete = "select from pg_database where datname = $1 and datistemplate";
    if client.query_opt(complete, &[&name]).await?.is_some() {
        return Ok(name);
    }
    let lock = i64::from_str_radix(checksum.get(..15).unwrap_or("0"), 16).unwrap_or_default();
    client
        .query("select pg_advisory_lock($1)", &[&lock])
        .await?;
    if client.query_opt(complete, &[&name]).await?.is_none() {
        client
            .batch_execute(&format!("drop database if exists {name} with (force)"))
            .await?;
        crate::cluster::initialise::create_database(&client, &name, None).await?;
        migrate(&server.owner(&name), sets)
            .await
            .map_err(|error| Error::Rejected {
                code: String::new(),
                message: error.to_string(),
            })?;
        client
            .batch_execute(&format!("alter database {name} is_template true"))
            .await?;
    }
    client
        .query("select pg_advisory_unlock($1)", &[&lock])
        .await?;
    Ok(name)
}

impl TestServer {
    fn admin(&self, database: &str) -> Endpoint {
        self.endpoint(roles::ADMIN, database)
    }

    fn owner(&self, database: &str) -> Endpoint {
        self.endpoint(roles::OWNER, database)
    }

    fn app(&self, database: &str) -> Endpoint {
        self.endpoint(roles::APP, database)
    }
}
