//! Mail through the operator's own server.

use futures::future::BoxFuture;
use mt_mail::{Letter, Smtp};

use crate::ports::{Address, Dispatch, Sent, Transport};

/// The operator's mail server.
#[derive(Clone, Debug)]
pub struct SmtpMail(Smtp);

impl SmtpMail {
    /// Mail through this server.
    #[must_use]
    pub const fn new(server: Smtp) -> Self {
        Self(server)
    }

    async fn deliver(&self, dispatch: &Dispatch) -> Sent {
        let Address::Email { address } = &dispatch.address else {
            return super::misdirected();
        };
        let letter = Letter {
            unsubscribe: dispatch.unsubscribe.clone(),
            ..Letter::new(
                address.clone(),
                dispatch.subject.as_str().to_owned(),
                body(dispatch),
            )
        };
        let error = match self.0.send(&letter).await {
            Ok(()) => return Sent::Taken(None),
            Err(error) => error,
        };
        let status = None;
        if error.is_no_mailbox() {
            let reason = "no-mailbox";
            Sent::Gone { reason, status }
        } else if error.is_permanent() {
            let reason = "refused";
            Sent::Never { reason, status }
        } else {
            Sent::Later {
                reason: "mail-server",
                status,
                wish: None,
            }
        }
    }
}

/// The text of a mail, with the link that stops its kind.
pub(super) fn body(dispatch: &Dispatch) -> String {
    let text = dispatch.text.as_str();
    match &dispatch.unsubscribe {
        None => format!("{text}\n"),
        Some(link) => format!("{text}\n\n-- \n{link}\n"),
    }
}

impl Transport for SmtpMail {
    fn send<'a>(&'a self, dispatch: &'a Dispatch) -> BoxFuture<'a, Sent> {
        Box::pin(self.deliver(dispatch))
    }
}
