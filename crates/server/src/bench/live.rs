//! The realtime hub with a crowd: memory, and how soon everybody has heard of a write.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use futures::{SinkExt, StreamExt};
use mt_identity::OperatorToken;
use mt_kernel::TenantId;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::child::Process;
use super::row::{Row, median, percentile};
use super::{Bench, new_tenant};
use crate::assembly::Installation;

/// Clients at the same time, at most; every other one speaks Socket.IO.
const CLIENTS: usize = 5_000;
/// Clients of one user, and of one address: the hub has limits for both.
const PER_USER: usize = 20;
const PER_ADDRESS: usize = 250;
/// Clients that connect at once.
const CONNECTING: usize = 64;
/// Writes of a round; all clients hear of each.
const WRITES: usize = 5;
/// Memory of one client in the server.
const KIB: f64 = 100.0;
/// After this long, an announcement is lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// The event that is waited for.
const HEARD: &str = "patient.registered.v1";

/// Connects the crowd and lets it hear.
pub(super) async fn measure(bench: &Bench<'_>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let installation = bench.open().await?;
    let tenant = new_tenant(&installation, "live").await?;
    let tokens = tokens(&installation, tenant, clients(bench)).await?;
    let writer = super::token(&installation, tenant).await?;
    let server = bench.serve("live", None).await?;
    let before = server.resident();
    let begun = Instant::now();
    let mut crowd = Crowd::connect(&server, &tokens, clients(bench)).await?;
    let connected = begun.elapsed().as_secs_f64();
    let (mut p50, mut p99) = (Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds {
        let mut millis = Vec::new();
        for _ in 0..WRITES {
            let written = write(&server, &writer).await?;
            millis.extend(crowd.hear(written).await?);
        }
        p50.push(percentile(&mut millis, 50));
        p99.push(percentile(&mut millis, 99));
    }
    let after = server.resident();
    let count = crowd.count;
    drop(crowd);
    server.stop()?;
    installation.close().await;
    let each = after.saturating_sub(before) as f64 * 1024.0 / count as f64;
    rows.push(Row::bound(
        format!("memory of the server with {count} clients, half of them Socket.IO"),
        format!("{before} MiB before, {after} MiB with them: {each:.0} KiB each"),
        "≤ 100 KiB each",
        each <= KIB,
    ));
    rows.push(Row::free(
        "connecting them, with their rooms",
        format!("{connected:.1} s"),
    ));
    let (p50, p99) = (median(&mut p50), median(&mut p99));
    rows.push(Row::bound(
        format!("from commit to all of the {count} clients"),
        format!("p50 {p50:.0} ms, p99 {p99:.0} ms"),
        "p99 ≤ 1000 ms",
        p99 <= 1_000.0,
    ));
    Ok(())
}

fn clients(bench: &Bench<'_>) -> usize {
    usize::try_from(bench.plan.resources)
        .unwrap_or(CLIENTS)
        .min(CLIENTS)
}

/// A token for every user.
async fn tokens(
    installation: &Installation,
    tenant: TenantId,
    clients: usize,
) -> anyhow::Result<Vec<String>> {
    let mut tokens = Vec::new();
    for user in 0..clients.div_ceil(PER_USER) {
        let token = OperatorToken {
            user: format!("user-{user}"),
            roles: vec!["doctor".to_owned()],
            scope: "user/*.rs".to_owned(),
            patient: None,
            fhir_user: None,
            step_up: false,
            seconds: OperatorToken::LONGEST,
        };
        tokens.push(installation.identity.operator_token(tenant, &token).await?);
    }
    Ok(tokens)
}

/// Registers a patient; when that was acknowledged.
async fn write(server: &Process, token: &str) -> anyhow::Result<Instant> {
    let answer = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{}/fhir/R4/Patient", server.port))
        .bearer_auth(token)
        .header("content-type", "application/fhir+json")
        .body(r#"{"resourceType":"Patient","active":true}"#)
        .send()
        .await?;
    ensure!(
        answer.status().is_success(),
        "a patient is refused: {}",
        answer.status()
    );
    Ok(Instant::now())
}

/// Clients that are connected and in their room.
struct Crowd {
    count: usize,
    heard: mpsc::UnboundedReceiver<Instant>,
    lost: Arc<AtomicUsize>,
    _clients: JoinSet<()>,
}

impl Crowd {
    async fn connect(server: &Process, tokens: &[String], count: usize) -> anyhow::Result<Self> {
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port));
        let (hears, heard) = mpsc::unbounded_channel();
        let lost = Arc::new(AtomicUsize::new(0));
        let connecting = futures::stream::iter(0..count).map(|n| {
            let token = tokens.get(n / PER_USER).map(String::as_str);
            Client::enter(to, n, token.unwrap_or_default())
        });
        let mut connecting = connecting.buffer_unordered(CONNECTING);
        let mut clients = JoinSet::new();
        while let Some(client) = connecting.next().await {
            let client = client.context("a client is refused")?;
            clients.spawn(client.listen(hears.clone(), Arc::clone(&lost)));
        }
        Ok(Self {
            count,
            heard,
            lost,
            _clients: clients,
        })
    }

    /// Milliseconds after which each of the clients has heard.
    async fn hear(&mut self, written: Instant) -> anyhow::Result<Vec<f64>> {
        let mut millis = Vec::with_capacity(self.count);
        while millis.len() < self.count {
            let next = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
            let lost = self.lost.load(Ordering::Relaxed);
            ensure!(lost == 0, "{lost} clients were disconnected");
            let at = next.ok().flatten().with_context(|| {
                format!("only {} of {} clients have heard", millis.len(), self.count)
            })?;
            millis.push(at.saturating_duration_since(written).as_secs_f64() * 1e3);
        }
        Ok(millis)
    }
}

