//! Makes a new cluster: files by `initdb`, then roles and the database.
//!
//! Each step can be cut off at any moment and is completed by the next start.

use std::path::Path;
use std::process::Command;

use super::credentials::{Credentials, write_private};
use super::error::at;
use super::{Binaries, ClusterError, ClusterOptions, Place, settings};
use crate::{Endpoint, SessionSettings, roles};

/// Major version of the data in `pgdata`, or `None` when there is no cluster yet.
pub(crate) fn data_version(pgdata: &Path) -> Result<Option<u32>, ClusterError> {
    let path = pgdata.join("PG_VERSION");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let occupied =
                std::fs::read_dir(pgdata).is_ok_and(|mut entries| entries.next().is_some());
            if occupied {
                return Err(ClusterError::NotADataDirectory(pgdata.to_owned()));
            }
            Ok(None)
        }
        Err(error) => Err(at(&path)(error)),
    }
}

/// Runs `initdb` beside `pgdata` and moves the finished directory into place.
pub(crate) fn create(
    place: &Place,
    binaries: &Binaries,
    options: &ClusterOptions,
) -> Result<Credentials, ClusterError> {
    let credentials = Credentials::generate();
    credentials.write(&place.credentials())?;
    let draft = place.pgdata.with_file_name("postgres.draft");
    if draft.exists() {
        std::fs::remove_dir_all(&draft).map_err(at(&draft))?;
    }
    std::fs::create_dir(&draft).map_err(at(&draft))?;
    place.account.give(&draft)?;
    let password = place.pgdata.with_file_name("postgres.initdb");
    write_private(&password, credentials.admin.expose().as_bytes())?;
    place.account.give(&password)?;
    let outcome = run_initdb(place, binaries, options, &draft, &password);
    std::fs::remove_file(&password).map_err(at(&password))?;
    outcome?;
    let _ = std::fs::remove_dir(&place.pgdata);
    std::fs::rename(&draft, &place.pgdata).map_err(at(&place.pgdata))?;
    Ok(credentials)
}

fn run_initdb(
    place: &Place,
    binaries: &Binaries,
    options: &ClusterOptions,
    draft: &Path,
    password: &Path,
) -> Result<(), ClusterError> {
    let mut command = place.account.command(&binaries.program("initdb"));
    command
        .arg("--pgdata")
        .arg(draft)
        .arg("--pwfile")
        .arg(password)
        .args(["--username", roles::ADMIN])
        .args(["--auth-local=scram-sha-256", "--auth-host=reject"])
        .args([
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
            "--no-instructions",
        ])
        .current_dir("/");
    if !options.durable {
        command.arg("--no-sync");
    }
    run(&mut command, "initdb").map(|_| ())
}

/// Runs a tool to its end and returns what it printed.
pub(crate) fn run(command: &mut Command, program: &str) -> Result<String, ClusterError> {
    let output = command.output().map_err(at(Path::new(program)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let tail: Vec<&str> = said.lines().rev().take(6).collect();
    Err(ClusterError::Tool {
        program: program.to_owned(),
        output: tail.into_iter().rev().collect::<Vec<_>>().join(" | "),
    })
}

/// Writes our two configuration files where they differ; says whether any did.
pub(crate) fn write_settings(
    place: &Place,
    options: &ClusterOptions,
) -> Result<bool, ClusterError> {
    let mut changed = false;
    let local = place.pgdata.join("local.conf");
    if !local.exists() {
        write_private(
            &local,
            b"# Settings of the operator; they win over postgresql.conf.\n",
        )?;
        place.account.give(&local)?;
    }
    for (name, text) in [
        ("postgresql.conf", settings::postgresql_conf(place, options)),
        ("pg_hba.conf", settings::pg_hba_conf()),
    ] {
        let path = place.pgdata.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|current| current == text) {
            continue;
        }
        write_private(&path, text.as_bytes())?;
        place.account.give(&path)?;
        changed = true;
    }
    Ok(changed)
}

/// Makes roles and database where they are missing.
pub(crate) async fn ensure_roles(
    admin: &Endpoint,
    credentials: &Credentials,
) -> Result<(), ClusterError> {
    let admin = admin.clone().settings(SessionSettings::unlimited());
    let (client, _driver) = admin.connect().await?;
    let ready = client
        .query_one(
            "select exists (select from pg_database where datname = $1 and datallowconn) \
             and (select count(*) = 2 from pg_roles where rolname in ($2, $3))",
            &[&roles::DATABASE, &roles::OWNER, &roles::APP],
        )
        .await
        .map_err(crate::Error::from)?;
    if ready.get(0) {
        return Ok(());
    }
    for (role, password) in [
        (roles::OWNER, &credentials.owner),
        (roles::APP, &credentials.app),
    ] {
        let statement = format!(
            "do $do$ begin if not exists (select from pg_roles where rolname = '{role}') \
             then create role {role}; end if; end $do$; \
             alter role {role} login nosuperuser nocreatedb nocreaterole noreplication \
             nobypassrls password '{}'",
            password.expose()
        );
        client
            .batch_execute(&statement)
            .await
            .map_err(crate::Error::from)?;
    }
    create_database(&client, roles::DATABASE, None).await?;
    Ok(())
}

/// Makes database `name` (a plain identifier of ours) that only our roles may enter.
pub(crate) async fn create_database(
    client: &tokio_postgres::Client,
    name: &str,
    template: Option<&str>,
) -> Result<(), crate::Error> {
    let exists = client
        .query_opt("select from pg_database where datname = $1", &[&name])
        .await?;
    if exists.is_none() {
        let template = template.unwrap_or("template1");
        let statement = format!(
            "create database {name} owner {} template {template}",
            roles::OWNER
        );
        client.batch_execute(&statement).await?;
    }
    let statement = format!(
        "revoke all on database {name} from public; grant connect on database {name} to {}",
        roles::APP
    );
    client.batch_execute(&statement).await?;
    Ok(())
}
