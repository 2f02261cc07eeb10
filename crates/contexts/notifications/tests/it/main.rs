//! Notifications from what happens to who is told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod leaving;
mod outside;
mod own;
mod reminding;
mod telling;
mod vendors;
mod words;
mod world;
