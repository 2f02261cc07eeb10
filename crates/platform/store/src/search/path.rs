//! The way to the rows, chosen here and not by the planner.
//!
//! PostgreSQL cannot estimate arrays of hashes that mix all parameters, so the statement leaves it one
//! index: the ids, a patient's compartment, the hashed keys, the main code, or the order of the type.

use super::compile::{Plan, Scope};
use super::cond::{Cond, RangeTest};
use super::page::Order;
use super::sql::{Statement, Value};
use crate::Store;
use crate::index::Shape;

/// Columns that every search returns.
pub(crate) const COLUMNS: &str =
    "r.type, r.id, r.version, r.updated_at, r.deleted, r.body, r.dlo, r.dhi, r.recheck";

/// The row with the key `c.id`, one by one: without statistics on hashes the planner would rather read
/// the whole type, and `offset 0` keeps it from seeing more than the key.
pub(crate) const BY_KEY: &str = "cross join lateral (select * from records.res k \
    where k.tenant = $1 and k.type = $2 and k.id = c.id offset 0) r";

/// Patients up to this number are looked up one by one.
const FEW_PATIENTS: usize = 200;

/// The way to the rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Path {
    /// Nothing can match.
    Nowhere,
    /// By primary key.
    Ids,
    /// Through the compartments of patients.
    Patients(Vec<i64>),
    /// Through the owner column for some, through one of several keys for the others: a reference that
    /// does not say whether it means a patient.
    Either { patients: Vec<i64>, any: Vec<i64> },
    /// Through the main code; the condition is what the path decides already.
    MainCode(Vec<i64>, Cond),
    /// Through keys that must all be there, and a set of which one must.
    Keys { all: Vec<i64>, any: Vec<i64> },
    /// Through a range in the side table.
    Side(Vec<i64>, RangeTest),
    /// Through the type, in order.
    Scan,
    /// Through the transaction log, newest first.
    Log,
}

