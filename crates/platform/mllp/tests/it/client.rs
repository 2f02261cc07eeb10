//! The client: delivery in order whatever the destination does.

use std::time::Duration;

use bytes::Bytes;
use mt_hl7v2::ack::AckCode;
use mt_hl7v2::mllp::{Event, FrameDecoder, FrameProfile, frame};
use mt_mllp::{Backoff, Client, ClientConfig, ErrorPolicy, Profile, SendError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::receiving::{message, running, with_modes};

fn config(address: impl ToString) -> ClientConfig {
    ClientConfig {
        backoff: Backoff {
            first: Duration::from_millis(10),
            longest: Duration::from_millis(50),
        },
        answer: Duration::from_millis(400),
        ..ClientConfig::new(address.to_string())
    }
}

/// A destination that does what a script says: per message, what to answer.
struct Scripted {
    listener: TcpListener,
    stream: Option<(TcpStream, FrameDecoder)>,
}

impl Scripted {
    async fn bind() -> (Self, ClientConfig) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = config(listener.local_addr().unwrap());
        (
            Self {
                listener,
                stream: None,
            },
            config,
        )
    }

    /// The control id of the next message, on a new connection when the last one was dropped.
    async fn receive(&mut self) -> String {
        loop {
            if self.stream.is_none() {
                let (stream, _) = self.listener.accept().await.unwrap();
                self.stream = Some((stream, FrameDecoder::new(FrameProfile::default())));
            }
            let (stream, decoder) = self.stream.as_mut().unwrap();
            let mut byte = [0];
            if stream.read(&mut byte).await.unwrap_or(0) == 0 {
                self.stream = None;
                continue;
            }
            if let Some(Event::Message(bytes)) = decoder.advance(&mut &byte[..]) {
                let text = String::from_utf8(bytes).unwrap();
                return text.split('|').nth(9).unwrap().to_owned();
            }
        }
    }

    async fn answer(&mut self, code: &str, id: &str) {
        let ack = format!("MSH|^~\\&|||||2026||ACK|x|P|2.5\rMSA|{code}|{id}\r");
        let (stream, _) = self.stream.as_mut().unwrap();
        stream.write_all(&frame(ack.as_bytes())).await.unwrap();
    }

    fn hang_up(&mut self) {
        self.stream = None;
    }
}

