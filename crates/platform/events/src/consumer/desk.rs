//! One attempt at events of one tenant: marks, effects and commit are one transaction.

use std::collections::HashSet;
use std::time::{Duration, Instant as Monotonic};

use mt_database::{Database, TenantTx};
use uuid::Uuid;

use super::dead_letter::{DeadLetterState, LAY};
use super::{Consumer, HandlerError};
use crate::bus::Delivery;
use crate::catalogue::{EventType, Poison, Topic, lane};
use crate::error::{EventError, Result};
use crate::event::{Event, SealedEvent};

/// Marks events, and returns those that were not marked before; those with events of their key among the dead letters
/// are returned without a mark. Lane 0 holds events that could not be opened, whose key is unknown: they hold back
/// everything of the tenant. Marks are made in order of ids, so that two that mark the same wait, and not for each other.
const MARK: &str = "with given as ( \
      select id, lane, place from unnest($3::uuid[], $4::int8[], $5::int8[]) as e (id, lane, place)), \
    behind as ( \
      select g.id from given g \
       where $6 and exists (select from events.dead_letter d \
         where d.tenant = $1 and d.consumer = $2 and d.lane in (0, g.lane) and d.state < 3 \
           and d.position < g.place)), \
    fresh as (insert into events.inbox (tenant, consumer, id) \
      select $1, $2, g.id from given g where not exists (select from behind b where b.id = g.id) order by g.id \
      on conflict do nothing returning id) \
    select id, false from fresh union all select id, true from behind";

/// An event with how it came.
pub(super) type Given<'a> = (&'a Event, &'a Delivery);

/// What of the given events is to be done.
#[derive(Default)]
struct Marks {
    /// Not taken before.
    fresh: HashSet<Uuid>,
    /// Events of the same key wait: these wait behind them.
    behind: HashSet<Uuid>,
}

/// The desk at which one consumer takes events of one topic.
pub(super) struct Desk<'a> {
    pub(super) database: &'a Database,
    pub(super) consumer: &'a dyn Consumer,
    pub(super) topic: &'static Topic,
}

impl Desk<'_> {
    /// Tries once, all of them or none; events of one tenant, in order. Afterwards each is taken (now, before, or it
    /// is not wanted) or waits behind others of its key. Returns how long the effects took.
    pub(super) async fn attempt(&self, events: &[Given<'_>]) -> Result<Duration, HandlerError> {
        let wants = |(event, _): &&Given<'_>| self.consumer.wants(event.kind);
        let wanted: Vec<Given<'_>> = events.iter().filter(wants).copied().collect();
        let Some((first, _)) = wanted.first() else {
            return Ok(Duration::ZERO);
        };
        let _turn = self.database.pace().turn().await;
        let tx = self.database.tenant(first.tenant).await?;
        match self.work(&wanted, &tx).await {
            Ok(took) => {
                tx.commit().await?;
                Ok(took)
            }
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }

    async fn work(&self, events: &[Given<'_>], tx: &TenantTx) -> Result<Duration, HandlerError> {
        let Marks { mut fresh, behind } = self.mark(events, tx).await?;
        let mut new = Vec::with_capacity(fresh.len());
        for (event, delivery) in events {
            if behind.contains(&event.id) {
                let lane = lane(event.tenant, &event.key);
                self.lay(tx, delivery, lane, DeadLetterState::Waiting, "behind", 0)
                    .await?;
            } else if fresh.remove(&event.id) {
                new.push(*event);
            }
        }
        let begun = Monotonic::now();
        match new.as_slice() {
            [] => {}
            [event] => self.consumer.handle(event, tx).await?,
            several => self.consumer.handle_all(several, tx).await?,
        }
        Ok(begun.elapsed())
    }

    async fn mark(&self, events: &[Given<'_>], tx: &TenantTx) -> Result<Marks, mt_database::Error> {
        let parks = self.topic.poison == Poison::ParkKey;
        let (mut ids, mut lanes, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (event, delivery) in events {
            ids.push(event.id);
            lanes.push(lane(event.tenant, &event.key));
            places.push(delivery.sealed.place());
        }
        let (tenant, consumer) = (tx.tenant().0, self.consumer.name());
        let rows = tx
            .query(MARK, &[&tenant, &consumer, &ids, &lanes, &places, &parks])
            .await?;
        let mut marks = Marks::default();
        for row in &rows {
            let id = row.try_get(0)?;
            if row.try_get(1)? {
                marks.behind.insert(id);
            } else {
                marks.fresh.insert(id);
            }
        }
        Ok(marks)
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
