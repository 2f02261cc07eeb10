//! Administration: who stands where in an organisation, and what it decided about itself.
//!
//! One room, because roles, proxies and broken glass are one question, asked on every request: what
//! standing does this subject have now? [`Standing`] answers it in front of any authenticator.

mod allowance;
pub mod api;
mod derived;
mod error;
mod forget;
mod glass;
mod lifecycle;
mod panel;
mod people;
mod proxy;
mod review;
mod roles;
mod rows;
mod settings;
mod standing;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mt_audit::{Audit, Detail, Effect, Event, EventCode, Kind, Touched};
use mt_database::{Database, Migration, Migrations};
use mt_fhir::ResourceType;
use mt_kernel::{Actor, Clock, Instant, OpCtx, PurposeOfUse, TenantId};
use mt_store::{Caller, Store};
use uuid::Uuid;

pub use allowance::{Allowance, Used};
pub use derived::{RoleDefinition, RolePermission, TEMPLATES, Template};
pub use error::AdministrationError;
pub(crate) use forget::{forget_patient, stands};
pub use glass::{BreakGlass, Broken, Decided};
pub use lifecycle::{COOLING_OFF_DAYS, Closing};
pub use proxy::{Basis, NewProxy, ProxyView};
pub use roles::{Assignment, NewAssignment};
pub(crate) use settings::branding_of;
pub use settings::{Branding, MfaPolicy, Onboarding, SecondFactor, Settings, Step, contrast};
pub use standing::Standing;

use error::Result;

/// Tables of administration.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "administration",
    files: &[
        Migration::new(
            1,
            "administration",
            include_str!("../../migrations/administration/0001_administration.sql"),
        ),
        Migration::new(
            2,
            "limits_version",
            include_str!("../../migrations/administration/0002_limits_version.sql"),
        ),
    ],
};

/// Who administers, as the door established.
#[derive(Clone, Copy, Debug)]
pub struct Administrator<'a> {
    /// Tenant, actor, time.
    pub ctx: &'a OpCtx,
    /// What the actor may do.
    pub grant: &'a mt_access::Grant,
}

/// The administration of every organisation. Cloning shares it.
#[derive(Clone)]
pub struct Administration {
    store: Store,
    audit: Arc<Audit>,
    clock: Arc<dyn Clock>,
    /// How often this process has changed somebody's standing, or heard that another one did.
    changes: Arc<AtomicU64>,
}

impl Administration {
    /// Administration over the records of `store`, entered in `audit`.
    #[must_use]
    pub fn new(store: Store, audit: Arc<Audit>) -> Self {
        let clock = Arc::clone(store.clock());
        Self {
            store,
            audit,
            clock,
            changes: Arc::default(),
        }
    }

    /// A number that is another one after every change of standing that this process made or heard of.
    fn generation(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Forgets what was remembered of anybody's standing; also after another process said that it changed some.
    pub fn standing_changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    fn database(&self) -> &Database {
        self.store.database()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    /// MediTrack itself, looking something up for a decision about somebody.
    fn system(&self, tenant: TenantId, name: &str) -> Caller {
        Caller::unrestricted(OpCtx {
            tenant,
            actor: Actor::system(name),
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now: self.now(),
        })
    }

    /// Enters an administrative act in the trail; without the entry it is not done.
    fn enter(&self, ctx: &OpCtx, code: EventCode, reason: &str) -> Result<()> {
        let event = Event {
            reason: Some(reason),
            ..Event::done(code)
        };
        Ok(self.audit.record(ctx, &event)?)
    }

    fn enter_about(&self, ctx: &OpCtx, code: EventCode, patient: &str, reason: &str) -> Result<()> {
        let about = [(ResourceType::PATIENT, Arc::from(patient))];
        let event = Event {
            resources: &about,
            reason: Some(reason),
            ..Event::done(code)
        };
        Ok(self.audit.record(ctx, &event)?)
    }

    /// Enters that somebody was shown what administration knows of a patient.
    fn enter_look(&self, ctx: &OpCtx, patient: &str, what: &str) -> Result<()> {
        let detail = Detail {
            resources: vec![Touched {
                resource_type: ResourceType::PATIENT,
                id: Arc::from(patient),
                version: 0,
                effect: Effect::Shown,
            }],
            reason: Some(what.to_owned()),
            ..Detail::new(ctx)
        };
        Ok(self.audit.enter(ctx, Kind::Read, &detail)?)
    }
}

impl std::fmt::Debug for Administration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Administration").finish_non_exhaustive()
    }
}
