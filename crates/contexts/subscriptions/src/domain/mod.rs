//! Pure rules: what a Subscription asks for, which changes it wants, and how it is told.

mod asked;
mod notify;
mod topics;

pub(crate) use asked::{Asked, Content, Hook, Trigger, by_socket};
pub(crate) use notify::{Focus, Kind, Occurred, Told, answer, bundle};
pub use topics::TOPICS;
