//! Conditions on the columns of a row: what PostgreSQL can decide of a search.
//!
//! A compiled condition holds for every resource that matches. When it is *exact* it holds for no
//! other; otherwise candidates are opened and checked.

use mt_search::query::Comparator;
use uuid::Uuid;

use crate::index::NO_DATE;

/// A condition on a row of `records.res`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cond {
    /// Always holds.
    True,
    /// Never holds.
    False,
    /// The row has all of these keys.
    All(Vec<i64>),
    /// The row has at least one of these keys.
    Any(Vec<i64>),
    /// The main date.
    Date(RangeTest),
    /// There is a main date.
    HasDate,
    /// `updated_at`.
    Updated(RangeTest),
    /// The primary key.
    Ids(Vec<Uuid>),
    /// The patient column, for rows that have no more than one patient.
    Patients(Vec<i64>),
    /// For a patient: some resource of another type (its column) is about them and satisfies a
    /// condition.
    About {
        /// Type of the resource.
        source: i16,
        /// What it satisfies.
        cond: Box<Cond>,
    },
    /// A row of the side table.
    Aux {
        /// Under one of these hashes.
        hashes: Vec<i64>,
        /// Its range.
        test: RangeTest,
    },
    /// All hold.
    And(Vec<Cond>),
    /// At least one holds.
    Or(Vec<Cond>),
    /// Does not hold.
    Not(Box<Cond>),
}

/// A comparison of a stored range with the range asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RangeTest {
    pub(crate) comparator: Comparator,
    pub(crate) lo: i64,
    pub(crate) hi: i64,
}

/// What a search says, as far as columns can say it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compiled {
    pub(crate) cond: Cond,
    /// Whether the condition holds for matches only.
    pub(crate) exact: bool,
}

impl Compiled {
    /// The condition decides.
    pub(crate) const fn exact(cond: Cond) -> Self {
        Self { cond, exact: true }
    }

    /// The condition only excludes.
    pub(crate) const fn necessary(cond: Cond) -> Self {
        Self { cond, exact: false }
    }

    /// Nothing can be said without opening.
    pub(crate) const fn unknown() -> Self {
        Self::necessary(Cond::True)
    }

    /// All of them.
    pub(crate) fn and(all: impl IntoIterator<Item = Self>) -> Self {
        let (mut conds, mut exact, mut keys) = (Vec::new(), true, Vec::new());
        for one in all {
            exact &= one.exact;
            match one.cond {
                Cond::True => {}
                Cond::False => return Self::exact(Cond::False),
                Cond::All(more) => keys.extend(more),
                Cond::And(more) => {
                    for cond in more {
                        match cond {
                            Cond::All(more) => keys.extend(more),
                            other => conds.push(other),
                        }
                    }
                }
                other => conds.push(other),
            }
        }
        if !keys.is_empty() {
            keys.sort_unstable();
            keys.dedup();
            conds.push(Cond::All(keys));
        }
        let cond = match conds.len() {
            0 => Cond::True,
            1 => conds.swap_remove(0),
            _ => Cond::And(conds),
        };
        Self { cond, exact }
    }

    /// At least one of them.
    pub(crate) fn or(any: impl IntoIterator<Item = Self>) -> Self {
        let (mut conds, mut exact, mut keys) = (Vec::new(), true, Vec::new());
        let mut patients = Vec::new();
        for one in any {
            match one.cond {
                Cond::False => continue,
                Cond::True => conds.push(Cond::True),
                Cond::All(single) if single.len() == 1 => keys.extend(single),
                Cond::Any(more) => keys.extend(more),
                Cond::Patients(more) => patients.extend(more),
                other => conds.push(other),
            }
            exact &= one.exact;
        }
        if conds.contains(&Cond::True) {
            return Self {
                cond: Cond::True,
                exact,
            };
        }
        match keys.len() {
            0 => {}
            1 => conds.push(Cond::All(keys)),
            _ => conds.push(Cond::Any(keys)),
        }
        if !patients.is_empty() {
            conds.push(Cond::Patients(patients));
        }
        let cond = match conds.len() {
            0 => return Self::exact(Cond::False),
            1 => conds.swap_remove(0),
            _ => Cond::Or(conds),
        };
        Self { cond, exact }
    }

    /// The opposite; an inexact condition has none.
    pub(crate) fn not(self) -> Self {
        if !self.exact {
            return Self::unknown();
        }
        Self::exact(match self.cond {
            Cond::True => Cond::False,
            Cond::False => Cond::True,
            Cond::Not(inner) => *inner,
            other => Cond::Not(Box::new(other)),
        })
    }
}

impl Cond {
    /// The conditions that must all hold.
    pub(crate) fn conjuncts(&self) -> &[Cond] {
        match self {
            Self::And(all) => all,
            other => std::slice::from_ref(other),
        }
    }

