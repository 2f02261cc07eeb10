//! How the database is doing, for `/readyz` and `/metrics`.
//!
//! The horizon matters most: one transaction that stays open holds back vacuum and every reader of
//! the outbox.

use std::time::{Duration, Instant};

use metrics::{counter, gauge};

use crate::access::SharedGauges;
use crate::{Database, Error};

/// How far the oldest open transaction lags behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Horizon {
    /// Transactions begun since the oldest one that is still open and has written.
    pub transactions: u64,
    /// Age of the oldest of our transactions that has written; zero when there is none.
    pub age: Duration,
}

/// One look at the database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Health {
    /// Time of one round trip in a transaction.
    pub round_trip: Duration,
    /// The horizon.
    pub horizon: Horizon,
    /// Size of the database on disk in bytes.
    pub size: u64,
}

const HORIZON: &str = "
    select (pg_snapshot_xmax(s)::text::int8 - pg_snapshot_xmin(s)::text::int8),
           coalesce((select extract(epoch from max(clock_timestamp() - xact_start))::float8
                     from pg_stat_activity where backend_xid is not null), 0),
           pg_database_size(current_database())
    from pg_current_snapshot() s";

impl Database {
    /// Looks at the database through a pooled connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer.
    pub async fn health(&self) -> Result<Health, Error> {
        let tx = self.admin().await?;
        let started = Instant::now();
        let row = tx.query_one(HORIZON, &[]).await?;
        let round_trip = started.elapsed();
        let seconds: f64 = row.try_get(1)?;
        let horizon = Horizon {
            transactions: row.try_get::<_, i64>(0)?.unsigned_abs(),
            age: Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default(),
        };
        let size = row.try_get::<_, i64>(2)?.unsigned_abs();
        tx.rollback().await;
        Ok(Health {
            round_trip,
            horizon,
            size,
        })
    }

    /// Looks at the database and sets the gauges `mt_database_*`; counts a failure instead when it
    /// does not answer.
    ///
    /// # Errors
    /// As [`Database::health`].
    pub async fn record_metrics(&self) -> Result<Health, Error> {
        let pool = self.pool().gauges();
        gauge!("mt_database_pool_size").set(pool.size as f64);
        gauge!("mt_database_pool_busy").set(pool.busy as f64);
        gauge!("mt_database_pool_idle").set(pool.idle as f64);
        record_shared("readers", self.readers().gauges());
        record_shared("writers", self.writers().gauges());
        let health = self.health().await;
        match &health {
            Ok(health) => {
                let horizon = health.horizon;
                gauge!("mt_database_round_trip_seconds").set(health.round_trip.as_secs_f64());
                gauge!("mt_database_horizon_transactions").set(horizon.transactions as f64);
                gauge!("mt_database_horizon_age_seconds").set(horizon.age.as_secs_f64());
                gauge!("mt_database_size_bytes").set(health.size as f64);
            }
            Err(_) => counter!("mt_database_health_failures_total").increment(1),
        }
        health
    }
}

fn record_shared(kind: &'static str, gauges: SharedGauges) {
    gauge!("mt_database_shared_size", "kind" => kind).set(gauges.size as f64);
    gauge!("mt_database_shared_connected", "kind" => kind).set(gauges.connected as f64);
    gauge!("mt_database_shared_in_flight", "kind" => kind).set(gauges.in_flight as f64);
}
