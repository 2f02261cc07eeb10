//! Where a database is and how to reach it: address, role, TLS, time limits of the session.
//!
//! Every connection of this crate is opened here, so that no session lacks its limits.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;

/// Time limits and habits of a session, sent with the first message of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// Longest time one statement may run; zero means no limit.
    pub statement_timeout: Duration,
    /// Longest wait for a lock; zero means no limit.
    pub lock_timeout: Duration,
    /// Longest pause inside an open transaction; zero means no limit.
    pub idle_in_transaction_timeout: Duration,
    /// Refuses every write in this session.
    pub read_only: bool,
    /// Size in kB of a GIN pending list at which a writing transaction merges it, which takes long. Whoever writes to such an
    /// index has it merged before.
    pub gin_pending_list_kb: u32,
    /// Plans a prepared statement once, for all values, and takes the index that has the rows in order: for
    /// statements that leave the planner one such index. Its guesses about values that it does not know
    /// would sometimes have it read all of the rows and sort them.
    pub planned_once: bool,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            idle_in_transaction_timeout: Duration::from_secs(60),
            read_only: false,
            gin_pending_list_kb: 2048,
            planned_once: false,
        }
    }
}

impl SessionSettings {
    /// No limits: for migrations, backups and maintenance.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            statement_timeout: Duration::ZERO,
            lock_timeout: Duration::ZERO,
            idle_in_transaction_timeout: Duration::ZERO,
            ..Self::default()
        }
    }

    fn startup_options(&self) -> String {
        let planning = if self.planned_once {
            "-c plan_cache_mode=force_generic_plan -c enable_sort=off -c enable_bitmapscan=off"
        } else {
            "-c plan_cache_mode=auto"
        };
        format!(
            "-c statement_timeout={} -c lock_timeout={} \
             -c idle_in_transaction_session_timeout={} -c default_transaction_read_only={} \
             -c gin_pending_list_limit={} -c jit=off -c TimeZone=UTC -c search_path=pg_catalog {planning}",
            self.statement_timeout.as_millis(),
            self.lock_timeout.as_millis(),
            self.idle_in_transaction_timeout.as_millis(),
            self.read_only,
            self.gin_pending_list_kb.max(64),
        )
    }
}

/// One database seen as one role: everything a new connection needs.
#[derive(Clone)]
pub struct Endpoint {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    settings: SessionSettings,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("user", &self.config.get_user())
            .field("database", &self.config.get_dbname())
            .field("hosts", &self.config.get_hosts())
            .field("tls", &self.tls.is_some())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// A server on a unix socket in `directory`.
    #[must_use]
    pub fn socket(directory: &Path, user: &str, password: &str, database: &str) -> Self {
        let mut config = Config::new();
        config
            .host_path(directory)
            .user(user)
            .password(password)
            .dbname(database);
        Self::with_config(config, None)
    }

    pub(crate) fn with_config(mut config: Config, tls: Option<MakeRustlsConnect>) -> Self {
        config.connect_timeout(Duration::from_secs(10));
        config.keepalives_idle(Duration::from_secs(60));
        Self {
            config,
            tls,
            settings: SessionSettings::default(),
        }
    }

    /// The same with another database of the same server.
    #[must_use]
    pub fn database(mut self, name: &str) -> Self {
        self.config.dbname(name);
        self
    }

    /// The same with other session settings.
    #[must_use]
    pub fn settings(mut self, settings: SessionSettings) -> Self {
        self.settings = settings;
        self
    }

    /// The session settings in force.
    #[must_use]
    pub const fn session_settings(&self) -> &SessionSettings {
        &self.settings
    }

    /// The same with another `application_name` (shown in `pg_stat_activity`).
    #[must_use]
    pub fn named(mut self, application: &str) -> Self {
        self.config.application_name(application);
        self
    }

    /// The role that connects.
    #[must_use]
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// The database it connects to.
    #[must_use]
    pub fn database_name(&self) -> &str {
        self.config.get_dbname().unwrap_or_else(|| self.user())
    }

    /// Directory of the unix socket, when the server is reached through one.
    #[must_use]
    pub fn socket_directory(&self) -> Option<PathBuf> {
        self.config.get_hosts().iter().find_map(|host| match host {
            Host::Unix(path) => Some(path.clone()),
            Host::Tcp(_) => None,
        })
    }

    /// Opens a connection; the returned task ends when the connection does.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the server cannot be reached, other variants when it refuses.
    pub async fn connect(&self) -> Result<(Client, JoinHandle<()>), Error> {
        let mut config = self.config.clone();
        config.options(self.settings.startup_options());
        let connected = if let Some(tls) = &self.tls {
            let (client, connection) = config.connect(tls.clone()).await?;
            (client, tokio::spawn(drive(connection)))
        } else {
            let (client, connection) = config.connect(NoTls).await?;
            (client, tokio::spawn(drive(connection)))
        };
        Ok(connected)
    }

    /// Asks the server to cancel what `client`, opened here, is running.
    pub(crate) async fn cancel(&self, client: &Client) {
        let token = client.cancel_token();
        let outcome = match &self.tls {
            Some(tls) => token.cancel_query(tls.clone()).await,
            None => token.cancel_query(NoTls).await,
        };
        if let Err(error) = outcome {
            tracing::debug!(error = %Error::from(error), "cannot cancel a statement");
        }
    }
}

async fn drive<F>(connection: F)
where
    F: Future<Output = Result<(), tokio_postgres::Error>>,
{
    if let Err(error) = connection.await {
        tracing::debug!(error = %Error::from(error), "database connection ended");
    }
}
