//! What the rules ask the record store: who is protected, who is kin, who cares for whom, and where.
//!
//! These searches are MediTrack's own and stand in the audit trail as such; the rules pass over them.
//! Answers are kept for a minute, so that a busy user costs a few searches a minute and not a few for
//! every record looked at.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Monotonic};

use mt_audit::Audit;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::{Actor, Instant, OpCtx, PurposeOfUse, TenantId};
use mt_search::{ParseOptions, Query, Scope};
use mt_store::{Caller, Store};
use uuid::Uuid;

use crate::{PrivacyError, Result};

/// Records that one look-up reads at most.
const MOST: usize = 2_000;
/// Security labels of patients under special protection (v3 ActCode).
const PROTECTED: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode|CEL,\
    http://terminology.hl7.org/CodeSystem/v3-ActCode|VIP,\
    http://terminology.hl7.org/CodeSystem/v3-ActCode|EMP";

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_secs(60);
/// Answers of one kind that are kept; beyond, all are asked for anew.
const KEPT: usize = 20_000;

/// Patients by the keyed hash that the trail knows them by.
pub(crate) type ByToken = HashMap<i64, String>;

/// Whose records a user has a private interest in.
#[derive(Debug, Default)]
pub(crate) struct Kin {
    pub(crate) own: ByToken,
    pub(crate) family: ByToken,
}

/// Answers of the last minute, of all tenants.
#[derive(Default)]
pub(crate) struct Memory {
    protected: Believed<TenantId, ByToken>,
    kin: Believed<(TenantId, String), Kin>,
    carers: Believed<(TenantId, String, String), bool>,
    workplaces: Believed<(TenantId, String), BTreeSet<String>>,
    locations: Believed<(TenantId, String), BTreeSet<String>>,
}

/// Answers by question, each with the time since when it is believed.
struct Believed<K, V>(Mutex<HashMap<K, (Monotonic, Arc<V>)>>);

