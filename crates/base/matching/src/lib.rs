#![doc = include_str!("../README.md")]

mod candidates;
mod dates;
mod names;
mod score;
mod traits;

pub use candidates::{alike, queries};
pub use dates::{agreement, misread};
pub use names::{ALIKE, best, name_similarity};
pub use score::{CERTAIN, Grade, POSSIBLE, PROBABLE, Reason, Score, score};
pub use traits::{Traits, digits};
