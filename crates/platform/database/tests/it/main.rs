//! Tests against a real PostgreSQL: cluster, isolation, transactions, migrations.
#![allow(clippy::unwrap_used, reason = "a test stops where its ground gives way")]

mod cluster;
mod fixture;
mod isolation;
mod migrations;
mod transactions;
