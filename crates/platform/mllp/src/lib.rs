#![doc = include_str!("../README.md")]

mod client;
pub mod journal;
mod server;
mod store;
mod stream;
pub mod tls;

pub use client::{
    Backoff, Client, ClientConfig, ClientTls, Delivery, ErrorPolicy, Pending, SendError,
};
pub use journal::JournalStore;
pub use server::{Acceptance, BindError, Limits, Profile, Route, Server};
pub use store::{Digest, MessageKey, MessageStore, Peer, Received, Stored, Unavailable};
