//! Questions to the built-in content, to a tenant's own resources and to loaded releases.

mod builtin;
mod laws;
mod releases;
mod required;
mod stored;
mod synthetic;
mod tenant;
mod translation;
