//! Parcels: what is to be delivered, kept until it is.

pub(crate) mod rows;

use std::sync::Arc;

use mt_crypto::{CryptoError, Purpose, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};
use mt_store::Tenants;
use tokio::sync::Notify;
use uuid::Uuid;

pub(crate) use rows::Claimed;

/// Why the queue does not answer.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database refused or does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// Keys are missing, or a parcel does not open.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The tenant does not serve.
    #[error(transparent)]
    Tenant(#[from] mt_store::StoreError),
}

impl QueueError {
    /// The kind that the edge of the system answers with.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Database(error) => error.kind(),
            Self::Crypto(error) => error.kind(),
            Self::Tenant(error) => error.kind(),
        }
    }
}

impl From<QueueError> for Fault {
    fn from(error: QueueError) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

/// Something new to deliver.
#[derive(Clone, Debug)]
pub struct NewParcel {
    /// The same at every attempt.
    pub id: Uuid,
    /// The endpoint, subscription or message that it belongs to.
    pub target: Uuid,
    /// What the courier needs; it is kept sealed.
    pub body: Vec<u8>,
    /// Not before.
    pub due_at: Instant,
}

/// What became of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is carried, or waits for its next attempt.
    Waiting,
    /// The other side took it.
    Delivered,
    /// It will not be tried again by itself.
    GivenUp,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given-up",
        }
    }

    const fn number(self) -> i16 {
        match self {
            Self::Waiting => 1,
            Self::Delivered => 2,
            Self::GivenUp => 3,
        }
    }

    const fn of(number: i16) -> Self {
        match number {
            2 => Self::Delivered,
            3 => Self::GivenUp,
            _ => Self::Waiting,
        }
    }
}

/// How a parcel stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its id.
    pub id: Uuid,
    /// Place in the order in which parcels were made.
    pub seq: i64,
    /// What became of it.
    pub state: State,
    /// When it was made.
    pub created_at: Instant,
    /// When it is tried next, while it waits.
    pub due_at: Instant,
    /// How often it was tried.
    pub attempts: u32,
    /// HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// Why the last attempt failed, in a fixed word.
    pub reason: Option<String>,
}

/// What lies in the queue of one courier for a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The courier.
    pub courier: String,
    /// Parcels that wait.
    pub waiting: i64,
    /// Since when the first of them could have been carried; `None` when nothing is due.
    pub due_since: Option<Instant>,
    /// Parcels that were given up and are not forgotten yet.
    pub given_up: i64,
}

/// The parcels of all tenants.
#[derive(Clone)]
pub struct Queue {
    pub(crate) database: Database,
    pub(crate) tenants: Tenants,
    pub(crate) waiting: Arc<Notify>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    /// The queue in this database.
    #[must_use]
    pub fn new(database: Database, tenants: Tenants) -> Self {
        Self {
            database,
            tenants,
            waiting: Arc::default(),
        }
    }

    /// Puts a parcel into the queue of a courier, in the transaction of what causes it. One with an id that is there already is
    /// not put again.
    ///
    /// # Errors
    /// [`QueueError`]; the transaction must not be committed then.
    pub async fn put(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        courier: &'static str,
        parcel: &NewParcel,
        now: Instant,
    ) -> Result<(), QueueError> {
        let sealed = mt_crypto::seal(keys, Purpose::Webhook, &place(parcel.id), &parcel.body)?;
        rows::insert(tx, courier, parcel, &sealed, now).await
    }

    /// Says that something was committed that may be due.
    pub fn wake(&self) {
        self.waiting.notify_one();
    }

    /// The latest parcels of a target before `before` (by [`Status::seq`]), newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(
        &self,
        tenant: TenantId,
        target: Uuid,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Status>, QueueError> {
        rows::list(&self.database, tenant, target, before, limit).await
    }

    /// Lets what was given up of a target since `since` be carried again, with the same ids. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn again(
        &self,
        tx: &TenantTx,
        target: Uuid,
        since: Instant,
        now: Instant,
    ) -> Result<u64, QueueError> {
        rows::again(tx, target, since, now).await
    }

    /// Gives up what waits for a target.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_up(
        &self,
        tx: &TenantTx,
        target: Uuid,
        reason: &'static str,
        now: Instant,
    ) -> Result<u64, QueueError> {
        rows::give_up(tx, target, reason, now).await
    }

    /// What lies in the queues of all couriers for a tenant, by courier; a courier with nothing is not named.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn loads(&self, tenant: TenantId, now: Instant) -> Result<Vec<Load>, QueueError> {
        rows::loads(&self.database, tenant, now).await
    }

    /// Forgets what ended before `before`. Returns how many parcels.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tidy(&self, before: Instant) -> Result<i64, QueueError> {
        rows::tidy(&self.database, before).await
    }
}

/// A parcel's body opens under its own id alone.
pub(crate) fn place(id: Uuid) -> Vec<u8> {
    [b"parcel\0", &id.as_bytes()[..]].concat()
}
