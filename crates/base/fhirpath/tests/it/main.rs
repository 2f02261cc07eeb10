//! The published suites, and what they leave out.

mod official;
mod shared;
mod xml;
