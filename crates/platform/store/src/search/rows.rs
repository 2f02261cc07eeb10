//! Rows of a plan: fetched in an order, opened, checked.

use std::hash::{DefaultHasher, Hash, Hasher};

use mt_database::Error;
use mt_kernel::{ErrorKind, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::compile::{Plan, Scope};
use super::page::{Order, Position};
use super::path::{BY_KEY, COLUMNS, Path};
use super::sql::{Statement, Value};
use crate::cache::RowKey;
use crate::commit::{parse_stored, type_column};
use crate::read::sealed_row;
use crate::source::Source;
use crate::tenants::column;
use crate::{Result, Store, StoreError, Stored};

/// SQLSTATE of the owner's functions when too many rows have the keys.
const MANY: &str = "MT413";

/// Transactions of the log looked at, before the whole type is sorted instead.
const LOG_WINDOWS: [i64; 2] = [512, 16_384];

const WINDOW: &str = "select count(*), min(at) from (select at from records.txlog \
    where tenant = $1 and at <= $2 order by at desc limit $3) w";

/// A match with its place in the order.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    pub(crate) position: Position,
    pub(crate) id: Uuid,
    pub(crate) stored: Stored,
}

/// Matches of one type, and whether there are no more.
pub(crate) struct Matches {
    pub(crate) found: Vec<Match>,
    pub(crate) complete: bool,
}

/// Which matches are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The order, if it matters.
    pub(crate) order: Option<Order>,
    /// The row behind which they begin.
    pub(crate) from: Option<Position>,
    /// How many.
    pub(crate) count: usize,
}

impl Store {
    /// The first matches of a plan that are wanted.
    pub(crate) async fn matches(
        &self,
        scope: Scope<'_>,
        plan: &Plan,
        wanted: Wanted,
    ) -> Result<Matches> {
        let mut path = self.choose_path(scope, plan, wanted.order);
        let given = wanted.from.map(|from| from.order).or(wanted.order);
        let mut from = wanted.from;
        let (mut found, mut looked_at) = (Vec::new(), 0);
        if path == Path::Nowhere {
            return Ok(Matches {
                found,
                complete: true,
            });
        }
        loop {
            let order = given
                .unwrap_or_else(|| path.native_order(crate::index::Shape::of(plan.resource_type)));
            let ask = self.batch_size(plan, wanted.count - found.len());
            let fetched = self.fetch(scope, plan, &path, order, from, ask).await;
            let rows = match fetched {
                Err(StoreError::Database(Error::Rejected { code, .. })) if code == MANY => {
                    self.remember_common(scope.tenant.id, &path);
                    path = Self::second_choice(plan, given);
                    continue;
                }
                other => other?,
            };
            looked_at += rows.len();
            for row in &rows {
                let one = self.open_match(scope, plan, order, row).await?;
                from = Some(one.0);
                if let (_, Some(one)) = one {
                    found.push(one);
                }
                if found.len() == wanted.count {
                    return Ok(Matches {
                        found,
                        complete: false,
                    });
                }
            }
            if rows.len() < ask {
                return Ok(Matches {
                    found,
                    complete: true,
                });
            }
            if looked_at >= self.limits().candidates {
                let message = "the search would look into too many resources; add conditions to it";
                return Err(StoreError::refused(ErrorKind::TooCostly, message));
            }
        }
    }

    /// Rows to fetch for so many matches: more when some may not match.
    fn batch_size(&self, plan: &Plan, missing: usize) -> usize {
        if plan.checks.apply_to_all() {
            (missing * 2).clamp(64, 512)
        } else {
            missing.max(1)
        }
    }

    async fn fetch(
        &self,
        scope: Scope<'_>,
        plan: &Plan,
        path: &Path,
        order: Order,
        from: Option<Position>,
        ask: usize,
    ) -> Result<Vec<Row>> {
        if *path == Path::Log
            && order == Order::UpdatedDescending
            && let Some(rows) = self.fetch_from_log(scope, plan, from, ask).await?
        {
            return Ok(rows);
        }
        let mut statement = Statement::new(scope.tenant.id, type_column(plan.resource_type));
        let behind = from.map_or(String::new(), |from| from.behind(&mut statement));
        let limit = statement.value(Value::Int8(i64::try_from(ask).unwrap_or(i64::MAX)));
        let tail = format!("{} limit {limit}", order.by());
        // An error inside a transaction would end it, so there is no cap there.
        let cap = match scope.source {
            Source::Shared(..) => i64::try_from(self.limits().keyed).ok(),
            Source::Transaction(_) => None,
        };
        let union = path.is_union(plan);
        if union {
            statement.push("select * from (");
        }
        path.rows(&mut statement, plan, COLUMNS, &behind, &tail, cap);
        if union {
            statement.push(&format!(") r{tail}"));
        }
        let params = statement.params();
        let query = async {
            if path.is_planned_once(plan) {
                scope.source.query_shaped(&statement.text, &params).await
            } else {
                scope.source.query_typed(&statement.text, &params).await
            }
        };
        let refused = || {
            let message = "the search takes too long; add conditions to it";
            StoreError::refused(ErrorKind::TooCostly, message)
        };
        match tokio::time::timeout(self.limits().time, query).await {
            Err(_) | Ok(Err(StoreError::Database(Error::Timeout))) => Err(refused()),
            Ok(rows) => rows,
        }
    }

