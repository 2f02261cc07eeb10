//! What an operator sees and does: where relay and groups stand, and giving a stretch of the past to a consumer again.

use std::sync::Arc;

use mt_database::Database;
use mt_kernel::{Instant, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::bus::EventBus;
use crate::catalogue::EventType;
use crate::consumer::Consumer;
use crate::error::{EventError, Result};
use crate::event::Keys;
use crate::relay::{OUTBOX_COLUMNS, OutboxRow, outbox_row};

/// Functions over all tenants, whose rows are sealed.
const NOBODY: TenantId = TenantId(0);

/// How long the inbox remembers what was taken.
const INBOX_DAYS: i32 = 30;

/// Rows read at once.
const PAGE: i64 = 500;

/// Looks after the events of a database.
#[derive(Clone)]
pub struct Operations {
    database: Database,
    keys: Arc<dyn Keys>,
}

/// Where the relay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayStatus {
    /// Whether a process holds the relay's place.
    pub held: bool,
    /// How often the place has passed from one process to another.
    pub token: i64,
    /// Rows of the outbox that wait, counted to 1,000.
    pub waiting: i64,
    /// When the oldest of them was committed.
    pub oldest: Option<Instant>,
}

/// Dead letters of one kind.
#[derive(Clone, Debug)]
pub struct LetterCount {
    /// Whose.
    pub tenant: TenantId,
    /// The consumer that could not take them.
    pub consumer: String,
    /// Kind of event; `None` when this version does not know it.
    pub kind: Option<&'static EventType>,
    /// Why, in a fixed word.
    pub reason: String,
    /// How many wait.
    pub count: i64,
}

/// Which events of the past are given again.
#[derive(Clone, Debug)]
pub struct Past {
    /// Whose.
    pub tenant: TenantId,
    /// Which kinds; all when empty.
    pub kinds: Vec<&'static EventType>,
    /// From this moment on.
    pub from: Instant,
    /// Before this moment.
    pub to: Instant,
}

/// What became of a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Events that the consumer took.
    pub taken: usize,
    /// Events that it could not take, and those of the same keys behind them.
    pub failed: usize,
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operations").finish_non_exhaustive()
    }
}

impl Operations {
    /// Over the events in this database.
    #[must_use]
    pub fn new(database: Database, keys: Arc<dyn Keys>) -> Self {
        Self { database, keys }
    }

