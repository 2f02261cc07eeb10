#![doc = include_str!("../README.md")]

pub mod api;
mod app;
mod courier;
mod domain;
mod error;
mod fanout;
pub mod inbound;
mod store;
mod suppliers;

use mt_database::{Migration, Migrations};

pub use app::{
    Changed, Created, Delivery, Endpoint, EndpointState, Health, Webhooks, WebhooksParts,
};
pub use courier::WebhookCourier;
pub use domain::{Secret, SecretError, Selection, StockStatus};
pub use error::{Result, WebhookError};
pub use fanout::Fanout;
pub use suppliers::{NewSupplier, Stock, Supplier, SupplierCreated};

/// Endpoints, suppliers, and what arrived.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "webhooks",
    files: &[
        Migration::new(
            1,
            "webhooks",
            include_str!("../migrations/0001_webhooks.sql"),
        ),
        Migration::new(
            2,
            "suppliers",
            include_str!("../migrations/0002_suppliers.sql"),
        ),
    ],
};