impl Path {
    const fn name(&self) -> &'static str {
        match self {
            Self::Nowhere => "nowhere",
            Self::Ids => "ids",
            Self::Patients(_) => "patient",
            Self::Either { .. } => "patient or keys",
            Self::MainCode(..) => "code",
            Self::Keys { .. } => "keys",
            Self::Side(..) => "side",
            Self::Scan => "scan",
            Self::Log => "log",
        }
    }

    /// The order in which the path finds rows.
    pub(crate) fn native_order(&self, shape: &Shape) -> Order {
        match self {
            Self::Patients(_) | Self::Either { .. } | Self::MainCode(..) | Self::Scan
                if shape.date.is_some() =>
            {
                Order::DateDescending
            }
            _ => Order::IdDescending,
        }
    }

    /// Appends a query for `columns` of the live rows that satisfy the plan's condition and `extra`;
    /// `tail` (order and limit) stands in each part.
    pub(crate) fn rows(
        &self,
        statement: &mut Statement,
        plan: &Plan,
        columns: &str,
        extra: &str,
        tail: &str,
        cap: Option<i64>,
    ) {
        let cond = &plan.compiled.cond;
        match self {
            Self::Patients(patients) => {
                let list = statement.value(Value::Int8s(patients.clone()));
                let single = single(statement, patients).unwrap_or(format!("any({list})"));
                if self.is_union(plan) {
                    let by = ("r.pat", single.as_str(), list.as_str());
                    Self::with_further(statement, cond, columns, by, extra, tail);
                    return;
                }
                statement.push(&format!(
                    "select {columns} from records.res r \
                     where r.tenant = $1 and r.type = $2 and r.pat = {single}"
                ));
                statement.and(&without(cond, &Cond::Patients(patients.clone())));
                statement.push(extra);
                statement.push(tail);
            }
            Self::Either { patients, any } => {
                let list = statement.value(Value::Int8s(patients.clone()));
                statement.push(&format!(
                    "(select {columns} from records.res r \
                     where r.tenant = $1 and r.type = $2 and r.pat = any({list})"
                ));
                statement.and(cond);
                statement.push(&format!("{extra}{tail}) union all ("));
                let found = keyed(statement, &[], any, cap);
                statement.push(&format!(
                    "select {columns} from {found} c {BY_KEY} \
                     where not r.deleted and not coalesce(r.pat = any({list}), false)"
                ));
                statement.and(cond);
                statement.push(&format!("{extra}{tail})"));
            }
            Self::MainCode(codes, decided) => {
                let list = statement.value(Value::Int8s(codes.clone()));
                let single = single(statement, codes).unwrap_or(format!("any({list})"));
                let by = ("r.k1", single.as_str(), list.as_str());
                let rest = without(cond, decided);
                Self::with_further(statement, &rest, columns, by, extra, tail);
            }
            Self::Keys { all, any } => {
                let found = keyed(statement, all, any, cap);
                statement.push(&format!(
                    "select {columns} from {found} c {BY_KEY} where not r.deleted"
                ));
                statement.and(cond);
                statement.push(extra);
                statement.push(tail);
            }
            Self::Side(hashes, test) => {
                let ids = statement.side_ids(hashes, *test);
                statement.push(&format!(
                    "select {columns} from ({ids}) c {BY_KEY} where not r.deleted"
                ));
                statement.and(&without(
                    cond,
                    &Cond::Aux {
                        hashes: hashes.clone(),
                        test: *test,
                    },
                ));
                statement.push(extra);
                statement.push(tail);
            }
            Self::Nowhere | Self::Ids | Self::Scan | Self::Log => {
                statement.push(&format!(
                    "select {columns} from records.res r \
                     where r.tenant = $1 and r.type = $2 and not r.deleted"
                ));
                statement.and(cond);
                statement.push(extra);
                statement.push(tail);
            }
        }
    }

    /// Whether the best plan does not depend on the values: few rows found by equality, or one index that
    /// has the rows in order.
    pub(crate) fn is_planned_once(&self, plan: &Plan) -> bool {
        match self {
            Self::Ids | Self::Keys { .. } => true,
            // One patient and one code are read in the order of their index, whatever the number of rows.
            Self::Patients(one) | Self::MainCode(one, _) => one.len() == 1,
            // Patient by patient in order, until there are enough.
            Self::Scan => plan.compiled.cond.looks_around() && !plan.compiled.cond.tests_date(),
            _ => false,
        }
    }

    /// Whether the rows come in two parts: by a column, and by the side table that continues it. When the
    /// column of every match holds one of these very patients, no side row is needed to find it.
    pub(crate) fn is_union(&self, plan: &Plan) -> bool {
        match self {
            Self::Patients(patients) => plan.compiled.cond.owners() != Some(patients.as_slice()),
            Self::Either { .. } | Self::MainCode(..) => true,
            _ => false,
        }
    }

    /// Rows by a column, and those that have further values of it in the side table. The column is
    /// null in deleted rows.
    fn with_further(
        statement: &mut Statement,
        cond: &Cond,
        columns: &str,
        (column, single, list): (&str, &str, &str),
        extra: &str,
        tail: &str,
    ) {
        let head = format!("(select {columns} from records.res r where r.tenant = $1");
        let of_type = if column == "r.pat" {
            " and r.type = $2"
        } else {
            ""
        };
        statement.push(&format!("{head}{of_type} and {column} = {single}"));
        statement.and(cond);
        statement.push(extra);
        statement.push(tail);
        statement.push(&format!(
            ") union all (select {columns} from (select distinct a.id from records.aux a \
             where a.tenant = $1 and a.type = $2 and a.h = any({list})) c {BY_KEY} \
             where not r.deleted and not coalesce({column} = any({list}), false)"
        ));
        statement.and(cond);
        statement.push(extra);
        statement.push(tail);
        statement.push(")");
    }
}

impl Store {
    /// Chooses the way to the rows of a plan; `log` says that newest changes come first.
    pub(crate) fn choose_path(&self, scope: Scope<'_>, plan: &Plan, order: Option<Order>) -> Path {
        let path = self.first_choice(scope, plan, order);
        metrics::counter!("store_search_path_total", "path" => path.name()).increment(1);
        path
    }

    fn first_choice(&self, scope: Scope<'_>, plan: &Plan, order: Option<Order>) -> Path {
        let conjuncts = plan.compiled.cond.conjuncts();
        if conjuncts.contains(&Cond::False) {
            return Path::Nowhere;
        }
        if conjuncts.iter().any(|cond| matches!(cond, Cond::Ids(_))) {
            return Path::Ids;
        }
        let owners = plan.compiled.cond.owners();
        if let Some(patients) = owners.or(plan.hints.patients.as_deref()) {
            if patients.len() <= FEW_PATIENTS {
                return Path::Patients(patients.to_vec());
            }
            // Nothing but the column names them, so that no key is rare.
            if owners.is_some() {
                return match &plan.hints.main_codes {
                    Some((codes, decided)) => Path::MainCode(codes.clone(), decided.clone()),
                    None => Path::Patients(patients.to_vec()),
                };
            }
        }
        if let Some(either) = conjuncts.iter().find_map(either) {
            return either;
        }
        let keys = keys_of(conjuncts);
        let known_common = keys
            .as_ref()
            .is_some_and(|keys| self.is_common(scope.tenant.id, keys));
        match (keys, &plan.hints.main_codes) {
            (Some((all, any)), _) if plan.hints.selective && !known_common => {
                Path::Keys { all, any }
            }
            (_, Some((codes, decided))) => Path::MainCode(codes.clone(), decided.clone()),
            (Some((all, any)), _) if !known_common => Path::Keys { all, any },
            _ => Self::last_choice(plan, order),
        }
    }

