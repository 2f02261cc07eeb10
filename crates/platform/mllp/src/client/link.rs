//! A connection to the destination, and what comes back on it.

use std::io;

use bytes::Bytes;
use mt_hl7v2::mllp::{Event, FrameDecoder, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::ClientConfig;
use crate::stream::Connection;

/// One connection.
pub(super) struct Link {
    stream: Connection,
    decoder: FrameDecoder,
    buffer: Vec<u8>,
    unread: std::ops::Range<usize>,
}

impl Link {
    /// Connects within the configured time.
    pub(super) async fn open(config: &ClientConfig) -> io::Result<Self> {
        let connected = tokio::time::timeout(config.connect, connect(config)).await;
        Ok(Self {
            stream: connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??,
            decoder: FrameDecoder::new(config.frame),
            buffer: vec![0; 16 * 1024],
            unread: 0..0,
        })
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(&frame(message)).await?;
        self.stream.flush().await
    }

    /// The next answer. May be dropped and called again without losing bytes.
    pub(super) async fn answer(&mut self) -> io::Result<Bytes> {
        loop {
            let mut rest = &self.buffer[self.unread.clone()];
            let event = self.decoder.advance(&mut rest);
            self.unread.start = self.unread.end - rest.len();
            match event {
                Some(Event::Message(answer)) => return Ok(Bytes::from(answer)),
                // A commit block says less than the answer that follows or the time-out does.
                Some(Event::Commit(_)) => continue,
                Some(Event::Broken { fault, .. }) => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, fault));
                }
                None => {}
            }
            let count = self.stream.read(&mut self.buffer).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.unread = 0..count;
        }
    }

    pub(super) async fn close(mut self) {
        let _ = self.stream.shutdown().await;
    }
}

async fn connect(config: &ClientConfig) -> io::Result<Connection> {
    let socket = TcpStream::connect(&config.address).await?;
    socket.set_nodelay(true)?;
    let Some(tls) = &config.tls else {
        return Ok(Box::new(socket));
    };
    let connector = TlsConnector::from(std::sync::Arc::clone(&tls.config));
    let stream = connector.connect(tls.name.clone(), socket).await?;
    Ok(Box::new(stream))
}
