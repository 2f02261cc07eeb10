//! Restricting the processing of a patient's record, and lifting the restriction.

use std::collections::HashSet;

use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, OpCtx};
use mt_store::{Action, Caller, Change, Content, Store, StoreError, Target};
use serde_json::Value;
use uuid::Uuid;

use super::Privacy;
use crate::domain::restriction::{Restriction, TAG, since};
use crate::jobs::lookup::{rules_caller, search};
use crate::{PrivacyError, Result};

/// Restrictions that one organisation is listed.
const MOST: usize = 10_000;

impl Privacy {
    /// Restricts the processing of a patient's record; returns the id of the restriction. From then on the record
    /// is as if it did not exist, and nothing can be added to it, except for the patient, for whoever is
    /// `permitted`, and in an emergency. It is stored on.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] without a reason, or when it is restricted already; [`PrivacyError::NotFound`].
    pub async fn restrict(
        &self,
        ctx: &OpCtx,
        patient: &str,
        reason: &str,
        permitted: Vec<String>,
    ) -> Result<String> {
        if reason.trim().is_empty() {
            return Err(PrivacyError::Refused("say why processing is restricted"));
        }
        let system = rules_caller(ctx.tenant, ctx.now);
        let known = self
            .store
            .read(&system, ResourceType::PATIENT, patient)
            .await;
        known.map_err(no_patient)?;
        if restricted(&self.store, &system).await?.contains(patient) {
            return Err(PrivacyError::Refused(
                "the processing of this record is restricted already",
            ));
        }
        let restriction = Restriction {
            id: Uuid::now_v7().to_string(),
            patient: patient.to_owned(),
            reason: reason.to_owned(),
            since: since(ctx.now),
            permitted,
        };
        self.write(ctx, &restriction.id, &restriction.consent(), None)
            .await?;
        Ok(restriction.id)
    }

    /// The restrictions that stand.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn restrictions(&self, ctx: &OpCtx) -> Result<Vec<Restriction>> {
        let caller = Caller::unrestricted(ctx.clone());
        standing(&self.store, &caller).await
    }

    /// Lifts a restriction. The patient is to be told before (Art. 18(3)).
    ///
    /// # Errors
    /// [`PrivacyError::NotFound`] when there is none that stands; [`PrivacyError::Stale`].
    pub async fn lift_restriction(&self, ctx: &OpCtx, id: &str) -> Result<()> {
        const NONE: PrivacyError = PrivacyError::NotFound("restriction");
        let system = rules_caller(ctx.tenant, ctx.now);
        let found = self.store.read(&system, ResourceType::CONSENT, id).await;
        let stored = found.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::Gone => NONE,
            _ => error.into(),
        })?;
        let doc = Doc::parse(stored.body.to_vec(), &Limits::default());
        let doc = doc.map_err(|_| PrivacyError::Damaged)?;
        if Restriction::read(doc.root()).is_none() {
            return Err(NONE);
        }
        let consent = serde_json::from_slice(&stored.body);
        let mut consent: Value = consent.map_err(|_| PrivacyError::Damaged)?;
        consent["status"] = "inactive".into();
        self.write(ctx, id, &consent, Some(stored.version)).await
    }

    async fn write(
        &self,
        ctx: &OpCtx,
        id: &str,
        consent: &Value,
        if_match: Option<u32>,
    ) -> Result<()> {
        let doc = Doc::parse(consent.to_string(), &Limits::default());
        let content = Content::Own(Box::new(doc.map_err(|_| PrivacyError::Damaged)?));
        let change = Change {
            resource_type: ResourceType::CONSENT,
            full_url: None,
            action: Action::Update {
                target: Target::Id(id.to_owned()),
                content,
                if_match,
                upsert: if_match.is_none(),
            },
        };
        let caller = Caller::unrestricted(ctx.clone());
        let written = self.store.commit_one(&caller, change).await;
        written.map(drop).map_err(|error| match error {
            StoreError::VersionMismatch { .. } => PrivacyError::Stale,
            other => other.into(),
        })
    }
}

/// The patients whose records are restricted.
pub(super) async fn restricted(store: &Store, caller: &Caller) -> Result<HashSet<String>> {
    let all = standing(store, caller).await?;
    Ok(all.into_iter().map(|one| one.patient).collect())
}

async fn standing(store: &Store, caller: &Caller) -> Result<Vec<Restriction>> {
    let tag = format!("{}|{}", TAG.0, TAG.1);
    let criteria = [("_tag", tag.as_str()), ("status", "active")];
    let found = search(store, caller, ResourceType::CONSENT, &criteria, MOST).await?;
    Ok(found
        .iter()
        .filter_map(|doc| Restriction::read(doc.root()))
        .collect())
}

/// What is said when a patient cannot be found.
pub(super) fn no_patient(error: StoreError) -> PrivacyError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::Gone => PrivacyError::NotFound("patient"),
        _ => error.into(),
    }
}
