//! How the installation is, as `/api/v1/system/health` says it: a state and figures for every part.
//!
//! Every figure is measured when it is asked for or counted by this process; what is not known is said to be unknown.

use mt_kernel::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// How a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthState)]
pub(super) enum State {
    /// Nobody can say; it changes nothing about the whole.
    Unknown,
    /// As it should be.
    Up,
    /// It works, and somebody should look at it.
    Degraded,
    /// It does not work.
    Down,
}

/// How the installation is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SystemHealth {
    /// When it was looked at.
    pub(super) at: String,
    /// The worst state of a part.
    pub(super) state: State,
    /// The process that answers.
    pub(super) server: ServerPart,
    /// The database.
    pub(super) database: DatabasePart,
    /// Whether the schemas of the database are those of this version.
    pub(super) migrations: MigrationsPart,
    /// What carries events from the records to the bus.
    pub(super) relay: RelayPart,
    /// Who takes events from the bus.
    pub(super) consumers: ConsumersPart,
    /// Events that nobody could take.
    pub(super) dead_letters: LettersPart,
    /// The tamper-evident log of the caller's organisation.
    pub(super) audit: AuditPart,
    /// Records kept in the memory of this process.
    pub(super) cache: CachePart,
    /// What the caller's organisation sends to others: mail, text messages, push, webhooks, subscriptions.
    pub(super) deliveries: DeliveriesPart,
    /// The disk under the data folder of this process.
    pub(super) disk: DiskPart,
    /// The last backup that was written from this data folder.
    pub(super) backup: BackupPart,
}

/// The process that answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerPart {
    /// Down when it no longer follows what other processes write.
    pub(super) state: State,
    /// Its version.
    pub(super) version: &'static str,
    /// Since when it serves.
    pub(super) since: String,
    /// Seconds since it knew all that others wrote.
    pub(super) behind_seconds: f64,
}

/// The database.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DatabasePart {
    /// Down when it does not answer; degraded when it is slow, or a transaction has been open for long.
    pub(super) state: State,
    /// Whether this installation runs the database itself.
    pub(super) private: bool,
    /// Time of one round trip, in milliseconds.
    pub(super) round_trip_milliseconds: Option<f64>,
    /// Age of the oldest transaction that has written, in seconds.
    pub(super) oldest_transaction_seconds: Option<f64>,
    /// Size on disk, in bytes.
    pub(super) bytes: Option<u64>,
}

/// The schemas.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MigrationsPart {
    /// Down when the database is at another version than this process.
    pub(super) state: State,
    /// How many schemas there are.
    pub(super) schemas: usize,
    /// How many steps have led to them.
    pub(super) steps: usize,
}

/// The relay.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayPart {
    /// Degraded when nobody relays, or events have waited for more than half a minute.
    pub(super) state: State,
    /// Which bus carries events.
    pub(super) bus: &'static str,
    /// Whether a process relays.
    pub(super) held: Option<bool>,
    /// Commits whose events wait, counted to 1,000.
    pub(super) waiting: Option<i64>,
    /// For how long the oldest of them has waited, in seconds.
    pub(super) oldest_seconds: Option<f64>,
}

/// The consumers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsumersPart {
    /// Down when the bus does not answer; degraded when one is a thousand events behind.
    pub(super) state: State,
    /// Each with each of its topics.
    pub(super) groups: Vec<GroupPart>,
}

/// A consumer and a topic.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupPart {
    /// The consumer.
    pub(super) consumer: String,
    /// The topic; `unknown` when another version made it.
    pub(super) topic: &'static str,
    /// Events that it has not taken.
    pub(super) behind: i64,
}

/// Dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LettersPart {
    /// Degraded when one lies there.
    pub(super) state: State,
    /// Those of the caller's organisation, by consumer, event and reason.
    pub(super) kinds: Vec<LetterPart>,
    /// How many lie there for other organisations.
    pub(super) elsewhere: Option<i64>,
}

/// Dead letters of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LetterPart {
    /// Who could not take them.
    pub(super) consumer: String,
    /// The kind of event; `unknown` when this version does not know it.
    pub(super) event: &'static str,
    /// Why, in a fixed word.
    pub(super) reason: String,
    /// How many.
    pub(super) count: i64,
}

/// The audit log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditPart {
    /// Down when the last verification found damage, unknown when there was none.
    pub(super) state: State,
    /// Entries in the log.
    pub(super) entries: Option<u64>,
    /// The head: the newest checkpoint's root hash, base64.
    pub(super) head: Option<String>,
    /// When the log was last verified.
    pub(super) verified_at: Option<String>,
    /// Whether everything was as it had been written.
    pub(super) sound: Option<bool>,
    /// Bytes in the journal of this process that have yet to reach the log.
    pub(super) journal_bytes: Option<f64>,
}

/// The cache.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CachePart {
    /// Unknown while nothing was looked for.
    pub(super) state: State,
    /// What was found, since this process began.
    pub(super) hits: Option<f64>,
    /// What was not.
    pub(super) misses: Option<f64>,
}

/// Deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveriesPart {
    /// Degraded when something has been due for a quarter of an hour, or was given up.
    pub(super) state: State,
    /// Each way that something waits for or failed by.
    pub(super) queues: Vec<QueuePart>,
}

/// The queue of one way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueuePart {
    /// The way.
    pub(super) courier: String,
    /// What waits.
    pub(super) waiting: i64,
    /// For how long the first has been due, in seconds.
    pub(super) overdue_seconds: Option<f64>,
    /// What was given up and is not forgotten yet.
    pub(super) given_up: i64,
}

/// The disk.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DiskPart {
    /// Degraded when less than a tenth is free, down below a fiftieth.
    pub(super) state: State,
    /// Free, in bytes.
    pub(super) free: Option<u64>,
    /// All, in bytes.
    pub(super) total: Option<u64>,
}

/// The backup.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BackupPart {
    /// Unknown when none is known: a database of one's own is backed up with its own tools. Degraded after a week.
    pub(super) state: State,
    /// When it was written and verified.
    pub(super) at: Option<String>,
}

impl SystemHealth {
    /// The worst state of a part.
    pub(super) fn worst(&self) -> State {
        let states = [
            self.server.state,
            self.database.state,
            self.migrations.state,
            self.relay.state,
            self.consumers.state,
            self.dead_letters.state,
            self.audit.state,
            self.cache.state,
            self.deliveries.state,
            self.disk.state,
            self.backup.state,
        ];
        states.into_iter().max().unwrap_or(State::Unknown)
    }
}

/// Degraded when `bad` holds, else up.
pub(super) const fn degraded_if(bad: bool) -> State {
    if bad { State::Degraded } else { State::Up }
}

/// Seconds from `then` to `now`; none below zero.
pub(super) fn seconds(then: Instant, now: Instant) -> f64 {
    let micros = u64::try_from(now.0.saturating_sub(then.0)).unwrap_or_default();
    std::time::Duration::from_micros(micros).as_secs_f64()
}
