//! What a subject may do now, in front of any authenticator.
//!
//! A token or session says who somebody is and which roles they had; what they hold is looked up
//! here, at once after a change by this process, as soon as the bus brings it after one by another and at most ten
//! seconds late, so that a role that was taken back opens nothing for the rest of a token's life.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use mt_access::{
    Authenticated, Authentication, AuthenticationError, Authenticator, Confinement, Grant,
    HeldRole, Mask, Proxy, RequestHead, Role,
};
use mt_kernel::{Instant, TenantId};

use super::Administration;
use super::derived::mask_of;
use super::error::Result;
use super::panel::confinement;
use super::rows::{Row, What};

/// How late a change of standing takes effect.
const LATENCY: Duration = Duration::from_secs(10);
/// How late a change of a care team or location takes effect.
const PANEL_LATENCY: Duration = Duration::from_secs(60);

/// Who presents a credential, with the standing that they have now.
pub struct Standing {
    inner: Arc<dyn Authenticator>,
    administration: Administration,
    /// By credential, and the generation of standing in which they were looked up: what this process
    /// changes takes effect at once.
    known: Cache<([u8; 32], u64), Arc<Authenticated>>,
    panels: Cache<(TenantId, String), Arc<BTreeSet<Arc<str>>>>,
}

impl Standing {
    /// Adds standing to whom `inner` authenticates.
    #[must_use]
    pub fn new(inner: Arc<dyn Authenticator>, administration: Administration) -> Self {
        let known = Cache::builder().max_capacity(50_000).time_to_live(LATENCY);
        let panels = Cache::builder()
            .max_capacity(10_000)
            .time_to_live(PANEL_LATENCY);
        Self {
            inner,
            administration,
            known: known.build(),
            panels: panels.build(),
        }
    }

    /// Forgets what this process remembers, as after a change of standing.
    pub fn forget(&self) {
        self.known.invalidate_all();
        self.panels.invalidate_all();
    }

    async fn stand(
        &self,
        who: Arc<Authenticated>,
    ) -> Result<Arc<Authenticated>, AuthenticationError> {
        let key = (who.credential, self.administration.generation());
        if let Some(known) = self.known.get(&key).await {
            return Ok(known);
        }
        let standing = self.look_up(&who).await.map_err(|error| {
            tracing::warn!(%error, "the standing of a caller cannot be looked up");
            AuthenticationError::Unavailable
        })?;
        let standing = Arc::new(standing);
        self.known.insert(key, Arc::clone(&standing)).await;
        Ok(standing)
    }

    async fn look_up(&self, who: &Authenticated) -> Result<Authenticated> {
        let tenant = who.tenant;
        let now = self.administration.now();
        let rows = self.administration.rows_of(tenant, &who.actor.id).await?;
        let settings = self.administration.settings(tenant).await?;
        let mut held = self.held(who, &rows, now).await?;
        if settings.care_team_restriction {
            self.confine_to_care(who, &mut held).await?;
        }
        let (mut proxies, mut emergencies) = (Vec::new(), Vec::new());
        for row in rows.iter().filter(|row| row.holds_at(now)) {
            match &row.what {
                What::Proxy {
                    patient, covers, ..
                } => proxies.push(Proxy {
                    patient: Arc::from(patient.as_str()),
                    mask: match covers.as_slice() {
                        [] => None,
                        covers => Some(Arc::new(mask_of(covers)?)),
                    },
                }),
                What::Glass { patient, .. } => emergencies.push(Arc::from(patient.as_str())),
                What::Role { .. } => {}
            }
        }
        // Being proxy for somebody is what makes a caregiver.
        if !proxies.is_empty() && !held.iter().any(|one| one.role == Role::Caregiver) {
            held.push(HeldRole::plain(Role::Caregiver));
        }
        let grant: Grant = who
            .grant
            .clone()
            .with_held(held)
            .with_proxies(proxies)
            .with_emergencies(emergencies);
        let mut standing = who.clone();
        standing.actor.roles = grant
            .roles()
            .iter()
            .map(|role| Arc::from(role.code()))
            .collect();
        standing.grant = grant;
        Ok(standing)
    }

