//! Tests of identity over a real database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod people;
