//! Events against a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod carrying;
mod catalogue;
mod consuming;
mod contract;
mod emitted;
mod feed;
mod fixture;
mod interleaving;
mod keys;
mod letters;
mod lost;
mod relaying;
mod sealing;
mod slow;
mod together;
