//! How parts of the product that are more than a line are put together, one file each.

pub(crate) mod addresses;
pub(crate) mod archive;
pub(crate) mod bus;
pub(crate) mod cache;
pub(crate) mod charting;
pub(crate) mod coordination;
pub(crate) mod deletion;
pub(crate) mod events;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod live;
pub(crate) mod notifications;
pub(crate) mod outbound;
pub(crate) mod patients;
pub(crate) mod privacy;
mod rounds;
pub(crate) mod scanner;
pub(crate) mod scheduling;
mod subscriptions;
pub(crate) mod telehealth;
mod ways;
