//! Orders that PostgreSQL keeps, and the place in them where a page begins.

use mt_search::Query;
use mt_search::query::{SortBy, SortKey};
use uuid::Uuid;

use super::sql::{Statement, Value};
use crate::index::{NO_DATE, Shape};

/// An order of the rows of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Order {
    /// Newest ids first.
    IdDescending = 1,
    /// Oldest ids first.
    IdAscending = 2,
    /// By the end of the main date, latest first, none last.
    DateDescending = 3,
    /// By the start of the main date, earliest first, none last.
    DateAscending = 4,
    /// Last changed first.
    UpdatedDescending = 5,
    /// Last changed last.
    UpdatedAscending = 6,
}

/// A place in an order: the key and the id of the row before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) order: Order,
    pub(crate) key: i64,
    pub(crate) id: Uuid,
}

impl Order {
    const ALL: [Self; 6] = [
        Self::IdDescending,
        Self::IdAscending,
        Self::DateDescending,
        Self::DateAscending,
        Self::UpdatedDescending,
        Self::UpdatedAscending,
    ];

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|order| *order as u8 == code)
    }

    /// The order that a query asks for on a type: `Ok(None)` when it asks for none, `Err` when only
    /// sorting in memory gives it.
    pub(crate) fn of(query: &Query, shape: &Shape) -> Result<Option<Self>, ()> {
        let [SortKey { by, descending }] = query.sort.as_slice() else {
            return if query.sort.is_empty() {
                Ok(None)
            } else {
                Err(())
            };
        };
        let pick = |down, up| Ok(Some(if *descending { down } else { up }));
        match by {
            SortBy::Id => pick(Self::IdDescending, Self::IdAscending),
            SortBy::LastUpdated => pick(Self::UpdatedDescending, Self::UpdatedAscending),
            SortBy::Param(param) => {
                let is_date = param.defs.iter().any(|def| Some(def.id) == shape.date);
                if is_date {
                    pick(Self::DateDescending, Self::DateAscending)
                } else {
                    Err(())
                }
            }
        }
    }

    /// `order by` over the alias `r`.
    pub(crate) const fn by(self) -> &'static str {
        match self {
            Self::IdDescending => " order by r.id desc",
            Self::IdAscending => " order by r.id",
            Self::DateDescending => " order by r.dhi desc, r.id desc",
            Self::DateAscending => " order by (r.dlo = '-9223372036854775808'::int8), r.dlo, r.id",
            Self::UpdatedDescending => " order by r.updated_at desc, r.id desc",
            Self::UpdatedAscending => " order by r.updated_at, r.id",
        }
    }

    /// The key of a row in this order.
    pub(crate) const fn key(self, dlo: i64, dhi: i64, updated_at: i64) -> i64 {
        match self {
            Self::IdDescending | Self::IdAscending => 0,
            Self::DateDescending => dhi,
            Self::DateAscending => dlo,
            Self::UpdatedDescending | Self::UpdatedAscending => updated_at,
        }
    }
}

impl Position {
    /// `and …` for the rows behind this place.
    pub(crate) fn behind(&self, statement: &mut Statement) -> String {
        let id = statement.value(Value::Uuid(self.id));
        let key = statement.value(Value::Int8(self.key));
        match self.order {
            Order::IdDescending => format!(" and r.id < {id}"),
            Order::IdAscending => format!(" and r.id > {id}"),
            Order::DateDescending => {
                format!(" and r.dhi <= {key} and (r.dhi < {key} or r.id < {id})")
            }
            Order::DateAscending if self.key == NO_DATE => {
                format!(" and r.dlo = {key} and r.id > {id}")
            }
            Order::DateAscending => {
                let none = statement.value(Value::Int8(NO_DATE));
                format!(" and (r.dlo = {none} or r.dlo > {key} or (r.dlo = {key} and r.id > {id}))")
            }
            Order::UpdatedDescending => {
                format!(" and r.updated_at <= {key} and (r.updated_at < {key} or r.id < {id})")
            }
            Order::UpdatedAscending => {
                format!(" and r.updated_at >= {key} and (r.updated_at > {key} or r.id > {id})")
            }
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; 25] {
        let mut bytes = [0; 25];
        bytes[0] = self.order as u8;
        bytes[1..9].copy_from_slice(&self.key.to_be_bytes());
        bytes[9..].copy_from_slice(self.id.as_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            order: Order::from_code(*bytes.first()?)?,
            key: i64::from_be_bytes(bytes.get(1..9)?.try_into().ok()?),
            id: Uuid::from_slice(bytes.get(9..)?).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_bytes() {
        for order in Order::ALL {
            let position = Position {
                order,
                key: -5,
                id: Uuid::from_u128(7),
            };
            assert_eq!(Position::from_bytes(&position.to_bytes()), Some(position));
        }
        assert_eq!(Position::from_bytes(&[9; 25]), None);
        assert_eq!(Position::from_bytes(&[]), None);
    }
}
