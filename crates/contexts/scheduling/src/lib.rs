#![doc = include_str!("../README.md")]

pub mod api;
mod app;
pub mod domain;
mod error;
mod forget;
mod policy;
mod store;
pub mod telehealth;

use std::num::NonZeroU32;
use std::sync::Arc;

use mt_database::{Database, Migration, Migrations};
use mt_http::{Quota, RateLimits};
use mt_kernel::{Clock, Instant, TenantId};
use mt_store::Store;

pub use app::*;
pub use error::SchedulingError;
pub use forget::forget_patient;
pub use policy::register;

/// Tables of this context.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "scheduling",
    files: &[
        Migration::new(
            1,
            "scheduling",
            include_str!("../migrations/0001_scheduling.sql"),
        ),
        Migration::new(
            2,
            "telehealth",
            include_str!("../migrations/0002_telehealth.sql"),
        ),
        Migration::new(
            3,
            "room_patient",
            include_str!("../migrations/0003_room_patient.sql"),
        ),
        Migration::new(4, "rules", include_str!("../migrations/0004_rules.sql")),
    ],
};

/// Scheduling for every organisation. Cloning shares it.
#[derive(Clone)]
pub struct Scheduling {
    store: Store,
    clock: Arc<dyn Clock>,
    /// What people who are not signed in may ask for.
    strangers: Arc<RateLimits>,
}

/// Requests of one address, and of all strangers together.
const STRANGER: (u32, u32) = (1, 30);
const STRANGERS: (u32, u32) = (20, 200);

impl Scheduling {
    /// Scheduling over the records of `store`, whose policies must be [registered](register).
    #[must_use]
    pub fn new(store: Store) -> Self {
        let clock = Arc::clone(store.clock());
        let quota = |(per_second, burst): (u32, u32)| Quota {
            per_second: NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN),
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
        };
        let strangers = Arc::new(RateLimits::new(quota(STRANGERS), quota(STRANGER)));
        Self {
            store,
            clock,
            strangers,
        }
    }

    /// Lets a stranger ask, or says after how many seconds to ask again.
    fn admit(&self, address: u64) -> Result<(), u64> {
        let all = TenantId(0);
        let admitted = self.strangers.check(all, address);
        admitted.map_err(mt_http::Throttled::retry_after_seconds)
    }

    fn database(&self) -> &Database {
        self.store.database()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }
}

impl std::fmt::Debug for Scheduling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scheduling").finish_non_exhaustive()
    }
}