    /// The roles held now. Who was ever given a role holds what is given now and no more than the
    /// credential names; who never was holds what the credential names.
    async fn held(&self, who: &Authenticated, rows: &[Row], now: Instant) -> Result<Vec<HeldRole>> {
        let given = |row: &&Row| matches!(row.what, What::Role { .. });
        if !rows.iter().any(|row| given(&row)) {
            return Ok(who.grant.held().to_vec());
        }
        let named = who.grant.roles();
        let mut held = Vec::new();
        for row in rows.iter().filter(|row| row.holds_at(now)) {
            let What::Role { role, locations } = &row.what else {
                continue;
            };
            let Some((role, mask)) = self.role(who.tenant, role).await? else {
                continue;
            };
            if !named.is_empty() && !named.contains(&role) {
                continue;
            }
            held.push(HeldRole {
                role,
                mask,
                confinement: self.confine_to_places(who.tenant, locations).await?,
            });
        }
        Ok(held)
    }

    /// The role of the matrix and the mask behind a code; a retired role is none.
    async fn role(
        &self,
        tenant: TenantId,
        code: &str,
    ) -> Result<Option<(Role, Option<Arc<Mask>>)>> {
        if let Some(role) = Role::from_code(code) {
            return Ok(Some((role, None)));
        }
        match self.administration.role_definition(tenant, code).await? {
            Some(derived) => Ok(Some((derived.base()?, Some(derived.mask()?)))),
            None => Ok(None),
        }
    }

    async fn confine_to_places(
        &self,
        tenant: TenantId,
        locations: &[String],
    ) -> Result<Option<Confinement>> {
        if locations.is_empty() {
            return Ok(None);
        }
        let key = (tenant, format!("at {}", locations.join(",")));
        let there = match self.panels.get(&key).await {
            Some(known) => known,
            None => {
                let there = self.administration.at_locations(tenant, locations).await?;
                let there = Arc::new(there);
                self.panels.insert(key, Arc::clone(&there)).await;
                there
            }
        };
        Ok(Some(confinement((*there).clone(), locations)))
    }

    /// Confines clinicians to the patients in their care; who has no resource of their own has none
    /// in their care.
    async fn confine_to_care(&self, who: &Authenticated, held: &mut [HeldRole]) -> Result<()> {
        if !held.iter().any(|one| one.role.is_clinician()) {
            return Ok(());
        }
        let cared = match who.actor.fhir_user.as_deref() {
            Some(person) => self.cared_for(who.tenant, person).await?,
            None => Arc::default(),
        };
        for one in held.iter_mut().filter(|one| one.role.is_clinician()) {
            let patients = match &one.confinement {
                None => (*cared).clone(),
                // Both hold: in care, and at the place.
                Some(there) => {
                    let ids = there.patients.iter().map(|one| Arc::clone(&one.id));
                    ids.filter(|id| cared.contains(id)).collect()
                }
            };
            one.confinement = Some(confinement(patients, &[]));
        }
        Ok(())
    }

    async fn cared_for(&self, tenant: TenantId, person: &str) -> Result<Arc<BTreeSet<Arc<str>>>> {
        let key = (tenant, format!("of {person}"));
        if let Some(known) = self.panels.get(&key).await {
            return Ok(known);
        }
        let cared = Arc::new(self.administration.in_care_of(tenant, person).await?);
        self.panels.insert(key, Arc::clone(&cared)).await;
        Ok(cared)
    }
}

impl Authenticator for Standing {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        Box::pin(async move {
            let who = self.inner.authenticate(token).await?;
            self.stand(who).await
        })
    }

    fn authenticate_head<'a>(&'a self, head: RequestHead<'a>) -> Authentication<'a> {
        Box::pin(async move {
            let who = self.inner.authenticate_head(head).await?;
            self.stand(who).await
        })
    }
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Standing").finish_non_exhaustive()
    }
}
