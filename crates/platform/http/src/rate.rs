//! Rate limits: token buckets per tenant and per client of a tenant.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota as BucketQuota};
use mt_kernel::TenantId;

/// A bucket: steady rate and burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests per second in the long run.
    pub per_second: NonZeroU32,
    /// Requests that may come at once.
    pub burst: NonZeroU32,
}

impl Quota {
    fn bucket(self) -> BucketQuota {
        BucketQuota::per_second(self.per_second).allow_burst(self.burst)
    }
}

/// Too many requests; try again after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// How long to wait.
    pub retry_after: Duration,
}

impl Throttled {
    /// `Retry-After` in whole seconds, at least one.
    #[must_use]
    pub fn retry_after_seconds(self) -> u64 {
        self.retry_after.as_secs() + 1
    }
}

/// Tenants whose quota is another than that of all. Cloning shares them: a tenant takes from one bucket at every door
/// that was given the same.
#[derive(Clone, Default)]
pub struct OwnQuotas(Arc<RwLock<HashMap<TenantId, (Quota, DefaultDirectRateLimiter)>>>);

impl OwnQuotas {
    /// Names the tenants and their quotas, in place of those named before. A bucket whose quota stays keeps its tokens.
    pub fn set(&self, quotas: impl IntoIterator<Item = (TenantId, Quota)>) {
        let mut own = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *own);
        *own = quotas
            .into_iter()
            .map(|(tenant, quota)| {
                let kept = before.remove(&tenant).filter(|(was, _)| *was == quota);
                let bucket = kept
                    .unwrap_or_else(|| (quota, DefaultDirectRateLimiter::direct(quota.bucket())));
                (tenant, bucket)
            })
            .collect();
    }
}

impl std::fmt::Debug for OwnQuotas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let own = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let quotas = own.iter().map(|(tenant, (quota, _))| (tenant, quota));
        f.debug_map().entries(quotas).finish()
    }
}

/// The buckets of one door of a server process.
pub struct RateLimits {
    tenants: DefaultKeyedRateLimiter<TenantId>,
    clients: DefaultKeyedRateLimiter<(TenantId, u64)>,
    /// Buckets of tenants with a quota of their own.
    own: OwnQuotas,
    clock: DefaultClock,
}

impl RateLimits {
    /// Buckets with these quotas.
    #[must_use]
    pub fn new(tenant: Quota, client: Quota) -> Self {
        Self {
            tenants: DefaultKeyedRateLimiter::keyed(tenant.bucket()),
            clients: DefaultKeyedRateLimiter::keyed(client.bucket()),
            own: OwnQuotas::default(),
            clock: DefaultClock::default(),
        }
    }

    /// The same, but for tenants with a quota of their own, which they share with other doors.
    #[must_use]
    pub fn with_own(mut self, own: &OwnQuotas) -> Self {
        self.own = own.clone();
        self
    }

    /// Takes one token for `client` (a hash of its id) of `tenant`.
    ///
    /// # Errors
    /// [`Throttled`] when either bucket is empty.
    pub fn check(&self, tenant: TenantId, client: u64) -> Result<(), Throttled> {
        let wait = |not_until: governor::NotUntil<_>| Throttled {
            retry_after: not_until.wait_time_from(self.clock.now()),
        };
        self.clients.check_key(&(tenant, client)).map_err(wait)?;
        let own = self.own.0.read().unwrap_or_else(PoisonError::into_inner);
        match own.get(&tenant) {
            Some((_, bucket)) => bucket.check().map_err(wait),
            None => self.tenants.check_key(&tenant).map_err(wait),
        }
    }

    /// Forgets buckets that are full again; called now and then, so that memory stays bounded.
    pub fn forget_idle(&self) {
        self.clients.retain_recent();
        self.tenants.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(per_second: u32, burst: u32) -> Quota {
        Quota {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    #[test]
    fn a_greedy_client_is_slowed_and_others_are_not() {
        let limits = RateLimits::new(quota(1, 100), quota(1, 3));
        let tenant = TenantId(1);
        assert!((0..3).all(|_| limits.check(tenant, 7).is_ok()));
        let throttled = limits.check(tenant, 7).unwrap_err();
        assert!(throttled.retry_after_seconds() >= 1);
        assert!(limits.check(tenant, 8).is_ok());
        assert!(limits.check(TenantId(2), 7).is_ok());
    }

    #[test]
    fn a_tenant_has_a_limit_over_all_its_clients() {
        let limits = RateLimits::new(quota(1, 5), quota(1, 3));
        let passed = (0..10)
            .filter(|n| limits.check(TenantId(1), *n).is_ok())
            .count();
        assert_eq!(passed, 5);
    }

    #[test]
    fn a_tenant_may_have_a_quota_of_its_own_over_all_doors() {
        let own = OwnQuotas::default();
        let [one, other] =
            [(); 2].map(|()| RateLimits::new(quota(1, 5), quota(1, 100)).with_own(&own));
        let passed = |door: &RateLimits, tenant| {
            (0..10)
                .filter(|_| door.check(TenantId(tenant), 1).is_ok())
                .count()
        };
        own.set([(TenantId(1), quota(1, 2))]);
        assert_eq!((passed(&one, 1), passed(&one, 2)), (2, 5));
        assert_eq!((passed(&other, 1), passed(&other, 2)), (0, 5));
        own.set([(TenantId(1), quota(1, 2))]);
        assert_eq!(passed(&one, 1), 0, "what was taken stays taken");
        own.set([(TenantId(1), quota(1, 8))]);
        assert_eq!((passed(&other, 1), passed(&one, 1)), (8, 0));
        own.set([]);
        assert_eq!(passed(&one, 1), 5, "the bucket of all");
    }
}
