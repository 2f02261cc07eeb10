#![doc = include_str!("../README.md")]

mod letter;
mod smtp;

pub use letter::{Letter, is_address};
pub use smtp::{Smtp, SmtpError, Tls};
