//! The hub with its transports, over a real bus.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod clients;
mod delivery;
mod entry;
mod fixture;
mod plain;
