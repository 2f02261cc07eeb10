//! How many resources match.

use mt_search::Query;
use mt_search::query::Total as Asked;

use super::compile::{Plan, Scope};
use super::path::Path;
use super::rows::Wanted;
use super::sql::{Statement, Value};
use crate::commit::type_column;
use crate::source::Source;
use crate::tenants::column;
use crate::{Result, Store, StoreError, Total};

/// Estimates count no further than this.
const ESTIMATED: i64 = 10_000;

impl Store {
    /// The total that a query asks for: none unless it does.
    pub(crate) async fn total(
        &self,
        scope: Scope<'_>,
        plans: &[Plan],
        query: &Query,
    ) -> Result<Option<Total>> {
        let asked = match query.total {
            Some(asked) => asked,
            None if query.counts_only() => Asked::Accurate,
            None => Asked::None,
        };
        let most = match asked {
            Asked::None => return Ok(None),
            Asked::Estimate => Some(ESTIMATED),
            Asked::Accurate => None,
        };
        let (mut sum, mut cut) = (0_u64, false);
        for plan in plans {
            let counted = self.count(scope, plan, most).await?;
            cut |= most.is_some_and(|most| counted >= most.unsigned_abs());
            sum += counted;
        }
        Ok(Some(if cut {
            Total::Estimate(sum)
        } else {
            Total::Accurate(sum)
        }))
    }

    async fn count(&self, scope: Scope<'_>, plan: &Plan, most: Option<i64>) -> Result<u64> {
        if plan.checks.apply_to_all() {
            return self.count_opened(scope, plan).await;
        }
        let mut path = self.choose_path(scope, plan, None);
        if path == Path::Nowhere {
            return Ok(0);
        }
        if let (Path::Keys { .. }, Source::Shared(..)) = (&path, scope.source) {
            // Counting visits every row anyway, so there is no better way than the keys.
            path = self.choose_path(scope, plan, None);
        }
        let dated = !plan.checks.dated.is_empty();
        let mut statement = Statement::new(scope.tenant.id, type_column(plan.resource_type));
        match most {
            // Each part is counted where it is found; together they would pass through one more step.
            None => {
                let doubtful = if dated {
                    "count(*) filter (where r.recheck)"
                } else {
                    "0::int8"
                };
                let columns = format!("count(*) as n, {doubtful} as m");
                statement.push("select sum(x.n)::int8, sum(x.m)::int8 from (");
                path.rows(&mut statement, plan, &columns, "", "", None);
            }
            Some(most) => {
                let flag = if dated { "r.recheck" } else { "false" };
                statement.push(
                    "select count(*) filter (where not x.flag), count(*) filter (where x.flag) from (",
                );
                let tail = format!(" limit {}", statement.value(Value::Int8(most)));
                let columns = format!("{flag} as flag");
                path.rows(&mut statement, plan, &columns, "", &tail, None);
            }
        }
        statement.push(") x");
        let params = statement.params();
        let rows = if path.is_planned_once(plan) {
            scope.source.query_shaped(&statement.text, &params).await?
        } else {
            scope.source.query_typed(&statement.text, &params).await?
        };
        let row = rows
            .first()
            .ok_or(StoreError::Damaged("a count without a row"))?;
        let (certain, doubtful): (i64, i64) = (column(row, 0)?, column(row, 1)?);
        if doubtful > 0 {
            return self.count_opened(scope, plan).await;
        }
        Ok(certain.unsigned_abs())
    }

    async fn count_opened(&self, scope: Scope<'_>, plan: &Plan) -> Result<u64> {
        let most = self.limits().candidates;
        let wanted = Wanted {
            order: None,
            from: None,
            count: most,
        };
        let matches = self.matches(scope, plan, wanted).await?;
        if !matches.complete {
            let message = "the matches are too many to be counted exactly; ask for an estimate";
            return Err(StoreError::refused(
                mt_kernel::ErrorKind::TooCostly,
                message,
            ));
        }
        Ok(matches.found.len() as u64)
    }
}
