//! Twilio Video: an access token; the room comes into being when the first enters it.

use futures::FutureExt;
use futures::future::BoxFuture;
use mt_kernel::{Fault, Secret};
use serde_json::json;

use super::{Media, Provider, Seating, signed};

/// An account of Twilio.
#[derive(Clone, Debug)]
pub struct Twilio {
    /// `AC…`.
    pub account: String,
    /// `SK…`.
    pub key: String,
    /// The secret of the key.
    pub secret: Secret<String>,
}

impl Twilio {
    fn token(&self, seating: &Seating<'_>) -> Result<String, Fault> {
        let now = seating.now.unix_seconds();
        let claims = json!({
            "jti": format!("{}-{now}", self.key),
            "iss": self.key,
            "sub": self.account,
            "iat": now,
            "nbf": now,
            "exp": seating.expires.unix_seconds(),
            "grants": {"identity": seating.identity, "video": {"room": seating.room}}
        });
        signed(self.secret.expose(), Some("twilio-fpa;v=1"), &claims)
    }
}

impl Provider for Twilio {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn ticket<'a>(&'a self, seating: Seating<'a>) -> BoxFuture<'a, Result<Media, Fault>> {
        let media = self.token(&seating).map(|token| Media {
            provider: self.name(),
            room: Some(seating.room.to_owned()),
            token: Some(token),
            ..Media::default()
        });
        std::future::ready(media).boxed()
    }
}
