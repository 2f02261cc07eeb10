//! Who carries picture and sound: the two browsers themselves, or a company that the operator has a contract with.
//!
//! A provider is asked for a ticket when somebody takes a seat. Without the keys of the operator nobody is called.

mod hms;
mod own;
mod twilio;

pub use hms::Hms;
pub use own::{Own, Relay};
pub use twilio::Twilio;

use futures::future::BoxFuture;
use mt_kernel::{Fault, Instant};
use serde::Serialize;

use super::Side;

/// Somebody who takes a seat.
#[derive(Clone, Copy, Debug)]
pub struct Seating<'a> {
    /// Names the room: unguessable, and the same for both.
    pub room: &'a str,
    /// Names the person within the room; no name of a person.
    pub identity: &'a str,
    /// The side.
    pub side: Side,
    /// Now.
    pub now: Instant,
    /// Until when the ticket is good.
    pub expires: Instant,
}

/// A server that helps two browsers to find each other (WebRTC `RTCIceServer`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct IceServer {
    /// `stun:…`, `turn:…`, `turns:…`.
    pub urls: Vec<String>,
    /// Name to sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password to sign in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// What a browser needs to see and hear the other side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Media {
    /// `own`, `100ms` or `twilio`.
    pub provider: &'static str,
    /// For a connection of our own.
    pub ice_servers: Vec<IceServer>,
    /// The provider's name of the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The provider's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Carries picture and sound.
pub trait Provider: Send + Sync {
    /// `own`, `100ms` or `twilio`.
    fn name(&self) -> &'static str;

    /// What somebody who takes a seat needs.
    fn ticket<'a>(&'a self, seating: Seating<'a>) -> BoxFuture<'a, Result<Media, Fault>>;
}

/// A JSON Web Token under HS256 (RFC 7519), with `cty` where the provider asks for it.
fn signed(secret: &str, cty: Option<&str>, claims: &serde_json::Value) -> Result<String, Fault> {
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.cty = cty.map(str::to_owned);
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&header, claims, &key)
        .map_err(|_| Fault::new(mt_kernel::ErrorKind::Internal, "a token cannot be signed"))
}
