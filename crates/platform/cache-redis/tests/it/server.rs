//! A `redis-server` of its own for a test.

use std::fs::File;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mt_cache_redis::{RedisCache, RedisOptions};
use mt_kernel::Secret;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;

/// Longest time for a server to answer, or to be noticed as gone: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that ends with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
    directory: TempDir,
    options: Vec<String>,
}

/// Whether there is a server to start; says so when there is none.
pub(crate) fn is_there() -> bool {
    let there = Command::new("redis-server")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !there {
        eprintln!("skipped: the package redis-server is not installed");
    }
    there
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server with more options.
    pub(crate) fn with(options: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let options: Vec<String> = options.iter().map(|&one| one.to_owned()).collect();
        loop {
            let port = free_port();
            // Another test may have taken the port meanwhile.
            if let Some(process) = run(directory.path(), port, &options) {
                return Self {
                    process,
                    port,
                    directory,
                    options,
                };
            }
        }
    }

    /// A server that speaks TLS alone, with the file of its certificate.
    pub(crate) fn with_tls() -> (Self, PathBuf) {
        let folder = TempDir::new().unwrap().keep();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, cert.pem()).unwrap();
        std::fs::write(&key, signing_key.serialize_pem()).unwrap();
        let (cert, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
        let options = [
            "--tls-cert-file",
            cert,
            "--tls-key-file",
            key,
            "--tls-auth-clients",
            "no",
        ];
        let server = Self::with(&options);
        (server, certificate)
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if is_tls(&self.options) {
            "rediss"
        } else {
            "redis"
        };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again where it was.
    pub(crate) fn restart(&mut self) {
        self.process = run(self.directory.path(), self.port, &self.options).unwrap();
    }

    /// Stops it in the middle of everything, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_tls(options: &[String]) -> bool {
    options.iter().any(|one| one == "--tls-cert-file")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A process that listens; none when the port was taken.
fn run(directory: &Path, port: u16, options: &[String]) -> Option<Child> {
    let (plain, tls) = if is_tls(options) {
        (0, port)
    } else {
        (port, 0)
    };
    let log = directory.join("log");
    let mut process = Command::new("redis-server")
        .args(["--port", &plain.to_string(), "--tls-port", &tls.to_string()])
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(options)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(File::create(&log).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + PATIENCE;
    loop {
        if process.try_wait().unwrap().is_some() {
            let mut said = String::new();
            File::open(&log).unwrap().read_to_string(&mut said).unwrap();
            assert!(said.contains("in use"), "redis-server ended: {said}");
            return None;
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(process);
        }
        assert!(Instant::now() < end, "redis-server does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A cache at this URL.
pub(crate) fn cache(url: &str, ca_file: Option<PathBuf>) -> RedisCache {
    let options = RedisOptions {
        url: Secret::new(url.to_owned()),
        ca_file,
    };
    RedisCache::open(&options).unwrap()
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the cache is asked, or is not.
pub(crate) async fn becomes(cache: &RedisCache, connected: bool) {
    let what = format!("the cache does not become connected: {connected}");
    until(&what, async || cache.is_connected() == connected).await;
}
