//! Messages per second received and durably stored, and how long an answer takes.
//!
//! Sixteen raw connections first send as fast as answers come, then at half that rate.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement fails like a test and prints its result"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mt_hl7v2::mllp::frame;
use mt_mllp::{JournalStore, Profile, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const CONNECTIONS: u32 = 16;
const PER_CONNECTION: u32 = 1000;

fn main() {
    // Test runners start every bench once to see that it works.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = JournalStore::open(folder.path()).unwrap();
    let local = "127.0.0.1:0".parse().unwrap();
    let server = Server::bind(local, Profile::new("bench"), None, store)
        .await
        .unwrap();
    let address = server.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(server.serve(shutdown.clone()));
    let (rate, _) = round("full", address, Duration::ZERO).await;
    println!("MLLP, durable before the answer, {CONNECTIONS} connections");
    let line = |what: &str, figure: f64, unit: &str| println!("  {what:<40} {figure:>8.1} {unit}");
    line("full speed (at least 1500)", rate, "messages/s");
    let pause = Duration::from_secs_f64(f64::from(CONNECTIONS) / (rate / 2.0));
    let (rate, mut times) = round("half", address, pause).await;
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    line("half load", rate, "messages/s");
    line("answer, p50", at(50), "ms");
    line("answer, p99 (at most 50)", at(99), "ms");
    shutdown.cancel();
    serving.await.unwrap();
}

/// Sends from all connections, one message per `pause`; gives the rate and the times of answers.
async fn round(name: &'static str, address: SocketAddr, pause: Duration) -> (f64, Vec<Duration>) {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for connection in 0..CONNECTIONS {
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut times = Vec::new();
            let mut due = tokio::time::Instant::now() + pause * connection / CONNECTIONS;
            for number in 0..PER_CONNECTION {
                tokio::time::sleep_until(due).await;
                due += pause;
                let sent = Instant::now();
                let message = message(name, connection, number);
                stream.write_all(&frame(message.as_bytes())).await.unwrap();
                let mut buffer = [0; 1024];
                let mut seen = 0;
                while seen == 0 || buffer[seen - 1] != b'\r' || buffer[seen - 2] != 0x1c {
                    seen += stream.read(&mut buffer[seen..]).await.unwrap();
                }
                times.push(sent.elapsed());
            }
            times
        });
    }
    let times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let rate = f64::from(CONNECTIONS * PER_CONNECTION) / start.elapsed().as_secs_f64();
    (rate, times)
}

fn message(name: &str, connection: u32, number: u32) -> String {
    let observations: String = (1..=10)
        .map(|n| {
            format!("OBX|{n}|NM|718-7^Hemoglobin [Mass/volume] in Blood^LN||14.{n}|g/dL^^UCUM|13.5-17.5|N|||F|||20260419140000+0000\r")
        })
        .collect();
    format!(
        "MSH|^~\\&|LAB|MAIN|EHR|CLINIC|20260419143000+0000||ORU^R01^ORU_R01|{name}-{connection}-{number}|P|2.5.1\r\
         PID|1||4711^^^MAIN^MR||Doe^Jane||19750620|F\r\
         OBR|1|P-1|F-1|57021-8^CBC W Auto Differential panel - Blood^LN|||20260419140000+0000\r{observations}"
    )
}
