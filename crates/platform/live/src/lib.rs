#![doc = include_str!("../README.md")]

mod announcement;
mod client;
mod door;
mod fanout;
mod hub;
mod limits;
mod ports;
mod room;
mod rules;
mod socket_io;
mod vigil;
mod websocket;

pub use announcement::{Announcement, Subject};
pub use client::Credential;
pub use door::Door;
pub use fanout::follow;
pub use hub::{Hub, HubParts, Refusal};
pub use limits::HubLimits;
pub use ports::Records;
pub use room::Room;
pub use socket_io::{PATH as SOCKET_IO_PATH, router as socket_io};
pub use websocket::table;
