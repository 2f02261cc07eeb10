//! Text messages through Twilio's API of 2010-04-01.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use mt_kernel::Secret;
use mt_outbound::{Answer, Guard, Outgoing};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::{meaning, misdirected, unanswered};
use crate::ports::{Address, Dispatch, Sent, Transport};
use crate::receipts::callback;

/// Who sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A number of the account.
    Number(String),
    /// A messaging service of the account.
    Service(String),
}

/// Twilio.
#[derive(Clone, Debug)]
pub struct Twilio {
    /// What may be called.
    pub guard: Guard,
    /// `https://api.twilio.com`, without a slash at its end.
    pub base: String,
    /// SID of the account.
    pub account: String,
    /// Auth token of the account: it signs us in, and what Twilio tells us is signed with it.
    pub token: Secret<String>,
    /// Who sends.
    pub sender: Sender,
    /// URL of this installation, at which Twilio says what became of a message.
    pub origin: String,
    /// Longest wait for an answer.
    pub patience: Duration,
}

/// What Twilio says of an error.
#[derive(Deserialize)]
struct Refusal {
    code: u32,
}

impl Twilio {
    async fn deliver(&self, dispatch: &Dispatch) -> Sent {
        let Address::Sms { number } = &dispatch.address else {
            return misdirected();
        };
        let login = STANDARD.encode(format!("{}:{}", self.account, self.token.expose()));
        let Ok(login) = HeaderValue::from_str(&format!("Basic {login}")) else {
            return misdirected();
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, login);
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        let (field, sender) = match &self.sender {
            Sender::Number(number) => ("From", number),
            Sender::Service(sid) => ("MessagingServiceSid", sid),
        };
        let told = callback(&self.origin, dispatch.tenant, dispatch.delivery);
        let body = Serializer::new(String::new())
            .append_pair("To", number)
            .append_pair(field, sender)
            .append_pair("Body", dispatch.text.as_str())
            .append_pair("StatusCallback", &told)
            .finish();
        let outgoing = Outgoing {
            method: Method::POST,
            url: format!(
                "{}/2010-04-01/Accounts/{}/Messages.json",
                self.base, self.account
            ),
            headers,
            body: body.into(),
            timeout: self.patience,
        };
        match self.guard.send(outgoing).await {
            Ok(answer) => verdict(&answer),
            Err(error) => unanswered(&error),
        }
    }
}

/// What Twilio's answer means: some codes speak of the number itself.
fn verdict(answer: &Answer) -> Sent {
    let refusal = serde_json::from_slice::<Refusal>(&answer.body).ok();
    let status = Some(answer.status);
    let gone = |reason| Sent::Gone { reason, status };
    match (answer.status, refusal.map(|refusal| refusal.code)) {
        // https://www.twilio.com/docs/api/errors
        (400..=499, Some(21_610)) => gone("stopped"),
        (400..=499, Some(21_211 | 21_614 | 21_217)) => gone("no-mobile"),
        _ => meaning(answer),
    }
}

impl Transport for Twilio {
    fn send<'a>(&'a self, dispatch: &'a Dispatch) -> BoxFuture<'a, Sent> {
        Box::pin(self.deliver(dispatch))
    }
}