    /// Where the relay stands.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn relay(&self) -> Result<RelayStatus> {
        let sql = "select held, token, waiting, oldest from events.relay_status()";
        let rows = self.rows(sql).await?;
        let row = rows.first().ok_or(EventError::Damaged("relay"))?;
        Ok(relay_status(row)?)
    }

    /// Dead letters that wait, by tenant, consumer, kind and reason.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn letters(&self) -> Result<Vec<LetterCount>> {
        let sql = "select tenant, consumer, event, reason, sum(count)::int8 from events.dead_letters() \
             group by 1, 2, 3, 4 order by 1, 2, 3, 4";
        let rows = self.rows(sql).await?;
        Ok(rows.iter().map(letter_count).collect::<Result<_, _>>()?)
    }

    /// Sets the gauges that alarms look at, those of the database first.
    ///
    /// # Errors
    /// When the database or the bus does not answer.
    pub async fn measure(&self, bus: &dyn EventBus) -> Result<()> {
        let waiting = self.relay().await?.waiting;
        metrics::gauge!("events_outbox_waiting").set(gauge(waiting));
        let letters: i64 = self.letters().await?.iter().map(|kind| kind.count).sum();
        metrics::gauge!("events_dead_letters_waiting").set(gauge(letters));
        for group in bus.groups().await? {
            let topic = group.topic.map_or("unknown", |topic| topic.name);
            metrics::gauge!("events_group_behind", "consumer" => group.consumer, "topic" => topic)
                .set(gauge(group.behind));
        }
        Ok(())
    }

    /// Forgets what consumers took long ago, and lets the bus drop what nobody needs any more. Returns how
    /// many pieces of it went.
    ///
    /// # Errors
    /// When the database or the bus does not answer.
    pub async fn tidy(&self, bus: &dyn EventBus) -> Result<u64> {
        loop {
            let tx = self.database.admin().await?;
            let sql = "select events.tidy_inbox($1, 10000)";
            let row = tx.query_one(sql, &[&INBOX_DAYS]).await?;
            tx.commit().await?;
            let gone: i64 = row.try_get(0).map_err(mt_database::Error::from)?;
            if gone < 10_000 {
                break;
            }
        }
        bus.expire().await
    }

    /// Gives events of the past to `consumer` again, from the outbox, whichever bus carried them. `run` names the replay:
    /// what it has given already it does not give twice, so that one that was cut off is simply run again.
    /// A key stops at the first event that fails. Who replays is recorded by the caller in the audit trail.
    ///
    /// # Errors
    /// When the database does not answer or the tenant does not serve.
    pub async fn replay(
        &self,
        consumer: &dyn Consumer,
        past: &Past,
        run: Uuid,
    ) -> Result<Replayed> {
        let keys = self.keys.of(past.tenant).await;
        let keys = keys.map_err(|_| EventError::TenantInactive)?;
        let topics = consumer.topics();
        let group = format!("{}@{run}", consumer.name());
        let mut stopped = Vec::new();
        let mut replayed = Replayed::default();
        let mut place = (past.from.0, -1);
        loop {
            let rows = self.past(past, place).await?;
            let Some(last) = rows.last() else {
                return Ok(replayed);
            };
            place = last.place();
            let mut events = Vec::new();
            for row in &rows {
                row.events(&keys, &mut events)?;
            }
            events.retain(|event| {
                let is_kind = |kind: &&EventType| kind.number == event.kind.number;
                let asked = past.kinds.is_empty() || past.kinds.iter().any(is_kind);
                asked && topics.contains(&event.kind.topic) && consumer.wants(event.kind)
            });
            for event in events {
                if stopped.contains(&event.key) {
                    replayed.failed += 1;
                } else if let Err(error) =
                    crate::consumer::give_again(&self.database, consumer, &group, &event).await
                {
                    tracing::info!(consumer = consumer.name(), id = %event.id, %error, "replay failed");
                    stopped.push(event.key);
                    replayed.failed += 1;
                } else {
                    replayed.taken += 1;
                }
            }
        }
    }

    /// The next settled rows of a tenant.
    async fn past(&self, past: &Past, (at, seq): (i64, i64)) -> Result<Vec<OutboxRow>> {
        let sql = format!(
            "select {OUTBOX_COLUMNS} from records.txlog \
              where tenant = $1 and (at, seq) > ($2, $3) and at < $4 \
                and xid < pg_snapshot_xmin(pg_current_snapshot()) \
              order by at, seq limit $5"
        );
        let rows = self
            .database
            .readers()
            .query(
                past.tenant,
                &sql,
                &[&past.tenant.0, &at, &seq, &past.to.0, &PAGE],
            )
            .await?;
        Ok(rows.iter().map(outbox_row).collect::<Result<_, _>>()?)
    }

    async fn rows(&self, sql: &str) -> Result<Vec<Row>> {
        Ok(self.database.readers().query(NOBODY, sql, &[]).await?)
    }
}

fn relay_status(row: &Row) -> Result<RelayStatus, mt_database::Error> {
    Ok(RelayStatus {
        held: row.try_get(0)?,
        token: row.try_get(1)?,
        waiting: row.try_get(2)?,
        oldest: row.try_get::<_, Option<i64>>(3)?.map(Instant),
    })
}

fn letter_count(row: &Row) -> Result<LetterCount, mt_database::Error> {
    Ok(LetterCount {
        tenant: TenantId(row.try_get(0)?),
        consumer: row.try_get(1)?,
        kind: EventType::numbered(row.try_get(2)?).ok(),
        reason: row.try_get(3)?,
        count: row.try_get(4)?,
    })
}

/// A count as a gauge; counts are small.
fn gauge(count: i64) -> f64 {
    f64::from(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}
