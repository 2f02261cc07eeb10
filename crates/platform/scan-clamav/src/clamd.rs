//! One file over one connection: `zINSTREAM`, the file in pieces, the verdict (clamd(8), "COMMANDS").

use std::io;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_kernel::{ErrorKind, Fault};
use mt_store::FileScanner;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::Address;

const CONNECT: Duration = Duration::from_secs(3);
/// A large archive takes a while; nobody waits longer for an upload.
const ANSWER: Duration = Duration::from_secs(60);
/// Bytes of a piece.
const PIECE: usize = 64 << 10;
/// A verdict is a line.
const LONGEST_ANSWER: u64 = 4 << 10;

/// ClamAV's daemon.
#[derive(Clone, Debug)]
pub struct ClamAv {
    address: Address,
}

/// What the daemon says about a file.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    /// The signature that was found.
    Found(String),
    TooLarge,
    /// It could not look.
    Failed,
}

impl ClamAv {
    /// The daemon at `address`; it is asked for the first time when there is a file.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self { address }
    }

    async fn ask(&self, file: &[u8]) -> io::Result<Verdict> {
        match &self.address {
            Address::Unix(path) => {
                converse(timeout(CONNECT, UnixStream::connect(path)).await??, file).await
            }
            Address::Tcp(place) => {
                converse(timeout(CONNECT, TcpStream::connect(place)).await??, file).await
            }
        }
    }
}

impl FileScanner for ClamAv {
    fn scan<'a>(&'a self, file: &'a [u8]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let verdict = match timeout(ANSWER, self.ask(file)).await {
                Ok(Ok(verdict)) => verdict,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the virus scanner does not answer");
                    Verdict::Failed
                }
                Err(_) => {
                    tracing::warn!("the virus scanner does not answer in time");
                    Verdict::Failed
                }
            };
            judged(&verdict)
        })
    }
}

fn judged(verdict: &Verdict) -> Result<(), Fault> {
    let (outcome, refusal) = match verdict {
        Verdict::Clean => ("clean", None),
        Verdict::Found(signature) => {
            tracing::warn!(%signature, "a file was refused: the virus scanner found something");
            let message = "the file was refused: the virus scanner found something harmful in it";
            ("found", Some(Fault::new(ErrorKind::Invalid, message)))
        }
        Verdict::TooLarge => {
            let message = "the file is larger than the virus scanner takes";
            ("too-large", Some(Fault::new(ErrorKind::TooLarge, message)))
        }
        Verdict::Failed => {
            let message = "files cannot be stored now: the virus scanner does not answer";
            ("failed", Some(Fault::new(ErrorKind::Unavailable, message)))
        }
    };
    metrics::counter!("files_scanned_total", "outcome" => outcome).increment(1);
    refusal.map_or(Ok(()), Err)
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, file: &[u8]) -> io::Result<Verdict> {
    let (reading, mut writing) = tokio::io::split(stream);
    // The daemon says that a file is too large, and hangs up, before it has read all of it.
    let sent = send(&mut writing, file).await;
    let mut answer = Vec::new();
    let heard = reading.take(LONGEST_ANSWER).read_to_end(&mut answer).await;
    if answer.is_empty() {
        sent?;
        heard?;
    }
    Ok(verdict(&String::from_utf8_lossy(&answer)))
}

async fn send(writing: &mut (impl AsyncWrite + Unpin), file: &[u8]) -> io::Result<()> {
    writing.write_all(b"zINSTREAM\0").await?;
    for piece in file.chunks(PIECE) {
        let length = u32::try_from(piece.len()).map_err(io::Error::other)?;
        writing.write_all(&length.to_be_bytes()).await?;
        writing.write_all(piece).await?;
    }
    writing.write_all(&[0; 4]).await?;
    writing.flush().await
}

fn verdict(answer: &str) -> Verdict {
    let answer = answer.trim_end_matches(['\0', '\n']);
    if answer.contains("size limit exceeded") {
        return Verdict::TooLarge;
    }
    let said = answer.strip_prefix("stream: ").unwrap_or_default();
    match (said, said.strip_suffix(" FOUND")) {
        ("OK", _) => Verdict::Clean,
        (_, Some(signature)) => Verdict::Found(signature.to_owned()),
        _ => {
            tracing::warn!("the virus scanner could not look at a file");
            Verdict::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_daemons_ok_is_clean() {
        for (answer, expected) in [
            ("stream: OK\0", Verdict::Clean),
            (
                "stream: Win.Test-1 FOUND\0",
                Verdict::Found("Win.Test-1".to_owned()),
            ),
            ("INSTREAM size limit exceeded. ERROR\0", Verdict::TooLarge),
            ("stream: Can't open file ERROR\0", Verdict::Failed),
            ("OK\0", Verdict::Failed),
            ("UNKNOWN COMMAND\0", Verdict::Failed),
            ("", Verdict::Failed),
        ] {
            assert_eq!(verdict(answer), expected, "{answer}");
        }
    }

    #[test]
    fn what_is_refused_names_neither_the_file_nor_what_was_found() {
        let fault = judged(&Verdict::Found("Win.Test-1".to_owned())).unwrap_err();
        assert_eq!(fault.kind, ErrorKind::Invalid);
        assert!(!format!("{fault:?}").contains("Win.Test"));
        assert_eq!(
            judged(&Verdict::Failed).unwrap_err().kind,
            ErrorKind::Unavailable
        );
        assert_eq!(
            judged(&Verdict::TooLarge).unwrap_err().kind,
            ErrorKind::TooLarge
        );
        assert!(judged(&Verdict::Clean).is_ok());
    }
}
