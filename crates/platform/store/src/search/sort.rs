//! Orders that no index keeps: all matches are opened and sorted, within a limit.

use std::cmp::Ordering;

use mt_fhir::Node;
use mt_kernel::ErrorKind;
use mt_search::normal::fold;
use mt_search::query::{SortBy, SortKey};
use mt_search::{IndexValue, ParamRegistry, Query, extract};

use super::compile::{Plan, Scope};
use super::rows::{Match, Wanted};
use crate::commit::parse_stored;
use crate::{Result, Store, StoreError};

/// A value to sort by; values of one key are of one kind.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum SortValue {
    Number(f64),
    Time(i64),
    Text(String),
}

impl Store {
    /// A page of all matches in the order of the query's sort keys. The state is how many matches
    /// come before the page.
    pub(crate) async fn sorted_page(
        &self,
        scope: Scope<'_>,
        plans: &[Plan],
        query: &Query,
        start: Option<Vec<u8>>,
        count: usize,
    ) -> Result<(Vec<Match>, Option<Vec<u8>>)> {
        let limit = self.limits().sorted;
        let mut all: Vec<(Vec<Option<SortValue>>, Match)> = Vec::new();
        for plan in plans {
            let wanted = Wanted {
                order: None,
                from: None,
                count: limit + 1 - all.len(),
            };
            for one in self.matches(scope, plan, wanted).await?.found {
                let doc = parse_stored(&one.stored.body)?;
                let values = query.sort.iter();
                let values = values
                    .map(|key| value(&scope.tenant.params, key, &one, doc.root()))
                    .collect();
                all.push((values, one));
            }
            if all.len() > limit {
                let message = "too many matches to sort by this parameter; add conditions or sort by \
                               _lastUpdated or the main date";
                return Err(StoreError::refused(ErrorKind::TooCostly, message));
            }
        }
        all.sort_by(|(a, one), (b, other)| {
            compare(&query.sort, a, b).then_with(|| one.id.cmp(&other.id))
        });
        let skip = start.map_or(Ok(0), |bytes| read_skip(&bytes))?;
        let next = skip + count;
        let state = (all.len() > next).then(|| (next as u64).to_be_bytes().to_vec());
        let page = all
            .into_iter()
            .skip(skip)
            .take(count)
            .map(|(_, one)| one)
            .collect();
        Ok((page, state))
    }
}

fn read_skip(bytes: &[u8]) -> Result<usize> {
    let word = bytes.try_into().map(u64::from_be_bytes).ok();
    word.and_then(|word| usize::try_from(word).ok())
        .ok_or_else(|| StoreError::refused(ErrorKind::Malformed, "the page cursor is not valid"))
}

/// The least value ascending, the greatest descending; none when there is no value.
fn value(
    params: &ParamRegistry,
    key: &SortKey,
    one: &Match,
    resource: Node<'_>,
) -> Option<SortValue> {
    let param = match &key.by {
        SortBy::Id => return Some(SortValue::Text(one.stored.id.to_string())),
        SortBy::LastUpdated => return Some(SortValue::Time(one.stored.last_updated.0)),
        SortBy::Param(param) => param,
    };
    let def = param.def_for(one.stored.resource_type)?;
    let extracted = extract(params, one.stored.resource_type, resource);
    let values = extracted
        .values(def.id)
        .filter_map(|value| sort_value(value, key.descending));
    let pick = |a: SortValue, b: SortValue| {
        let greater = b.partial_cmp(&a) == Some(Ordering::Greater);
        if greater == key.descending { b } else { a }
    };
    values.reduce(pick)
}

fn sort_value(value: &IndexValue<'_>, descending: bool) -> Option<SortValue> {
    let text = |text: &str| Some(SortValue::Text(fold(text).into_owned()));
    match value {
        IndexValue::Token {
            code: Some(code), ..
        } => text(code),
        IndexValue::Token {
            text: Some(display),
            ..
        } => text(display),
        IndexValue::String(string) => text(string),
        IndexValue::Uri(uri) => Some(SortValue::Text(uri.to_string())),
        IndexValue::Reference(reference) => {
            let local = reference
                .local
                .as_ref()
                .map(|(named, id)| format!("{named}/{id}"));
            local
                .or_else(|| reference.url.as_ref().map(ToString::to_string))
                .map(SortValue::Text)
        }
        IndexValue::Date(range) => Some(SortValue::Time(if descending {
            range.hi
        } else {
            range.lo
        })),
        IndexValue::Number(range) => Some(SortValue::Number(if descending {
            range.hi
        } else {
            range.lo
        })),
        IndexValue::Quantity(quantity) => {
            let range = quantity
                .canonical
                .as_ref()
                .map_or(quantity.range, |same| same.range);
            Some(SortValue::Number(if descending {
                range.hi
            } else {
                range.lo
            }))
        }
        _ => None,
    }
}

/// Resources without a value come last in either direction.
fn compare(keys: &[SortKey], a: &[Option<SortValue>], b: &[Option<SortValue>]) -> Ordering {
    for ((key, a), b) in keys.iter().zip(a).zip(b) {
        let order = match (a, b) {
            (Some(a), Some(b)) => {
                let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
                if key.descending {
                    order.reverse()
                } else {
                    order
                }
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_come_last_in_both_directions() {
        for descending in [false, true] {
            let keys = [SortKey {
                by: SortBy::Id,
                descending,
            }];
            let some = [Some(SortValue::Time(1))];
            assert_eq!(compare(&keys, &some, &[None]), Ordering::Less);
            assert_eq!(compare(&keys, &[None], &some), Ordering::Greater);
        }
    }

    #[test]
    fn later_keys_break_ties() {
        let keys = [
            SortKey {
                by: SortBy::Id,
                descending: false,
            },
            SortKey {
                by: SortBy::LastUpdated,
                descending: true,
            },
        ];
        let row = |second| [Some(SortValue::Number(1.0)), Some(SortValue::Time(second))];
        assert_eq!(compare(&keys, &row(2), &row(1)), Ordering::Less);
    }
}
