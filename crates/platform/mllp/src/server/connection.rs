//! One connection: bytes in, frames through the exchange one after the other, answers out.

use std::fmt;

use mt_hl7v2::mllp::{Event, FrameDecoder, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::exchange::{Answer, Exchange};
use crate::store::{MessageStore, Peer};
use crate::stream::Connection;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The other end has nothing more to send.
    Finished,
    /// The other end stopped in the middle of a frame.
    CutShort,
    /// Nothing came for too long.
    Idle,
    /// A frame took too long.
    SlowFrame,
    /// Too many bytes outside of frames.
    Junk,
    /// An answer was not taken, or reading failed.
    Broken,
    /// A message could not be stored and there was no way to say so.
    Unsayable,
    /// The server shuts down.
    Shutdown,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finished => "finished",
            Self::CutShort => "cut short inside a frame",
            Self::Idle => "idle for too long",
            Self::SlowFrame => "a frame took too long",
            Self::Junk => "too many bytes outside of frames",
            Self::Broken => "broken",
            Self::Unsayable => "a message could not be stored and no answer was asked for",
            Self::Shutdown => "shut down",
        })
    }
}

const READ_BYTES: usize = 16 * 1024;

/// Serves one connection to its end.
pub(super) async fn run<S: MessageStore>(
    mut stream: Connection,
    peer: Peer,
    exchange: &Exchange<S>,
    shutdown: &CancellationToken,
) -> Ending {
    let mut reader = Reader {
        decoder: FrameDecoder::new(exchange.profile.frame),
        buffer: vec![0; READ_BYTES],
        unread: 0..0,
        waiting_since: Instant::now(),
        frame_since: None,
    };
    let ending = loop {
        let event = match reader.next(&mut stream, exchange, shutdown).await {
            Ok(event) => event,
            Err(ending) => break ending,
        };
        let answer = match event {
            Event::Message(message) => exchange.message(message, peer).await,
            Event::Broken { fault, head } => exchange.broken(fault, &head),
            // A server sends no messages on this connection, so nothing can be committed to it.
            Event::Commit(_) => continue,
        };
        if let Err(ending) = write(&mut stream, answer, exchange).await {
            break ending;
        }
        reader.waiting_since = Instant::now();
    };
    let counted = reader.decoder.junk_bytes();
    metrics::counter!("mllp_junk_bytes_total").increment(counted);
    // Whoever closed only its sending half still reads what is left to say.
    let _ = timeout(exchange.profile.limits.write, stream.shutdown()).await;
    ending
}

async fn write<S: MessageStore>(
    stream: &mut Connection,
    answer: Answer,
    exchange: &Exchange<S>,
) -> Result<(), Ending> {
    let mut bytes = answer.commit.map_or_else(Vec::new, |block| block.to_vec());
    if let Some(message) = &answer.message {
        bytes.extend(frame(message));
    }
    let written = async {
        stream.write_all(&bytes).await?;
        stream.flush().await
    };
    match timeout(exchange.profile.limits.write, written).await {
        Ok(Ok(())) if answer.close => Err(Ending::Unsayable),
        Ok(Ok(())) => Ok(()),
        _ => Err(Ending::Broken),
    }
}

/// Finds frames in what arrives, within the limits of time and junk.
struct Reader {
    decoder: FrameDecoder,
    buffer: Vec<u8>,
    unread: std::ops::Range<usize>,
    /// Since when a frame is awaited.
    waiting_since: Instant,
    /// Since when a frame is under way.
    frame_since: Option<Instant>,
}

impl Reader {
    async fn next<S: MessageStore>(
        &mut self,
        stream: &mut Connection,
        exchange: &Exchange<S>,
        shutdown: &CancellationToken,
    ) -> Result<Event, Ending> {
        let limits = &exchange.profile.limits;
        loop {
            let mut rest = &self.buffer[self.unread.clone()];
            let event = self.decoder.advance(&mut rest);
            self.unread.start = self.unread.end - rest.len();
            if let Some(event) = event {
                let open = self.decoder.in_frame();
                self.frame_since = open.then(Instant::now);
                return Ok(event);
            }
            if self.decoder.junk_bytes() > limits.junk_bytes {
                return Err(Ending::Junk);
            }
            let open = self.decoder.in_frame();
            self.frame_since = self.frame_since.or(open.then(Instant::now));
            let (deadline, late) = match self.frame_since {
                Some(since) => (since + limits.frame, Ending::SlowFrame),
                None => (self.waiting_since + limits.idle, Ending::Idle),
            };
            let read = tokio::select! {
                biased;
                () = shutdown.cancelled(), if !open => return Err(Ending::Shutdown),
                read = timeout_at(deadline, stream.read(&mut self.buffer)) => read,
            };
            match read {
                Err(_) => return Err(late),
                Ok(Ok(0)) if open => return Err(Ending::CutShort),
                Ok(Ok(0)) => return Err(Ending::Finished),
                Ok(Ok(count)) => self.unread = 0..count,
                Ok(Err(_)) => return Err(Ending::Broken),
            }
        }
    }
}
