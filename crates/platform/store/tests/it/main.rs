//! The store against a real PostgreSQL.

mod conditional;
mod history;
mod search;
mod versions;
