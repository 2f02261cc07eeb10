//! A private RabbitMQ node that servers of the tests use as their bus, and that is killed with them.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The script of Debian's package that starts a node as whoever calls it.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// The program of the package that asks a node.
const CONTROL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";

/// Starts what is needed, and ends it when its input ends: also when the test itself is killed.
const KEEPER: &str = r#"
    setsid epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 >/dev/null 2>&1 & names=$!
    setsid "$0" >"$1/out" 2>&1 </dev/null & node=$!
    read -r how
    if [ "$how" = stop ]; then kill -TERM -"$node"; wait "$node"; fi
    kill -KILL -"$node" -"$names" 2>/dev/null
    wait
"#;

pub(crate) struct Broker {
    directory: TempDir,
    port: u16,
    names_port: u16,
    distribution_port: u16,
    keeper: Option<Child>,
}

impl Broker {
    /// A node that answers; `None` when the package is missing.
    pub(crate) fn start() -> Option<Self> {
        if !Path::new(SERVER).exists() {
            eprintln!("skipped, because the package rabbitmq-server is not installed");
            return None;
        }
        let mut broker = Self {
            directory: TempDir::with_prefix("rabbitmq-").unwrap(),
            port: free_port(),
            names_port: free_port(),
            distribution_port: free_port(),
            keeper: None,
        };
        let at = |name: &str| broker.directory.path().join(name);
        let port = broker.port;
        let settings =
            format!("listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 10MB\n");
        std::fs::write(at("rabbitmq.conf"), settings).unwrap();
        std::fs::write(at("plugins"), "[].").unwrap();
        broker.resume();
        Some(broker)
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// Ends the node in good order; what it holds stays on disk.
    pub(crate) fn stop(&mut self) {
        self.end(b"stop\n");
    }

    /// Kills the node; what it holds stays on disk.
    pub(crate) fn kill(&mut self) {
        self.end(b"");
    }

    fn end(&mut self, word: &[u8]) {
        if let Some(mut keeper) = self.keeper.take() {
            keeper.stdin.take().unwrap().write_all(word).unwrap();
            keeper.wait().unwrap();
        }
    }

    /// Starts the node on what it left, and waits until it listens.
    pub(crate) fn resume(&mut self) {
        let at = |name: &str| self.directory.path().join(name);
        let mut command = self.command("sh");
        command
            .args(["-c", KEEPER, SERVER])
            .arg(self.directory.path())
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("plugins"))
            .env("RABBITMQ_MNESIA_BASE", at("data"))
            .env("RABBITMQ_LOG_BASE", at("log"))
            .env("RABBITMQ_PID_FILE", at("pid"))
            .process_group(0)
            .stdin(Stdio::piped());
        self.keeper = Some(command.spawn().unwrap());
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let said = std::fs::read_to_string(at("out")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(120), "{said}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// A program that knows the node by name.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("HOME", self.directory.path())
            .env("ERL_EPMD_PORT", self.names_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env(
                "RABBITMQ_NODENAME",
                format!("ledger{}@localhost", self.port),
            );
        command
    }

    /// The queues with what lies in them, what is handed out, and how many read: those with anything.
    pub(crate) fn queues(&self) -> String {
        let mut command = self.command(CONTROL);
        let columns = [
            "name",
            "messages_ready",
            "messages_unacknowledged",
            "consumers",
        ];
        let listed = command.args(["-q", "list_queues"]).args(columns).output();
        let text = listed.map_or_else(
            |error| error.to_string(),
            |listed| String::from_utf8_lossy(&listed.stdout).into_owned(),
        );
        let is_empty = |line: &str| line.split('\t').skip(1).take(2).all(|count| count == "0");
        let held: Vec<&str> = text.lines().filter(|line| !is_empty(line)).collect();
        held.join("\n")
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
