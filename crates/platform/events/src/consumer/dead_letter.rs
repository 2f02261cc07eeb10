//! Events that a consumer could not take: looked at, replayed or given up by an operator.
//!
//! A letter keeps the event as it was, sealed. Replaying takes the letters of a key in their order and
//! stops at the first that fails again, so that an order is never inverted. Who replays is recorded by the
//! caller in the audit trail.

use std::sync::Arc;

use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Consumer, HandlerError};
use crate::catalogue::EventType;
use crate::error::{EventError, Result};
use crate::event::{Event, Keys, SealedEvent};

/// Lays a letter; one that lies there already counts one attempt more.
pub(super) const LAY: &str = "insert into events.dead_letter as d \
      (tenant, consumer, id, topic, partition, position, event, at, correlation, lane, state, reason, attempts, body) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
    on conflict (tenant, consumer, id) do update \
      set last_at = now(), attempts = d.attempts + excluded.attempts, reason = excluded.reason \
      where d.state < 3";

const WAITING: &str = "select id, event, at, correlation, body, state, reason, attempts, position, lane \
      from events.dead_letter \
     where tenant = $1 and consumer = $2 and state < 3 order by position limit $3";

const SETTLE: &str = "update events.dead_letter set state = $4, last_at = now() \
     where tenant = $1 and consumer = $2 and id = $3 and state < 3";

const TAKE: &str = "insert into events.inbox (tenant, consumer, id) values ($1, $2, $3) \
     on conflict do nothing";

/// What happens to a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLetterState {
    /// It could not be taken.
    Dead,
    /// It waits behind one of the same key.
    Waiting,
    /// It has been taken after all.
    Replayed,
    /// An operator gave it up.
    Discarded,
}

impl DeadLetterState {
    pub(super) const fn number(self) -> i16 {
        match self {
            Self::Dead => 1,
            Self::Waiting => 2,
            Self::Replayed => 3,
            Self::Discarded => 4,
        }
    }

    const fn numbered(number: i16) -> Self {
        match number {
            1 => Self::Dead,
            2 => Self::Waiting,
            3 => Self::Replayed,
            _ => Self::Discarded,
        }
    }
}

/// A letter without its content.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The event's id.
    pub id: Uuid,
    /// Kind of event; `None` when this version does not know it.
    pub kind: Option<&'static EventType>,
    /// When the event was committed.
    pub at: Instant,
    /// What happens to it.
    pub state: DeadLetterState,
    /// Why it could not be taken, in a fixed word.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
}

struct Letter {
    shown: DeadLetter,
    sealed: SealedEvent,
    lane: i64,
}

/// The dead letters of a database.
pub struct DeadLetters {
    database: Database,
    keys: Arc<dyn Keys>,
}

impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetters").finish_non_exhaustive()
    }
}

impl DeadLetters {
    /// The dead letters in this database.
    #[must_use]
    pub fn new(database: Database, keys: Arc<dyn Keys>) -> Self {
        Self { database, keys }
    }

