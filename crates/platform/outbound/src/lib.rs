#![doc = include_str!("../README.md")]

mod courier;
mod guard;
mod queue;
mod schedule;

use mt_database::{Migration, Migrations};

pub use courier::{Carried, Courier, Desk, Parcel};
pub use guard::{Answer, Forbidden, Guard, Outgoing, SendError};
pub use queue::{Load, NewParcel, Queue, QueueError, State, Status};
pub use schedule::Schedule;

/// The table of what is to be delivered.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "outbound",
    files: &[Migration::new(
        1,
        "outbound",
        include_str!("../migrations/0001_outbound.sql"),
    )],
};