    /// The last changed rows, found through the transaction log; `None` when it takes too much of it.
    ///
    /// A row's `updated_at` is the `at` of its transaction, so a window of the log holds every row
    /// changed after the window's first transaction.
    async fn fetch_from_log(
        &self,
        scope: Scope<'_>,
        plan: &Plan,
        from: Option<Position>,
        ask: usize,
    ) -> Result<Option<Vec<Row>>> {
        let latest = from.map_or(i64::MAX, |from| from.key);
        for window in LOG_WINDOWS {
            let ends = scope
                .source
                .query(WINDOW, &[&scope.tenant.id.0, &latest, &window])
                .await?;
            let Some(end) = ends.first() else {
                return Ok(None);
            };
            let (count, first): (i64, Option<i64>) = (column(end, 0)?, column(end, 1)?);
            let whole = count < window;
            let mut statement = Statement::new(scope.tenant.id, type_column(plan.resource_type));
            let earliest = if whole {
                i64::MIN
            } else {
                first.unwrap_or(i64::MIN)
            };
            let earliest = statement.value(Value::Int8(earliest));
            let last = statement.value(Value::Int8(latest));
            let most = statement.value(Value::Int8(window));
            // In the order of the log, so that the limit ends the walk.
            statement.push(&format!(
                "select {COLUMNS} from (select l.at, l.types, l.ids from records.txlog l \
                 where l.tenant = $1 and l.at > {earliest} and l.at <= {last} \
                 order by l.at desc limit {most}) l \
                 cross join lateral unnest(l.types, l.ids) c (type, id) {BY_KEY} \
                 where $2 = any(l.types) and c.type = $2 and r.updated_at = l.at \
                 and not r.deleted"
            ));
            statement.and(&plan.compiled.cond);
            let behind = from.map_or(String::new(), |from| from.behind(&mut statement));
            let limit = statement.value(Value::Int8(i64::try_from(ask).unwrap_or(i64::MAX)));
            statement.push(&format!(
                "{behind} order by l.at desc, r.id desc limit {limit}"
            ));
            let rows = scope
                .source
                .query_typed(&statement.text, &statement.params())
                .await?;
            if whole || rows.len() == ask {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    /// Opens a row and checks what columns could not decide.
    async fn open_match(
        &self,
        scope: Scope<'_>,
        plan: &Plan,
        order: Order,
        row: &Row,
    ) -> Result<(Position, Option<Match>)> {
        let (resource_type, id, sealed) = sealed_row(row)?;
        let (dlo, dhi, recheck): (i64, i64, bool) =
            (column(row, 6)?, column(row, 7)?, column(row, 8)?);
        let key = order.key(dlo, dhi, sealed.updated_at.0);
        let position = Position { order, key, id };
        let place = RowKey {
            tenant: scope.tenant.id,
            resource_type,
            id,
        };
        let stored = self.open_row(scope.tenant, &place, sealed).await?;
        let doubtful = plan.checks.apply_to_all() || (recheck && !plan.checks.dated.is_empty());
        if doubtful {
            let doc = parse_stored(&stored.body)?;
            let terminology = self.hooks().terminology.as_deref();
            if !plan
                .checks
                .pass(&scope.tenant.params, terminology, recheck, &doc)?
            {
                return Ok((position, None));
            }
        }
        Ok((
            position,
            Some(Match {
                position,
                id,
                stored,
            }),
        ))
    }

    /// Whether keys are known to find too many rows.
    pub(crate) fn is_common(&self, tenant: TenantId, (all, any): &(Vec<i64>, Vec<i64>)) -> bool {
        self.common_keys()
            .contains_key(&common_key(tenant, all, any))
    }

    fn remember_common(&self, tenant: TenantId, path: &Path) {
        if let Path::Keys { all, any } = path {
            self.common_keys().insert(common_key(tenant, all, any), ());
        }
    }
}

fn common_key(tenant: TenantId, all: &[i64], any: &[i64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (tenant, all, any).hash(&mut hasher);
    hasher.finish()
}
