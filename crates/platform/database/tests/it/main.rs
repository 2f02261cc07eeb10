//! Tests against a real PostgreSQL: cluster, isolation, transactions, migrations.
#![allow(
    clippy::unwrap_used,
    reason = "a test stops where its ground gives way"
)]

mod backups;
mod cluster;
mod crashes;
mod external;
mod fixture;
mod isolation;
mod migrations;
mod safety;
mod transactions;
