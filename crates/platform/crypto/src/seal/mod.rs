//! Sealed values: AES-256-GCM under a tenant's key of one purpose.
//!
//! [`seal_body`] compresses and seals a resource body; [`seal`] and [`seal_packed`] seal anything else. A sealed value
//! opens only in its place: what the place is (tenant, type, id, version, …) is associated data.

mod body;
mod codec;
mod value;

pub use body::{
    BodyAad, MAX_BODY, SealedBody, open_body, open_body_into, seal_body, sealed_body_header,
};
pub use value::{open, seal, seal_packed};

pub(crate) use codec::{MAX_DICTIONARY, deflate_plain, inflate_plain};
