//! A letter, and the headers by which mail of its kind is stopped.

use std::error::Error;

use lettre::message::header::{Header, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// A letter. It names no patient and carries no health information.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Mail address of the receiver.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// URL by which mail of this kind is stopped with one click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<String>,
}

impl Letter {
    /// A letter that nobody can stop: somebody asked for it.
    #[must_use]
    pub const fn new(to: String, subject: String, text: String) -> Self {
        Self {
            to,
            subject,
            text,
            unsubscribe: None,
        }
    }
}

/// Whether a text is a mail address.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

/// `List-Unsubscribe: <https://…>` (RFC 2369).
#[derive(Clone)]
pub(crate) struct ListUnsubscribe(pub(crate) String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        // Not folded: a URL has no blanks, and some readers do not unfold it.
        let text = format!("<{}>", self.0);
        HeaderValue::dangerous_new_pre_encoded(Self::name(), text.clone(), text)
    }
}

/// `List-Unsubscribe-Post: List-Unsubscribe=One-Click` (RFC 8058 §3.1).
#[derive(Clone)]
pub(crate) struct OneClick;

impl Header for OneClick {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}
