//! Slowing down those who guess, without a lever to lock anybody out.
//!
//! Failures are counted where they come from. A browser at which the account has signed in before has a
//! counter of its own, so whatever a stranger does, the person at their own device is not slowed down;
//! nor is a passkey. The account as such is only slowed for strangers (OWASP, device cookies).

use std::net::IpAddr;

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use super::account::folded;
use crate::IdentityError;

/// Counters that rest so long are forgotten, seconds.
const FORGET_SECONDS: i64 = 24 * 3600;
/// A browser is remembered so long after the last sign-in, seconds.
const DEVICE_SECONDS: i64 = 180 * 24 * 3600;

/// Where a sign-in comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Address of the other end.
    pub address: Option<IpAddr>,
    /// The browser's secret, when it sent one.
    pub device: Option<String>,
}

impl Source {
    /// One household or office: an IPv4 address, or an IPv6 /64.
    fn network(&self) -> Vec<u8> {
        match self.address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
            None => Vec::new(),
        }
    }
}

/// A counter: its key, how many failures are free, and the longest wait.
#[derive(Clone, Copy, Debug)]
struct Counter {
    key: i64,
    free: i32,
    longest: i64,
}

/// The counters of one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    tenant: TenantId,
    counters: Vec<Counter>,
    /// Those that a success clears.
    cleared: usize,
}

impl Attempt {
    /// An attempt to sign in as `name`, whether there is such an account or not; `account` when the
    /// browser is known to it.
    pub(crate) fn new(
        keys: &TenantKeys,
        name: &str,
        source: &Source,
        known_at: Option<Uuid>,
    ) -> Result<Self, IdentityError> {
        let index = keys.blind_index()?;
        let key = |what: &str, parts: &[&[u8]]| {
            let mut all = vec![b"throttle".as_slice(), what.as_bytes()];
            all.extend_from_slice(parts);
            index.token(&all)
        };
        let counter = |key, free, longest| Counter { key, free, longest };
        let tenant = keys.tenant();
        if let (Some(account), Some(device)) = (known_at, &source.device) {
            let own = key("device", &[account.as_bytes(), device.as_bytes()]);
            return Ok(Self {
                tenant,
                counters: vec![counter(own, 10, 300)],
                cleared: 1,
            });
        }
        let (name, network) = (folded(name), source.network());
        let pair = key("account from network", &[name.as_bytes(), &network]);
        let account = key("account from strangers", &[name.as_bytes()]);
        let whole = key("network", &[&network]);
        Ok(Self {
            tenant,
            counters: vec![
                counter(pair, 5, 900),
                counter(account, 30, 900),
                counter(whole, 100, 30),
            ],
            cleared: 2,
        })
    }

    /// Counts the attempt as failed, in advance; or returns the seconds to wait, when it may not be
    /// made yet.
    ///
    /// Attempts on the same counters come one after another: however many are sent at once, no more
    /// of them get through than the counters allow.
    pub(crate) async fn begin(
        &self,
        database: &Database,
        now: Instant,
    ) -> Result<Option<i64>, IdentityError> {
        let keys = self.keys();
        let tx = database.tenant(self.tenant).await?;
        // Writes nothing new, but holds the rows until the transaction ends.
        let hold = "insert into people.throttle as t (tenant, key, failures, last_at) \
                    select $1, k, 0, $3 from unnest($2::int8[]) as u(k) order by k \
                    on conflict (tenant, key) do update set failures = t.failures \
                    returning key, failures, last_at";
        let held = tx.query(hold, &[&self.tenant.0, &keys, &now.0]).await?;
        let waits = held.iter().filter_map(|row| {
            let key: i64 = row.get(0);
            let counter = self.counters.iter().find(|counter| counter.key == key)?;
            let until = Instant(row.get(2)).plus_seconds(delay(*counter, row.get(1)));
            let left = (until.0 - now.0 + 999_999).div_euclid(1_000_000);
            (left > 0).then_some(left)
        });
        if let Some(seconds) = waits.max() {
            tx.rollback().await;
            return Ok(Some(seconds));
        }
        let count = "update people.throttle set failures = failures + 1, last_at = $3 \
                     where tenant = $1 and key = any($2)";
        tx.execute(count, &[&self.tenant.0, &keys, &now.0]).await?;
        let old = now.plus_seconds(-FORGET_SECONDS).0;
        let forget = "delete from people.throttle where tenant = $1 and key in (\
                      select key from people.throttle where tenant = $1 and last_at < $2 \
                      limit 100 for update skip locked)";
        tx.execute(forget, &[&self.tenant.0, &old]).await?;
        tx.commit().await?;
        Ok(None)
    }

