//! A private Apache Kafka in KRaft mode on free ports, in a directory that goes with it: one listener for everybody, one
//! with TLS that asks for a password.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mt_events_kafka::KafkaOptions;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Formats the directory, starts the broker, and kills it when its input ends: also when the test itself is killed.
const KEEPER: &str = r#"
    java -cp "$0/*" kafka.tools.StorageTool format --ignore-formatted -t MkU3OEVBNTcwNTJENDM2Qg \
        --add-scram "SCRAM-SHA-512=[name=$3,password=$4]" -c "$1/server.properties" >>"$1/out" 2>&1 </dev/null
    java -Xmx400m -XX:TieredStopAtLevel=1 -cp "$0/*" kafka.Kafka "$1/server.properties" >>"$1/out" 2>&1 </dev/null & broker=$!
    read -r _
    kill -KILL "$broker"
    wait
    [ -z "$2" ] || rm -rf "$1"
"#;

/// Who may come in by the guarded listener.
pub(crate) const USER: &str = "meditrack";
pub(crate) const PASSWORD: &str = "hunter2";

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
    port: u16,
    guarded_port: u16,
    controller_port: u16,
    directory: TempDir,
    /// Nobody drops a broker that all tests share: its keeper removes the directory.
    is_shared: bool,
    running: Option<Child>,
}

/// The broker that most tests share.
pub(crate) async fn shared() -> &'static Broker {
    static BROKER: OnceCell<Broker> = OnceCell::const_new();
    BROKER.get_or_init(|| Broker::start(true)).await
}

impl Broker {
    /// A broker that answers.
    pub(crate) async fn start(is_shared: bool) -> Self {
        let mut broker = Self {
            port: free_port(),
            guarded_port: free_port(),
            controller_port: free_port(),
            directory: TempDir::with_prefix("kafka-").unwrap(),
            is_shared,
            running: None,
        };
        broker.configure();
        broker.resume().await;
        broker
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn configure(&self) {
        let (clients, guarded, controller) = (self.port, self.guarded_port, self.controller_port);
        let authority = authority();
        let key = KeyPair::generate().unwrap();
        let names = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = names.signed_by(&key, &authority).unwrap();
        let chain = format!(
            "{}{}{}",
            key.serialize_pem(),
            certificate.pem(),
            authority.pem()
        );
        std::fs::write(self.at("broker.pem"), chain).unwrap();
        std::fs::write(self.at("ca.pem"), authority.pem()).unwrap();
        std::fs::write(self.at("other-ca.pem"), self::authority().pem()).unwrap();
        let module = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
        let lines = [
            "process.roles=broker,controller".to_owned(),
            "node.id=1".to_owned(),
            format!("controller.quorum.voters=1@127.0.0.1:{controller}"),
            format!(
                "listeners=PLAINTEXT://127.0.0.1:{clients},SASL_SSL://127.0.0.1:{guarded},CONTROLLER://127.0.0.1:{controller}"
            ),
            format!(
                "advertised.listeners=PLAINTEXT://127.0.0.1:{clients},SASL_SSL://localhost:{guarded}"
            ),
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT"
                .to_owned(),
            "controller.listener.names=CONTROLLER".to_owned(),
            "inter.broker.listener.name=PLAINTEXT".to_owned(),
            "sasl.enabled.mechanisms=SCRAM-SHA-512".to_owned(),
            format!("listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={module}"),
            "listener.name.sasl_ssl.ssl.keystore.type=PEM".to_owned(),
            format!(
                "listener.name.sasl_ssl.ssl.keystore.location={}",
                self.at("broker.pem").display()
            ),
            format!("log.dirs={}", self.at("data").display()),
            "offsets.topic.replication.factor=1".to_owned(),
            "offsets.topic.num.partitions=4".to_owned(),
            "group.initial.rebalance.delay.ms=0".to_owned(),
            "auto.create.topics.enable=false".to_owned(),
        ];
        std::fs::write(self.at("server.properties"), lines.join("\n")).unwrap();
    }

    /// Certificates that the guarded listener is known by, or those of a stranger.
    pub(crate) fn authority(&self, is_ours: bool) -> String {
        let file = self.at(if is_ours { "ca.pem" } else { "other-ca.pem" });
        file.to_str().unwrap().to_owned()
    }

    /// `host:port` of the listener with TLS and passwords.
    pub(crate) fn guarded(&self) -> String {
        format!("localhost:{}", self.guarded_port)
    }

    /// Options with names of their own.
    pub(crate) fn options(&self) -> KafkaOptions {
        KafkaOptions {
            brokers: format!("127.0.0.1:{}", self.port),
            prefix: format!("test-{}.", uuid::Uuid::now_v7().simple()),
            create_topics: true,
            replication: 1,
            security: std::collections::BTreeMap::new(),
            password: None,
            registry: None,
        }
    }

    /// Kills the broker; what it holds stays on disk.
    pub(crate) fn kill(&mut self) {
        if let Some(mut keeper) = self.running.take() {
            drop(keeper.stdin.take());
            keeper.wait().unwrap();
        }
    }

    /// Starts the broker on what it left, and waits until it answers.
    pub(crate) async fn resume(&mut self) {
        let removed = if self.is_shared { "remove" } else { "" };
        let keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(programs())
            .arg(self.directory.path())
            .args([removed, USER, PASSWORD])
            .stdin(Stdio::piped())
            .spawn();
        self.running = Some(keeper.unwrap());
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.options().brokers);
        let said = self.at("out");
        let answered = tokio::task::spawn_blocking(move || {
            let probe: BaseConsumer = config.create().unwrap();
            let begun = Instant::now();
            while let Err(error) = probe.fetch_metadata(None, Duration::from_secs(2)) {
                let said = std::fs::read_to_string(&said).unwrap_or_default();
                assert!(
                    begun.elapsed() < Duration::from_secs(180),
                    "{error}: {said}"
                );
            }
        });
        answered.await.unwrap();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Somebody who signs certificates.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new([]).unwrap();
    // Another name than that of the certificates: it would seem to have signed itself.
    params
        .distinguished_name
        .push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
