//! A tenant's own search parameters: its active `SearchParameter` resources, compiled.
//!
//! Records are indexed by a parameter as soon as this process knows it, and searched by it once all
//! records are. The number that its keys are hashed with is never given to another definition.

use std::collections::BTreeSet;
use std::time::Duration;

use mt_database::TenantTx;
use mt_fhir::{Node, ResourceType};
use mt_kernel::{ErrorKind, Fault, TenantId};
use mt_search::ParamRegistry;
use mt_search::registry::{ParamDef, ParamId, parse_search_parameter};
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::Tenant;
use super::loaded::column;
use crate::commit::{parse_stored, type_column};
use crate::read::sealed_row;
use crate::{Claim, Result, Store, StoreError, WorkKind, WorkState};

/// The first number of a tenant's own parameters, far above the official ones.
const FIRST: i32 = 10_000;

/// Serialises the numbering for one tenant: the lock's first half.
const PARAMS_LOCK: i32 = 0x6d74_6b02;

/// How often parameters that are not ready are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// How long a finished reindex is remembered.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a tenant's records are indexed by, and what they may be searched by.
#[derive(Clone, Debug)]
pub(super) struct Params {
    pub(super) indexing: ParamRegistry,
    pub(super) searching: ParamRegistry,
}

/// A parameter of a tenant's own, with where it stands.
#[derive(Clone, Debug)]
pub struct OwnParam {
    /// Its definition.
    pub def: ParamDef,
    /// Whether all records are indexed by it, so that it may be searched by.
    pub ready: bool,
}

/// Compiles a `SearchParameter`; `None` when it adds nothing: it is not active, or says again what
/// is known already.
///
/// # Errors
/// A [`Fault`] that names the element which cannot be used.
pub(crate) fn compile(
    registry: &ParamRegistry,
    resource: Node<'_>,
    number: ParamId,
) -> Result<Option<ParamDef>, Fault> {
    if resource.str("status") != Some("active") {
        return Ok(None);
    }
    let known = |kind: ResourceType, code: &str| {
        let own_url = resource.str("url");
        let param = registry.get(kind, code);
        param.filter(|param| param.id.def().is_some() || Some(&*param.url) != own_url)
    };
    let code = resource.str("code").unwrap_or_default();
    let base = resource.get("base").into_iter().flat_map(Node::children);
    let mut base = base
        .filter_map(|item| item.as_str().and_then(ResourceType::from_name))
        .peekable();
    // Profiles of official parameters, as implementation guides bring them.
    let declared = resource.str("type").unwrap_or_default();
    let is_repeated = base.peek().is_some()
        && base.all(|kind| {
            known(kind, code)
                .is_some_and(|param| param.id.def().is_some() && kind_code(param) == declared)
        });
    if is_repeated {
        return Ok(None);
    }
    let def = parse_search_parameter(registry, resource, number)
        .map_err(|error| refused("SearchParameter", error.to_string()))?;
    for kind in def.base.iter() {
        if known(*kind, &def.code).is_some() {
            let message = format!(
                "another search parameter of {kind} has the code '{}'",
                def.code
            );
            return Err(refused("SearchParameter.code", message));
        }
    }
    Ok(Some(def))
}

fn refused(at: &str, message: String) -> Fault {
    Fault::new(ErrorKind::Invalid, message).at(at)
}

const fn kind_code(param: &ParamDef) -> &'static str {
    use mt_search::registry::ParamKind;
    match param.kind {
        ParamKind::Number => "number",
        ParamKind::Date => "date",
        ParamKind::String => "string",
        ParamKind::Token => "token",
        ParamKind::Reference => "reference",
        ParamKind::Composite => "composite",
        ParamKind::Quantity => "quantity",
        ParamKind::Uri => "uri",
        ParamKind::Special => "special",
    }
}

const OWN: &str = "select r.type, r.id, r.version, r.updated_at, r.deleted, r.body, p.number, p.ready, p.digest \
    from tenancy.params p join records.res r on r.tenant = p.tenant and r.type = $2 and r.id = p.resource \
    where p.tenant = $1 and not r.deleted order by p.number";

/// Reads the tenant's own parameters. One that no longer compiles is left out, not the tenant.
pub(super) async fn read(tx: &TenantTx, tenant: &Tenant) -> Result<Params> {
    let official = ParamRegistry::official();
    let mut params = Params {
        indexing: official.clone(),
        searching: official,
    };
    let kind = type_column(ResourceType::SEARCH_PARAMETER);
    for row in tx.query(OWN, &[&tenant.id.0, &kind]).await? {
        let (kind, id, sealed) = sealed_row(&row)?;
        let (number, ready, digest): (i32, bool, i64) =
            (column(&row, 6)?, column(&row, 7)?, column(&row, 8)?);
        let doc = parse_stored(&tenant.open(kind, id, &sealed)?)?;
        let Ok(number) = u16::try_from(number) else {
            continue;
        };
        let Ok(Some(def)) = compile(&params.indexing, doc.root(), ParamId(number)) else {
            continue;
        };
        if digest_of(tenant, &def) != digest {
            // Changed since it was numbered; the numbering follows at once.
            continue;
        }
        if ready && let Ok(more) = params.searching.with_params(vec![def.clone()]) {
            params.searching = more;
        }
        if let Ok(more) = params.indexing.with_params(vec![def]) {
            params.indexing = more;
        }
    }
    Ok(params)
}

