//! The partitions that one process holds for a consumer, and how far it has come in them.
//!
//! Partitions are shared fairly: every process of a group keeps a sign of life, takes free partitions
//! up to its share and gives up what is above it. A lease carries a token; progress written with an old
//! token is refused, so a process that was stopped and wakes up cannot turn progress back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant as Monotonic};

use futures::future::BoxFuture;
use mt_database::{AdminTx, Database, Step};
use mt_kernel::{Instant, TenantId};
use tokio::sync::watch;
use tokio_postgres::Row;
use uuid::Uuid;

use super::head::Heads;
use super::{Delivery, Group, LAZILY, Spot, Subscription};
use crate::catalogue::Topic;
use crate::error::Result;
use crate::event::SealedEvent;

const ENTER: &str = "insert into events.progress (consumer, topic, partition) \
    select $1, $2, p::int2 from generate_series(0, $3::int4 - 1) as p on conflict do nothing";

/// Says that this process lives and returns how many do.
const ALIVE: &str = "with gone as ( \
      delete from events.member where consumer = $1 and topic = $2 and until < clock_timestamp() \
        and holder <> $3), \
    me as (insert into events.member as m (consumer, topic, holder, until) \
      values ($1, $2, $3, clock_timestamp() + $4::int8 * interval '1 millisecond') \
      on conflict (consumer, topic, holder) do update set until = excluded.until) \
    select 1 + count(*) from events.member \
     where consumer = $1 and topic = $2 and until >= clock_timestamp() and holder <> $3";

/// Renews what is held and takes what is free, up to a share.
const TAKE: &str = "with mine as ( \
      select partition from events.progress \
       where consumer = $1 and topic = $2 and (holder = $3 or until < clock_timestamp()) \
       order by holder is distinct from $3, partition limit $5 for update skip locked) \
    update events.progress p \
       set token = case when p.holder = $3 and p.until >= clock_timestamp() then p.token else p.token + 1 end, \
           holder = $3, until = clock_timestamp() + $4::int8 * interval '1 millisecond' \
      from mine where p.consumer = $1 and p.topic = $2 and p.partition = mine.partition \
    returning p.partition, p.token, p.position";

const RELEASE: &str = "update events.progress set until = '-infinity' \
    where consumer = $1 and topic = $2 and holder = $3 and not partition = any($4::int2[])";

const LEAVE: &str = "with gone as (delete from events.member where consumer = $1 and topic = $2 and holder = $3) \
    update events.progress set until = '-infinity' where consumer = $1 and topic = $2 and holder = $3";

const FETCH: &str = "select partition, position, at, tenant, event, id, correlation, body \
    from events.fetch_held($1, $2, $3, $4)";

const ADVANCE: &str = "update events.progress p set position = s.position \
      from unnest($3::int2[], $4::int8[], $5::int8[]) as s (partition, token, position) \
     where p.consumer = $1 and p.topic = $2 and p.partition = s.partition and p.token = s.token \
       and p.position <= s.position \
    returning p.partition";

/// The log's functions are bound to no tenant.
const NOBODY: TenantId = TenantId(0);

pub(crate) struct LogSubscription {
    database: Database,
    consumer: &'static str,
    topic: &'static Topic,
    holder: Uuid,
    lease: Duration,
    renewed: Option<Monotonic>,
    held: BTreeMap<i16, Held>,
    heads: Heads,
    head: watch::Receiver<i64>,
    /// Everything in the log up to here has been handed out.
    seen: i64,
}

/// One partition of ours.
struct Held {
    token: i64,
    /// Everything up to here has been handed out.
    read: i64,
    /// Everything up to here is settled, as the database knows.
    written: i64,
    open: BTreeSet<i64>,
}

impl Held {
    /// Everything up to here is settled.
    fn settled(&self) -> i64 {
        self.open.first().map_or(self.read, |oldest| oldest - 1)
    }
}

