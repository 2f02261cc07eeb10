//! Pages that the server renders: sign-in, second factor, own security, and what they share.

mod layout;

pub use layout::Page;