impl<K, V> Default for Believed<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Believed<K, V> {
    async fn get(&self, question: K, ask: impl Future<Output = Result<V>>) -> Result<Arc<V>> {
        let known = self.lock().get(&question).cloned();
        if let Some((_, answer)) = known.filter(|(since, _)| since.elapsed() < BELIEVED) {
            return Ok(answer);
        }
        let since = Monotonic::now();
        let answer = Arc::new(ask.await?);
        let mut answers = self.lock();
        if answers.len() >= KEPT {
            answers.clear();
        }
        answers.insert(question, (since, Arc::clone(&answer)));
        Ok(answer)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, (Monotonic, Arc<V>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The look-ups of one run for one tenant.
pub(crate) struct Lookup<'a> {
    pub(crate) store: &'a Store,
    pub(crate) audit: &'a Audit,
    pub(crate) memory: &'a Memory,
    pub(crate) tenant: TenantId,
    pub(crate) now: Instant,
}

impl Lookup<'_> {
    /// Patients under special protection.
    pub(crate) async fn protected(&self) -> Result<Arc<ByToken>> {
        let ask = self.search_protected();
        self.memory.protected.get(self.tenant, ask).await
    }

    async fn search_protected(&self) -> Result<ByToken> {
        let found = self
            .search(ResourceType::PATIENT, &[("_security", PROTECTED)])
            .await?;
        self.tokens(found.iter().filter_map(|doc| doc.root().str("id")))
    }

    /// The records of a user and of the user's relatives: a `Person` links the user's resource with
    /// patients (own) and with related persons, whose patients are relatives.
    pub(crate) async fn kin(&self, fhir_user: &str) -> Result<Arc<Kin>> {
        let question = (self.tenant, fhir_user.to_owned());
        let ask = self.search_kin(fhir_user);
        self.memory.kin.get(question, ask).await
    }

    async fn search_kin(&self, fhir_user: &str) -> Result<Kin> {
        let (mut own, mut related) = (Vec::new(), Vec::new());
        for person in self
            .search(ResourceType::PERSON, &[("link", fhir_user)])
            .await?
        {
            let links = person.root().get("link");
            for link in links.into_iter().flat_map(|list| list.children()) {
                let target = link
                    .get("target")
                    .and_then(|target| target.str("reference"));
                match target.and_then(|text| text.split_once('/')) {
                    Some(("Patient", id)) => own.push(id.to_owned()),
                    Some(("RelatedPerson", id)) => related.push(id.to_owned()),
                    _ => {}
                }
            }
        }
        let mut family = Vec::new();
        if !related.is_empty() {
            let ids = related.join(",");
            for one in self
                .search(ResourceType::RELATED_PERSON, &[("_id", &ids)])
                .await?
            {
                family.extend(patient_of(one.root()));
            }
        }
        family.retain(|id| !own.contains(id));
        Ok(Kin {
            own: self.tokens(own.iter().map(String::as_str))?,
            family: self.tokens(family.iter().map(String::as_str))?,
        })
    }

    /// Whether a user cares for a patient: by team, as general practitioner, or in an encounter.
    pub(crate) async fn cares_for(&self, fhir_user: &str, patient: &str) -> Result<bool> {
        let question = (self.tenant, fhir_user.to_owned(), patient.to_owned());
        let ask = self.search_care(fhir_user, patient);
        Ok(*self.memory.carers.get(question, ask).await?)
    }

    async fn search_care(&self, fhir_user: &str, patient: &str) -> Result<bool> {
        let ways: [(ResourceType, [(&str, &str); 2]); 3] = [
            (
                ResourceType::CARE_TEAM,
                [("patient", patient), ("participant", fhir_user)],
            ),
            (
                ResourceType::ENCOUNTER,
                [("patient", patient), ("participant", fhir_user)],
            ),
            (
                ResourceType::PATIENT,
                [("_id", patient), ("general-practitioner", fhir_user)],
            ),
        ];
        for (kind, criteria) in ways {
            if !self.search(kind, &criteria).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The locations at which a user works, as references.
    pub(crate) async fn workplaces(&self, fhir_user: &str) -> Result<Arc<BTreeSet<String>>> {
        let question = (self.tenant, fhir_user.to_owned());
        let ask = self.search_workplaces(fhir_user);
        self.memory.workplaces.get(question, ask).await
    }

    async fn search_workplaces(&self, fhir_user: &str) -> Result<BTreeSet<String>> {
        let kind = ResourceType::from_name("PractitionerRole");
        let Some(kind) = kind.filter(|_| fhir_user.starts_with("Practitioner/")) else {
            return Ok(BTreeSet::new());
        };
        let roles = self.search(kind, &[("practitioner", fhir_user)]).await?;
        let all = roles.iter().flat_map(|role| items(role.root(), "location"));
        Ok(all
            .filter_map(|place| place.str("reference").map(str::to_owned))
            .collect())
    }

    /// The locations at which a patient was cared for.
    pub(crate) async fn locations_of(&self, patient: &str) -> Result<Arc<BTreeSet<String>>> {
        let question = (self.tenant, patient.to_owned());
        let ask = self.search_locations(patient);
        self.memory.locations.get(question, ask).await
    }

    async fn search_locations(&self, patient: &str) -> Result<BTreeSet<String>> {
        let encounters = self
            .search(ResourceType::ENCOUNTER, &[("patient", patient)])
            .await?;
        let all = encounters
            .iter()
            .flat_map(|one| items(one.root(), "location"));
        let place = |one: Node<'_>| Some(one.get("location")?.str("reference")?.to_owned());
        Ok(all.filter_map(place).collect())
    }

    fn tokens<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Result<ByToken> {
        ids.map(|id| Ok((self.audit.patient_token(self.tenant, id)?, id.to_owned())))
            .collect()
    }

    async fn search(&self, kind: ResourceType, criteria: &[(&str, &str)]) -> Result<Vec<Doc>> {
        let caller = rules_caller(self.tenant, self.now);
        search(self.store, &caller, kind, criteria, MOST).await
    }
}

/// MediTrack itself, working for the privacy office.
pub(crate) fn rules_caller(tenant: TenantId, now: Instant) -> Caller {
    Caller::unrestricted(OpCtx {
        tenant,
        actor: Actor::system("privacy-rules"),
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now,
    })
}

/// What a search finds, opened; the first pages that hold `most`.
pub(crate) async fn search(
    store: &Store,
    caller: &Caller,
    kind: ResourceType,
    criteria: &[(&str, &str)],
    most: usize,
) -> Result<Vec<Doc>> {
    let registry = store.tenants().params(caller.ctx.tenant).await?;
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut pairs: Vec<(String, String)> = criteria.iter().map(own).collect();
    pairs.push(("_count".to_owned(), "200".to_owned()));
    let options = ParseOptions::at(caller.ctx.now);
    let query = Query::parse(&registry, Scope::resource(kind), &pairs, &options)
        .map_err(|_| PrivacyError::Refused("the search of a rule is not understood"))?;
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = store.search(caller, &query, cursor.as_deref()).await?;
        for entry in &page.entries {
            let doc = Doc::parse(entry.resource.body.to_vec(), &Limits::default());
            found.push(doc.map_err(|_| PrivacyError::Damaged)?);
        }
        cursor = page.next;
        if cursor.is_none() || found.len() >= most {
            return Ok(found);
        }
    }
}

fn patient_of(node: Node<'_>) -> Option<String> {
    let reference = node.get("patient")?.str("reference")?;
    Some(reference.strip_prefix("Patient/")?.to_owned())
}

fn items<'n>(node: Node<'n>, name: &str) -> impl Iterator<Item = Node<'n>> + use<'n> {
    node.get(name).into_iter().flat_map(|list| list.children())
}
