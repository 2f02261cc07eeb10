//! How parts of the product that are more than a line are put together, one file each.

pub(crate) mod events;
pub(crate) mod scheduling;
