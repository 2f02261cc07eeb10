//! The promise itself: what was acknowledged is stored, once and in order, whatever is killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mt_mllp::journal::messages;
use mt_mllp::{Backoff, Client, ClientConfig};

use crate::receiving::message;

const CONNECTIONS: usize = 10;
const MESSAGES: usize = 5000;
const KILLS: usize = 10;

struct Receiver(Child);

impl Receiver {
    fn start(folder: &Path, address: &str) -> (Self, SocketAddr) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mllp-test-receiver"))
            .arg(folder)
            .arg(address)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .expect("the receiver starts");
        (Self(child), address.parse().unwrap())
    }

    /// SIGKILL: nothing is flushed, closed or said.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_messages_survive_ten_kills() {
    let folder = tempfile::tempdir().unwrap();
    let (mut receiver, address) = Receiver::start(folder.path(), "127.0.0.1:0");
    let delivered = Arc::new(AtomicUsize::new(0));
    let mut senders = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let delivered = Arc::clone(&delivered);
        senders.spawn(send_all(connection, address, delivered));
    }
    for kill in 1..=KILLS {
        let target = kill * MESSAGES / (KILLS + 1);
        while delivered.load(Ordering::SeqCst) < target {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        receiver.kill();
        (receiver, _) = Receiver::start(folder.path(), &address.to_string());
    }
    let attempts: u32 = senders.join_all().await.into_iter().sum();
    receiver.kill();
    println!("{MESSAGES} messages in {attempts} attempts, {KILLS} kills");

    let mut next = [0; CONNECTIONS];
    let mut stored = 0;
    for entry in messages(folder.path()).unwrap() {
        let id = entry.unwrap().received.key.control_id;
        let id = std::str::from_utf8(&id).unwrap();
        let (connection, number) = id.split_once('-').unwrap();
        let connection: usize = connection.parse().unwrap();
        assert_eq!(
            number.parse(),
            Ok(next[connection]),
            "order on connection {connection}"
        );
        next[connection] += 1;
        stored += 1;
    }
    assert_eq!(stored, MESSAGES);
    assert_eq!(next, [MESSAGES / CONNECTIONS; CONNECTIONS]);
}

/// Sends one connection's messages; the client sends again what was not acknowledged.
async fn send_all(connection: usize, address: SocketAddr, delivered: Arc<AtomicUsize>) -> u32 {
    let client = Client::start(ClientConfig {
        depth: 4,
        backoff: Backoff {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(50),
        },
        ..ClientConfig::new(address.to_string())
    });
    let mut pending = Vec::new();
    for number in 0..MESSAGES / CONNECTIONS {
        pending.push(
            client
                .submit(message(&format!("{connection}-{number}")))
                .await
                .unwrap(),
        );
    }
    let mut attempts = 0;
    for answer in pending {
        attempts += answer.await.unwrap().attempts;
        delivered.fetch_add(1, Ordering::SeqCst);
    }
    attempts
}
