//! The store against a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod conditional;
mod history;
mod jobs;
mod merging;
mod oracle;
mod search;
mod shared;
mod storage;
mod versions;
mod withheld;
mod work;
