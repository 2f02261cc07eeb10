#![doc = include_str!("../README.md")]

mod address;
mod clamd;

pub use address::{Address, AddressError};
pub use clamd::ClamAv;