impl LogSubscription {
    pub(super) async fn join(
        (database, heads): (Database, Heads),
        Group { consumer, topic }: Group,
        lease: Duration,
    ) -> Result<Self> {
        let tx = database.admin().await?;
        let partitions = i32::from(topic.partitions);
        tx.execute(ENTER, &[&consumer, &topic.number, &partitions])
            .await?;
        tx.commit().await?;
        Ok(Self {
            database,
            consumer,
            topic,
            holder: Uuid::now_v7(),
            lease,
            renewed: None,
            held: BTreeMap::new(),
            head: heads.of(topic.number),
            heads,
            seen: -1,
        })
    }

    /// Renews the leases when a third of their time has gone.
    async fn renew(&mut self) -> Result<()> {
        if self.renewed.is_some_and(|at| at.elapsed() < self.lease / 3) {
            return Ok(());
        }
        let started = Monotonic::now();
        let lease = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        let (consumer, topic, holder) = (self.consumer, self.topic.number, self.holder);
        let tx = self.database.admin().await?;
        self.advance_idle(&tx).await?;
        let row = tx
            .query_one(ALIVE, &[&consumer, &topic, &holder, &lease])
            .await?;
        let members: i64 = row.try_get(0).map_err(mt_database::Error::from)?;
        let others = members.max(1) - 1;
        let share = (i64::from(self.topic.partitions) + others) / (others + 1);
        let rows = tx
            .query(TAKE, &[&consumer, &topic, &holder, &lease, &share])
            .await?;
        let mut kept = Vec::with_capacity(rows.len());
        let mut held = BTreeMap::new();
        for row in &rows {
            let (partition, token, position) = taken(row)?;
            kept.push(partition);
            let known = self.held.remove(&partition);
            let same = known.filter(|held| held.token == token);
            let same = same.map(|held| held.at_least(position));
            held.insert(
                partition,
                same.unwrap_or_else(|| {
                    self.seen = -1;
                    Held::new(token, position)
                }),
            );
        }
        tx.execute(RELEASE, &[&consumer, &topic, &holder, &kept])
            .await?;
        tx.commit().await?;
        self.held = held;
        self.renewed = Some(started);
        Ok(())
    }

    /// Moves partitions in which nothing is open up to where the log was read: whoever takes over need not look there again,
    /// and nobody seems to be behind.
    async fn advance_idle(&self, tx: &AdminTx) -> Result<()> {
        let idle = self.held.iter();
        let idle = idle.filter(|(_, held)| held.open.is_empty() && self.seen > held.written);
        let (partitions, tokens): (Vec<i16>, Vec<i64>) = idle
            .map(|(partition, held)| (*partition, held.token))
            .unzip();
        if partitions.is_empty() {
            return Ok(());
        }
        let positions = vec![self.seen; partitions.len()];
        let (consumer, topic) = (self.consumer, self.topic.number);
        tx.execute(
            ADVANCE,
            &[&consumer, &topic, &partitions, &tokens, &positions],
        )
        .await?;
        Ok(())
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<Delivery>> {
        self.renew().await?;
        if limit == 0 {
            return Ok(Vec::new());
        }
        if self.seen >= *self.head.borrow() {
            self.heads.refresh().await?;
        }
        let head = *self.head.borrow_and_update();
        if self.held.is_empty() || self.seen >= head {
            return Ok(Vec::new());
        }
        let found = self.fetch(limit).await?;
        if found.len() < limit {
            self.seen = head;
        }
        Ok(found)
    }

    async fn fetch(&mut self, limit: usize) -> Result<Vec<Delivery>> {
        let (partitions, afters): (Vec<i16>, Vec<i64>) = self
            .held
            .iter()
            .map(|(partition, held)| (*partition, held.read.max(self.seen)))
            .unzip();
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let params: mt_database::Params<'_> = &[&self.topic.number, &partitions, &afters, &limit];
        let rows = self.database.readers().query(NOBODY, FETCH, params).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let delivery = delivered(row)?;
            let Spot {
                partition,
                position,
            } = delivery.spot;
            if let Some(held) = self.held.get_mut(&partition) {
                held.read = position;
                held.open.insert(position);
                found.push(delivery);
            }
        }
        Ok(found)
    }

