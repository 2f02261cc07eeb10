//! `postgresql.conf` and `pg_hba.conf` of a private cluster.
//!
//! Both files are ours and are rewritten at start; an operator's own settings go to `local.conf`
//! beside them. The log names no values: statements and details may hold health information.

use std::path::Path;

use super::{ClusterOptions, PORT, Place, roles};

const MB: u64 = 1024 * 1024;

/// Text of `postgresql.conf`.
pub(crate) fn postgresql_conf(place: &Place, options: &ClusterOptions) -> String {
    let memory = machine_memory().unwrap_or(1024 * MB);
    let mut lines = vec![
        "# Written by MediTrack at every start; put your own settings in local.conf.".to_owned(),
        "listen_addresses = ''".to_owned(),
        format!("port = {PORT}"),
        format!("unix_socket_directories = {}", quote(&place.socket)),
        "unix_socket_permissions = 0700".to_owned(),
        "max_connections = 200".to_owned(),
        "password_encryption = scram-sha-256".to_owned(),
        "timezone = 'UTC'".to_owned(),
        "log_timezone = 'UTC'".to_owned(),
        "jit = off".to_owned(),
    ];
    lines.extend(memory_settings(memory));
    lines.extend(durability(options));
    lines.extend(AUTOVACUUM.iter().map(|line| (*line).to_owned()));
    lines.extend(LOGGING.iter().map(|line| (*line).to_owned()));
    lines.extend(
        options
            .settings
            .iter()
            .map(|(name, value)| format!("{name} = '{}'", value.replace('\'', "''"))),
    );
    lines.push("include_if_exists = 'local.conf'".to_owned());
    lines.push(String::new());
    lines.join("\n")
}

/// Text of `pg_hba.conf`: the socket only, passwords always.
pub(crate) fn pg_hba_conf() -> String {
    format!(
        "# Written by MediTrack at every start.\n\
         local all all scram-sha-256\n\
         local replication {} scram-sha-256\n",
        roles::ADMIN
    )
}

/// Shared buffers of an eighth of the memory, between 32 MB and 2 GB.
fn memory_settings(memory: u64) -> Vec<String> {
    let shared = (memory / 8 / MB).clamp(32, 2048);
    let maintenance = (memory / 32 / MB).clamp(32, 512);
    let cache = (memory / 2 / MB).max(64);
    vec![
        format!("shared_buffers = {shared}MB"),
        format!("effective_cache_size = {cache}MB"),
        format!("maintenance_work_mem = {maintenance}MB"),
        "work_mem = 8MB".to_owned(),
        "random_page_cost = 1.1".to_owned(),
        "gin_pending_list_limit = 2MB".to_owned(),
    ]
}

fn durability(options: &ClusterOptions) -> Vec<String> {
    let mut lines = vec![
        "wal_level = replica".to_owned(),
        "max_wal_senders = 4".to_owned(),
        // Sealed bytes do not shrink, and trying took a tenth of the time of a load.
        "wal_compression = off".to_owned(),
        "max_wal_size = 4GB".to_owned(),
        "min_wal_size = 256MB".to_owned(),
        "checkpoint_timeout = 15min".to_owned(),
        "checkpoint_completion_target = 0.9".to_owned(),
        "synchronous_commit = on".to_owned(),
    ];
    if !options.durable {
        lines.push("fsync = off".to_owned());
        lines.push("synchronous_commit = off".to_owned());
        lines.push("full_page_writes = off".to_owned());
    }
    match &options.wal_archive {
        Some(folder) => {
            let file = quote_shell(folder);
            lines.push("archive_mode = on".to_owned());
            lines.push("archive_timeout = 300".to_owned());
            let command = format!(
                "if test -f {file}/%f; then cmp -s %p {file}/%f; else cp %p {file}/%f.part \
                 && sync {file}/%f.part && mv {file}/%f.part {file}/%f; fi"
            );
            lines.push(format!(
                "archive_command = '{}'",
                command.replace('\'', "''")
            ));
        }
        None => lines.push("archive_mode = off".to_owned()),
    }
    lines
}

const AUTOVACUUM: [&str; 4] = [
    "autovacuum_naptime = 20s",
    "autovacuum_vacuum_scale_factor = 0.05",
    "autovacuum_vacuum_insert_scale_factor = 0.1",
    "autovacuum_analyze_scale_factor = 0.02",
];

/// Errors of statements are left to the client: their texts may quote values.
const LOGGING: [&str; 9] = [
    "logging_collector = off",
    "log_destination = 'stderr'",
    "log_line_prefix = '%m [%p] %q%u@%d '",
    "log_min_messages = log",
    "log_min_error_statement = panic",
    "log_error_verbosity = terse",
    "log_parameter_max_length = 0",
    "log_parameter_max_length_on_error = 0",
    "log_checkpoints = off",
];

fn quote(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "''"))
}

fn quote_shell(path: &Path) -> String {
    let text = path.to_string_lossy().replace('%', "%%");
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Bytes of memory we may use: the machine's, or the control group's limit when that is lower.
fn machine_memory() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let machine = parse_meminfo(&info)?;
    let limit = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    Some(limit.map_or(machine, |limit: u64| limit.min(machine)))
}

fn parse_meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_buffers_follow_the_memory_within_bounds() {
        for (gigabytes, expected) in [(0, "32MB"), (4, "512MB"), (16, "2048MB"), (512, "2048MB")] {
            let settings = memory_settings(gigabytes * 1024 * MB);
            assert_eq!(settings[0], format!("shared_buffers = {expected}"));
        }
    }

    #[test]
    fn the_memory_is_read_from_the_kernel_table() {
        let text = "MemFree: 1 kB\nMemTotal:       2048 kB\n";
        assert_eq!(parse_meminfo(text), Some(2 * MB));
        assert_eq!(parse_meminfo("nothing"), None);
    }

    #[test]
    fn a_quote_in_a_path_cannot_leave_its_string() {
        assert_eq!(quote(Path::new("/a'b")), "'/a''b'");
        assert_eq!(quote_shell(Path::new("/a'b")), r"'/a'\''b'");
    }
}
