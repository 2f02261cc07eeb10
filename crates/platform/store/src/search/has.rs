//! `_has`: resources that are referred to by others that match.

use mt_fhir::ResourceType;
use mt_fhir::definitions::ParamId;
use mt_kernel::ErrorKind;
use mt_search::extract;
use mt_search::query::Has;
use uuid::Uuid;

use super::compile::Scope;
use super::cond::Cond;
use super::query_of;
use super::sql::{Statement, Value};
use crate::commit::{parse_stored, type_column};
use crate::index::Shape;
use crate::tenants::column;
use crate::{Result, Store, StoreError};

/// Matching sources up to this number are listed; more are looked for patient by patient.
const LISTED: i64 = 400;

impl Store {
    /// A condition on the patient whom matching sources are about, when the reference says just that and
    /// the condition needs no look inside; `None` when the general way is needed.
    pub(crate) async fn patients_with(
        &self,
        scope: Scope<'_>,
        has: &Has,
        param: ParamId,
    ) -> Result<Option<Cond>> {
        let shape = Shape::of(has.source);
        if shape.owner != Some(param) || !shape.single_owner {
            return Ok(None);
        }
        let query = query_of(has.source, (*has.clause).clone());
        let plan = Box::pin(self.plan_search(scope, has.source, &query)).await?;
        if !plan.compiled.exact || plan.compiled.cond.tests_date() {
            return Ok(None);
        }
        let number = type_column(has.source);
        let path = self.choose_path(scope, &plan, None);
        let mut statement = Statement::new(scope.tenant.id, number);
        statement.push("select array_agg(distinct x.pat), count(*) from (select pat from (");
        path.rows(
            &mut statement,
            &plan,
            "r.pat",
            " and r.pat is not null",
            "",
            None,
        );
        let most = statement.value(Value::Int8(if scope.streaming {
            LISTED + 1
        } else {
            i64::MAX
        }));
        statement.push(&format!(") y limit {most}) x"));
        let params = statement.params();
        let rows = if path.is_planned_once(&plan) {
            scope.source.query_shaped(&statement.text, &params).await?
        } else {
            scope.source.query_typed(&statement.text, &params).await?
        };
        let Some(row) = rows.first() else {
            return Ok(Some(Cond::False));
        };
        let count: i64 = column(row, 1)?;
        if scope.streaming && count > LISTED {
            return Ok(Some(Cond::About {
                source: number,
                cond: Box::new(plan.compiled.cond),
            }));
        }
        let patients: Option<Vec<i64>> = column(row, 0)?;
        Ok(Some(patients.map_or(Cond::False, Cond::Patients)))
    }

    /// The keys of the resources of `target` that matching sources refer to.
    pub(crate) async fn targets_of(
        &self,
        scope: Scope<'_>,
        target: ResourceType,
        has: &Has,
    ) -> Result<Vec<Uuid>> {
        let query = query_of(has.source, (*has.clause).clone());
        let limit = self.limits().chain;
        let found = Box::pin(self.matching(
            scope.source,
            scope.caller,
            scope.tenant,
            has.source,
            &query,
            limit + 1,
        ))
        .await?;
        if found.len() > limit {
            return Err(too_many());
        }
        let Some(def) = has.param.def_for(has.source) else {
            return Ok(Vec::new());
        };
        let mut ids = Vec::new();
        for source in &found {
            let doc = parse_stored(&source.body)?;
            let extracted = extract(&scope.tenant.params, has.source, doc.root());
            for value in extracted.values(def.id) {
                if let mt_search::IndexValue::Reference(reference) = value
                    && let Some((named, id)) = &reference.local
                    && *named == target
                {
                    ids.push(scope.tenant.key_of(target, id));
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

/// A step of a chain or of `_has` matches more than is followed.
pub(crate) fn too_many() -> StoreError {
    let message = "a chained condition matches too many resources; add conditions to it";
    StoreError::refused(ErrorKind::TooCostly, message)
}
