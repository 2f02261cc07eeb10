//! A private Apache Kafka in KRaft mode on free ports, in a directory that goes with it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Formats the directory, starts the broker, and kills it when its input ends: also when the test itself is killed.
const KEEPER: &str = r#"
    java -cp "$0/*" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$1/server.properties" >"$1/out" 2>&1 </dev/null
    java -Xmx400m -XX:TieredStopAtLevel=1 -cp "$0/*" kafka.Kafka "$1/server.properties" >>"$1/out" 2>&1 </dev/null & broker=$!
    read -r _
    kill -KILL "$broker"
    wait
    rm -rf "$1"
"#;

/// Where `bin/test` has put Kafka's programs.
fn programs() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(told) = from("MEDITRACK_KAFKA") {
        return told.into();
    }
    let cache = from("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| from("HOME").map(|home| Path::new(&home).join(".cache")));
    cache.unwrap_or_default().join("meditrack/kafka")
}

/// Whether something is missing.
pub(crate) fn absent() -> Option<&'static str> {
    let jars = std::fs::read_dir(programs()).map_or(0, Iterator::count);
    if jars == 0 {
        return Some("Kafka's programs are not in the cache: bin/test fetches them");
    }
    let java = Command::new("java").arg("-version").output().is_ok();
    (!java).then_some("there is no Java")
}

pub(crate) struct Broker {
    pub(crate) servers: String,
    _keeper: Child,
}

/// The broker that all tests share.
pub(crate) async fn shared() -> &'static Broker {
    static BROKER: OnceCell<Broker> = OnceCell::const_new();
    BROKER
        .get_or_init(|| async { tokio::task::spawn_blocking(start).await.unwrap() })
        .await
}

fn start() -> Broker {
    // The keeper removes it.
    let directory = TempDir::with_prefix("kafka-").unwrap().keep();
    let (clients, controller) = (free_port(), free_port());
    let lines = [
        "process.roles=broker,controller".to_owned(),
        "node.id=1".to_owned(),
        format!("controller.quorum.voters=1@127.0.0.1:{controller}"),
        format!("listeners=PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}"),
        format!("advertised.listeners=PLAINTEXT://127.0.0.1:{clients}"),
        "controller.listener.names=CONTROLLER".to_owned(),
        format!("log.dirs={}", directory.join("data").display()),
        "offsets.topic.replication.factor=1".to_owned(),
        "offsets.topic.num.partitions=4".to_owned(),
        "group.initial.rebalance.delay.ms=0".to_owned(),
        "auto.create.topics.enable=false".to_owned(),
    ];
    std::fs::write(directory.join("server.properties"), lines.join("\n")).unwrap();
    let keeper = Command::new("sh")
        .args(["-c", KEEPER])
        .arg(programs())
        .arg(&directory)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let servers = format!("127.0.0.1:{clients}");
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &servers);
    let probe: BaseConsumer = config.create().unwrap();
    let begun = Instant::now();
    while let Err(error) = probe.fetch_metadata(None, Duration::from_secs(2)) {
        let said = std::fs::read_to_string(directory.join("out")).unwrap_or_default();
        assert!(
            begun.elapsed() < Duration::from_secs(180),
            "{error}: {said}"
        );
    }
    Broker {
        servers,
        _keeper: keeper,
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
