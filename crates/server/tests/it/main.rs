//! Tests of the whole: the walls between crates, the command, the doors.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on says where, one that is skipped says why"
)]

mod access;
mod broker;
mod bulk;
mod bundles;
mod canary;
mod care;
mod command;
mod contention;
mod demo;
mod deploy;
mod desk;
mod erasing;
mod events;
mod full;
mod health;
mod hostile;
mod invocations;
mod kill;
mod layers;
mod leaks;
mod ledger;
mod limits;
mod once;
mod operations;
mod params;
mod privacy;
mod rest;
mod restored;
mod running;
mod schema;
mod search;
mod standing;
mod telemetry;
mod telling;
mod tenancy;
mod terminology;
