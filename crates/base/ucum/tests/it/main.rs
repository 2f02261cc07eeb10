//! Parsing, conversion and the laws between them.

mod conversion;
mod laws;
mod validity;
