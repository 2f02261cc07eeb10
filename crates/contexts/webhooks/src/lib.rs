#![doc = include_str!("../README.md")]

pub mod api;
mod app;
mod courier;
mod domain;
mod error;
mod fanout;
pub mod inbound;
mod store;

use mt_database::{Migration, Migrations};

pub use app::{
    Changed, Created, Delivery, Endpoint, EndpointState, Health, Webhooks, WebhooksParts,
};
pub use courier::WebhookCourier;
pub use domain::{Secret, SecretError, Selection};
pub use error::{Result, WebhookError};
pub use fanout::Fanout;

/// Endpoints, and what arrived.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "webhooks",
    files: &[Migration::new(
        1,
        "webhooks",
        include_str!("../migrations/0001_webhooks.sql"),
    )],
};
