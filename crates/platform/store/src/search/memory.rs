//! Conditions decided in memory, on the index row of one resource.
//!
//! Used where a resource is at hand already: to decide whether a caller may see it.

use mt_kernel::Instant;
use mt_search::query::Range;
use uuid::Uuid;

use super::cond::{Cond, RangeTest};
use crate::index::{IndexRow, NO_DATE};

/// A resource as conditions see it.
pub(crate) struct Candidate<'a> {
    pub(crate) id: Uuid,
    pub(crate) updated_at: Instant,
    pub(crate) row: &'a IndexRow,
}

impl Cond {
    /// Whether the condition holds for a candidate; as in SQL, several main dates pass by their hull.
    pub(crate) fn holds(&self, one: &Candidate<'_>) -> bool {
        let row = one.row;
        let has = |key: &i64| row.keys.binary_search(key).is_ok();
        match self {
            Self::True => true,
            Self::False => false,
            Self::All(keys) => keys.iter().all(has),
            Self::Any(keys) => keys.iter().any(has),
            Self::HasDate => row.dhi > NO_DATE,
            Self::Date(test) => row.dhi > NO_DATE && (row.recheck || test.holds(row.dlo, row.dhi)),
            Self::Updated(test) => test.holds(one.updated_at.0, one.updated_at.0 + 999),
            Self::Ids(ids) => ids.contains(&one.id),
            Self::Patients(all) => row.pat.is_some_and(|pat| all.contains(&pat)),
            // Only searches use it: see `Scope::streaming`.
            Self::About { .. } => false,
            Self::Aux { hashes, test } => row
                .aux
                .iter()
                .any(|aux| hashes.contains(&aux.h) && test.holds(aux.lo, aux.hi)),
            Self::And(all) => all.iter().all(|cond| cond.holds(one)),
            Self::Or(any) => any.iter().any(|cond| cond.holds(one)),
            Self::Not(inner) => !inner.holds(one),
        }
    }
}

impl RangeTest {
    fn holds(self, lo: i64, hi: i64) -> bool {
        let asked = Range {
            lo: self.lo,
            hi: self.hi,
        };
        self.comparator.holds(asked, Range { lo, hi })
    }
}
