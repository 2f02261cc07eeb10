//! `_include` and `_revinclude`: what travels along with the matches.

use std::collections::HashSet;
use std::sync::Arc;

use mt_fhir::{Doc, ResourceType};
use mt_kernel::ErrorKind;
use mt_search::query::{Include, IncludeParam, Leaf, ParamRef, ReferenceValue, Test};
use mt_search::{Clause, IndexValue, ParamDef, ParamKind, Query, extract};
use uuid::Uuid;

use super::compile::Scope;
use super::query_of;
use super::rows::Match;
use crate::cache::RowKey;
use crate::commit::{parse_stored, type_column};
use crate::read::{ROWS_BY_KEY, sealed_row};
use crate::{Result, Store, StoreError, Stored};

/// Matches asked about in one statement for `_revinclude`.
const REFERRED: usize = 200;

/// A resource in the result.
type Key = (ResourceType, Uuid);

/// What has been gathered so far.
struct Gathered {
    seen: HashSet<Key>,
    included: Vec<Stored>,
}

impl Store {
    /// What the includes of a query bring to a page of matches.
    pub(crate) async fn included(
        &self,
        scope: Scope<'_>,
        query: &Query,
        found: &[Match],
    ) -> Result<Vec<Stored>> {
        if query.includes.is_empty() || found.is_empty() {
            return Ok(Vec::new());
        }
        let seen = found
            .iter()
            .map(|one| (one.stored.resource_type, one.id))
            .collect();
        let mut gathered = Gathered {
            seen,
            included: Vec::new(),
        };
        let mut round: Vec<Stored> = found.iter().map(|one| one.stored.clone()).collect();
        for depth in 0..=self.limits().include_rounds {
            let before = gathered.included.len();
            for include in query
                .includes
                .iter()
                .filter(|one| depth == 0 || one.iterate)
            {
                if include.reverse {
                    self.referring(scope, include, &round, &mut gathered)
                        .await?;
                } else {
                    self.referred(scope, include, &round, &mut gathered).await?;
                }
            }
            round = gathered.included[before..].to_vec();
            if round.is_empty() || !query.includes.iter().any(|one| one.iterate) {
                break;
            }
        }
        Ok(gathered.included)
    }

    /// Resources that those of a round refer to.
    async fn referred(
        &self,
        scope: Scope<'_>,
        include: &Include,
        round: &[Stored],
        gathered: &mut Gathered,
    ) -> Result<()> {
        let mut wanted: Vec<Key> = Vec::new();
        for stored in round {
            if include
                .source
                .is_some_and(|source| source != stored.resource_type)
            {
                continue;
            }
            let doc = parse_stored(&stored.body)?;
            let targets = targets(scope, include, stored.resource_type, &doc);
            wanted.extend(targets.into_iter().filter(|key| gathered.seen.insert(*key)));
        }
        wanted.retain(|(resource_type, _)| scope.caller.access.allows_some(*resource_type));
        let types: Vec<i16> = wanted.iter().map(|(t, _)| type_column(*t)).collect();
        let ids: Vec<Uuid> = wanted.iter().map(|(_, id)| *id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let rows = scope
            .source
            .query(ROWS_BY_KEY, &[&scope.tenant.id.0, &types, &ids])
            .await?;
        for row in &rows {
            let (resource_type, id, sealed) = sealed_row(row)?;
            if sealed.deleted {
                continue;
            }
            let key = RowKey {
                tenant: scope.tenant.id,
                resource_type,
                id,
            };
            let stored = self.open_row(scope.tenant, &key, sealed).await?;
            self.take(scope, stored, gathered).await?;
        }
        Ok(())
    }

    /// Resources that refer to those of a round.
    async fn referring(
        &self,
        scope: Scope<'_>,
        include: &Include,
        round: &[Stored],
        gathered: &mut Gathered,
    ) -> Result<()> {
        let Some(source) = include
            .source
            .filter(|one| scope.caller.access.allows_some(*one))
        else {
            return Ok(());
        };
        for def in followed(scope, include, source) {
            let is_target = |stored: &&Stored| {
                include
                    .target
                    .is_none_or(|target| target == stored.resource_type)
                    && def.may_target(stored.resource_type)
            };
            let targets: Vec<&Stored> = round.iter().filter(is_target).collect();
            for chunk in targets.chunks(REFERRED) {
                let query = query_of(source, Clause::Leaf(refers_to(&def, chunk)));
                let left = self.limits().includes + 1 - gathered.included.len();
                for one in self.matching_in(scope, source, &query, left).await? {
                    if gathered.seen.insert((source, one.id)) {
                        gathered.included.push(one.stored);
                    }
                }
                self.check_size(gathered)?;
            }
        }
        Ok(())
    }

    async fn take(&self, scope: Scope<'_>, stored: Stored, gathered: &mut Gathered) -> Result<()> {
        match self
            .check_visible(scope.caller, scope.tenant, &stored)
            .await
        {
            Ok(()) => gathered.included.push(stored),
            Err(StoreError::NotFound) => {}
            Err(other) => return Err(other),
        }
        self.check_size(gathered)
    }

    fn check_size(&self, gathered: &Gathered) -> Result<()> {
        if gathered.included.len() <= self.limits().includes {
            return Ok(());
        }
        let message = "the includes bring too many resources; ask for smaller pages";
        Err(StoreError::refused(ErrorKind::TooCostly, message))
    }
}

/// The references that an include follows from one type.
fn followed(scope: Scope<'_>, include: &Include, source: ResourceType) -> Vec<Arc<ParamDef>> {
    match &include.param {
        IncludeParam::One(param) => param.def_for(source).cloned().into_iter().collect(),
        IncludeParam::All => {
            let all = scope.tenant.params.params(source);
            all.filter(|def| def.kind == ParamKind::Reference)
                .cloned()
                .collect()
        }
    }
}

fn targets(scope: Scope<'_>, include: &Include, source: ResourceType, doc: &Doc) -> Vec<Key> {
    let extracted = extract(&scope.tenant.params, source, doc.root());
    let mut keys = Vec::new();
    for def in followed(scope, include, source) {
        for value in extracted.values(def.id) {
            if let IndexValue::Reference(reference) = value
                && let Some((target, id)) = &reference.local
                && include.target.is_none_or(|wanted| wanted == *target)
            {
                keys.push((*target, scope.tenant.key_of(*target, id)));
            }
        }
    }
    keys
}

fn refers_to(def: &Arc<ParamDef>, targets: &[&Stored]) -> Leaf {
    let value = |stored: &&Stored| ReferenceValue::Local {
        resource_type: Some(stored.resource_type),
        id: stored.id.to_string(),
        version: None,
        typed: true,
    };
    Leaf {
        param: ParamRef {
            code: def.code.to_string(),
            kind: def.kind,
            defs: std::iter::once(Arc::clone(def)).collect(),
        },
        test: Test::Reference {
            values: targets.iter().map(value).collect(),
            type_modifier: None,
        },
    }
}
