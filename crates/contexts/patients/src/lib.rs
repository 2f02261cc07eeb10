#![doc = include_str!("../README.md")]

pub mod domain;
mod policy;

pub use policy::register;
