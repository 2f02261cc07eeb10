//! Tests of the public surface.

mod data;
mod extraction;
mod query_parse;
mod query_print;