    /// The patients of whom every match has one in its patient column, when there is such a condition.
    pub(crate) fn owners(&self) -> Option<&[i64]> {
        self.conjuncts().iter().find_map(|cond| match cond {
            Self::Patients(patients) => Some(patients.as_slice()),
            _ => None,
        })
    }

    /// Whether resources of another type are looked for, row by row.
    pub(crate) fn looks_around(&self) -> bool {
        let mut conjuncts = self.conjuncts().iter();
        conjuncts.any(|cond| matches!(cond, Self::About { .. }))
    }

    /// Whether the main date takes part.
    pub(crate) fn tests_date(&self) -> bool {
        match self {
            Self::Date(_) => true,
            Self::And(all) | Self::Or(all) => all.iter().any(Self::tests_date),
            Self::Not(inner) => inner.tests_date(),
            _ => false,
        }
    }
}

impl RangeTest {
    /// The test as SQL over a column pair; `lo` and `hi` are their names, `asked` the placeholders of
    /// the range asked for.
    pub(crate) fn sql(self, lo: &str, hi: &str, (a, b): (&str, &str)) -> String {
        match self.comparator {
            Comparator::Eq => format!("({hi} >= {a} and {lo} >= {a} and {hi} <= {b})"),
            Comparator::Ne => format!("({lo} < {a} or {hi} > {b})"),
            Comparator::Gt => format!("({hi} > {b})"),
            Comparator::Lt => format!("({lo} < {a})"),
            Comparator::Ge => format!("({hi} >= {a} and ({hi} > {b} or {lo} >= {a}))"),
            Comparator::Le => format!("({lo} <= {b} and ({lo} < {a} or {hi} <= {b}))"),
            Comparator::Sa => format!("({hi} > {b} and {lo} > {b})"),
            Comparator::Eb => format!("({hi} < {a})"),
            Comparator::Ap | Comparator::Overlaps => format!("({hi} >= {a} and {lo} <= {b})"),
        }
    }

    /// The weakest condition on the hull of several ranges of which one passes the test.
    pub(crate) fn hull_sql(self, lo: &str, hi: &str, (a, b): (&str, &str)) -> String {
        match self.comparator {
            Comparator::Eq | Comparator::Ap | Comparator::Overlaps => {
                format!("({hi} >= {a} and {lo} <= {b})")
            }
            Comparator::Ne => format!("({lo} < {a} or {hi} > {b})"),
            Comparator::Gt | Comparator::Sa => format!("({hi} > {b})"),
            Comparator::Lt | Comparator::Eb => format!("({lo} < {a})"),
            Comparator::Ge => format!("({hi} >= {a})"),
            Comparator::Le => format!("({lo} <= {b})"),
        }
    }

    /// Bounds that a range asked for keeps clear of the mark for no date.
    pub(crate) fn clear_of_mark(mut self) -> Self {
        self.lo = self.lo.max(NO_DATE + 1);
        self.hi = self.hi.max(NO_DATE + 1);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_must_all_be_there_are_asked_for_at_once() {
        let both = Compiled::and([
            Compiled::exact(Cond::All(vec![2])),
            Compiled::necessary(Cond::All(vec![1, 2])),
        ]);
        assert_eq!(both, Compiled::necessary(Cond::All(vec![1, 2])));
    }

    #[test]
    fn alternatives_of_single_keys_are_one_overlap() {
        let either = Compiled::or([
            Compiled::exact(Cond::All(vec![1])),
            Compiled::exact(Cond::Any(vec![2, 3])),
            Compiled::exact(Cond::False),
        ]);
        assert_eq!(either, Compiled::exact(Cond::Any(vec![1, 2, 3])));
        assert_eq!(Compiled::or([]), Compiled::exact(Cond::False));
        let patients = Compiled::or([
            Compiled::exact(Cond::Patients(vec![1])),
            Compiled::exact(Cond::Patients(vec![2])),
        ]);
        assert_eq!(patients, Compiled::exact(Cond::Patients(vec![1, 2])));
    }

    #[test]
    fn the_opposite_of_a_guess_is_unknown() {
        assert_eq!(
            Compiled::necessary(Cond::All(vec![1])).not(),
            Compiled::unknown()
        );
        assert_eq!(
            Compiled::exact(Cond::All(vec![1])).not().cond,
            Cond::Not(Box::new(Cond::All(vec![1])))
        );
    }

    #[test]
    fn what_can_never_be_ends_a_conjunction() {
        let all = [Compiled::unknown(), Compiled::exact(Cond::False)];
        assert_eq!(Compiled::and(all), Compiled::exact(Cond::False));
    }
}
