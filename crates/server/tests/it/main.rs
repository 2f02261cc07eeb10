//! Tests of the whole: the walls between crates, the command, the doors.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod access;
mod bundles;
mod canary;
mod command;
mod contention;
mod hostile;
mod kill;
mod layers;
mod operations;
mod rest;
mod running;
mod search;
mod tenancy;
mod terminology;