/// How a client speaks.
#[derive(Clone, Copy)]
enum Tongue {
    WebSocket,
    SocketIo,
}

struct Client {
    tongue: Tongue,
    stream: WebSocketStream<TcpStream>,
}

impl Client {
    /// Connects from one of several addresses of this machine, and enters the room of the organisation.
    async fn enter(to: SocketAddr, n: usize, token: &str) -> anyhow::Result<Self> {
        let from = Ipv4Addr::new(127, 0, 1, u8::try_from(n / PER_ADDRESS)? + 1);
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let connection = socket.connect(to).await?;
        let (tongue, path) = if n.is_multiple_of(2) {
            (Tongue::WebSocket, "api/v1/live")
        } else {
            (Tongue::SocketIo, "socket.io/?EIO=4&transport=websocket")
        };
        let mut request = format!("ws://{to}/{path}").into_client_request()?;
        if matches!(tongue, Tongue::WebSocket) {
            let bearer = format!("Bearer {token}").parse()?;
            request.headers_mut().insert("authorization", bearer);
        }
        let (stream, _) = client_async(request, connection).await?;
        let mut client = Self { tongue, stream };
        client.subscribe(token).await?;
        Ok(client)
    }

    async fn subscribe(&mut self, token: &str) -> anyhow::Result<()> {
        loop {
            let text = self.next().await?;
            let answer = match self.tongue {
                Tongue::WebSocket if text.contains(r#""type":"ready""#) => {
                    r#"{"type":"subscribe","room":"organisation","ref":1}"#.to_owned()
                }
                Tongue::WebSocket if text.contains(r#""type":"subscribed""#) => return Ok(()),
                Tongue::SocketIo if text.starts_with('0') => format!(r#"40{{"token":"{token}"}}"#),
                Tongue::SocketIo if text.starts_with(r#"42["ready""#) => {
                    r#"420["subscribe",{"room":"organisation"}]"#.to_owned()
                }
                Tongue::SocketIo if text.starts_with(r#"430[{"ok":true"#) => return Ok(()),
                _ if text.contains("refused") || text.contains(r#""ok":false"#) => bail!("{text}"),
                _ => continue,
            };
            self.stream.send(Message::text(answer)).await?;
        }
    }

    /// The next text; signs of life are answered.
    async fn next(&mut self) -> anyhow::Result<String> {
        loop {
            let message = self.stream.next().await.context("the connection ended")??;
            match message {
                // A ping of Engine.IO.
                Message::Text(text) if matches!(self.tongue, Tongue::SocketIo) && text == "2" => {
                    self.stream.send(Message::text("3")).await?;
                }
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Close(reason) => bail!("the connection was closed: {reason:?}"),
                _ => {}
            }
        }
    }

    async fn listen(mut self, hears: mpsc::UnboundedSender<Instant>, lost: Arc<AtomicUsize>) {
        while let Ok(text) = self.next().await {
            if text.contains(HEARD) && hears.send(Instant::now()).is_err() {
                return;
            }
        }
        lost.fetch_add(1, Ordering::Relaxed);
    }
}
