//! The product as its users meet it: the `meditrack` program on a data directory, and its HTTP door.
//!
//! A server is started once and shared by the tests of the binary that may share it. Its keeper, a
//! small shell, ends it when the tests' process ends for whatever reason.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::runtime::Runtime;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_meditrack");

/// Starts the program named after `$1`, prints its id, and ends it when standard input ends.
const KEEPER: &str = r#"remove=$1; shift; "$@" & child=$!; echo $child; read -r _; kill $child 2>/dev/null
wait $child; [ -z "$remove" ] || rm -rf "$remove""#;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);

/// A data directory that may be traversed by the account that runs PostgreSQL.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("mt-").tempdir().unwrap();
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        Self(dir)
    }

    /// A path beside the data.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// What the servers of this place have logged.
    pub(crate) fn log(&self) -> PathBuf {
        self.path("server.log")
    }

    /// Runs a command on this data directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        run(&self.data(), arguments)
    }
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("--data-dir").arg(data).args(arguments);
    command.output().unwrap()
}

/// Runs SQL as the role that owns the schemas, through `meditrack db shell`; the rows.
pub(crate) fn sql(place: &Place, text: &str) -> Vec<String> {
    use std::io::Write;
    let mut command = Command::new(PROGRAM);
    command
        .arg("--data-dir")
        .arg(place.data())
        .args(["db", "shell"]);
    command.env("MEDITRACK__LOG__LEVEL", "error");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let script = format!(
        "\\set QUIET on\n\\set ON_ERROR_STOP on\n\\pset pager off\n\\pset format unaligned\n\\pset tuples_only on\n{text}\n"
    );
    child
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let rows = String::from_utf8(output.stdout).unwrap();
    rows.lines()
        .filter(|row| !row.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A running server.
pub(crate) struct Server {
    keeper: Child,
    pid: u32,
    data: PathBuf,
    origin: String,
    clinics: Mutex<HashMap<String, Arc<Clinic>>>,
}

impl Server {
    /// Starts a server on the data of `place`; it serves when this returns.
    pub(crate) fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    /// The same with variables in its environment.
    pub(crate) fn start_with(place: &Place, variables: &[(&str, &str)]) -> Self {
        Self::kept(&place.data(), &place.log(), "", variables)
    }

    /// The server of all tests that change nothing but their own tenant.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::alone)
    }

    /// A server on a new data directory, which goes when the server ends.
    pub(crate) fn alone() -> Self {
        let dir = Place::new().0.keep();
        Self::kept(
            &dir.join("data"),
            &dir.join("server.log"),
            dir.to_str().unwrap(),
            &[],
        )
    }

    fn kept(data: &Path, log: &Path, remove: &str, variables: &[(&str, &str)]) -> Self {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-c", KEEPER, "keeper", remove, PROGRAM, "--data-dir"])
            .arg(data);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut keeper = command.spawn().unwrap();
        let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let pid = lines.next().unwrap().unwrap().parse().unwrap();
        let greeting = lines.next().expect("the server starts").unwrap();
        let origin = greeting.strip_prefix("MediTrack serves ").unwrap();
        let origin = origin.strip_suffix("/fhir/R4").unwrap().to_owned();
        Self {
            keeper,
            pid,
            data: data.to_owned(),
            origin,
            clinics: Mutex::default(),
        }
    }

    /// Asks the server to stop and waits until it has.
    pub(crate) fn stop(mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }

    /// Ends the server's process without any chance to tidy up.
    pub(crate) fn kill(self) {
        signal("-KILL", self.pid);
        self.stop();
    }

    /// The server stands still for as long as this value lives.
    pub(crate) fn paused(&self) -> Paused {
        signal("-STOP", self.pid);
        Paused(self.pid)
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Bytes of memory that the server holds.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Runs a command beside the server; its standard output.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let output = run(&self.data, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The tenant `name`, made when it is asked for first.
    pub(crate) fn clinic(&self, name: &str) -> Arc<Clinic> {
        let mut clinics = self.clinics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clinic) = clinics.get(name) {
            return Arc::clone(clinic);
        }
        self.command(&["tenant", "create", name]);
        let clinic = Arc::new(Clinic {
            caller: self.caller(name, &["doctor", "service"], &[]),
        });
        clinics.insert(name.to_owned(), Arc::clone(&clinic));
        clinic
    }

    /// A caller with a token of `tenant` for these roles; `more` are further options of
    /// `meditrack token`.
    pub(crate) fn caller(&self, tenant: &str, roles: &[&str], more: &[&str]) -> Caller {
        self.person(tenant, "tester", roles, more)
    }

    /// A caller with a token of `tenant` for a person of this name.
    pub(crate) fn person(&self, tenant: &str, name: &str, roles: &[&str], more: &[&str]) -> Caller {
        let mut arguments = vec!["token", "--tenant", tenant, "--user", name];
        arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
        arguments.extend(more);
        let token = self.command(&arguments);
        self.bearer(token.trim())
    }

    /// A caller with this very token.
    pub(crate) fn bearer(&self, token: &str) -> Caller {
        Caller {
            base: format!("{}/fhir/R4", self.origin),
            token: token.to_owned(),
        }
    }
}

/// A process that stands still.
pub(crate) struct Paused(u32);

impl Drop for Paused {
    fn drop(&mut self) {
        signal("-CONT", self.0);
    }
}

/// Sends a signal to one process.
pub(crate) fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill")
        .args([name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// A tenant and a caller who may do everything in it.
pub(crate) struct Clinic {
    pub(crate) caller: Caller,
}

/// Sends requests with one token; without one when it is empty.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) base: String,
    pub(crate) token: String,
}

impl Caller {
    /// `path` is relative to the base, or absolute.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}/{path}", self.base)
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = HTTP.request(method, url);
        Request(if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        })
    }

    /// The same caller at the routes beside FHIR.
    pub(crate) fn api(&self) -> Self {
        Self {
            base: self.base.replace("/fhir/R4", "/api/v1"),
            token: self.token.clone(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).send()
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.request("PUT", path).json(body).send()
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send()
    }

    /// Writes a resource under its own id; it must be accepted.
    pub(crate) fn store(&self, resource: &Value) -> Value {
        let path = format!(
            "{}/{}",
            resource["resourceType"].as_str().unwrap(),
            resource["id"].as_str().unwrap()
        );
        let answer = self.put(&path, resource);
        assert!(
            matches!(answer.status, 200 | 201),
            "{path}: {}",
            answer.text()
        );
        answer.json()
    }

    /// Ids that a search finds, outcomes left out, as `Type/id` in the order of the pages.
    pub(crate) fn found(&self, search: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut next = Some(search.to_owned());
        while let Some(url) = next {
            let page = self.get(&url).expect(200).json();
            found.extend(
                entries(&page)
                    .iter()
                    .filter(|entry| entry["search"]["mode"] != "outcome")
                    .map(reference),
            );
            next = link(&page, "next");
        }
        found
    }
}

/// Entries of a Bundle.
pub(crate) fn entries(bundle: &Value) -> &[Value] {
    bundle["entry"].as_array().map_or(&[], Vec::as_slice)
}

/// A link of a Bundle.
pub(crate) fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let found = links.iter().find(|link| link["relation"] == relation)?;
    found["url"].as_str().map(str::to_owned)
}

fn reference(entry: &Value) -> String {
    let resource = &entry["resource"];
    format!(
        "{}/{}",
        resource["resourceType"].as_str().unwrap(),
        resource["id"].as_str().unwrap()
    )
}

/// A request that is being put together.
pub(crate) struct Request(reqwest::RequestBuilder);

impl Request {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub(crate) fn body(self, media_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", media_type).body(body))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/fhir+json", body.to_string())
    }

    pub(crate) fn send(self) -> Answer {
        self.try_send().unwrap()
    }

    /// The answer, unless the connection broke.
    pub(crate) fn try_send(self) -> Result<Answer, reqwest::Error> {
        RUNTIME.block_on(async {
            let response = self.0.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok(Answer {
                status,
                headers,
                body: response.bytes().await?,
            })
        })
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// A refusal: this status and an OperationOutcome that says why.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> Value {
        let outcome = self.expect(status).json();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
        let severity = &outcome["issue"][0]["severity"];
        assert!(severity == "error" || severity == "fatal", "{outcome}");
        assert!(outcome["issue"][0]["diagnostics"].is_string(), "{outcome}");
        outcome
    }

    /// A refusal beside FHIR: this status and problem details (RFC 9457).
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> Value {
        let problem = self.expect(status).json();
        assert_eq!(problem["status"], status, "{problem}");
        problem
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}
