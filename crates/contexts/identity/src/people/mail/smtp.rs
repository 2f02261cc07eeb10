//! The way out: an SMTP server of the operator.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use mt_kernel::Secret;

use super::Letter;

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

    pub(super) async fn send(&self, letter: &Letter) -> Result<(), SmtpError> {
        let to: Mailbox = letter.to.parse().map_err(|_| SmtpError::Address)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&letter.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(letter.text.clone())
            .map_err(|_| SmtpError::Letter)?;
        let sent = self.transport.send(message).await;
        sent.map(drop).map_err(|error| SmtpError::Server {
            code: error.status().map(|code| code.to_string()),
        })
    }
}
