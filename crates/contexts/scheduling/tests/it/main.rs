//! Scheduling against a real database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod booking;
mod hours;
mod outside;
mod racing;
mod rules;
mod strangers;
mod video;
mod waiting;
mod world;
