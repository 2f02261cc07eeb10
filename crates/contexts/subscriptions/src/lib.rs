#![doc = include_str!("../README.md")]

mod consumer;
mod courier;
mod domain;
mod error;
mod policy;
mod service;
mod store;

use mt_database::{Migration, Migrations};

pub use consumer::Matcher;
pub use courier::SubscriptionCourier;
pub use domain::TOPICS;
pub use error::{Result, SubscriptionError};
pub use policy::SubscriptionPolicy;
pub use service::{Owner, Subscribers, Subscriptions, SubscriptionsParts};

/// Subscriptions that are told, and what they were told.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "subscriptions",
    files: &[Migration::new(
        1,
        "subscriptions",
        include_str!("../migrations/0001_subscriptions.sql"),
    )],
};
