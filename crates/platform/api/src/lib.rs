#![doc = include_str!("../README.md")]

mod caller;
mod gate;
mod idempotency;
mod openapi;
mod paging;
mod permission;
mod routes;
mod version;

pub use caller::Caller;
pub use gate::{Gate, authenticate, insufficient};
pub use idempotency::Idempotency;
pub use paging::{Page, Paging, Position};
pub use permission::{Need, Permission};
pub use routes::{RoutePermission, Routes};
pub use version::{IfMatch, Version, Versioned};

pub use mt_http::Problem;
/// Collects handlers annotated with `#[utoipa::path]` for [`Routes::route`].
pub use utoipa_axum::routes;

use mt_database::{Migration, Migrations};

/// Where the routes are served.
pub const PREFIX: &str = "/api/v1";

/// Tables of this crate.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "api",
    files: &[Migration::new(
        1,
        "idempotency",
        include_str!("../migrations/0001_idempotency.sql"),
    )],
};
