//! Test support: a database per test, builders, fixed clock.
