//! The context over a store with a real database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod cosigning;
mod drafting;
mod entering;
mod printing;
mod reviewing;
mod signing;
mod world;
