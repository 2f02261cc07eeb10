//! What consents keep from callers, at hand for every request.
//!
//! The consents of a tenant are read when one has changed and asked in memory in between, so that a
//! request pays for no query. Within one process a changed consent holds from the next request on;
//! other processes follow when they have read the transaction log, every half a second at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Monotonic};

use futures::FutureExt;
use mt_fhir::ResourceType;
use mt_kernel::{Instant, OpCtx, TenantId};
use mt_store::{Store, Withheld, Withholding};

use super::lookup::{rules_caller, search};
use crate::domain::consent::{ConsentRule, Requester, withheld_by};
use crate::{PrivacyError, Result};

/// How long answers hold: periods of consents begin and end.
const HOLDS: Duration = Duration::from_secs(30);
/// Roles and teams of one person that are looked at.
const STANDING: usize = 1_000;
/// Answers that are kept for one tenant.
const ANSWERS: usize = 10_000;

/// The consents of all tenants in use.
#[derive(Clone)]
pub struct Restrictions {
    store: Store,
    tenants: Arc<Mutex<HashMap<TenantId, Arc<Consents>>>>,
}

/// The consents of one tenant.
#[derive(Default)]
struct Consents {
    known: Mutex<Option<Arc<Known>>>,
    /// One request reads them; the others wait for it.
    reading: tokio::sync::Mutex<()>,
}

/// Consents as they were read, and what was worked out from them.
struct Known {
    /// Of which state of the records they are; `None` when nobody can tell.
    state: Option<State>,
    rules: Arc<Vec<ConsentRule>>,
    since: Monotonic,
    answers: Mutex<HashMap<Asker, Arc<Withheld>>>,
}

/// Who asked: what is kept back follows from nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asker {
    fhir_user: Option<Arc<str>>,
    purpose: &'static str,
    emergencies: Vec<Arc<str>>,
}

/// Numbers of changes of consents, and of roles and teams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    consents: u64,
    standing: (u64, u64),
}

impl Known {
    /// What is still true of it at `state`.
    fn at(&self, state: State) -> Option<Self> {
        let same = self
            .state
            .is_some_and(|read| read.consents == state.consents);
        same.then(|| Self {
            state: Some(state),
            rules: Arc::clone(&self.rules),
            since: Monotonic::now(),
            answers: Mutex::default(),
        })
    }
}

