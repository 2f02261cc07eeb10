//! Tests of the trail against a real PostgreSQL.

mod fixture;
mod tampering;