#[tokio::test]
async fn messages_are_delivered_over_one_connection_in_order() {
    let mut profile = Profile::new("lab");
    profile.limits.connections = 1;
    let server = running(profile).await;
    for depth in [1, 8] {
        let client = Client::start(ClientConfig {
            depth,
            ..config(server.address)
        });
        let mut pending = Vec::new();
        for number in 0..100 {
            let id = format!("{depth}-{number}");
            pending.push(client.submit(message(&id)).await.unwrap());
        }
        for answer in pending {
            let delivery = answer.await.unwrap();
            assert_eq!(
                (delivery.code, delivery.attempts),
                (Some(AckCode::ApplicationAccept), 1)
            );
        }
        drop(client);
        // The next client gets the only place once this one has closed.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ids: Vec<String> = [1, 8]
        .iter()
        .flat_map(|depth| (0..100).map(move |number| format!("{depth}-{number}")))
        .collect();
    assert_eq!(server.store.control_ids(), ids);
}

#[tokio::test]
async fn a_lost_connection_or_answer_means_the_same_message_again() {
    let (mut destination, config) = Scripted::bind().await;
    let client = Client::start(config);
    let first = client.submit(message("1")).await.unwrap();
    let second = client.submit(message("2")).await.unwrap();
    assert_eq!(destination.receive().await, "1");
    destination.hang_up();
    assert_eq!(destination.receive().await, "1");
    // No answer: after its time the connection is made anew.
    assert_eq!(destination.receive().await, "1");
    destination.answer("AA", "1").await;
    assert_eq!(first.await.unwrap().attempts, 3);
    assert_eq!(destination.receive().await, "2");
    destination.answer("AA", "another").await;
    destination.answer("CA", "2").await;
    let delivery = second.await.unwrap();
    assert_eq!(
        (delivery.code, delivery.attempts),
        (Some(AckCode::CommitAccept), 1)
    );
}

#[tokio::test]
async fn a_rejected_message_is_sent_again_before_the_next_one() {
    let (mut destination, config) = Scripted::bind().await;
    let client = Client::start(config);
    let first = client.submit(message("1")).await.unwrap();
    let second = client.submit(message("2")).await.unwrap();
    for code in ["AR", "CR", "AA"] {
        assert_eq!(destination.receive().await, "1");
        destination.answer(code, "1").await;
    }
    assert_eq!(first.await.unwrap().attempts, 3);
    assert_eq!(destination.receive().await, "2");
    destination.answer("AA", "2").await;
    second.await.unwrap();
}

#[tokio::test]
async fn a_message_in_error_is_parked_and_halts_what_follows_until_resumed() {
    let (mut destination, config) = Scripted::bind().await;
    let client = Client::start(config);
    let first = client.submit(message("1")).await.unwrap();
    let second = client.submit(message("2")).await.unwrap();
    assert_eq!(destination.receive().await, "1");
    destination.answer("AE", "1").await;
    let Err(SendError::Parked { code, ack }) = first.await else {
        panic!("not parked")
    };
    assert_eq!(code, AckCode::ApplicationError);
    assert!(ack.ends_with(b"MSA|AE|1\r"));
    assert_eq!(second.await, Err(SendError::Halted));
    assert!(client.is_halted());
    assert_eq!(client.send(message("3")).await, Err(SendError::Halted));
    client.resume();
    let third = client.submit(message("3")).await.unwrap();
    assert_eq!(destination.receive().await, "3");
    destination.answer("AA", "3").await;
    third.await.unwrap();
}

#[tokio::test]
async fn by_policy_the_next_message_follows_one_in_error() {
    let (mut destination, config) = Scripted::bind().await;
    let client = Client::start(ClientConfig {
        on_error: ErrorPolicy::Continue,
        ..config
    });
    let first = client.submit(message("1")).await.unwrap();
    let second = client.submit(message("2")).await.unwrap();
    assert_eq!(destination.receive().await, "1");
    destination.answer("CE", "1").await;
    assert!(matches!(
        first.await,
        Err(SendError::Parked {
            code: AckCode::CommitError,
            ..
        })
    ));
    assert_eq!(destination.receive().await, "2");
    destination.answer("AA", "2").await;
    second.await.unwrap();
    assert!(!client.is_halted());
}

#[tokio::test]
async fn attempts_are_limited_when_a_limit_is_set() {
    let (mut destination, config) = Scripted::bind().await;
    let client = Client::start(ClientConfig {
        attempts: Some(2),
        ..config.clone()
    });
    let pending = client.submit(message("1")).await.unwrap();
    for _ in 0..2 {
        assert_eq!(destination.receive().await, "1");
        destination.answer("AR", "1").await;
    }
    let Err(SendError::GivenUp {
        attempts: 2,
        ack: Some(_),
    }) = pending.await
    else {
        panic!("not given up");
    };
    drop(destination);
    let unreachable = Client::start(ClientConfig {
        attempts: Some(3),
        ..config
    });
    let outcome = unreachable.send(message("2")).await;
    assert_eq!(
        outcome,
        Err(SendError::GivenUp {
            attempts: 3,
            ack: None
        })
    );
}

#[tokio::test]
async fn pipelined_messages_are_all_sent_again_in_order_after_a_loss() {
    let (mut destination, config) = Scripted::bind().await;
    let client = Client::start(ClientConfig { depth: 3, ..config });
    let mut pending = Vec::new();
    for id in ["1", "2", "3", "4"] {
        pending.push(client.submit(message(id)).await.unwrap());
    }
    for id in ["1", "2", "3"] {
        assert_eq!(destination.receive().await, id);
    }
    destination.answer("AA", "1").await;
    assert_eq!(destination.receive().await, "4");
    destination.hang_up();
    for id in ["2", "3", "4"] {
        assert_eq!(destination.receive().await, id);
        destination.answer("AA", id).await;
    }
    let attempts: Vec<u32> = {
        let mut attempts = Vec::new();
        for answer in pending {
            attempts.push(answer.await.unwrap().attempts);
        }
        attempts
    };
    assert_eq!(attempts, [1, 2, 2, 2]);
}

#[tokio::test]
async fn a_message_that_asks_for_no_answer_is_delivered_when_it_is_written() {
    let server = running(Profile::new("lab")).await;
    let client = Client::start(config(server.address));
    let delivery = client.send(with_modes("1", "NE|NE")).await.unwrap();
    assert_eq!((delivery.code, delivery.ack), (None, Bytes::new()));
    client.send(message("2")).await.unwrap();
    assert_eq!(server.store.control_ids(), ["1", "2"]);
}

#[tokio::test]
async fn what_could_never_be_answered_is_not_sent() {
    let client = Client::start(config("127.0.0.1:1"));
    assert!(matches!(
        client.send("hello").await,
        Err(SendError::NotAMessage(_))
    ));
    let nameless = message("1").replace("|1|P|", "||P|");
    assert_eq!(client.send(nameless).await, Err(SendError::NoControlId));
}

#[tokio::test]
async fn an_answer_that_is_none_makes_the_connection_anew() {
    let (mut destination, config) = Scripted::bind().await;
    let client = Client::start(config);
    let pending = client.submit(message("1")).await.unwrap();
    assert_eq!(destination.receive().await, "1");
    let (stream, _) = destination.stream.as_mut().unwrap();
    stream.write_all(&frame(b"what?")).await.unwrap();
    assert_eq!(destination.receive().await, "1");
    destination.answer("AA", "1").await;
    assert_eq!(pending.await.unwrap().attempts, 2);
}
