//! What organisations may use, kept in force in this process: requests a second at all doors together, and the room
//! that is left to their records.

use std::num::NonZeroU32;
use std::time::Duration;

use mt_http::{OwnQuotas, Quota};
use mt_identity::administration::{Administration, Allowance};
use mt_kernel::TenantId;
use mt_store::Store;
use tokio_util::sync::CancellationToken;

/// How soon a limit that was changed, by whatever process, holds in this one.
const EVERY: Duration = Duration::from_secs(3);

/// The limits of organisations in this process. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Limits {
    administration: Administration,
    store: Store,
    /// What every door shares.
    own: OwnQuotas,
    /// The quota of organisations without a limit: the burst of others is in the same proportion.
    usual: Quota,
}

impl Limits {
    pub(crate) fn new(administration: Administration, store: Store, usual: Quota) -> Self {
        Self {
            administration,
            store,
            own: OwnQuotas::default(),
            usual,
        }
    }

    /// The quotas to give to a door.
    pub(crate) fn quotas(&self) -> &OwnQuotas {
        &self.own
    }

    /// Puts in force what is decided now, by what was measured last: quick, for the start.
    pub(crate) async fn begin(&self) -> anyhow::Result<()> {
        let limited = self.quoted().await?;
        let mut rooms = Vec::new();
        for (tenant, bytes) in limited {
            if let Some(usage) = self.store.usage(tenant).await? {
                rooms.push((tenant, bytes.saturating_sub(usage.bytes)));
            }
        }
        self.store.set_rooms(rooms);
        Ok(())
    }

    /// Puts in force what is decided now, by what is stored now.
    pub(crate) async fn renew(&self) -> anyhow::Result<()> {
        let limited = self.quoted().await?;
        let mut rooms = Vec::with_capacity(limited.len());
        for (tenant, bytes) in limited {
            let usage = self.store.measure(tenant).await?;
            rooms.push((tenant, bytes.saturating_sub(usage.bytes)));
        }
        self.store.set_rooms(rooms);
        Ok(())
    }

    /// Does so again and again, until `stop`. What cannot be renewed stays as it was.
    pub(crate) async fn follow(self, stop: CancellationToken) {
        let mut interval = tokio::time::interval(EVERY);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = interval.tick() => {}
            }
            if let Err(error) = self.renew().await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "limits of organisations cannot be renewed"
                );
            }
        }
    }

    /// Sets the quotas; returns the bytes that records may take where there is a limit.
    async fn quoted(&self) -> anyhow::Result<Vec<(TenantId, i64)>> {
        let limited = self.administration.limited().await?;
        let quota = |(tenant, allowance): &(TenantId, Allowance)| {
            Some((*tenant, quota(allowance.per_second?, self.usual)?))
        };
        self.own.set(limited.iter().filter_map(quota));
        let bytes = limited.into_iter();
        Ok(bytes
            .filter_map(|(tenant, allowance)| Some((tenant, allowance.storage_bytes()?)))
            .collect())
    }
}

/// So many requests a second, and at once in the proportion that is usual.
fn quota(per_second: i32, usual: Quota) -> Option<Quota> {
    let per_second = NonZeroU32::new(u32::try_from(per_second).ok()?)?;
    let times = (usual.burst.get() / usual.per_second.get()).max(1);
    Some(Quota {
        per_second,
        burst: per_second.saturating_mul(NonZeroU32::new(times)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_keeps_the_usual_proportion_of_its_burst() {
        let of = |per_second, burst| Quota {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        };
        assert_eq!(quota(3, of(5_000, 20_000)), Some(of(3, 12)));
        assert_eq!(quota(3, of(5_000, 1)), Some(of(3, 3)));
        assert_eq!(quota(0, of(1, 1)), None);
    }
}
