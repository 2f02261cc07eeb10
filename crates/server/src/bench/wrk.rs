//! Load by `wrk`: scripts and what it reports.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// One load: what to send, how, and for how long.
pub(super) struct Load<'a> {
    pub(super) port: u16,
    /// Bearer token; empty for a server that asks for none.
    pub(super) token: &'a str,
    pub(super) script: &'a Path,
    pub(super) connections: usize,
    pub(super) seconds: u64,
}

impl Load<'_> {
    /// Requests per second; every answer must be a success.
    pub(super) fn rate(&self) -> anyhow::Result<f64> {
        let mut command = Command::new("wrk");
        command.args([
            "-t1",
            &format!("-c{}", self.connections),
            &format!("-d{}s", self.seconds),
            "--timeout",
            "30s",
        ]);
        if !self.token.is_empty() {
            command.args(["-H", &format!("Authorization: Bearer {}", self.token)]);
        }
        command.arg("-s").arg(self.script);
        command.arg(format!("http://127.0.0.1:{}/", self.port));
        let output = tokio::task::block_in_place(|| command.output());
        let output = output.context("wrk cannot be started; install the package wrk")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            !text.contains("Non-2xx"),
            "some requests were refused: {text}"
        );
        let rate = text.lines().find_map(|line| {
            let rate = line.trim().strip_prefix("Requests/sec:")?;
            rate.trim().parse().ok()
        });
        rate.with_context(|| format!("wrk: {text}"))
    }
}

/// A script that asks for `paths` in turn.
pub(super) fn gets(dir: &Path, name: &str, paths: &[String]) -> anyhow::Result<PathBuf> {
    let list = paths
        .iter()
        .map(|path| format!("{path:?}"))
        .collect::<Vec<_>>()
        .join(",");
    let text = format!(
        "local paths = {{{list}}}\nlocal at = 0\n\
         request = function()\n  at = at % #paths + 1\n  return wrk.format(\"GET\", paths[at])\nend\n"
    );
    write(dir, name, &text)
}

/// A script that posts `body` to `path`.
pub(super) fn posts(dir: &Path, name: &str, path: &str, body: &str) -> anyhow::Result<PathBuf> {
    let text = format!(
        "wrk.method = \"POST\"\nwrk.path = \"{path}\"\n\
         wrk.headers[\"Content-Type\"] = \"application/fhir+json\"\n\
         wrk.headers[\"Prefer\"] = \"return=minimal\"\nwrk.body = [==[{body}]==]\n"
    );
    write(dir, name, &text)
}

fn write(dir: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let script = dir.join(format!("{name}.lua"));
    std::fs::write(&script, text)?;
    Ok(script)
}
