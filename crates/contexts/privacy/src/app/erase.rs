//! Erasing a patient's record when its retention is over: ordered by a person, carried out in the background.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_audit::{Event, EventCode};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{Actor, ActorKind, Assurance, ErrorKind, Fault, OpCtx, PurposeOfUse, TenantId};
use mt_store::Caller;
use uuid::Uuid;

use super::Privacy;
use crate::domain::erasure::{Erasure, ErasureOutcome};
use crate::domain::retention::{is_over, retention_ends};
use crate::jobs::lookup::rules_caller;
use crate::store::{Kept, Wanted};
use crate::{PrivacyError, Result};

/// Orders that are looked at in one go.
const AT_ONCE: i64 = 20;

/// A context that keeps something about patients beside their records.
pub trait Forgets: Send + Sync {
    /// Takes a patient whose record is about to be erased out of records that are evidence of something else and stay;
    /// what they were before goes with the record. It may be called again.
    fn release<'a>(
        &'a self,
        _tenant: TenantId,
        _patient: &'a str,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async { Ok(()) })
    }

    /// Removes what it keeps about a patient whose record is gone; returns how many rows. It may be called again.
    fn forget<'a>(
        &'a self,
        tenant: TenantId,
        patient: &'a str,
    ) -> BoxFuture<'a, Result<u64, Fault>>;
}

impl Privacy {
    /// The office that also tells `contexts` to forget whose record is erased.
    #[must_use]
    pub fn with_forgetting(self, contexts: Vec<Arc<dyn Forgets>>) -> Self {
        let forgetting = contexts.into();
        Self { forgetting, ..self }
    }

    /// Orders that a patient's record be erased; returns the order's id. A refusal is entered in the trail.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] without a ground or while a legal hold stands; [`PrivacyError::Retained`] before the
    /// retention is over; [`PrivacyError::NotFound`].
    pub async fn order_erasure(&self, ctx: &OpCtx, patient: &str, reason: &str) -> Result<Uuid> {
        let roles = ctx.actor.roles.iter();
        let erasure = Erasure {
            patient: patient.to_owned(),
            reason: reason.to_owned(),
            ordered_by: ctx.actor.id.to_string(),
            roles: roles.map(ToString::to_string).collect(),
            outcome: None,
        };
        if let Some(refusal) = erasure.lacks() {
            return Err(PrivacyError::Refused(refusal));
        }
        let system = rules_caller(ctx.tenant, ctx.now);
        let known = self
            .store
            .read(&system, ResourceType::PATIENT, patient)
            .await;
        match known.map(drop) {
            // What was deleted is still there to be erased.
            Err(error) if error.kind() != ErrorKind::Gone => {
                return Err(super::restrict::no_patient(error));
            }
            _ => {}
        }
        let allowed = self.check_erasure(ctx, patient).await;
        let refusal = allowed.as_ref().err().map(ToString::to_string);
        let refusal = refusal.map(|why| Fault::new(ErrorKind::Conflict, why));
        let event = Event {
            refusal: refusal.as_ref(),
            resources: &[(ResourceType::PATIENT, Arc::from(patient))],
            reason: Some(reason),
            ..Event::done(EventCode::Configuration)
        };
        self.audit.record(ctx, &event)?;
        allowed?;
        let id = Uuid::now_v7();
        let subject = self.audit.patient_token(ctx.tenant, patient)?;
        self.papers
            .insert(ctx.tenant, (id, ctx.now), subject, &erasure)
            .await?;
        Ok(id)
    }

    /// The orders, newest first, with what became of them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn erasures(&self, ctx: &OpCtx, wanted: &Wanted) -> Result<Vec<Kept<Erasure>>> {
        self.enter(ctx, EventCode::TrailUse, "list of erasures")?;
        self.papers.list(ctx.tenant, wanted).await
    }

    /// Carries out what was ordered; returns how many records were erased. What fails is tried again the next
    /// time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn carry_out_erasures(&self, tenant: TenantId) -> Result<u64> {
        let wanted = Wanted {
            state: Some(1),
            limit: AT_ONCE,
            ..Wanted::default()
        };
        let mut done = 0;
        for kept in self.papers.list(tenant, &wanted).await? {
            self.carry_out(tenant, kept).await?;
            done += 1;
        }
        Ok(done)
    }

    async fn carry_out(&self, tenant: TenantId, mut kept: Kept<Erasure>) -> Result<()> {
        let order = &kept.paper;
        let (patient, at) = (order.patient.clone(), self.clock.now().0);
        let ctx = self.on_behalf_of(tenant, order);
        kept.paper.outcome = Some(match self.check_erasure(&ctx, &patient).await {
            Ok(()) => {
                let caller = Caller::unrestricted(ctx);
                let events = [order.event().map_err(|_| PrivacyError::Damaged)?];
                for context in self.forgetting.iter() {
                    let released = context.release(tenant, &patient).await;
                    released.map_err(PrivacyError::Forgetting)?;
                }
                let erased = self.store.erase_patient(&caller, &patient, &events).await?;
                for context in self.forgetting.iter() {
                    let forgotten = context.forget(tenant, &patient).await;
                    forgotten.map_err(PrivacyError::Forgetting)?;
                }
                let subject = self.audit.patient_token(tenant, &patient)?;
                self.papers.forget_patient(tenant, subject).await?;
                ErasureOutcome::Erased {
                    at,
                    records: erased.records,
                    versions: erased.versions,
                    shared: erased.shared,
                }
            }
            Err(error @ (PrivacyError::Refused(_) | PrivacyError::Retained(_))) => {
                let why = error.to_string();
                ErasureOutcome::Stopped { at, why }
            }
            Err(error) => return Err(error),
        });
        self.papers.replace(tenant, &kept).await.map(drop)
    }

    /// Refuses while a hold stands or the record must be kept.
    async fn check_erasure(&self, ctx: &OpCtx, patient: &str) -> Result<()> {
        self.check_destruction(ctx, Some(patient)).await?;
        let settings = self.papers.settings(ctx.tenant).await?;
        let last = self.store.last_entry(ctx.tenant, patient).await?;
        let birth = self.birth_date(ctx, patient).await?;
        let ends = retention_ends(last, birth.as_deref(), settings.retention_years);
        match ends {
            Some(until) if !is_over(ends, ctx.now) => Err(PrivacyError::Retained(until)),
            _ => Ok(()),
        }
    }

    /// `None` also when the Patient is gone already.
    async fn birth_date(&self, ctx: &OpCtx, patient: &str) -> Result<Option<String>> {
        let system = rules_caller(ctx.tenant, ctx.now);
        let stored = match self
            .store
            .read(&system, ResourceType::PATIENT, patient)
            .await
        {
            Ok(stored) => stored,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let doc = Doc::parse(stored.body.to_vec(), &Limits::default());
        let doc = doc.map_err(|_| PrivacyError::Damaged)?;
        Ok(doc.root().str("birthDate").map(str::to_owned))
    }

    /// The context of what is done for whoever ordered it.
    fn on_behalf_of(&self, tenant: TenantId, order: &Erasure) -> OpCtx {
        OpCtx {
            tenant,
            actor: Actor {
                id: order.ordered_by.as_str().into(),
                kind: ActorKind::User,
                roles: order
                    .roles
                    .iter()
                    .map(|role| role.as_str().into())
                    .collect(),
                fhir_user: None,
                client_id: None,
                assurance: Assurance::StepUp,
            },
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now: self.clock.now(),
        }
    }
}
