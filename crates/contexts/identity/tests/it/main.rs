//! The identity context as its callers meet it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod oauth;
mod people;
mod said;
