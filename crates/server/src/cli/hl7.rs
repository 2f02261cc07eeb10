//! `meditrack hl7 parse|ack|send|listen`: HL7 v2 at a desk, without a database.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use mt_hl7v2::Message;
use mt_hl7v2::ack::{AckCode, Reply};
use mt_hl7v2::batch::{ItemKind, split};
use mt_mllp::{Client, ClientConfig, JournalStore, Profile, Server};
use tokio_util::sync::CancellationToken;

use super::{Outcome, files, say};
use crate::serve::asked_to_stop;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Print every message of a file, field by field; exit code 1 when one cannot be read
    Parse {
        /// File of messages, `-` for standard input
        file: PathBuf,
    },
    /// Print an acknowledgement of a message
    Ack {
        /// File with one message, `-` for standard input
        file: PathBuf,
        /// AA, AE, AR, CA, CE or CR
        #[arg(long, default_value = "AA")]
        code: AckCode,
    },
    /// Send every message of a file in order and print the answers
    Send {
        /// HOST:PORT
        to: String,
        /// File of messages, `-` for standard input
        file: PathBuf,
    },
    /// Receive messages into a folder, durably, until Ctrl-C
    Listen {
        /// Folder of the journal
        folder: PathBuf,
        /// Address and port
        #[arg(long, default_value = "127.0.0.1:2575", value_name = "ADDR:PORT")]
        listen: SocketAddr,
    },
}

pub(super) async fn run(args: Args) -> Outcome {
    match args {
        Args::Parse { file } => parse(&files::read(&file)?),
        Args::Ack { file, code } => acknowledge(&files::read(&file)?, code),
        Args::Send { to, file } => send(to, &files::read(&file)?).await,
        Args::Listen { folder, listen } => receive(folder, listen).await,
    }
}

fn messages(bytes: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
    let items = split(bytes)?
        .into_iter()
        .filter(|item| item.kind == ItemKind::Message);
    Ok(items.map(|item| item.bytes).collect())
}

fn parse(bytes: &[u8]) -> Outcome {
    let mut good = true;
    for bytes in messages(bytes)? {
        match Message::parse(&bytes) {
            Ok(message) => {
                say(message.outline());
                message
                    .notices()
                    .iter()
                    .for_each(|notice| say(format_args!("note: {notice}")));
            }
            Err(error) => {
                good = false;
                say(format_args!("error: {error}"));
            }
        }
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn acknowledge(bytes: &[u8], code: AckCode) -> Outcome {
    let control_id = mt_crypto::random_token(12)?;
    let now = jiff::Timestamp::now()
        .strftime("%Y%m%d%H%M%S+0000")
        .to_string();
    let timestamp = now.parse().map_err(|error| anyhow!("the clock: {error}"))?;
    let reply = Reply {
        code,
        control_id: &control_id,
        timestamp,
        problems: &[],
    };
    let answer = match Message::parse(bytes) {
        Ok(message) => reply.to(&message),
        Err(_) => reply.to_unreadable(bytes),
    };
    say(String::from_utf8_lossy(&answer).replace('\r', "\n"));
    Ok(ExitCode::SUCCESS)
}

async fn send(to: String, bytes: &[u8]) -> Outcome {
    let client = Client::start(ClientConfig::new(to));
    let mut n = 0;
    for message in messages(bytes)? {
        match client.send(message).await {
            Ok(delivery) => {
                n += 1;
                let code = delivery
                    .code
                    .map_or_else(|| "sent".to_owned(), |code| code.to_string());
                say(format_args!("{n}: {code}"));
            }
            Err(error) => {
                say(format_args!(
                    "{}: {error}; nothing behind it was sent",
                    n + 1
                ));
                return Ok(ExitCode::from(1));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn receive(folder: PathBuf, listen: SocketAddr) -> Outcome {
    let store = JournalStore::open(&folder)
        .with_context(|| format!("the journal in {} cannot be opened", folder.display()))?;
    let server = Server::bind(listen, Profile::new("desk"), None, store).await?;
    say(format_args!(
        "listening on {}, writing to {}",
        server.local_addr()?,
        folder.display()
    ));
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(stop.clone()));
    asked_to_stop().await;
    stop.cancel();
    serving.await.context("the listener ended unexpectedly")?;
    Ok(ExitCode::SUCCESS)
}