    /// The oldest letters that wait for a consumer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(
        &self,
        tenant: TenantId,
        consumer: &str,
        limit: i64,
    ) -> Result<Vec<DeadLetter>> {
        let letters = self.waiting(tenant, consumer, limit).await?;
        Ok(letters.into_iter().map(|letter| letter.shown).collect())
    }

    /// Gives the waiting letters to `consumer` again, oldest first; a key stops at the first letter that
    /// fails. Returns how many were taken and how many still wait.
    ///
    /// # Errors
    /// When the database does not answer or the tenant does not serve.
    pub async fn replay(
        &self,
        tenant: TenantId,
        consumer: &dyn Consumer,
        limit: i64,
    ) -> Result<(usize, usize)> {
        let keys = self.keys.of(tenant).await;
        let keys = keys.map_err(|_| EventError::TenantInactive)?;
        let letters = self.waiting(tenant, consumer.name(), limit).await?;
        let mut stopped = Vec::new();
        let mut taken = 0;
        for letter in &letters {
            if stopped.contains(&letter.lane) {
                continue;
            }
            let outcome = match letter.sealed.open(&keys) {
                Ok(event) => self.again(consumer, &event).await,
                Err(error) => Err(HandlerError::Poison(super::desk::unopened(&error))),
            };
            match outcome {
                Ok(()) => taken += 1,
                Err(error) => {
                    tracing::info!(consumer = consumer.name(), id = %letter.sealed.id, %error, "replay failed");
                    stopped.push(letter.lane);
                }
            }
        }
        Ok((taken, letters.len() - taken))
    }

    /// Gives a letter up for good; events of its key go on.
    ///
    /// # Errors
    /// [`EventError::NoSuchLetter`] when none waits under this id.
    pub async fn discard(&self, tenant: TenantId, consumer: &str, id: Uuid) -> Result<()> {
        let tx = self.database.tenant(tenant).await?;
        let state = DeadLetterState::Discarded.number();
        let count = tx
            .execute(SETTLE, &[&tenant.0, &consumer, &id, &state])
            .await?;
        if count == 0 {
            return Err(EventError::NoSuchLetter);
        }
        Ok(tx.commit().await?)
    }

    async fn again(&self, consumer: &dyn Consumer, event: &Event) -> Result<(), HandlerError> {
        let tx = self.database.tenant(event.tenant).await?;
        match replayed(consumer, event, &tx).await {
            Ok(()) => Ok(tx.commit().await?),
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }

    async fn waiting(&self, tenant: TenantId, consumer: &str, limit: i64) -> Result<Vec<Letter>> {
        let rows = self
            .database
            .readers()
            .query(tenant, WAITING, &[&tenant.0, &consumer, &limit])
            .await?;
        Ok(rows
            .iter()
            .map(|row| letter(tenant, row))
            .collect::<Result<_, _>>()?)
    }
}

async fn replayed(
    consumer: &dyn Consumer,
    event: &Event,
    tx: &TenantTx,
) -> Result<(), HandlerError> {
    let tenant = event.tenant.0;
    let fresh = tx
        .execute(TAKE, &[&tenant, &consumer.name(), &event.id])
        .await?;
    if fresh > 0 {
        consumer.handle(event, tx).await?;
    }
    let state = DeadLetterState::Replayed.number();
    tx.execute(SETTLE, &[&tenant, &consumer.name(), &event.id, &state])
        .await?;
    Ok(())
}

/// Gives an event to a consumer under the name of another group, once.
pub(crate) async fn give_again(
    database: &Database,
    consumer: &dyn Consumer,
    group: &str,
    event: &Event,
) -> Result<(), HandlerError> {
    let tx = database.tenant(event.tenant).await?;
    let marked = tx
        .execute(TAKE, &[&event.tenant.0, &group, &event.id])
        .await;
    let outcome = match marked {
        Ok(0) => Ok(()),
        Ok(_) => consumer.handle(event, &tx).await,
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => Ok(tx.commit().await?),
        Err(error) => {
            tx.rollback().await;
            Err(error)
        }
    }
}

fn letter(tenant: TenantId, row: &Row) -> Result<Letter, mt_database::Error> {
    let (id, number): (Uuid, i16) = (row.try_get(0)?, row.try_get(1)?);
    let at = Instant(row.try_get(2)?);
    let attempts: i32 = row.try_get(7)?;
    Ok(Letter {
        shown: DeadLetter {
            id,
            kind: EventType::numbered(number).ok(),
            at,
            state: DeadLetterState::numbered(row.try_get(5)?),
            reason: row.try_get(6)?,
            attempts: attempts.unsigned_abs(),
        },
        sealed: SealedEvent {
            id,
            number,
            tenant,
            at,
            correlation: row.try_get(3)?,
            body: row.try_get(4)?,
        },
        lane: row.try_get(9)?,
    })
}