impl Restrictions {
    /// Follows the consents in `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let tenants = Arc::default();
        Self { store, tenants }
    }

    async fn answer(&self, ctx: &OpCtx, emergencies: &[Arc<str>]) -> Result<Arc<Withheld>> {
        let known = self.known(ctx).await?;
        if known.rules.is_empty() {
            return Ok(Arc::default());
        }
        let asker = Asker {
            fhir_user: ctx.actor.fhir_user.clone(),
            purpose: ctx.purpose.code(),
            emergencies: emergencies.to_vec(),
        };
        if let Some(answer) = lock(&known.answers).get(&asker) {
            return Ok(Arc::clone(answer));
        }
        let requester = Requester::of(ctx, self.standing(&known, ctx).await?);
        let registry = self.store.tenants().params(ctx.tenant).await?;
        let rules = known.rules.iter().filter(|rule| !is_open(rule, &asker));
        let mut withheld = Withheld::default();
        for rule in rules {
            for (kind, query) in withheld_by([rule], &requester, &registry, ctx.now) {
                if rule.restricts {
                    withheld.close(kind, query);
                } else {
                    withheld.add(kind, query);
                }
            }
        }
        let answer = Arc::new(withheld);
        let mut answers = lock(&known.answers);
        if answers.len() >= ANSWERS {
            answers.clear();
        }
        answers.insert(asker, Arc::clone(&answer));
        Ok(answer)
    }

    /// The consents, read again when they have changed or nobody can tell.
    async fn known(&self, ctx: &OpCtx) -> Result<Arc<Known>> {
        let consents = Arc::clone(lock(&self.tenants).entry(ctx.tenant).or_default());
        if let Some(known) = self.current(ctx.tenant, &consents) {
            return Ok(known);
        }
        let _alone = consents.reading.lock().await;
        if let Some(known) = self.current(ctx.tenant, &consents) {
            return Ok(known);
        }
        // What changes while they are read is read again the next time.
        let state = self.state(ctx.tenant);
        let before = lock(&consents.known).clone();
        let still = before.zip(state).and_then(|(known, state)| known.at(state));
        let known = Arc::new(match still {
            Some(known) => known,
            None => self.read(ctx.tenant, ctx.now, state).await?,
        });
        *lock(&consents.known) = Some(Arc::clone(&known));
        Ok(known)
    }

    fn current(&self, tenant: TenantId, consents: &Consents) -> Option<Arc<Known>> {
        let state = self.state(tenant)?;
        let known = lock(&consents.known);
        let valid =
            |known: &&Arc<Known>| known.state == Some(state) && known.since.elapsed() < HOLDS;
        known.as_ref().filter(valid).cloned()
    }

    /// `None` when changes by other processes may have gone unheard.
    fn state(&self, tenant: TenantId) -> Option<State> {
        let count = |name: &str| self.store.changes(tenant, ResourceType::from_name(name)?);
        Some(State {
            consents: count("Consent")?,
            standing: (count("PractitionerRole")?, count("CareTeam")?),
        })
    }

    async fn read(&self, tenant: TenantId, now: Instant, state: Option<State>) -> Result<Known> {
        let (caller, since) = (rules_caller(tenant, now), Monotonic::now());
        let (kind, active) = (ResourceType::CONSENT, [("status", "active")]);
        let found = search(&self.store, &caller, kind, &active, usize::MAX).await?;
        let rules = found
            .iter()
            .filter_map(|doc| ConsentRule::read(doc.root()))
            .collect();
        Ok(Known {
            state,
            rules: Arc::new(rules),
            since,
            answers: Mutex::default(),
        })
    }

    /// The roles, organisations and teams of the person, when a consent speaks of such.
    async fn standing(&self, known: &Known, ctx: &OpCtx) -> Result<Vec<String>> {
        let Some(user) = ctx.actor.fhir_user.as_deref() else {
            return Ok(Vec::new());
        };
        let speaks = |kind: &str| known.rules.iter().any(|rule| rule.names_actor(kind));
        let caller = rules_caller(ctx.tenant, ctx.now);
        let mut standing = Vec::new();
        let roles = ResourceType::from_name("PractitionerRole")
            .filter(|_| speaks("PractitionerRole/") || speaks("Organization/"));
        if let Some(kind) = roles {
            let criteria = [("practitioner", user)];
            for role in search(&self.store, &caller, kind, &criteria, STANDING).await? {
                let root = role.root();
                standing.extend(root.str("id").map(|id| format!("PractitionerRole/{id}")));
                let organisation = root.get("organization");
                let organisation = organisation.and_then(|one| one.str("reference"));
                standing.extend(organisation.map(str::to_owned));
            }
        }
        if speaks("CareTeam/") {
            let (kind, criteria) = (ResourceType::CARE_TEAM, [("participant", user)]);
            for team in search(&self.store, &caller, kind, &criteria, STANDING).await? {
                standing.extend(team.root().str("id").map(|id| format!("CareTeam/{id}")));
            }
        }
        Ok(standing)
    }
}

/// Whether a consent keeps nothing from the asker, whatever it says: nobody is kept from their own
/// record, and an emergency overrides for the patient whom it is about.
fn is_open(rule: &ConsentRule, asker: &Asker) -> bool {
    let user = asker.fhir_user.as_deref();
    let own = user.and_then(|user| user.strip_prefix("Patient/"));
    let broken = asker.emergencies.iter().any(|id| **id == *rule.patient);
    broken || own == Some(rule.patient.as_str())
}

impl mt_store::Restrictions for Restrictions {
    fn withheld<'a>(&'a self, ctx: &'a OpCtx, emergencies: &'a [Arc<str>]) -> Withholding<'a> {
        self.answer(ctx, emergencies)
            .map(|answer| answer.map_err(|error: PrivacyError| error.into()))
            .boxed()
    }
}

impl std::fmt::Debug for Restrictions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restrictions").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