/// A keyed hash of everything on which keys in the index depend.
fn digest_of(tenant: &Tenant, def: &ParamDef) -> i64 {
    let kind = [def.kind as u8];
    let names = |types: &[ResourceType]| -> String {
        types.iter().map(|one| format!("{} ", one.name())).collect()
    };
    let (base, targets) = (names(&def.base), names(&def.targets));
    let parts = def.components.iter();
    let parts: String = parts
        .map(|part| {
            // Provisional numbers of own parameters must not count.
            let official = part.param.def().map_or(u16::MAX, |def| def.id.0);
            format!("{official}:{} ", part.expression)
        })
        .collect();
    tenant.blind.token(&[
        b"search parameter".as_slice(),
        &kind,
        def.code.as_bytes(),
        def.expression.as_bytes(),
        base.as_bytes(),
        targets.as_bytes(),
        parts.as_bytes(),
    ])
}

const ACTIVE: &str = "select type, id, version, updated_at, deleted, body from records.res \
    where tenant = $1 and type = $2 and not deleted order by id";
const NUMBERED: &str = "select number, resource, digest from tenancy.params where tenant = $1";

impl Store {
    /// Numbers the tenant's active `SearchParameter` resources that have no number yet, and takes
    /// it from those that are gone or have changed. Returns the types that must be indexed again
    /// before all of them can be searched by.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn adopt_params(&self, tenant: TenantId) -> Result<Vec<ResourceType>> {
        let loaded = self.tenants().get(tenant).await?;
        let tx = self.database().tenant(tenant).await?;
        tx.query(
            "select pg_advisory_xact_lock($1, $2)",
            &[&PARAMS_LOCK, &tenant.0],
        )
        .await?;
        let wanted = wanted(&tx, &loaded).await?;
        let mut next = FIRST;
        let (mut kept, mut given_up) = (Vec::new(), Vec::new());
        for row in tx.query(NUMBERED, &[&tenant.0]).await? {
            let (number, resource, digest): (i32, Option<Uuid>, i64) =
                (column(&row, 0)?, column(&row, 1)?, column(&row, 2)?);
            next = next.max(number + 1);
            let Some(resource) = resource else { continue };
            if wanted.contains(&(resource, digest)) {
                kept.push(resource);
            } else {
                given_up.push(number);
            }
        }
        let drop =
            "update tenancy.params set resource = null where tenant = $1 and number = any($2)";
        tx.execute(drop, &[&tenant.0, &given_up]).await?;
        let add = "insert into tenancy.params (tenant, number, resource, digest, ready) \
                   values ($1, $2, $3, $4, false)";
        for (resource, digest) in wanted.iter().filter(|(one, _)| !kept.contains(one)) {
            tx.execute(add, &[&tenant.0, &next, resource, digest])
                .await?;
            next += 1;
        }
        tx.commit().await?;
        self.tenants().load(tenant).await?;
        let mut types: Vec<ResourceType> = self
            .own_params(tenant)
            .await?
            .into_iter()
            .filter(|own| !own.ready)
            .flat_map(|own| own.def.base.into_owned())
            .collect();
        types.sort_unstable();
        types.dedup();
        Ok(types)
    }

    /// The tenant's own search parameters.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn own_params(&self, tenant: TenantId) -> Result<Vec<OwnParam>> {
        let tenant = self.tenants().get(tenant).await?;
        let own = tenant.params.own_params().into_iter();
        Ok(own
            .map(|def| OwnParam {
                ready: tenant.searching.by_id(def.id).is_some(),
                def,
            })
            .collect())
    }

    /// Indexes all records by the tenant's own parameters that are not ready, and lets them be
    /// searched by; `claim` hears of every step. Returns how many were indexed.
    ///
    /// # Errors
    /// When the database does not answer or the claim is lost; the next attempt begins again.
    pub async fn index_params(&self, claim: &Claim) -> Result<u64> {
        let tenant = claim.tenant;
        let types = self.adopt_params(tenant).await?;
        let pending: Vec<i32> = self
            .own_params(tenant)
            .await?
            .iter()
            .filter(|own| !own.ready)
            .map(|own| i32::from(own.def.id.0))
            .collect();
        let mut total = 0;
        for kind in &types {
            total += self.count_of(tenant, *kind).await?;
        }
        claim.report(self, 0, total).await?;
        let mut done = 0;
        for kind in &types {
            done = self.reindex_claimed(claim, *kind, done).await?;
        }
        let tx = self.database().tenant(tenant).await?;
        let sql = "update tenancy.params set ready = true where tenant = $1 and number = any($2)";
        tx.execute(sql, &[&tenant.0, &pending]).await?;
        tx.commit().await?;
        self.tenants().load(tenant).await?;
        Ok(done)
    }

    /// Keeps this process's knowledge of all tenants' own parameters up to date, and asks for a
    /// reindex where one is needed. Never ends.
    pub async fn follow_params(self) {
        let mut changes = self.definition_changes();
        let mut waiting = self.tenants_with_definitions().await;
        loop {
            let mut pending = BTreeSet::new();
            for tenant in std::mem::take(&mut waiting) {
                match self.catch_up(tenant).await {
                    Ok(true) => drop(pending.insert(tenant)),
                    Ok(false) | Err(StoreError::TenantInactive) => {}
                    Err(error) => {
                        tracing::warn!(%error, "search parameters cannot be read");
                        pending.insert(tenant);
                    }
                }
            }
            tokio::select! {
                changed = changes.recv() => match changed {
                    Ok(tenant) => {
                        waiting = pending;
                        waiting.insert(tenant);
                    }
                    Err(RecvError::Lagged(_)) => waiting = self.tenants_with_definitions().await,
                    Err(RecvError::Closed) => return,
                },
                // Another process may have made them ready.
                () = tokio::time::sleep(LOOK_AGAIN), if !pending.is_empty() => waiting = pending.clone(),
            }
        }
    }

    /// Whether the tenant has parameters that are not ready; sees to it that they will be.
    async fn catch_up(&self, tenant: TenantId) -> Result<bool> {
        if self.adopt_params(tenant).await?.is_empty() {
            return Ok(false);
        }
        let jobs = self.work().list(tenant, WorkKind::Reindex).await?;
        let open = |job: &crate::Job| matches!(job.state, WorkState::Waiting | WorkState::Running);
        if !jobs.iter().any(open) {
            self.work()
                .begin(
                    tenant,
                    WorkKind::Reindex,
                    WorkState::Waiting,
                    b"",
                    REMEMBERED,
                )
                .await?;
        }
        Ok(true)
    }

    async fn tenants_with_definitions(&self) -> BTreeSet<TenantId> {
        let sql = "select exists (select from records.res where tenant = $1 and type = $2)";
        let kind = type_column(ResourceType::SEARCH_PARAMETER);
        let mut found = BTreeSet::new();
        for info in self.tenants().list().await.unwrap_or_default() {
            let rows = self.shared(info.id).query(sql, &[&info.id.0, &kind]).await;
            let has = rows.is_ok_and(|rows| {
                rows.first()
                    .is_some_and(|row| column(row, 0).unwrap_or(false))
            });
            if has && info.state == super::TenantState::Active {
                found.insert(info.id);
            }
        }
        found
    }

    async fn count_of(&self, tenant: TenantId, kind: ResourceType) -> Result<u64> {
        let sql = "select count(*) from records.res where tenant = $1 and type = $2";
        let tx = self.database().tenant(tenant).await?;
        let row = tx.query_one(sql, &[&tenant.0, &type_column(kind)]).await?;
        let count: i64 = column(&row, 0)?;
        tx.rollback().await;
        Ok(count.unsigned_abs())
    }
}

