//! A private RabbitMQ node on free ports, in a directory that goes with it.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use lapin::{Connection, ConnectionProperties};
use mt_events::{EventBus, Group};
use mt_events_contract::{Rig, World};
use mt_events_rabbitmq::{RabbitBus, RabbitOptions};
use mt_kernel::Secret;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The script of the package that starts a node as whoever calls it.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Starts what is needed, and kills it when its input ends: also when the test itself is killed.
const KEEPER: &str = r#"
    setsid epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 >/dev/null 2>&1 & names=$!
    setsid "$0" >"$1/out" 2>&1 </dev/null & node=$!
    read -r how
    if [ "$how" = stop ]; then kill -TERM -"$node"; wait "$node"; fi
    kill -KILL -"$node" -"$names" 2>/dev/null
    wait
    [ -z "$2" ] || rm -rf "$1"
"#;

/// Whether the package is missing.
pub(crate) fn absent() -> Option<&'static str> {
    let there = Path::new(SERVER).exists();
    (!there).then_some("the package rabbitmq-server is not installed")
}

/// The node that most tests share.
pub(crate) struct Shared;

impl Shared {
    pub(crate) async fn broker() -> &'static Broker {
        static BROKER: OnceCell<Broker> = OnceCell::const_new();
        BROKER.get_or_init(|| Broker::start(true)).await
    }
}

impl Rig for Shared {
    fn absent(&self) -> Option<&'static str> {
        absent()
    }

    fn bus<'a>(&'a self, world: &'a World, groups: Vec<Group>) -> BoxFuture<'a, Arc<dyn EventBus>> {
        Box::pin(async move {
            let options = Self::broker().await.options();
            let bus = RabbitBus::new(&options, world.database.clone(), groups);
            Arc::new(bus.unwrap()) as Arc<dyn EventBus>
        })
    }
}

pub(crate) struct Broker {
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
    directory: TempDir,
    names_port: u16,
    distribution_port: u16,
    /// Nobody drops a node that all tests share: its keeper removes the directory.
    is_shared: bool,
    running: Option<Child>,
}

impl Broker {
    /// A node that answers.
    pub(crate) async fn start(is_shared: bool) -> Self {
        let mut broker = Self {
            port: free_port(),
            tls_port: free_port(),
            directory: TempDir::with_prefix("rabbitmq-").unwrap(),
            names_port: free_port(),
            distribution_port: free_port(),
            is_shared,
            running: None,
        };
        broker.configure();
        broker.resume().await;
        broker
    }

    fn configure(&self) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let at = |name: &str| self.directory.path().join(name);
        std::fs::write(at("cert.pem"), cert.pem()).unwrap();
        std::fs::write(at("key.pem"), signing_key.serialize_pem()).unwrap();
        std::fs::write(at("plugins"), "[].").unwrap();
        let lines = [
            format!("listeners.tcp.1 = 127.0.0.1:{}", self.port),
            format!("listeners.ssl.1 = 127.0.0.1:{}", self.tls_port),
            format!("ssl_options.certfile = {}", at("cert.pem").display()),
            format!("ssl_options.keyfile = {}", at("key.pem").display()),
            "ssl_options.versions.1 = tlsv1.2".to_owned(),
            "disk_free_limit.absolute = 10MB".to_owned(),
        ];
        std::fs::write(at("rabbitmq.conf"), lines.join("\n")).unwrap();
    }

    /// Where the certificate lies.
    pub(crate) fn certificate(&self) -> std::path::PathBuf {
        self.directory.path().join("cert.pem")
    }

    /// Options with names of their own.
    pub(crate) fn options(&self) -> RabbitOptions {
        RabbitOptions {
            url: Secret::new(self.url()),
            prefix: format!("test-{}", Uuid::now_v7().simple()),
            delivery_limit: RabbitOptions::DELIVERY_LIMIT,
            ca_file: None,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// A connection beside the bus.
    pub(crate) async fn connect(&self) -> lapin::Result<Connection> {
        Connection::connect(&self.url(), ConnectionProperties::default()).await
    }

    /// Stops the node; what it holds stays on disk.
    pub(crate) fn stop(&mut self) {
        if let Some(mut keeper) = self.running.take() {
            let mut words = keeper.stdin.take().unwrap();
            words.write_all(b"stop\n").unwrap();
            keeper.wait().unwrap();
        }
    }

    /// Kills the node; what it holds stays on disk.
    pub(crate) fn kill(&mut self) {
        if let Some(mut keeper) = self.running.take() {
            drop(keeper.stdin.take());
            keeper.wait().unwrap();
        }
    }

    /// Starts the node on what it left, and waits until it answers.
    pub(crate) async fn resume(&mut self) {
        let at = |name: &str| self.directory.path().join(name);
        let removed = if self.is_shared { "remove" } else { "" };
        let mut command = Command::new("sh");
        command
            .args(["-c", KEEPER, SERVER])
            .arg(self.directory.path())
            .arg(removed)
            .env("HOME", self.directory.path())
            .env("ERL_EPMD_PORT", self.names_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("test{}@localhost", self.port))
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("plugins"))
            .env("RABBITMQ_MNESIA_BASE", at("data"))
            .env("RABBITMQ_LOG_BASE", at("log"))
            .env("RABBITMQ_PID_FILE", at("pid"))
            .process_group(0)
            .stdin(Stdio::piped());
        self.running = Some(command.spawn().unwrap());
        let begun = Instant::now();
        while let Err(error) = self.connect().await {
            let said = std::fs::read_to_string(at("out")).unwrap_or_default();
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "{error}: {said}"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // The directory goes when nobody writes to it any more.
        self.kill();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
