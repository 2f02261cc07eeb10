//! Conditions as SQL text with numbered values.

use mt_kernel::TenantId;
use postgres_types::{ToSql, Type};
use uuid::Uuid;

use super::cond::{Cond, RangeTest};
use crate::index::NO_DATE;

/// A value of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int2(i16),
    Int4(i32),
    Int8(i64),
    OptionalInt8(Option<i64>),
    Uuid(Uuid),
    Int8s(Vec<i64>),
    Uuids(Vec<Uuid>),
}

/// A statement under construction; `$1` is the tenant and `$2` the resource type.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
    values: Vec<Value>,
    /// What the row is called in conditions.
    row: &'static str,
}

impl Statement {
    pub(crate) fn new(tenant: TenantId, type_column: i16) -> Self {
        Self {
            text: String::with_capacity(512),
            values: vec![Value::Int4(tenant.0), Value::Int2(type_column)],
            row: "r",
        }
    }

    /// Adds a value and returns its placeholder.
    pub(crate) fn value(&mut self, value: Value) -> String {
        let known = self.values.iter().position(|known| *known == value);
        let index = known.unwrap_or_else(|| {
            self.values.push(value);
            self.values.len() - 1
        });
        format!("${}", index + 1)
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The values with their types.
    pub(crate) fn params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.values
            .iter()
            .map(|value| match value {
                Value::Int2(value) => (value as &(dyn ToSql + Sync), Type::INT2),
                Value::Int4(value) => (value as &(dyn ToSql + Sync), Type::INT4),
                Value::Int8(value) => (value as &(dyn ToSql + Sync), Type::INT8),
                Value::OptionalInt8(value) => (value as &(dyn ToSql + Sync), Type::INT8),
                Value::Uuid(value) => (value as &(dyn ToSql + Sync), Type::UUID),
                Value::Int8s(value) => (value as &(dyn ToSql + Sync), Type::INT8_ARRAY),
                Value::Uuids(value) => (value as &(dyn ToSql + Sync), Type::UUID_ARRAY),
            })
            .collect()
    }

    /// Appends ` and …` for a condition on the row `r`; nothing for one that always holds.
    pub(crate) fn and(&mut self, cond: &Cond) {
        for one in cond.conjuncts() {
            if *one != Cond::True {
                let text = self.condition(one);
                self.push(" and ");
                self.push(&text);
            }
        }
    }

    fn condition(&mut self, cond: &Cond) -> String {
        let row = self.row;
        match cond {
            Cond::True => "true".to_owned(),
            Cond::False => "false".to_owned(),
            Cond::All(keys) => format!("{row}.keys @> {}", self.value(Value::Int8s(keys.clone()))),
            Cond::Any(keys) => format!("{row}.keys && {}", self.value(Value::Int8s(keys.clone()))),
            Cond::Ids(ids) => format!("{row}.id = any({})", self.value(Value::Uuids(ids.clone()))),
            Cond::Patients(all) => {
                format!("{row}.pat = any({})", self.value(Value::Int8s(all.clone())))
            }
            Cond::About { source, cond } => self.about(*source, cond),
            Cond::HasDate => format!("{row}.dhi > {NO_DATE}"),
            Cond::Date(test) => self.date(*test),
            Cond::Updated(test) => {
                let (a, b) = self.bounds(*test);
                // `lastUpdated` is known to the millisecond.
                let lo = format!("{row}.updated_at");
                test.sql(&lo, &format!("({lo} + 999)"), (&a, &b))
            }
            Cond::Aux { hashes, test } => self.aux(hashes, *test),
            Cond::And(all) => self.joined(all, " and "),
            Cond::Or(any) => self.joined(any, " or "),
            Cond::Not(inner) => format!("not coalesce({}, false)", self.condition(inner)),
        }
    }

    /// Rows with several main dates pass by their hull and are opened afterwards.
    fn date(&mut self, test: RangeTest) -> String {
        let (a, b) = self.bounds(test);
        let row = self.row;
        let (lo, hi) = (format!("{row}.dlo"), format!("{row}.dhi"));
        let exact = test.sql(&lo, &hi, (&a, &b));
        let hull = test.hull_sql(&lo, &hi, (&a, &b));
        // The hull's condition comes first: it can bound the index.
        if exact == hull {
            format!("({hi} > {NO_DATE} and {exact})")
        } else {
            format!("({hi} > {NO_DATE} and {hull} and ({row}.recheck or {exact}))")
        }
    }

    fn aux(&mut self, hashes: &[i64], test: RangeTest) -> String {
        let (a, b) = self.bounds(test);
        let hashes = self.value(Value::Int8s(hashes.to_vec()));
        let within = test.sql("a.lo", "a.hi", (&a, &b));
        let row = self.row;
        format!(
            "{row}.id in (select a.id from records.aux a where a.tenant = $1 \
             and a.type = {row}.type and a.h = any({hashes}) and {within})"
        )
    }

    /// A query for the ids of resources of the type with a range in the side table.
    pub(crate) fn side_ids(&mut self, hashes: &[i64], test: RangeTest) -> String {
        let (a, b) = self.bounds(test);
        let hashes = self.value(Value::Int8s(hashes.to_vec()));
        let within = test.sql("a.lo", "a.hi", (&a, &b));
        format!(
            "select distinct a.id from records.aux a where a.tenant = $1 and a.type = $2 \
             and a.h = any({hashes}) and {within}"
        )
    }

    /// Some resource of another type is about the same patient and satisfies a condition; looked for
    /// patient by patient, because a join would read all resources of the other type.
    fn about(&mut self, source: i16, cond: &Cond) -> String {
        let source = self.value(Value::Int2(source));
        let outer = std::mem::replace(&mut self.row, "s");
        let inner = self.condition(cond);
        self.row = outer;
        format!(
            "coalesce((select true from records.res s where s.tenant = $1 and s.pat = {outer}.pat \
             and s.type = {source} and not s.deleted and {inner} limit 1), false)"
        )
    }

    fn bounds(&mut self, test: RangeTest) -> (String, String) {
        (
            self.value(Value::Int8(test.lo)),
            self.value(Value::Int8(test.hi)),
        )
    }

    fn joined(&mut self, conds: &[Cond], with: &str) -> String {
        let parts: Vec<String> = conds.iter().map(|cond| self.condition(cond)).collect();
        format!("({})", parts.join(with))
    }
}