    async fn give_up_all(&mut self) -> Result<()> {
        self.held.clear();
        self.renewed = None;
        let (consumer, topic, holder) = (self.consumer, self.topic.number, self.holder);
        let tx = self.database.admin().await?;
        tx.execute(LEAVE, &[&consumer, &topic, &holder]).await?;
        Ok(tx.commit().await?)
    }

    async fn changed(&mut self) {
        if self.head.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn write(&mut self, done: &[Spot]) -> Result<()> {
        let moved = self.moved(done);
        if moved.is_empty() {
            return Ok(());
        }
        let partitions: Vec<i16> = moved.iter().map(|(partition, ..)| *partition).collect();
        let tokens: Vec<i64> = moved.iter().map(|(_, token, _)| *token).collect();
        let positions: Vec<i64> = moved.iter().map(|(.., position)| *position).collect();
        let advance = Step {
            sql: ADVANCE,
            params: &[
                &self.consumer,
                &self.topic.number,
                &partitions,
                &tokens,
                &positions,
            ],
        };
        // What a crash takes back comes again, and the inbox knows it.
        let written = self
            .database
            .writers()
            .commit(NOBODY, &[LAZILY, advance])
            .await?;
        let rows = written.last().into_iter().flat_map(|one| &one.rows);
        let kept: BTreeSet<i16> = rows
            .map(|row| row.try_get(0).map_err(mt_database::Error::from))
            .collect::<Result<_, _>>()?;
        for (partition, _, position) in moved {
            if kept.contains(&partition) {
                if let Some(held) = self.held.get_mut(&partition) {
                    held.written = position;
                }
            } else {
                let (consumer, topic) = (self.consumer, self.topic.name);
                tracing::info!(consumer, topic, partition, "partition lost");
                self.held.remove(&partition);
            }
        }
        Ok(())
    }

    /// Partition, token and new progress where these events move it.
    fn moved(&mut self, done: &[Spot]) -> Vec<(i16, i64, i64)> {
        for spot in done {
            if let Some(held) = self.held.get_mut(&spot.partition) {
                held.open.remove(&spot.position);
            }
        }
        let touched: BTreeSet<i16> = done.iter().map(|spot| spot.partition).collect();
        let of_ours = self.held.iter();
        of_ours
            .filter(|(partition, held)| {
                touched.contains(partition) && held.settled() > held.written
            })
            .map(|(partition, held)| (*partition, held.token, held.settled()))
            .collect()
    }
}

impl Held {
    fn new(token: i64, position: i64) -> Self {
        Self {
            token,
            read: position,
            written: position,
            open: BTreeSet::new(),
        }
    }

    /// The same, when the database knows that everything up to `position` is settled.
    fn at_least(self, position: i64) -> Self {
        Self {
            read: self.read.max(position),
            written: self.written.max(position),
            ..self
        }
    }
}

impl Subscription for LogSubscription {
    fn poll(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(self.read(limit))
    }

    fn settle<'a>(&'a mut self, done: &'a [Spot]) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.write(done))
    }

    fn ready(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.changed())
    }

    fn leave(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.give_up_all())
    }
}

fn taken(row: &Row) -> Result<(i16, i64, i64), mt_database::Error> {
    Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

fn delivered(row: &Row) -> Result<Delivery, mt_database::Error> {
    Ok(Delivery {
        spot: Spot {
            partition: row.try_get(0)?,
            position: row.try_get(1)?,
        },
        sealed: SealedEvent {
            at: Instant(row.try_get(2)?),
            tenant: TenantId(row.try_get(3)?),
            number: row.try_get(4)?,
            id: row.try_get(5)?,
            correlation: row.try_get(6)?,
            body: row.try_get(7)?,
        },
        exhausted: false,
    })
}
