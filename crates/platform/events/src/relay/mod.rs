//! Reads the outbox and carries its events to the bus: each once in effect, none forgotten, in order.
//!
//! A row of `records.txlog` is settled when its transaction is older than every transaction that is
//! still running (the *horizon*). The relay reads windows of settled rows, from one horizon to the next,
//! and inside a window in order of `seq`: a later change of a record has a greater `seq`. A window ends before the
//! horizon when a row in it has to wait for an earlier change of the same record beyond it. One relay
//! works at a time; its place is written with a token that grows with each new holder.

mod outbox;
mod row;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant as Monotonic};

use mt_database::Database;
use mt_kernel::{Clock, TenantId};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::bus::{EventBus, Outgoing, Place, PlaceChange};
use crate::error::{EventError, Result};
use crate::event::Keys;
use outbox::{Hold, Look, Outbox};

pub(crate) use outbox::outbox_row;
pub(crate) use row::{OUTBOX_COLUMNS, OutboxRow};

/// How the relay behaves.
#[derive(Clone, Copy, Debug)]
pub struct RelayOptions {
    /// Shortest and longest pause between two looks at the outbox.
    pub poll: (Duration, Duration),
    /// How long the place is kept without a sign of life.
    pub lease: Duration,
    /// Rows of the outbox in one batch.
    pub batch: i32,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            poll: (Duration::from_millis(5), Duration::from_millis(100)),
            lease: Duration::from_secs(6),
            batch: 500,
        }
    }
}

/// What one look at the outbox did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relayed {
    /// Rows of the outbox that were passed.
    pub rows: usize,
    /// Events that were carried.
    pub events: usize,
    /// Another process holds the place.
    pub elsewhere: bool,
}

