//! What carries events from the relay to consumers.
//!
//! A bus takes a batch together with the relay's next place, because only it knows whether both can
//! be one transaction (the embedded log) or must follow each other (a broker). Every bus delivers at
//! least once, in order of key, and consumers make that once in effect. A bus holds no keys: what it is
//! given is sealed, and what it gives back is believed only as far as the seal goes.

mod feed;
mod head;
mod held;
mod log;

use std::fmt;

use futures::future::BoxFuture;
use mt_database::{Database, Outcome, Step};
use mt_kernel::TenantId;

use crate::catalogue::Topic;
use crate::consumer::Consumer;
use crate::error::{Result, fenced};
use crate::event::{Event, SealedEvent};

pub use feed::EventFeed;
pub use log::LogBus;

/// Takes batches from the relay and gives them to consumers.
///
/// A bus is told of the groups when it is made, and makes what they need by itself: whatever is carried
/// from then on, every one of them finds. It reconnects by itself, too; until then its calls fail.
pub trait EventBus: fmt::Debug + Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// Carries `events`, in this order, and moves the relay to `place`: first the one, then the other, or
    /// both at once. When the relay has been replaced, the place does not move.
    ///
    /// # Errors
    /// [`crate::EventError::Fenced`] when another relay took over; when the bus does not answer.
    fn carry<'a>(&'a self, events: &'a [Outgoing], place: &'a Place) -> BoxFuture<'a, Result<()>>;

    /// Joins the processes that read for `group`.
    ///
    /// # Errors
    /// When the bus does not answer.
    fn subscribe(&self, group: Group) -> BoxFuture<'_, Result<Box<dyn Subscription>>>;

    /// Opens a feed of every event from now on.
    ///
    /// # Errors
    /// When the bus does not answer.
    fn feed(&self) -> BoxFuture<'_, Result<Box<dyn EventFeed>>>;

    /// How far the groups are behind.
    ///
    /// # Errors
    /// When the bus does not answer.
    fn groups(&self) -> BoxFuture<'_, Result<Vec<GroupStatus>>>;

    /// Drops what is older than its topic keeps, where the bus does not do so by itself. Returns how
    /// many pieces went.
    ///
    /// # Errors
    /// When the bus does not answer.
    fn expire(&self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(std::future::ready(Ok(0)))
    }
}

/// Who reads which topic: the processes of a group share its partitions and its progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Name of the consumer.
    pub consumer: &'static str,
    /// What it reads.
    pub topic: &'static Topic,
}

impl Group {
    /// The groups of a consumer: one for each of its topics.
    pub fn of(consumer: &dyn Consumer) -> impl Iterator<Item = Self> {
        let name = consumer.name();
        consumer.topics().into_iter().map(move |topic| Self {
            consumer: name,
            topic,
        })
    }
}

/// How far a group is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStatus {
    /// The consumer.
    pub consumer: String,
    /// What it reads; `None` when this version does not know the topic.
    pub topic: Option<&'static Topic>,
    /// Events that it has not taken; a bus may stop counting at 10,000 for each partition.
    pub behind: i64,
}

/// An event on its way to a bus.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The event: where it goes, and what others than our consumers may see of it.
    pub event: Event,
    /// What our consumers are given.
    pub sealed: SealedEvent,
}

/// The part of a topic that one process reads for a consumer.
pub trait Subscription: Send {
    /// Up to `limit` events that this subscription has not handed out before, in order of key; none when
    /// there is nothing new. Also keeps the place in the group, for which a limit of zero is enough.
    ///
    /// # Errors
    /// When the bus does not answer.
    fn poll(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>>;

    /// Says that these are settled: taken, or laid among the dead letters. Another process begins
    /// behind the oldest that is not.
    ///
    /// # Errors
    /// When the bus does not answer; the deliveries come again.
    fn settle<'a>(&'a mut self, done: &'a [Spot]) -> BoxFuture<'a, Result<()>>;

    /// Resolves when there may be something to poll before the usual pause is over; never, when the bus cannot say.
    fn ready(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    /// Leaves the group, so that others take over at once. What was not settled comes again.
    ///
    /// # Errors
    /// When the bus does not answer; others take over when they notice.
    fn leave(&mut self) -> BoxFuture<'_, Result<()>>;
}

/// Where an event lies in its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Partition.
    pub partition: i16,
    /// Position in it.
    pub position: i64,
}

/// An event handed to a consumer, its content still sealed.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Where it lies.
    pub spot: Spot,
    /// The event as the bus carried it.
    pub sealed: SealedEvent,
    /// The bus gave up handing it out: those who had it were cut off again and again before they
    /// settled it. It goes to the dead letters.
    pub exhausted: bool,
}