    /// It was right: clears the counters of the account, and takes the attempt from the network's.
    pub(crate) async fn succeeded(&self, database: &Database) -> Result<(), IdentityError> {
        let (cleared, kept) = self.counters.split_at(self.cleared);
        self.settle(database, (cleared, kept)).await
    }

    /// It could not be decided: takes the attempt back.
    pub(crate) async fn withdrawn(&self, database: &Database) -> Result<(), IdentityError> {
        self.settle(database, (&[], &self.counters)).await
    }

    async fn settle(
        &self,
        database: &Database,
        (cleared, kept): (&[Counter], &[Counter]),
    ) -> Result<(), IdentityError> {
        let keys = |of: &[Counter]| of.iter().map(|counter| counter.key).collect::<Vec<i64>>();
        let tx = database.tenant(self.tenant).await?;
        let clear = "delete from people.throttle where tenant = $1 and key = any($2)";
        tx.execute(clear, &[&self.tenant.0, &keys(cleared)]).await?;
        let lower = "update people.throttle set failures = greatest(failures - 1, 0) \
                     where tenant = $1 and key = any($2)";
        tx.execute(lower, &[&self.tenant.0, &keys(kept)]).await?;
        Ok(tx.commit().await?)
    }

    /// In one order everywhere, so that attempts never wait for each other in a circle.
    fn keys(&self) -> Vec<i64> {
        let mut keys: Vec<i64> = self.counters.iter().map(|counter| counter.key).collect();
        keys.sort_unstable();
        keys
    }
}

/// Seconds from the last failure to the next attempt: none at first, then doubling.
fn delay(counter: Counter, failures: i32) -> i64 {
    let over = failures - counter.free;
    if over < 0 {
        return 0;
    }
    let doubled = 2_i64.saturating_pow(u32::try_from(over.min(20)).unwrap_or(20));
    doubled.min(counter.longest)
}

/// Whether `account` has signed in before at the browser with this secret.
pub(crate) async fn is_known_device(
    database: &Database,
    tenant: TenantId,
    account: Uuid,
    device: &str,
    now: Instant,
) -> Result<bool, IdentityError> {
    let sql = "select 1 from people.device where tenant = $1 and digest = $2 and seen_at > $3";
    let oldest = now.plus_seconds(-DEVICE_SECONDS).0;
    let params: mt_database::Params<'_> = &[&tenant.0, &device_digest(account, device), &oldest];
    let rows = database.readers().query(tenant, sql, params).await?;
    Ok(!rows.is_empty())
}

/// Remembers that `account` has signed in at the browser with this secret.
pub(crate) async fn device_put(
    tx: &TenantTx,
    tenant: TenantId,
    account: Uuid,
    device: &str,
    now: Instant,
) -> Result<(), IdentityError> {
    let forget = "delete from people.device where tenant = $1 and account = $2 and seen_at < $3";
    let oldest = now.plus_seconds(-DEVICE_SECONDS).0;
    tx.execute(forget, &[&tenant.0, &account, &oldest]).await?;
    let sql = "insert into people.device (tenant, digest, account, seen_at) values ($1, $2, $3, $4) \
               on conflict (tenant, digest) do update set seen_at = excluded.seen_at";
    tx.execute(
        sql,
        &[&tenant.0, &device_digest(account, device), &account, &now.0],
    )
    .await?;
    Ok(())
}

fn device_digest(account: Uuid, device: &str) -> Vec<u8> {
    mt_crypto::sha256(&[account.as_bytes(), device.as_bytes()].concat()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_after_the_free_failures_up_to_the_longest() {
        let counter = Counter {
            key: 0,
            free: 5,
            longest: 900,
        };
        for (failures, seconds) in [
            (0, 0),
            (4, 0),
            (5, 1),
            (6, 2),
            (10, 32),
            (15, 900),
            (i32::MAX, 900),
        ] {
            assert_eq!(delay(counter, failures), seconds, "{failures}");
        }
    }

    #[test]
    fn an_ipv6_subnet_is_one_network() {
        let network = |text: &str| {
            Source {
                address: text.parse().ok(),
                device: None,
            }
            .network()
        };
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
