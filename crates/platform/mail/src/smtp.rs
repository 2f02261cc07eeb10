//! The way out: an SMTP server of the operator.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use mt_kernel::Secret;

use crate::letter::{Letter, ListUnsubscribe, OneClick};

/// Protection of the connection to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS, refused when the server does not offer it.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// None: for a server on the same machine.
    None,
}

/// Why mail cannot leave.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The sender or the receiver is no address.
    #[error("a mail address is not valid")]
    Address,
    /// The letter cannot be written.
    #[error("the letter cannot be written")]
    Letter,
    /// The server does not take it. The driver's text may name the receiver and is not repeated.
    #[error("the mail server does not take the letter{}", .code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default())]
    Server {
        /// SMTP status, when the server answered.
        code: Option<String>,
    },
}

impl SmtpError {
    /// Whether trying again cannot help: the address is none, or the server answered with 5xx.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Address | Self::Letter => true,
            Self::Server { code } => code.as_ref().is_some_and(|code| code.starts_with('5')),
        }
    }

    /// Whether the server says that there is no such mailbox (RFC 5321 §4.2.3: 550, 551, 553).
    #[must_use]
    pub fn is_no_mailbox(&self) -> bool {
        let none = |code: &String| matches!(code.as_str(), "550" | "551" | "553");
        matches!(self, Self::Server { code: Some(code) } if none(code))
    }
}

/// A server that takes mail.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// The server at `host:port`; `from` is an address, perhaps with a name (`Clinic <no-reply@…>`).
    ///
    /// # Errors
    /// [`SmtpError`] when `from` or `host` is not valid.
    pub fn new(
        (host, port): (&str, u16),
        tls: Tls,
        login: Option<(String, Secret<String>)>,
        from: &str,
    ) -> Result<Self, SmtpError> {
        type Transport = AsyncSmtpTransport<Tokio1Executor>;
        let server = |_| SmtpError::Server { code: None };
        let builder = match tls {
            Tls::StartTls => Transport::starttls_relay(host).map_err(server)?,
            Tls::Implicit => Transport::relay(host).map_err(server)?,
            Tls::None => Transport::builder_dangerous(host),
        };
        let mut builder = builder
            .port(port)
            .timeout(Some(std::time::Duration::from_secs(20)));
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user, password.expose().clone()));
        }
        Ok(Self {
            transport: builder.build(),
            from: from.parse().map_err(|_| SmtpError::Address)?,
        })
    }

    /// Hands a letter to the server.
    ///
    /// # Errors
    /// [`SmtpError`]; nothing of it names the receiver.
    pub async fn send(&self, letter: &Letter) -> Result<(), SmtpError> {
        let sent = self.transport.send(self.message(letter)?).await;
        sent.map(drop).map_err(|error| SmtpError::Server {
            code: error.status().map(|code| code.to_string()),
        })
    }

    fn message(&self, letter: &Letter) -> Result<Message, SmtpError> {
        let to: Mailbox = letter.to.parse().map_err(|_| SmtpError::Address)?;
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&letter.subject)
            .header(ContentType::TEXT_PLAIN);
        if let Some(url) = &letter.unsubscribe {
            // What is put into a header as it stands must not end it.
            if !url.bytes().all(|b| b.is_ascii_graphic() && b != b'>') {
                return Err(SmtpError::Letter);
            }
            builder = builder
                .header(ListUnsubscribe(url.clone()))
                .header(OneClick);
        }
        let message = builder.body(letter.text.clone());
        message.map_err(|_| SmtpError::Letter)
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp() -> Smtp {
        let from = "Harbour <no-reply@harbour.example>";
        Smtp::new(("127.0.0.1", 25), Tls::None, None, from).unwrap()
    }

    fn letter(unsubscribe: Option<&str>) -> Letter {
        Letter {
            unsubscribe: unsubscribe.map(str::to_owned),
            ..Letter::new("ana@example.org".into(), "Hello".into(), "text".into())
        }
    }

    #[test]
    fn mail_that_can_be_stopped_says_how_in_its_head() {
        let url = format!("https://ehr.example.org/stop/{}", "a".repeat(200));
        let message = smtp().message(&letter(Some(&url))).unwrap().formatted();
        let text = String::from_utf8(message).unwrap();
        assert!(
            text.contains(&format!("List-Unsubscribe: <{url}>\r\n")),
            "{text}"
        );
        assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
        let message = smtp().message(&letter(None)).unwrap().formatted();
        assert!(
            !String::from_utf8(message)
                .unwrap()
                .contains("List-Unsubscribe")
        );
    }

    #[test]
    fn what_would_end_a_header_is_refused() {
        for bad in ["https://a\r\nBcc: x@y.z", "https://a>b", "https://ä"] {
            let refused = smtp().message(&letter(Some(bad)));
            assert!(matches!(refused, Err(SmtpError::Letter)), "{bad}");
        }
        let nobody = Letter::new("nobody".into(), "Hello".into(), "text".into());
        assert!(matches!(smtp().message(&nobody), Err(SmtpError::Address)));
    }

    #[test]
    fn a_refusal_says_whether_trying_again_may_help() {
        let server = |code: &str| SmtpError::Server {
            code: Some(code.to_owned()),
        };
        assert!(server("550").is_no_mailbox() && server("550").is_permanent());
        assert!(server("554").is_permanent() && !server("554").is_no_mailbox());
        assert!(!server("421").is_permanent());
        assert!(!SmtpError::Server { code: None }.is_permanent());
    }
}
