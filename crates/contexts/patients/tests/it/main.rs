//! The context over a store with a real database.

mod finding;
mod merging;
mod registering;
mod rules;
mod world;
