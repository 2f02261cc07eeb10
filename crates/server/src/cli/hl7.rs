//! `meditrack hl7 parse|ack|send|listen`: HL7 v2 at a desk, without a database.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use mt_hl7v2::Message;
use mt_hl7v2::ack::{AckCode, ErrorCode, Problem, Reply};
use mt_hl7v2::batch::BatchFile;
use mt_hl7v2::mllp::{Event, FrameDecoder, FrameProfile, START_BLOCK};
use mt_mllp::{Client, ClientConfig, JournalStore, Profile, SendError, Server};
use tokio_util::sync::CancellationToken;

use super::{Outcome, files, say};
use crate::serve::asked_to_stop;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Print every message of a file, field by field; exit code 1 when one cannot be read
    Parse {
        /// Messages, a batch file or MLLP frames; `-` for standard input
        file: PathBuf,
    },
    /// Print an acknowledgement of every message of a file
    Ack {
        /// Messages, a batch file or MLLP frames; `-` for standard input
        file: PathBuf,
        /// AA, AE, AR, CA, CE or CR
        #[arg(long, default_value = "AA")]
        code: AckCode,
    },
    /// Send every message of a file in order and print the answers
    Send {
        /// HOST:PORT
        to: String,
        /// Messages, a batch file or MLLP frames; `-` for standard input
        file: PathBuf,
        /// How often a message is sent that nobody takes
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
        attempts: u32,
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
        Args::Parse { file } => parse(&file),
        Args::Ack { file, code } => acknowledge(&file, code),
        Args::Send { to, file, attempts } => send(to, &file, attempts).await,
        Args::Listen { folder, listen } => receive(folder, listen).await,
    }
}

/// The messages of a file and what is odd about its envelopes.
struct Found {
    messages: Vec<Vec<u8>>,
    notes: Vec<String>,
}

/// Reads messages that stand one after another, in batches, or in frames as a wire carries them.
fn messages(file: &Path) -> anyhow::Result<Found> {
    let bytes = files::read(file)?;
    let found = if bytes.trim_ascii_start().first() == Some(&START_BLOCK) {
        framed(&bytes)
    } else if Message::parse(&bytes).is_ok() {
        Found {
            messages: vec![bytes],
            notes: Vec::new(),
        }
    } else {
        batched(&bytes)
    };
    if found.messages.is_empty() && found.notes.is_empty() {
        bail!("{} holds no message", files::name(file));
    }
    Ok(found)
}

fn batched(bytes: &[u8]) -> Found {
    match BatchFile::read(bytes) {
        Ok(file) => Found {
            messages: file.messages().map(|item| item.bytes.clone()).collect(),
            notes: file.notices.iter().map(ToString::to_string).collect(),
        },
        Err(error) => Found {
            messages: Vec::new(),
            notes: vec![error.to_string()],
        },
    }
}

fn framed(mut bytes: &[u8]) -> Found {
    let mut decoder = FrameDecoder::new(FrameProfile::default());
    let (mut messages, mut notes) = (Vec::new(), Vec::new());
    while let Some(event) = decoder.advance(&mut bytes) {
        match event {
            Event::Message(message) => messages.push(message),
            Event::Broken { fault, .. } => notes.push(fault.to_string()),
            Event::Commit(_) => {}
        }
    }
    if decoder.in_frame() {
        notes.push("the last frame has no end".to_owned());
    }
    if decoder.junk_bytes() > 0 {
        notes.push(format!("{} bytes outside of frames", decoder.junk_bytes()));
    }
    Found { messages, notes }
}

fn parse(file: &Path) -> Outcome {
    let found = messages(file)?;
    let mut good = true;
    for bytes in &found.messages {
        match Message::parse(bytes) {
            Ok(message) => say(message.outline()),
            Err(error) => {
                good = false;
                say(format_args!("error: {error}"));
            }
        }
    }
    for note in &found.notes {
        good = false;
        say(format_args!("error: {note}"));
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn acknowledge(file: &Path, code: AckCode) -> Outcome {
    let found = messages(file)?;
    if let (Some(note), []) = (found.notes.first(), &found.messages[..]) {
        bail!("{}: {note}", files::name(file));
    }
    let mut good = true;
    for bytes in &found.messages {
        let control_id = mt_crypto::random_token(12)?;
        let now = jiff::Timestamp::now()
            .strftime("%Y%m%d%H%M%S+0000")
            .to_string();
        let reply = Reply {
            code,
            control_id: &control_id,
            timestamp: now.parse().map_err(|error| anyhow!("the clock: {error}"))?,
            problems: &[],
        };
        let answer = match Message::parse(bytes) {
            Ok(message) => reply.to(&message),
            // Whatever was asked for: what cannot be read is never accepted.
            Err(_) => {
                good = false;
                Reply {
                    code: AckCode::ApplicationReject,
                    problems: &[Problem::new(ErrorCode::SegmentSequence)],
                    ..reply
                }
                .to_unreadable(bytes)
            }
        };
        say(String::from_utf8_lossy(&answer).replace('\r', "\n"));
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

async fn send(to: String, file: &Path, attempts: u32) -> Outcome {
    let found = messages(file)?;
    if let Some(note) = found.notes.first() {
        bail!("{}: {note}; nothing was sent", files::name(file));
    }
    let client = Client::start(ClientConfig {
        attempts: Some(attempts),
        ..ClientConfig::new(to)
    });
    for (number, message) in (1..).zip(found.messages) {
        match client.send(message).await {
            Ok(delivery) => {
                let code = delivery
                    .code
                    .map_or_else(|| "sent".to_owned(), |code| code.to_string());
                say(format_args!("{number}: {code}"));
            }
            Err(error) => {
                say(format_args!(
                    "{number}: {error}; nothing behind it was sent"
                ));
                if let SendError::Parked { ack, .. } = &error {
                    say(String::from_utf8_lossy(ack).replace('\r', "\n"));
                }
                return Ok(ExitCode::from(1));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn receive(folder: PathBuf, listen: SocketAddr) -> Outcome {
    let store = JournalStore::open(&folder)
        .with_context(|| format!("the journal in {} cannot be opened", folder.display()))?;
    let server = Server::bind(listen, Profile::new("desk"), None, store)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
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
