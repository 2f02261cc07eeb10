//! One attempt at one event: mark, effect and commit are one transaction.

use mt_database::{Database, TenantTx};

use super::dead_letter::{DeadLetterState, LAY};
use super::{Consumer, HandlerError};
use crate::bus::Delivery;
use crate::catalogue::{EventType, Poison, Topic, lane};
use crate::error::{EventError, Result};
use crate::event::{Event, SealedEvent};

/// Marks the event unless events of its key wait among the dead letters. Lane 0 holds events that
/// could not be opened, whose key is unknown: they hold back everything of the tenant.
const MARK: &str = "with parked as ( \
      select from events.dead_letter \
       where tenant = $1 and consumer = $2 and lane in (0, $4) and state < 3 and position < $5 limit 1), \
    fresh as (insert into events.inbox (tenant, consumer, id) \
      select $1, $2, $3 where not ($6 and exists (select from parked)) \
      on conflict do nothing returning 1) \
    select $6 and exists (select from parked), exists (select from fresh)";

/// What came of an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// Taken now, before, or not wanted.
    Taken,
    /// Events of the same key wait: this one waits behind them.
    Behind,
}

/// The desk at which one consumer takes events of one topic.
pub(super) struct Desk<'a> {
    pub(super) database: &'a Database,
    pub(super) consumer: &'a dyn Consumer,
    pub(super) topic: &'static Topic,
}

impl Desk<'_> {
    /// Tries once.
    pub(super) async fn attempt(
        &self,
        event: &Event,
        delivery: &Delivery,
    ) -> Result<Attempt, HandlerError> {
        if !self.consumer.wants(event.kind) {
            return Ok(Attempt::Taken);
        }
        let tx = self.database.tenant(event.tenant).await?;
        match self.work(event, delivery, &tx).await {
            Ok(attempt) => {
                tx.commit().await?;
                Ok(attempt)
            }
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }

    async fn work(
        &self,
        event: &Event,
        delivery: &Delivery,
        tx: &TenantTx,
    ) -> Result<Attempt, HandlerError> {
        let parks = self.topic.poison == Poison::ParkKey;
        let lane = lane(event.tenant, &event.key);
        let row = tx
            .query_one(
                MARK,
                &[
                    &event.tenant.0,
                    &self.consumer.name(),
                    &event.id,
                    &lane,
                    &delivery.sealed.place(),
                    &parks,
                ],
            )
            .await?;
        let column = |n| row.try_get::<_, bool>(n).map_err(mt_database::Error::from);
        if column(0)? {
            self.lay(tx, delivery, lane, DeadLetterState::Waiting, "behind", 0)
                .await?;
            return Ok(Attempt::Behind);
        }
        if column(1)? {
            self.consumer.handle(event, tx).await?;
        }
        Ok(Attempt::Taken)
    }

    /// Lays an event among the dead letters.
    pub(super) async fn give_up(
        &self,
        delivery: &Delivery,
        event: Option<&Event>,
        reason: &'static str,
        attempts: u32,
    ) -> Result<()> {
        let sealed = &delivery.sealed;
        let lane = event.map_or(0, |event| lane(event.tenant, &event.key));
        let tx = self.database.tenant(sealed.tenant).await?;
        let attempts = i32::try_from(attempts).unwrap_or(i32::MAX);
        self.lay(&tx, delivery, lane, DeadLetterState::Dead, reason, attempts)
            .await?;
        tx.commit().await?;
        let name = EventType::numbered(sealed.number).map_or("unknown", |kind| kind.name);
        metrics::counter!("events_dead_letters", "consumer" => self.consumer.name(), "event" => name)
            .increment(1);
        tracing::warn!(consumer = self.consumer.name(), event = name, id = %sealed.id, reason, "event given up");
        Ok(())
    }

    async fn lay(
        &self,
        tx: &TenantTx,
        delivery: &Delivery,
        lane: i64,
        state: DeadLetterState,
        reason: &str,
        attempts: i32,
    ) -> Result<(), mt_database::Error> {
        let SealedEvent {
            id,
            number,
            tenant,
            at,
            correlation,
            body,
        } = &delivery.sealed;
        tx.execute(
            LAY,
            &[
                &tenant.0,
                &self.consumer.name(),
                id,
                &self.topic.number,
                &delivery.spot.partition,
                &delivery.sealed.place(),
                number,
                &at.0,
                correlation,
                &lane,
                &state.number(),
                &reason,
                &attempts,
                body,
            ],
        )
        .await?;
        Ok(())
    }
}

/// Why an event cannot even be opened, in a fixed word.
pub(super) fn unopened(error: &EventError) -> &'static str {
    match error {
        EventError::TenantInactive => "tenant-inactive",
        EventError::UnknownEvent(_) => "unknown-event",
        _ => "damaged",
    }
}
