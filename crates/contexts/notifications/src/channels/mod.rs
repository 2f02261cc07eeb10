//! The ways out: SMTP, SendGrid, Twilio, Firebase Cloud Messaging, push services of browsers.
//!
//! Vendors are called through the guard of `mt-outbound`, under base URLs that the operator may change. What they answer
//! is looked at for its meaning and not kept.

mod fcm;
mod sendgrid;
mod smtp;
mod twilio;
mod web_push;

use std::time::Duration;

use mt_outbound::{Answer, SendError};

pub use fcm::{Fcm, FcmAccount, FcmError};
pub use sendgrid::SendGrid;
pub use smtp::SmtpMail;
pub use twilio::{Sender, Twilio};
pub use web_push::{VapidKey, WebPush, WebPushError};

use crate::ports::Sent;

/// Longest wait for a vendor.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an answer means where the vendor says nothing more of it.
fn meaning(answer: &Answer) -> Sent {
    let status = Some(answer.status);
    let later = |reason| Sent::Later {
        reason,
        status,
        wish: answer.retry_after,
    };
    match answer.status {
        200..=299 => Sent::Taken(status),
        // The operator's to mend; a day is left for it.
        401 | 403 => later("credentials"),
        408 | 425 | 429 => later("throttled"),
        500..=599 => later("vendor-fails"),
        _ => Sent::Never {
            reason: "refused",
            status,
        },
    }
}

/// What it means that there is no answer.
fn unanswered(error: &SendError) -> Sent {
    let later = |reason| Sent::Later {
        reason,
        status: None,
        wish: None,
    };
    match error {
        SendError::Unreachable => later("unreachable"),
        SendError::Timeout => later("timeout"),
        SendError::Forbidden(_) => Sent::Never {
            reason: "forbidden-url",
            status: None,
        },
    }
}

/// An address came to a way that does not lead to it.
const fn misdirected() -> Sent {
    Sent::Never {
        reason: "misdirected",
        status: None,
    }
}
