//! Tests of the public surface.

mod query_parse;
mod query_print;
