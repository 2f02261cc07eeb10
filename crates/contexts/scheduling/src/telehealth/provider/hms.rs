//! 100ms: a room made by its server API, which is the same for the same name, and an app token for it.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use futures::FutureExt;
use futures::future::BoxFuture;
use mt_kernel::{ErrorKind, Fault, Secret};
use mt_outbound::{Guard, Outgoing};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Media, Provider, Seating, signed};
use crate::telehealth::Side;

/// Longest wait for the server API.
const PATIENCE: Duration = Duration::from_secs(10);

/// An account of 100ms.
#[derive(Clone, Debug)]
pub struct Hms {
    /// Where its server API is found, such as `https://api.100ms.live`.
    pub api: String,
    /// App access key.
    pub access_key: String,
    /// App secret.
    pub secret: Secret<String>,
    /// Id of the template whose roles `host` and `guest` are used.
    pub template: String,
    /// What makes the calls.
    pub guard: Guard,
}

impl Hms {
    fn token(&self, seating: &Seating<'_>, kind: &str, more: &Value) -> Result<String, Fault> {
        let now = seating.now.unix_seconds();
        let mut claims = json!({
            "access_key": self.access_key,
            "type": kind,
            "version": 2,
            "jti": Uuid::new_v4(),
            "iat": now,
            "nbf": now,
            "exp": seating.expires.unix_seconds(),
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        signed(self.secret.expose(), None, &claims)
    }

    /// The id of the room of this name.
    async fn room(&self, seating: &Seating<'_>) -> Result<String, Fault> {
        let silent = || Fault::new(ErrorKind::Unavailable, "the video provider does not answer");
        let token = self.token(seating, "management", &json!({}))?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| silent())?;
        let json_type = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([
            (header::AUTHORIZATION, bearer),
            (header::CONTENT_TYPE, json_type),
        ]);
        let body = json!({"name": seating.room, "template_id": self.template}).to_string();
        let sent = self.guard.send(Outgoing {
            method: Method::POST,
            url: format!("{}/v2/rooms", self.api),
            headers,
            body: Bytes::from(body),
            timeout: PATIENCE,
        });
        let answer = sent.await.map_err(|_| silent())?;
        if !(200..300).contains(&answer.status) {
            return Err(silent());
        }
        let read: Value = serde_json::from_slice(&answer.body).map_err(|_| silent())?;
        let id = read["id"].as_str().filter(|id| !id.is_empty());
        id.map(str::to_owned).ok_or_else(silent)
    }

    async fn media(&self, seating: Seating<'_>) -> Result<Media, Fault> {
        let room = self.room(&seating).await?;
        let role = match seating.side {
            Side::Clinician => "host",
            Side::Patient => "guest",
        };
        let more = json!({"room_id": room, "user_id": seating.identity, "role": role});
        Ok(Media {
            provider: self.name(),
            token: Some(self.token(&seating, "app", &more)?),
            room: Some(room),
            ..Media::default()
        })
    }
}

impl Provider for Hms {
    fn name(&self) -> &'static str {
        "100ms"
    }

    fn ticket<'a>(&'a self, seating: Seating<'a>) -> BoxFuture<'a, Result<Media, Fault>> {
        self.media(seating).boxed()
    }
}
