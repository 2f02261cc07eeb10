//! What operators are given agrees with what the code does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every string literal of the crates that looks like a metric's name.
fn recorded() -> BTreeSet<String> {
    fn visit(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path
                    .file_name()
                    .is_some_and(|name| name != "target" && name != "tests")
                {
                    visit(&path, found);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for part in text.split("!(").skip(1) {
                    if let Some(rest) = part.trim_start().strip_prefix('"') {
                        found.extend(rest.split('"').next().map(str::to_owned));
                    }
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    visit(&root().join("crates"), &mut found);
    found
}

fn metrics_in(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c: char| !is_word(c));
    let prefixes = [
        "store_",
        "http_request_",
        "mt_database_",
        "audit_",
        "work_job_",
        "reindexed_",
        "events_",
    ];
    let bare = |word: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        let end = ends.iter().find_map(|end| word.strip_suffix(end));
        end.unwrap_or(word).to_owned()
    };
    words
        .filter(|word| prefixes.iter().any(|prefix| word.starts_with(prefix)))
        .map(bare)
        .collect()
}

#[test]
fn dashboards_and_alarms_name_metrics_that_are_recorded() {
    let recorded = recorded();
    for file in [
        "deploy/grafana/meditrack.json",
        "deploy/prometheus/alerts.yaml",
    ] {
        let named = metrics_in(&read(file));
        assert!(named.len() > 5, "{file}: {named:?}");
        let unknown: Vec<&String> = named.difference(&recorded).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
    let dashboard: serde_json::Value =
        serde_json::from_str(&read("deploy/grafana/meditrack.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 5);
}

#[test]
fn every_alarm_names_a_runbook_that_exists() {
    let alarms = read("deploy/prometheus/alerts.yaml");
    let runbooks = alarms
        .lines()
        .filter_map(|line| line.trim().strip_prefix("runbook: "));
    let mut n = 0;
    for runbook in runbooks {
        assert!(root().join(runbook).is_file(), "{runbook}");
        n += 1;
    }
    assert_eq!(n, alarms.matches("- alert:").count());
}

#[test]
fn settings_that_the_chart_passes_are_settings() {
    let chart = read("deploy/helm/meditrack/templates/server.yaml");
    let names = chart.split("MEDITRACK__").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        &rest[..end.unwrap_or(rest.len())]
    });
    let config =
        read("crates/server/src/config/mod.rs") + &read("crates/server/src/config/services.rs");
    let mut n = 0;
    for name in names {
        let (section, key) = name.rsplit_once("__").unwrap();
        let section = section.to_lowercase().replace("__", ".");
        assert!(config.contains(&format!("`[{section}]`")), "{name}");
        assert!(
            config.contains(&format!(" {}: ", key.to_lowercase())),
            "{name}"
        );
        n += 1;
    }
    assert!(n >= 5);
}
