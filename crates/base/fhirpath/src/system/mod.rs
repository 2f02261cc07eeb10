//! The System types of FHIRPath: dates and times of partial precision, and quantities.
//!
//! Booleans, strings, integers and decimals are Rust's own; these are the ones with rules.

mod arithmetic;
mod boundary;
mod date;
mod date_time;
mod number;
mod quantity;
mod time;

pub use date::Date;
pub use date_time::DateTime;
pub use quantity::{CalendarUnit, Quantity, Unit};
pub use time::Time;

pub(crate) use boundary::{Boundary, MAX_DECIMAL_PLACES};
pub(crate) use number::{compare_rounded, round_to, significant_places};

use std::cmp::Ordering;

/// A closed range of nanoseconds that a value of partial precision may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) low: i128,
    pub(crate) high: i128,
}

impl Span {
    /// The order of two spans when it does not depend on where in each the value lies.
    pub(crate) fn compare_disjoint(self, other: Self) -> Option<Ordering> {
        if self.high < other.low {
            Some(Ordering::Less)
        } else if other.high < self.low {
            Some(Ordering::Greater)
        } else {
            None
        }
    }
}

/// Reads exactly `length` ASCII digits from the start of `text`.
fn take_digits(text: &str, length: usize) -> Option<(u32, &str)> {
    let digits = text.get(..length)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, &text[length..]))
}
