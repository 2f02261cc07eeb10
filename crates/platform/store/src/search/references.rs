//! References by criteria: `Practitioner?identifier=…` in a batch names the one resource that matches.

use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::ErrorKind;
use mt_search::{Handling, ParseOptions, Query, Scope as Where, decode_pairs};
use uuid::Uuid;

use super::compile::Scope;
use super::cond::Cond;
use crate::body::literal_id;
use crate::cache::RowKey;
use crate::commit::{Criteria, Renames, type_column};
use crate::source::Source;
use crate::tenants::{Tenant, column};
use crate::{Caller, Result, Store, StoreError};

const EACH: &str = "select key, type, id from records.keyed_each($1, $2, 2)";

impl Store {
    /// Resolves criteria to what they name; all those that are decided by one key in one statement.
    pub(crate) async fn resolve_references(
        &self,
        source: Source<'_>,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        criteria: Vec<Criteria>,
        renames: &mut Renames,
    ) -> Result<()> {
        let scope = Scope {
            source,
            caller,
            tenant,
            streaming: true,
        };
        let mut by_key = Vec::new();
        for criteria in criteria {
            let Criteria {
                entry,
                resource_type,
                ref text,
            } = criteria;
            let query = parse(caller, tenant, resource_type, text).map_err(|e| e.at(entry))?;
            let plan = self.plan_search(scope, resource_type, &query).await?;
            match &plan.compiled.cond {
                Cond::All(keys) if plan.compiled.exact && keys.len() == 1 => {
                    let key = keys[0];
                    by_key.push((criteria, key));
                }
                _ => {
                    let found = self
                        .matching(source, caller, tenant, resource_type, &query, 2)
                        .await?;
                    let [one] = found.as_slice() else {
                        return Err(unresolved(found.len()).at(entry));
                    };
                    renames.add(text.clone(), format!("{resource_type}/{}", one.id));
                }
            }
        }
        self.resolve_by_key(scope, by_key, renames).await
    }

    async fn resolve_by_key(
        &self,
        scope: Scope<'_>,
        by_key: Vec<(Criteria, i64)>,
        renames: &mut Renames,
    ) -> Result<()> {
        if by_key.is_empty() {
            return Ok(());
        }
        let keys: Vec<i64> = by_key.iter().map(|(_, key)| *key).collect();
        let rows = scope
            .source
            .query(EACH, &[&scope.tenant.id.0, &keys])
            .await?;
        for (criteria, key) in by_key {
            let Criteria {
                entry,
                resource_type,
                text,
            } = criteria;
            let mut found = Vec::new();
            for row in &rows {
                let (of, number, id): (i64, i16, Uuid) =
                    (column(row, 0)?, column(row, 1)?, column(row, 2)?);
                if of == key && number == type_column(resource_type) {
                    found.push(id);
                }
            }
            let [id] = found.as_slice() else {
                return Err(unresolved(found.len()).at(entry));
            };
            let place = RowKey {
                tenant: scope.tenant.id,
                resource_type,
                id: *id,
            };
            let literal = self.literal_of(scope, &place).await?;
            renames.add(text, format!("{resource_type}/{literal}"));
        }
        Ok(())
    }

    /// The literal id behind a primary key; read from the body when the key is a hash.
    async fn literal_of(&self, scope: Scope<'_>, place: &RowKey) -> Result<String> {
        if !mt_crypto::ResourceIds::is_hashed(place.id) {
            return Ok(place.id.hyphenated().to_string());
        }
        let row = self
            .current_row(scope.tenant, place)
            .await?
            .ok_or_else(|| unresolved(0))?;
        let body = scope.tenant.open(place.resource_type, place.id, &row)?;
        let literal = literal_id(&body).ok_or(StoreError::Damaged("a body without id"))?;
        Ok(literal.to_owned())
    }
}

fn parse(
    caller: &Caller,
    tenant: &Tenant,
    resource_type: ResourceType,
    text: &str,
) -> Result<Query> {
    let pairs = text.split_once('?').map_or("", |(_, pairs)| pairs);
    let pairs = decode_pairs(pairs).map_err(mt_kernel::Fault::from)?;
    let options = ParseOptions {
        handling: Handling::Strict,
        ..ParseOptions::at(caller.ctx.now)
    };
    let query = Query::parse(
        &tenant.searching,
        Where::resource(resource_type),
        &pairs,
        &options,
    );
    Ok(query.map_err(mt_kernel::Fault::from)?)
}

fn unresolved(count: usize) -> StoreError {
    let message = match count {
        0 => "a conditional reference matches no resource",
        _ => "a conditional reference matches more than one resource",
    };
    StoreError::refused(ErrorKind::Precondition, message)
}
