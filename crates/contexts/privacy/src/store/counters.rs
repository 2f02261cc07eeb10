//! Counters of the rules, in keyed hashes: who was seen with whom, hour by hour.

use mt_database::TenantTx;
use mt_kernel::Instant;

use super::column;
use crate::domain::rules::{Baseline, Settings};
use crate::{PrivacyError, Result};

/// What was seen. Numbers are stored: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i16)]
pub(crate) enum Seen {
    /// A user with a patient.
    Patient = 1,
    /// A login with a failed attempt.
    FailedLogin = 2,
    /// A user with a patient of a foreign location.
    ForeignPatient = 3,
}

/// Everybody together.
pub(crate) const EVERYBODY: i64 = 0;
/// Hours for which counters are kept: four weeks of habit and the longest window.
pub(crate) const KEPT_HOURS: i32 = 28 * 24 + 168;

const ADD: &str = "insert into privacy.seen (tenant, what, who, hour, subject) \
    select $1, $2, s.* from unnest($3::int8[], $4::int4[], $5::int8[]) s on conflict do nothing";
const DISTINCT: &str = "select count(distinct subject) from privacy.seen \
    where tenant = $1 and what = $2 and who = $3 and hour > $4 and hour <= $5";
const SUBJECTS: &str = "select distinct subject from privacy.seen \
    where tenant = $1 and what = $2 and who = $3 and hour > $4 and hour <= $5 limit 1000";
const EVERYBODYS: &str = "select count(*) from privacy.seen \
    where tenant = $1 and what = $2 and hour = $3";
const HABIT: &str = "select count(*), avg(n)::float8 from (select hour / 24, count(distinct subject) n \
    from privacy.seen where tenant = $1 and what = 1 and who = $2 and hour > $3 and hour <= $4 \
    group by hour / 24) d";

const PROGRESS: &str = "select leaf from privacy.progress where tenant = $1";
const ADVANCE: &str = "insert into privacy.progress (tenant, leaf) values ($1, $2) \
    on conflict (tenant) do update set leaf = greatest(progress.leaf, excluded.leaf)";

const WAIT: &str =
    "insert into privacy.pending (tenant, seq, due) values ($1, $2, $3) on conflict do nothing";

/// One thing seen: by whom, in which hour, with whom.
pub(crate) type Sighting = (i64, i32, i64);

/// The hour of a moment, counted from 1970.
pub(crate) fn hour_of(at: Instant) -> i32 {
    i32::try_from(at.unix_seconds().div_euclid(3600)).unwrap_or(i32::MAX)
}

/// Counters within one transaction.
pub(crate) struct Counters<'t> {
    pub(crate) tx: &'t TenantTx,
}

impl Counters<'_> {
    fn tenant(&self) -> i32 {
        self.tx.tenant().0
    }

    /// How far the rules have come.
    pub(crate) async fn progress(&self) -> Result<u64> {
        let row = self.tx.query_opt(PROGRESS, &[&self.tenant()]).await?;
        let leaf: i64 = row.map_or(Ok(0), |row| column(&row, 0))?;
        Ok(leaf.cast_unsigned())
    }

    pub(crate) async fn advance(&self, leaf: u64) -> Result<()> {
        let leaf = i64::try_from(leaf).map_err(|_| PrivacyError::Damaged)?;
        self.tx.execute(ADVANCE, &[&self.tenant(), &leaf]).await?;
        Ok(())
    }

    pub(crate) async fn add(&self, what: Seen, seen: &[Sighting]) -> Result<()> {
        if seen.is_empty() {
            return Ok(());
        }
        let who: Vec<i64> = seen.iter().map(|one| one.0).collect();
        let hours: Vec<i32> = seen.iter().map(|one| one.1).collect();
        let subjects: Vec<i64> = seen.iter().map(|one| one.2).collect();
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&self.tenant(), &(what as i16), &who, &hours, &subjects];
        self.tx.execute(ADD, &params).await?;
        Ok(())
    }

    /// Distinct subjects of somebody in the `hours` up to `hour`.
    pub(crate) async fn distinct(
        &self,
        what: Seen,
        who: i64,
        hour: i32,
        hours: u32,
    ) -> Result<u64> {
        let from = hour.saturating_sub(hours.cast_signed());
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&self.tenant(), &(what as i16), &who, &from, &hour];
        let count: i64 = column(&self.tx.query_one(DISTINCT, &params).await?, 0)?;
        Ok(count.cast_unsigned())
    }

    /// The same, one by one, at most a thousand.
    pub(crate) async fn subjects(
        &self,
        what: Seen,
        who: i64,
        hour: i32,
        hours: u32,
    ) -> Result<Vec<i64>> {
        let from = hour.saturating_sub(hours.cast_signed());
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&self.tenant(), &(what as i16), &who, &from, &hour];
        let rows = self.tx.query(SUBJECTS, &params).await?;
        rows.iter().map(|row| column(row, 0)).collect()
    }

    /// Everything of a kind in one hour.
    pub(crate) async fn everybodys(&self, what: Seen, hour: i32) -> Result<u64> {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&self.tenant(), &(what as i16), &hour];
        let count: i64 = column(&self.tx.query_one(EVERYBODYS, &params).await?, 0)?;
        Ok(count.cast_unsigned())
    }

    /// What was usual for a user in the four weeks before the window that ends with `hour`.
    pub(crate) async fn habit(&self, who: i64, hour: i32, settings: &Settings) -> Result<Baseline> {
        let until = hour.saturating_sub(settings.window_hours.cast_signed());
        let from = until.saturating_sub(28 * 24);
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&self.tenant(), &who, &from, &until];
        let row = self.tx.query_one(HABIT, &params).await?;
        let (days, mean): (i64, Option<f64>) = (column(&row, 0)?, column(&row, 1)?);
        Ok(Baseline {
            days: u32::try_from(days).unwrap_or(u32::MAX),
            per_day: mean.unwrap_or_default(),
        })
    }

    pub(crate) async fn wait_for_review(&self, seq: i64, due: Instant) -> Result<()> {
        self.tx
            .execute(WAIT, &[&self.tenant(), &seq, &due.0])
            .await?;
        Ok(())
    }
}
