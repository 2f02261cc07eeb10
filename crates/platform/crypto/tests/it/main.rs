//! The crate from outside: keyring on disk, the life of keys, sealed bodies.

#![allow(clippy::unwrap_used, reason = "a failed step of a test fails the test")]

mod bodies;
mod dictionaries;
mod fixture;
mod keyring;
mod lifecycle;
mod signatures;
mod values;
