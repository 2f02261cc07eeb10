//! Carries what is due.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use mt_crypto::{Purpose, TenantKeys};
use mt_kernel::{Clock, Instant, TenantId};
use uuid::Uuid;

use crate::queue::{Claimed, Queue, QueueError, State, place, rows};
use crate::schedule::Schedule;

/// How long a claim holds; no attempt takes as long.
const LEASE_SECONDS: i64 = 120;
/// Parcels of one tenant that are claimed, and carried, at once.
const PARALLEL: usize = 16;
/// How often the table is looked at when nobody says that something is due.
const SWEEP: Duration = Duration::from_millis(500);

/// A parcel in the hands of its courier.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Whose.
    pub tenant: TenantId,
    /// The same at every attempt.
    pub id: Uuid,
    /// What it belongs to.
    pub target: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When it was made.
    pub created_at: Instant,
    /// Now: the time of the attempt.
    pub now: Instant,
    /// What was put.
    pub body: Vec<u8>,
}

/// What came of an attempt. Reasons are fixed words: they are stored and shown in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The other side took it.
    Delivered(Option<u16>),
    /// Not now; with the pause that the other side asked for.
    Later {
        /// Why.
        reason: &'static str,
        /// HTTP status.
        status: Option<u16>,
        /// `Retry-After`.
        wish: Option<Duration>,
    },
    /// Never.
    Never {
        /// Why.
        reason: &'static str,
        /// HTTP status.
        status: Option<u16>,
    },
}

/// Carries parcels of one kind.
pub trait Courier: Send + Sync + 'static {
    /// The name of its queue.
    fn name(&self) -> &'static str;

    /// Pauses between attempts.
    fn schedule(&self) -> Schedule {
        Schedule::DAYS
    }

    /// Whether parcels of a target are carried one after the other, each when the one before has ended.
    fn keeps_order(&self) -> bool {
        false
    }

    /// Tries once. At least once: a process may die between the delivery and its being noted.
    fn carry<'a>(&'a self, keys: &'a TenantKeys, parcel: &'a Parcel) -> BoxFuture<'a, Carried>;

    /// Hears that a parcel was given up after its last attempt.
    fn gave_up<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, ()> {
        let _ = parcel;
        Box::pin(std::future::ready(()))
    }
}

/// Gives a courier what is due.
pub struct Desk {
    queue: Queue,
    courier: Arc<dyn Courier>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("courier", &self.courier.name())
            .finish_non_exhaustive()
    }
}

impl Desk {
    /// The desk of a courier.
    #[must_use]
    pub fn new(queue: Queue, courier: Arc<dyn Courier>, clock: Arc<dyn Clock>) -> Self {
        Self {
            queue,
            courier,
            clock,
        }
    }

    /// Carries what is due, for as long as the process lives.
    pub async fn work(&self) {
        loop {
            let more = match self.carry_due().await {
                Ok(count) => count > 0,
                Err(error) => {
                    tracing::warn!(courier = self.courier.name(), %error, "parcels cannot be carried");
                    false
                }
            };
            if !more {
                let _ = tokio::time::timeout(SWEEP, self.queue.waiting.notified()).await;
            }
        }
    }

    /// Carries what is due now, once. Returns how many parcels were tried.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn carry_due(&self) -> Result<usize, QueueError> {
        let now = self.clock.now();
        let tenants = rows::due_tenants(&self.queue.database, self.courier.name(), now).await?;
        let mut count = 0;
        for tenant in tenants {
            // What belongs to a tenant that does not serve waits until it serves again.
            let Ok(keys) = self.queue.tenants.keys(tenant).await else {
                continue;
            };
            count += self.carry_of(tenant, &keys, now).await?;
        }
        Ok(count)
    }

    async fn carry_of(
        &self,
        tenant: TenantId,
        keys: &TenantKeys,
        now: Instant,
    ) -> Result<usize, QueueError> {
        let claimed = rows::claim(
            &self.queue.database,
            tenant,
            self.courier.name(),
            (now, now.plus_seconds(LEASE_SECONDS)),
            self.courier.keeps_order(),
            i64::try_from(PARALLEL).unwrap_or(1),
        )
        .await?;
        let count = claimed.len();
        let outcomes: Vec<Result<(), QueueError>> = futures::stream::iter(claimed)
            .map(|claimed| async move { self.carry(tenant, keys, &claimed, now).await })
            .buffer_unordered(PARALLEL)
            .collect()
            .await;
        outcomes.into_iter().collect::<Result<(), _>>()?;
        Ok(count)
    }

    async fn carry(
        &self,
        tenant: TenantId,
        keys: &TenantKeys,
        claimed: &Claimed,
        now: Instant,
    ) -> Result<(), QueueError> {
        let opened = mt_crypto::open(keys, Purpose::Webhook, &place(claimed.id), &claimed.sealed);
        let parcel = Parcel {
            tenant,
            id: claimed.id,
            target: claimed.target,
            attempt: u32::try_from(claimed.attempts).unwrap_or(u32::MAX),
            created_at: claimed.created_at,
            now,
            body: opened.as_deref().unwrap_or_default().to_vec(),
        };
        let carried = match &opened {
            Ok(_) => self.courier.carry(keys, &parcel).await,
            Err(_) => Carried::Never {
                reason: "damaged",
                status: None,
            },
        };
        let settled = self.settled(carried, parcel.attempt, now);
        let outcome = settled.state.code();
        metrics::counter!("outbound_parcels", "courier" => self.courier.name(), "outcome" => outcome)
            .increment(1);
        let given_up = settled.state == State::GivenUp;
        let held = rows::settle(&self.queue.database, tenant, claimed, &settled, now).await?;
        if held && given_up {
            tracing::info!(courier = self.courier.name(), id = %claimed.id, reason = settled.reason, "a parcel is given up");
            self.courier.gave_up(&parcel).await;
        }
        Ok(())
    }

    fn settled(&self, carried: Carried, attempt: u32, now: Instant) -> rows::Settled {
        let ended = |state, status, reason| rows::Settled {
            state,
            due_at: now,
            status,
            reason,
        };
        match carried {
            Carried::Delivered(status) => ended(State::Delivered, status, None),
            Carried::Never { reason, status } => ended(State::GivenUp, status, Some(reason)),
            Carried::Later {
                reason,
                status,
                wish,
            } => {
                let schedule = self.courier.schedule();
                match schedule.pause_after(attempt, wish, rand::random::<f64>()) {
                    None => ended(State::GivenUp, status, Some(reason)),
                    Some(pause) => rows::Settled {
                        state: State::Waiting,
                        due_at: later(now, pause),
                        status,
                        reason: Some(reason),
                    },
                }
            }
        }
    }
}

fn later(now: Instant, pause: Duration) -> Instant {
    let micros = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
    Instant(now.0.saturating_add(micros))
}
