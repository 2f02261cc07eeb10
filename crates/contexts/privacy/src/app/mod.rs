//! What the privacy office does, one file per matter.

mod erase;
mod export;
mod holds;
mod incidents;
mod log;
mod report;
mod restrict;
mod trail;

use std::sync::Arc;

use mt_audit::{Audit, Event, EventCode};
use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Clock, OpCtx, TenantId};
use mt_store::Store;

pub use erase::Forgets;
pub use export::DeidentifiedExport;
pub use incidents::IncidentChange;
pub use log::{LogStanding, Verification};
pub use report::AccessLine;
pub use trail::{as_csv, as_ndjson, csv_header};

use crate::domain::rules::Settings;
use crate::jobs::watch::Watch;
use crate::store::Papers;
use crate::{PrivacyError, Result};

/// The privacy office of an installation.
#[derive(Clone)]
pub struct Privacy {
    papers: Papers,
    audit: Arc<Audit>,
    store: Store,
    clock: Arc<dyn Clock>,
    forgetting: Arc<[Arc<dyn Forgets>]>,
}

impl Privacy {
    /// The office over a record store and its audit trail.
    #[must_use]
    pub fn new(database: Database, audit: Arc<Audit>, store: Store, clock: Arc<dyn Clock>) -> Self {
        let tenants = store.tenants().clone();
        Self {
            papers: Papers { database, tenants },
            audit,
            store,
            clock,
            forgetting: Arc::from([]),
        }
    }

    /// The rules over the audit log.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let (audit, clock) = (Arc::clone(&self.audit), Arc::clone(&self.clock));
        Watch::new(self.papers.clone(), audit, self.store.clone(), clock)
    }

    /// The keys that seal what the office hands out.
    pub(crate) async fn keys(&self, tenant: TenantId) -> Result<TenantKeys> {
        Ok(self.papers.tenants.keys(tenant).await?)
    }

    /// The thresholds of the caller's organisation.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settings(&self, ctx: &OpCtx) -> Result<Settings> {
        self.papers.settings(ctx.tenant).await
    }

    /// Changes the thresholds.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] when they make no sense.
    pub async fn change_settings(&self, ctx: &OpCtx, settings: &Settings) -> Result<()> {
        if let Some(refusal) = settings.refusal() {
            return Err(PrivacyError::Refused(refusal));
        }
        self.enter(
            ctx,
            EventCode::Configuration,
            "thresholds of the privacy rules",
        )?;
        self.papers.change_settings(ctx.tenant, settings).await
    }

    /// Enters in the trail what the office does.
    fn enter(&self, ctx: &OpCtx, code: EventCode, reason: &str) -> Result<()> {
        let event = Event {
            reason: Some(reason),
            ..Event::done(code)
        };
        Ok(self.audit.record(ctx, &event)?)
    }
}

impl std::fmt::Debug for Privacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Privacy").finish_non_exhaustive()
    }
}
