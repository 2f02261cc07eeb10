//! Scheduling against a real database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod active;
mod booking;
mod clocks;
mod ending;
mod hours;
mod inperson;
mod outside;
mod racing;
mod rules;
mod strangers;
mod video;
mod waiting;
mod world;
