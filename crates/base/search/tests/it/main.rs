//! Tests of the public surface.

mod custom_params;
mod data;
mod extraction;
mod mutations;
mod query_parse;
mod query_print;