/// Where the relay stands after a batch, and what it left for later.
#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) token: i64,
    pub(crate) from: String,
    pub(crate) to: Option<String>,
    pub(crate) after: i64,
    pub(crate) change: PlaceChange,
}

/// What else changes with the place.
#[derive(Clone, Debug, Default)]
pub(crate) enum PlaceChange {
    /// Nothing.
    #[default]
    None,
    /// These rows of tenants that do not serve come later: tenant, xid, seq.
    Defer(Vec<(i32, String, i64)>),
    /// The rows of a tenant up to this seq have been relayed now.
    Undefer(i32, i64),
}

const ADVANCE: &str = "select events.advance($1, $2, $3, $4)";
const DEFER: &str = "select events.defer($1, $2, $3, $4)";
const UNDEFER: &str = "select events.undefer($1, $2, $3)";

/// What is written need not be on the disk when it is acknowledged: a crash may take the last moments back.
const LAZILY: Step<'_> = Step {
    sql: "select set_config('synchronous_commit', 'off', true)",
    params: &[],
};

/// The relay's place has no tenant.
const NOBODY: TenantId = TenantId(0);

impl Place {
    /// Writes the place in a transaction of its own: what a broker does after it has kept a batch.
    ///
    /// # Errors
    /// [`crate::EventError::Fenced`] when another relay took over.
    pub async fn commit(&self, database: &Database) -> Result<()> {
        self.commit_after(database, Vec::new()).await.map(drop)
    }

    /// Writes the place in one transaction with what comes before it, in one flush: nothing is to be decided in between.
    pub(crate) async fn commit_after(
        &self,
        database: &Database,
        mut steps: Vec<Step<'_>>,
    ) -> Result<Vec<Outcome>> {
        let deferred: &[(i32, String, i64)] = match &self.change {
            PlaceChange::Defer(rows) => rows,
            PlaceChange::None | PlaceChange::Undefer(..) => &[],
        };
        let tenants: Vec<i32> = deferred.iter().map(|row| row.0).collect();
        let xids: Vec<&str> = deferred.iter().map(|row| row.1.as_str()).collect();
        let seqs: Vec<i64> = deferred.iter().map(|row| row.2).collect();
        let defer = Step {
            sql: DEFER,
            params: &[&self.token, &tenants, &xids, &seqs],
        };
        let advance = Step {
            sql: ADVANCE,
            params: &[&self.token, &self.from, &self.to, &self.after],
        };
        let (relayed, upto) = match &self.change {
            PlaceChange::Undefer(tenant, upto) => (tenant, upto),
            PlaceChange::None | PlaceChange::Defer(_) => (&NOBODY.0, &0),
        };
        let undefer = Step {
            sql: UNDEFER,
            params: &[&self.token, relayed, upto],
        };
        match self.change {
            PlaceChange::None => steps.push(advance),
            PlaceChange::Defer(_) => steps.extend([defer, advance]),
            PlaceChange::Undefer(..) => steps.push(undefer),
        }
        let written = database.writers().commit(NOBODY, &steps).await;
        written.map_err(fenced)
    }
}

impl Delivery {
    /// Whose event it is.
    #[must_use]
    pub fn tenant(&self) -> mt_kernel::TenantId {
        self.sealed.tenant
    }

    /// The event.
    ///
    /// # Errors
    /// [`crate::EventError::Crypto`] when the keys are not its tenant's;
    /// [`crate::EventError::UnknownEvent`] when a newer version wrote it.
    pub fn open(&self, keys: &mt_crypto::TenantKeys) -> Result<Event> {
        self.sealed.open(keys)
    }
}