/// The relay of one process.
pub struct Relay {
    outbox: Outbox,
    keys: Arc<dyn Keys>,
    clock: Arc<dyn Clock>,
    bus: Arc<dyn EventBus>,
    options: RelayOptions,
    hold: Option<Hold>,
    /// The place as it was last found or written: windows without rows move it in memory only.
    written: Option<Hold>,
    renewed: Monotonic,
    /// Tenants with rows that were deferred: their new rows are deferred, too, so that order is kept.
    deferred: HashSet<TenantId>,
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Relay {
    /// A relay from the outbox in `database` to `bus`.
    #[must_use]
    pub fn new(
        database: Database,
        keys: Arc<dyn Keys>,
        clock: Arc<dyn Clock>,
        bus: Arc<dyn EventBus>,
        options: RelayOptions,
    ) -> Self {
        Self {
            outbox: Outbox::new(database, Uuid::now_v7()),
            keys,
            clock,
            bus,
            options,
            hold: None,
            written: None,
            renewed: Monotonic::now(),
            deferred: HashSet::new(),
        }
    }

    /// Relays until told to stop, and then gives its place to whoever wants it.
    pub async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.relay() => {}
        }
        // Dropped in the middle of a batch, the place in the database is still right: a batch and
        // its place are one transaction, or the batch comes again.
        if let Err(error) = self.outbox.release().await {
            tracing::warn!(%error, "the relay's place could not be given up");
        }
    }

    async fn relay(&mut self) {
        let (shortest, longest) = self.options.poll;
        let mut pause = shortest;
        loop {
            tokio::time::sleep(pause).await;
            let turn = self.outbox.turn().await;
            let stepped = self.step().await;
            drop(turn);
            pause = match stepped {
                Ok(Relayed {
                    elsewhere: true, ..
                }) => self.options.lease / 4,
                Ok(Relayed { rows: 0, .. }) => (pause * 2).min(longest),
                Ok(_) => shortest,
                Err(EventError::Fenced) => self.options.lease / 4,
                Err(error) => {
                    tracing::warn!(%error, "events cannot be relayed");
                    metrics::counter!("events_relay_failures").increment(1);
                    (pause * 2).max(longest).min(Duration::from_secs(5))
                }
            };
        }
    }

    /// Takes one look at the outbox.
    ///
    /// # Errors
    /// When the database or the bus does not answer; the place has not moved then.
    /// [`EventError::Fenced`] when another process took over.
    pub async fn step(&mut self) -> Result<Relayed> {
        let outcome = self.look().await;
        if outcome.is_err() {
            // The place in memory may be ahead of or behind the one in the database.
            self.hold = None;
        }
        outcome
    }

    async fn look(&mut self) -> Result<Relayed> {
        let Some(mut hold) = self.keep_hold().await? else {
            return Ok(Relayed {
                elsewhere: true,
                ..Relayed::default()
            });
        };
        let late = self.catch_up(&hold).await?;
        let limit = self.options.batch;
        let mut look = self.outbox.look(&hold, limit).await?;
        if look.rows.is_empty() && hold.to.is_some() {
            // The last batch was the end of its window: the next begins, and has waited long enough.
            hold = Hold {
                from: look.to,
                to: None,
                after: 0,
                ..hold
            };
            look = self.outbox.look(&hold, limit).await?;
        }
        let Look { to, rows } = look;
        let finished = i64::try_from(rows.len()).is_ok_and(|count| count < i64::from(limit));
        let next = Hold {
            token: hold.token,
            from: if finished { to.clone() } else { hold.from },
            to: (!finished).then_some(to),
            after: match rows.last() {
                Some(last) if !finished => last.seq,
                _ => 0,
            },
        };
        let mut relayed = self.carry(&rows, &next).await?;
        if !rows.is_empty() {
            self.written = Some(next.clone());
        }
        self.hold = Some(next);
        relayed.rows += late.rows;
        relayed.events += late.events;
        Ok(relayed)
    }

    /// Our place, taken or renewed when a third of its time has gone.
    async fn keep_hold(&mut self) -> Result<Option<Hold>> {
        if let Some(hold) = &self.hold
            && self.renewed.elapsed() < self.options.lease / 3
        {
            return Ok(Some(hold.clone()));
        }
        let started = Monotonic::now();
        let renewed = match self.hold.take() {
            Some(known) => self.renew(known).await?,
            None => None,
        };
        let hold = match renewed {
            Some(hold) => hold,
            None => {
                // With another token: what was given out under the last one may be lost.
                self.outbox.release().await?;
                let Some(found) = self.outbox.hold(self.options.lease).await? else {
                    return Ok(None);
                };
                self.written = Some(found.clone());
                found
            }
        };
        self.renewed = started;
        self.deferred = self.outbox.deferred_tenants().await?;
        metrics::gauge!("events_deferred_tenants").set(count(self.deferred.len()));
        self.hold = Some(hold.clone());
        Ok(Some(hold))
    }

    /// The place that we have, for longer; `None` when it has ended, or is not where we left it because a crash of the
    /// database took back what we wrote last.
    async fn renew(&self, known: Hold) -> Result<Option<Hold>> {
        let found = self.outbox.hold(self.options.lease).await?;
        let stands = found.is_some_and(|found| {
            let written = self.written.as_ref();
            found.token == known.token && written.is_some_and(|written| found.is_at(written))
        });
        Ok(stands.then_some(known))
    }

    /// Relays what was deferred for tenants that serve again.
    async fn catch_up(&mut self, hold: &Hold) -> Result<Relayed> {
        let mut total = Relayed::default();
        for tenant in self.deferred.clone() {
            if !self.serves(tenant).await? {
                continue;
            }
            let rows = self.outbox.deferred(tenant, self.options.batch).await?;
            let Some(last) = rows.last() else {
                self.deferred.remove(&tenant);
                continue;
            };
            let mut events = Vec::new();
            for row in &rows {
                self.open(row, &mut events).await?;
            }
            let place = Place {
                change: PlaceChange::Undefer(tenant.0, last.seq),
                ..hold.place()
            };
            self.carry_on(&events, &place).await?;
            total.rows += rows.len();
            total.events += events.len();
        }
        Ok(total)
    }

    async fn carry(&mut self, rows: &[OutboxRow], next: &Hold) -> Result<Relayed> {
        if rows.is_empty() {
            metrics::gauge!("events_relay_lag_seconds").set(0.0);
            return Ok(Relayed::default());
        }
        let mut events = Vec::new();
        let mut later = Vec::new();
        for row in rows {
            if self.deferred.contains(&row.tenant) || !self.serves(row.tenant).await? {
                later.push((row.tenant.0, row.xid.clone(), row.seq));
                self.deferred.insert(row.tenant);
            } else {
                self.open(row, &mut events).await?;
            }
        }
        let change = if later.is_empty() {
            PlaceChange::None
        } else {
            PlaceChange::Defer(later)
        };
        let place = Place {
            change,
            ..next.place()
        };
        self.carry_on(&events, &place).await?;
        self.measure(rows, events.len());
        Ok(Relayed {
            rows: rows.len(),
            events: events.len(),
            elsewhere: false,
        })
    }

    /// Carries a batch, and keeps the place meanwhile: a busy broker may take longer for a batch than the place is kept without
    /// a sign of life, and two relays that take it from each other in the middle of every batch would never move it.
    async fn carry_on(&self, events: &[Outgoing], place: &Place) -> Result<()> {
        let (outbox, lease) = (&self.outbox, self.options.lease);
        let lost = async {
            loop {
                tokio::time::sleep(lease / 3).await;
                match outbox.hold(lease).await {
                    Ok(Some(kept)) if kept.token == place.token => {}
                    Ok(_) => break EventError::Fenced,
                    // Whether the place was lost is seen when it is to move.
                    Err(error) => tracing::debug!(%error, "the relay's place is not renewed"),
                }
            }
        };
        tokio::select! {
            biased;
            carried = self.bus.carry(events, place) => carried,
            error = lost => Err(error),
        }
    }

    async fn serves(&self, tenant: TenantId) -> Result<bool> {
        let known = self.keys.serves(tenant).await;
        known.map_err(|_| EventError::TenantInactive)
    }

    /// Appends the events of a row, each sealed again by itself.
    async fn open(&self, row: &OutboxRow, out: &mut Vec<Outgoing>) -> Result<()> {
        let keys = self.keys.of(row.tenant).await;
        let keys = keys.map_err(|_| EventError::TenantInactive)?;
        let mut events = Vec::new();
        row.events(&keys, &mut events)?;
        for event in events {
            let sealed = event.seal(&keys)?;
            out.push(Outgoing { event, sealed });
        }
        Ok(())
    }

    fn measure(&self, rows: &[OutboxRow], events: usize) {
        metrics::counter!("events_relayed").increment(u64::try_from(events).unwrap_or_default());
        if let Some(oldest) = rows.first() {
            let lag = (self.clock.now().0 - oldest.at.0).max(0);
            let lag = Duration::from_micros(lag.unsigned_abs());
            metrics::gauge!("events_relay_lag_seconds").set(lag.as_secs_f64());
        }
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