    /// The way when no key is rare.
    fn last_choice(plan: &Plan, order: Option<Order>) -> Path {
        let side = plan
            .compiled
            .cond
            .conjuncts()
            .iter()
            .find_map(|cond| match cond {
                Cond::Aux { hashes, test } => Some(Path::Side(hashes.clone(), *test)),
                _ => None,
            });
        match side {
            Some(side) => side,
            None if order == Some(Order::UpdatedDescending) => Path::Log,
            None => Path::Scan,
        }
    }

    /// The way to take when too many rows have the keys of a plan.
    pub(crate) fn second_choice(plan: &Plan, order: Option<Order>) -> Path {
        match &plan.hints.main_codes {
            Some((codes, decided)) => Path::MainCode(codes.clone(), decided.clone()),
            None => Self::last_choice(plan, order),
        }
    }
}

/// The placeholder of the only value in a list.
fn single(statement: &mut Statement, list: &[i64]) -> Option<String> {
    match list {
        [one] => Some(statement.value(Value::Int8(*one))),
        _ => None,
    }
}

/// The way of a reference that is in the owner column or among the keys.
fn either(cond: &Cond) -> Option<Path> {
    let Cond::Or(parts) = cond else {
        return None;
    };
    match parts.as_slice() {
        [Cond::All(any) | Cond::Any(any), Cond::Patients(patients)]
            if any.len() == 1 || matches!(parts[0], Cond::Any(_)) =>
        {
            Some(Path::Either {
                patients: patients.clone(),
                any: any.clone(),
            })
        }
        _ => None,
    }
}

/// All required keys, or the smallest set of alternatives.
fn keys_of(conjuncts: &[Cond]) -> Option<(Vec<i64>, Vec<i64>)> {
    let all = conjuncts.iter().find_map(|cond| match cond {
        Cond::All(keys) => Some(keys.clone()),
        _ => None,
    });
    let any = conjuncts
        .iter()
        .filter_map(|cond| match cond {
            Cond::Any(keys) => Some(keys),
            _ => None,
        })
        .min_by_key(|keys| keys.len())
        .cloned();
    match (all, any) {
        (None, None) => None,
        (all, any) => Some((all.unwrap_or_default(), any.unwrap_or_default())),
    }
}

/// A call of the owner's function that finds ids by keys.
fn keyed(statement: &mut Statement, all: &[i64], any: &[i64], cap: Option<i64>) -> String {
    let cap = statement.value(Value::OptionalInt8(cap));
    let all = statement.value(Value::Int8s(all.to_vec()));
    if any.is_empty() {
        return format!("records.keyed($1, $2, {all}, {cap})");
    }
    let any = statement.value(Value::Int8s(any.to_vec()));
    format!("records.keyed_any($1, $2, {all}, {any}, {cap})")
}

/// A condition without a part that the path decides.
fn without(cond: &Cond, decided: &Cond) -> Cond {
    match (cond, decided) {
        (cond, decided) if cond == decided => Cond::True,
        (Cond::All(keys), Cond::All(gone)) => {
            let left: Vec<i64> = keys
                .iter()
                .filter(|key| !gone.contains(key))
                .copied()
                .collect();
            if left.is_empty() {
                Cond::True
            } else {
                Cond::All(left)
            }
        }
        (Cond::And(all), decided) => {
            Cond::And(all.iter().map(|cond| without(cond, decided)).collect())
        }
        (cond, _) => cond.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_to_a_patient_or_another_has_two_ways() {
        let cond = Cond::Or(vec![Cond::Any(vec![1, 2]), Cond::Patients(vec![3])]);
        let (patients, any) = (vec![3], vec![1, 2]);
        assert_eq!(either(&cond), Some(Path::Either { patients, any }));
        let both = Cond::Or(vec![Cond::All(vec![1, 2]), Cond::Patients(vec![3])]);
        assert_eq!(either(&both), None);
    }

    #[test]
    fn what_the_main_code_decides_is_not_asked_again() {
        let cond = Cond::And(vec![Cond::HasDate, Cond::All(vec![1, 2])]);
        let rest = without(&cond, &Cond::All(vec![2]));
        assert_eq!(rest, Cond::And(vec![Cond::HasDate, Cond::All(vec![1])]));
        assert_eq!(
            without(&Cond::Any(vec![1]), &Cond::Any(vec![1])),
            Cond::True
        );
    }
}
