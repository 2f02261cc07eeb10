//! The rules of scheduling, as functions of their arguments.
//!
//! Nothing here reads a clock, a record or a database: what is decided can be tested by itself.

mod availability;
pub mod ics;
mod recurrence;
mod settings;
mod slots;
mod state;
mod visit;
mod waiting;
mod wall;

pub use availability::{Availability, Block, Day, Exception, ExceptionKind, Opening};
pub use recurrence::{Recurrence, RecurrenceError};
pub use settings::{Rules, Service, Settings, Video, Widget};
pub use slots::{Busy, Found, Search, free_at, slots};
pub use state::State;
pub use visit::{ActorKind, Visit, extension};
pub(crate) use visit::{items, reason, split, value};
pub use waiting::{Fit, Preference, Vacancy};
pub use wall::{WallTime, instant_of, zone};
