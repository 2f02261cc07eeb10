//! Coordination against a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod care;
mod preauth;
mod switch;
mod timeline;
