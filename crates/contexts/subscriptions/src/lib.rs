#![doc = include_str!("../README.md")]

mod consumer;
mod courier;
mod domain;
mod error;
mod policy;
mod service;
mod socket;
mod store;

use mt_database::{Migration, Migrations};

pub use consumer::Matcher;
pub use courier::SubscriptionCourier;
pub use domain::TOPICS;
pub use error::{Result, SubscriptionError};
pub use policy::SubscriptionPolicy;
pub use service::{Owner, Subscribers, Subscriptions, SubscriptionsParts};
pub use socket::{PATH as SOCKET_PATH, SocketLimits, Sockets, table as socket};

/// Subscriptions that are told, and what they were told.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "subscriptions",
    files: &[
        Migration::new(
            1,
            "subscriptions",
            include_str!("../migrations/0001_subscriptions.sql"),
        ),
        Migration::new(
            2,
            "progress",
            include_str!("../migrations/0002_progress.sql"),
        ),
    ],
};
