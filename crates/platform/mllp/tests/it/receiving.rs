//! A server under test and a raw socket towards it.

use std::net::SocketAddr;
use std::time::Duration;

use mt_hl7v2::mllp::{Event, FrameDecoder, FrameProfile, frame};
use mt_mllp::{Profile, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::memory::Memory;

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) store: Memory,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

pub(crate) async fn running(profile: Profile) -> Running {
    running_with(profile, None).await
}

pub(crate) async fn running_with(
    profile: Profile,
    tls: Option<std::sync::Arc<rustls::ServerConfig>>,
) -> Running {
    let store = Memory::default();
    let local = "127.0.0.1:0".parse().unwrap();
    let server = Server::bind(local, profile, tls, store.clone())
        .await
        .unwrap();
    let address = server.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(server.serve(shutdown.clone()));
    Running {
        address,
        store,
        shutdown,
        task,
    }
}

pub(crate) fn message(control_id: &str) -> String {
    with_modes(control_id, "")
}

pub(crate) fn with_modes(control_id: &str, modes: &str) -> String {
    format!(
        "MSH|^~\\&|LAB|MAIN|EHR|CLINIC|20260419101500+0000||ORU^R01^ORU_R01|{control_id}|P|2.5.1|||{modes}\r\
         PID|1||4711||Secret^Name\rOBX|1|NM|GLU||5.4||||||F\r"
    )
}

/// A sender that frames by hand.
pub(crate) struct Socket {
    stream: TcpStream,
    decoder: FrameDecoder,
    unread: Vec<u8>,
}

impl Socket {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            decoder: FrameDecoder::new(FrameProfile {
                release2: true,
                ..FrameProfile::default()
            }),
            unread: Vec::new(),
        }
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn send(&mut self, message: &str) {
        self.raw(&frame(message.as_bytes())).await;
    }

    /// Sends to a server that may have closed the connection already.
    pub(crate) async fn try_send(&mut self, message: &str) -> bool {
        let frame = frame(message.as_bytes());
        self.stream.write_all(&frame).await.is_ok()
    }

    pub(crate) async fn half_close(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// The next thing the server says; `None` when it closes the connection.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            let mut rest = &self.unread[..];
            let event = self.decoder.advance(&mut rest);
            let used = self.unread.len() - rest.len();
            self.unread.drain(..used);
            if event.is_some() {
                return event;
            }
            let mut buffer = [0; 4096];
            let read = self.stream.read(&mut buffer);
            let read = tokio::time::timeout(Duration::from_secs(20), read).await;
            match read.expect("the server neither answers nor closes") {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.unread.extend_from_slice(&buffer[..count]),
            }
        }
    }

    pub(crate) async fn answer(&mut self) -> Option<String> {
        match self.event().await? {
            Event::Message(answer) => Some(String::from_utf8(answer).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// The MSA segment of the next answer.
    pub(crate) async fn msa(&mut self) -> Option<String> {
        let answer = self.answer().await?;
        answer
            .split('\r')
            .find(|line| line.starts_with("MSA"))
            .map(str::to_owned)
    }
}
