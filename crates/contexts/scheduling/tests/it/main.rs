//! Scheduling against a real database.

mod booking;
mod hours;
mod racing;
mod rules;
mod strangers;
mod waiting;
mod world;
