//! The audit logs in object storage, locked, one folder a tenant.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures::FutureExt;
use futures::future::BoxFuture;
use mt_audit::{Archive, Archived, Audit, Event, EventCode, Pruned};
use mt_kernel::{Actor, Clock, Fault, OpCtx, PurposeOfUse, SystemClock, TenantId};
use mt_objects::{Bucket, BucketConfig, Held, ObjectError};
use mt_store::{Store, TenantState};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::rounds::is_active;
use crate::config;

/// How often the logs are archived.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// How long after the start they are archived first.
const FIRST: Duration = Duration::from_secs(300);
const SECONDS_A_DAY: i64 = 86_400;

/// The configured bucket.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    bucket: Bucket,
    retention_days: u32,
    online_days: Option<u32>,
}

impl Vault {
    /// `None` when no archive is configured.
    pub(crate) fn open(config: &config::Archive) -> anyhow::Result<Option<Self>> {
        let Some(endpoint) = &config.endpoint else {
            return Ok(None);
        };
        let secret_key = config.secret_key.as_ref();
        let bucket = Bucket::new(BucketConfig {
            endpoint: endpoint.clone(),
            bucket: config.bucket.clone(),
            region: config.region.clone(),
            access_key: config.access_key.clone(),
            secret_key: secret_key
                .context("archive.secret_key is missing")?
                .secret(),
        });
        Ok(Some(Self {
            bucket: bucket.context("archive.endpoint")?,
            retention_days: config.retention_days,
            online_days: config.online_days,
        }))
    }

    /// Brings the archive of a tenant up to date.
    pub(crate) async fn keep(&self, audit: &Audit, tenant: TenantId) -> anyhow::Result<Archived> {
        self.bucket.check_lock(SystemClock.now()).await?;
        let shelf = self.shelf(tenant);
        let archived = audit.archive(tenant, &shelf).await?;
        enter(audit, tenant, &archived)?;
        if let Some(days) = self.online_days {
            prune(audit, tenant, &shelf, days).await?;
        }
        Ok(archived)
    }

    /// The archive of one tenant.
    pub(crate) fn shelf(&self, tenant: TenantId) -> Shelf<'_> {
        Shelf {
            vault: self,
            tenant,
        }
    }

    /// Archives the logs of all active tenants once a day, until `stop`.
    pub(crate) async fn keep_all(self, store: Store, audit: Arc<Audit>, stop: CancellationToken) {
        let mut pause = FIRST;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = EVERY;
            let tenants = match store.tenants().list().await {
                Ok(tenants) => tenants,
                Err(error) => {
                    tracing::error!(%error, "the tenants cannot be listed for the archive");
                    continue;
                }
            };
            let active = tenants
                .iter()
                .filter(|one| one.state == TenantState::Active);
            for tenant in active {
                match self.keep(&audit, tenant.id).await {
                    Ok(archived) => {
                        let (leaves, files) = (archived.leaves, archived.files);
                        tracing::info!(tenant = %tenant.id, leaves, files, "the audit log is archived");
                    }
                    // It was suspended meanwhile.
                    Err(_) if !is_active(store.tenants(), tenant.id).await => {}
                    Err(error) => {
                        metrics::counter!("audit_archive_failures_total").increment(1);
                        tracing::error!(tenant = %tenant.id, error = format!("{error:#}"), "the audit log cannot be archived");
                    }
                }
            }
        }
    }
}

/// Enters in the trail that it left the system.
pub(crate) fn enter(audit: &Audit, tenant: TenantId, archived: &Archived) -> anyhow::Result<()> {
    let reason = format!("archived up to leaf {}", archived.leaves);
    enter_use(audit, tenant, &reason)
}

fn enter_use(audit: &Audit, tenant: TenantId, reason: &str) -> anyhow::Result<()> {
    let event = Event {
        reason: Some(reason),
        ..Event::done(EventCode::TrailUse)
    };
    let ctx = OpCtx {
        tenant,
        actor: Actor::system("archive"),
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now: SystemClock.now(),
    };
    Ok(audit.record(&ctx, &event)?)
}

/// Removes rows older than `days` from the database that the archive holds whole, and enters that in the trail.
pub(crate) async fn prune(
    audit: &Audit,
    tenant: TenantId,
    archive: &dyn Archive,
    days: u32,
) -> anyhow::Result<Pruned> {
    let now = SystemClock.now();
    let before = now.plus_seconds(-i64::from(days) * SECONDS_A_DAY);
    let pruned = audit.prune(tenant, archive, before).await?;
    if pruned.rows > 0 {
        let (rows, leaves) = (pruned.rows, pruned.leaves);
        let reason = format!("{rows} archived rows left the database, up to leaf {leaves}");
        enter_use(audit, tenant, &reason)?;
    }
    Ok(pruned)
}

/// The part of the bucket that is one tenant's.
pub(crate) struct Shelf<'a> {
    vault: &'a Vault,
    tenant: TenantId,
}

impl Shelf<'_> {
    fn key(&self, name: &str) -> String {
        format!("audit/{}/{name}", self.tenant)
    }
}

impl Archive for Shelf<'_> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Fault>> {
        async move {
            let found = self
                .vault
                .bucket
                .get(&self.key(name), SystemClock.now())
                .await;
            found.map_err(told)
        }
        .boxed()
    }

    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> BoxFuture<'a, Result<(), Fault>> {
        async move {
            let now = SystemClock.now();
            let days = i64::from(self.vault.retention_days);
            let held = Held {
                until: now.plus_seconds(days * SECONDS_A_DAY),
            };
            let bucket = &self.vault.bucket;
            let kept = bucket.put(&self.key(name), &content, held, now).await;
            kept.map_err(told)
        }
        .boxed()
    }
}

fn told(error: ObjectError) -> Fault {
    Fault::new(error.kind(), error.to_string())
}