/// The keys and digests of the active definitions that compile.
async fn wanted(tx: &TenantTx, tenant: &Tenant) -> Result<Vec<(Uuid, i64)>> {
    let kind = type_column(ResourceType::SEARCH_PARAMETER);
    let mut registry = ParamRegistry::official();
    let (mut found, mut docs) = (Vec::new(), Vec::new());
    for row in tx.query(ACTIVE, &[&tenant.id.0, &kind]).await? {
        let (kind, id, sealed) = sealed_row(&row)?;
        docs.push((id, parse_stored(&tenant.open(kind, id, &sealed)?)?));
    }
    // Parts come before what is composed of them.
    docs.sort_by_key(|(_, doc)| doc.root().str("type") == Some("composite"));
    let mut number = u16::try_from(FIRST).unwrap_or(u16::MAX);
    for (id, doc) in &docs {
        if let Ok(Some(def)) = compile(&registry, doc.root(), ParamId(number)) {
            let digest = digest_of(tenant, &def);
            match registry.with_params(vec![def]) {
                Ok(more) => {
                    registry = more;
                    found.push((*id, digest));
                    number = number.saturating_add(1);
                }
                Err(error) => tracing::warn!(%error, "a search parameter is not used"),
            }
        }
    }
    Ok(found)
}
