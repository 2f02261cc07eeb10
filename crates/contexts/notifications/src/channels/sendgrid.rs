//! Mail through SendGrid's v3 API.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use futures::future::BoxFuture;
use mt_kernel::Secret;
use mt_outbound::{Guard, Outgoing};
use serde_json::{Value, json};

use super::smtp::body;
use super::{meaning, misdirected, unanswered};
use crate::ports::{Address, Dispatch, Sent, Transport};

/// SendGrid.
#[derive(Clone, Debug)]
pub struct SendGrid {
    /// What may be called.
    pub guard: Guard,
    /// `https://api.sendgrid.com`, without a slash at its end.
    pub base: String,
    /// API key.
    pub key: Secret<String>,
    /// Mail address of the sender.
    pub from: String,
    /// Longest wait for an answer.
    pub patience: Duration,
}

impl SendGrid {
    async fn deliver(&self, dispatch: &Dispatch) -> Sent {
        let Address::Email { address } = &dispatch.address else {
            return misdirected();
        };
        let Ok(token) = HeaderValue::from_str(&format!("Bearer {}", self.key.expose())) else {
            return misdirected();
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, token);
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        let outgoing = Outgoing {
            method: Method::POST,
            url: format!("{}/v3/mail/send", self.base),
            headers,
            body: self.message(dispatch, address).to_string().into(),
            timeout: self.patience,
        };
        match self.guard.send(outgoing).await {
            Ok(answer) => meaning(&answer),
            Err(error) => unanswered(&error),
        }
    }

    /// The message: open words, no tracking, and ids by which receipts are known.
    fn message(&self, dispatch: &Dispatch, to: &str) -> Value {
        let mut message = json!({
            "personalizations": [{
                "to": [{"email": to}],
                "custom_args": {
                    "delivery": dispatch.delivery.to_string(),
                    "tenant": dispatch.tenant.0.to_string(),
                },
            }],
            "from": {"email": self.from},
            "subject": dispatch.subject.as_str(),
            "content": [{"type": "text/plain", "value": body(dispatch)}],
            "tracking_settings": {
                "click_tracking": {"enable": false, "enable_text": false},
                "open_tracking": {"enable": false},
            },
        });
        if let Some(link) = &dispatch.unsubscribe {
            message["headers"] = json!({
                "List-Unsubscribe": format!("<{link}>"),
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            });
        }
        message
    }
}

impl Transport for SendGrid {
    fn send<'a>(&'a self, dispatch: &'a Dispatch) -> BoxFuture<'a, Sent> {
        Box::pin(self.deliver(dispatch))
    }
}
