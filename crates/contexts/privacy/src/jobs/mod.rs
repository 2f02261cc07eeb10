//! Work in the background: the rules over the audit log, and what consents withhold.

mod finding;
pub(crate) mod lookup;
pub(crate) mod restrictions;
pub(crate) mod watch;
