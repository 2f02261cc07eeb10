#![doc = include_str!("../README.md")]

mod bus;
pub mod catalogue;
mod consumer;
mod error;
mod event;
mod operate;
mod relay;

use mt_database::{Migration, Migrations};

pub use bus::{
    Delivery, EventBus, EventFeed, Group, GroupStatus, LogBus, Outgoing, Place, Spot, Subscription,
};
pub use consumer::{
    Consumer, ConsumerOptions, DeadLetter, DeadLetterState, DeadLetters, HandlerError, Runtime,
    Transaction,
};
pub use error::{EventError, Result};
pub use event::{Event, Keys, SealedEvent};
pub use operate::{LetterCount, Operations, Past, RelayStatus, Replayed};
pub use relay::{Relay, RelayOptions, Relayed};

/// Tables of the relay, the embedded log and its consumers; they come after those of the record store.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "events",
    files: &[
        Migration::new(1, "events", include_str!("../migrations/0001_events.sql")),
        Migration::new(2, "heads", include_str!("../migrations/0002_heads.sql")),
        Migration::new(3, "looks", include_str!("../migrations/0003_looks.sql")),
        Migration::new(4, "days", include_str!("../migrations/0004_days.sql")),
        Migration::new(
            5,
            "lazy_relay",
            include_str!("../migrations/0005_lazy_relay.sql"),
        ),
    ],
};
