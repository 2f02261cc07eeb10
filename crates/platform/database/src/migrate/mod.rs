//! Brings schemas to the version that this binary was built for.
//!
//! Each context brings its own schema and files. All of them are applied at start as the owner
//! role, one process at a time; a database that a newer binary has changed is refused.

use std::collections::BTreeMap;

use mt_kernel::{ErrorKind, Fault};
use tokio_postgres::Client;

use crate::digest::hex_digest;
use crate::{Endpoint, Error, SessionSettings, roles};

/// One step of a schema's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Number: 1, 2, 3, … without a gap.
    pub version: u32,
    /// Name for people.
    pub name: &'static str,
    /// Statements; they run in one transaction as the owner role, and grant to `meditrack_app` what
    /// serving needs, table by table. Names are qualified: the search path is `pg_catalog`.
    pub sql: &'static str,
}

impl Migration {
    /// A migration; `sql` usually comes from `include_str!`.
    #[must_use]
    pub const fn new(version: u32, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sql }
    }

    fn checksum(&self) -> String {
        hex_digest(&[self.sql.as_bytes()])
    }
}

/// The history of one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrations {
    /// Name of the schema: lower-case letters, digits and `_`.
    pub schema: &'static str,
    /// Its steps, oldest first.
    pub files: &'static [Migration],
}

/// Why schemas cannot be brought up to date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MigrationError {
    /// The list in the binary is wrong: a gap, a duplicate, or a bad schema name.
    #[error("the migrations of schema {schema} are not a gapless list with a plain name")]
    Malformed {
        /// The schema.
        schema: String,
    },
    /// A migration was edited after it had been applied.
    #[error(
        "migration {version} of schema {schema} was changed after it had been applied; restore its \
         text and write a new migration instead"
    )]
    Changed {
        /// The schema.
        schema: String,
        /// The migration.
        version: u32,
    },
    /// The database has seen a newer binary.
    #[error(
        "the database holds version {database} of schema {schema} and this program knows only \
         {known}; run the newer program"
    )]
    Newer {
        /// The schema.
        schema: String,
        /// Version in the database.
        database: u32,
        /// Newest version in this binary.
        known: u32,
    },
    /// Migrations are due and this process may not apply them.
    #[error("schema {schema} lacks migration {version}; run `meditrack db migrate` as its owner")]
    Pending {
        /// The schema.
        schema: String,
        /// The first one missing.
        version: u32,
    },
    /// A migration failed; its transaction was rolled back.
    #[error("migration {version} ({name}) of schema {schema} failed: {source}")]
    Failed {
        /// The schema.
        schema: String,
        /// The migration.
        version: u32,
        /// Its name.
        name: String,
        /// Why.
        source: Error,
    },
    /// The database cannot be used at all.
    #[error(transparent)]
    Sql(#[from] Error),
}

impl MigrationError {
    /// The closed kind of this error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Sql(error) | Self::Failed { source: error, .. } => error.kind(),
            Self::Malformed { .. } => ErrorKind::Internal,
            Self::Changed { .. } | Self::Newer { .. } | Self::Pending { .. } => {
                ErrorKind::Unavailable
            }
        }
    }
}

impl From<MigrationError> for Fault {
    fn from(error: MigrationError) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

/// What this crate itself keeps in a database.
const FOUNDATION: Migrations = Migrations {
    schema: "meditrack",
    files: &[Migration::new(
        1,
        "foundation",
        include_str!("../../migrations/0001_foundation.sql"),
    )],
};

/// Key of the advisory lock under which migrations run.
const LOCK: i64 = 0x6d65_6469_7472_6163;

const BOOKKEEPING: &str = "
    create schema if not exists meditrack;
    create table if not exists meditrack.migration (
        schema text not null,
        version int4 not null,
        name text not null,
        checksum text not null,
        applied_at timestamptz not null default now(),
        primary key (schema, version)
    );
    grant usage on schema meditrack to meditrack_app";

/// Applies what is due, in the order of `sets`; returns how many migrations that were.
///
/// `owner` connects as the owner role. Processes that start together wait for one another.
///
/// # Errors
/// [`MigrationError`]; whatever was applied before it stays.
pub async fn migrate(owner: &Endpoint, sets: &[Migrations]) -> Result<usize, MigrationError> {
    let sets = with_foundation(sets)?;
    let endpoint = owner.clone().settings(SessionSettings::unlimited());
    let (client, _driver) = endpoint.named("meditrack-migrate").connect().await?;
    client
        .query("select pg_advisory_lock($1)", &[&LOCK])
        .await
        .map_err(Error::from)?;
    client
        .batch_execute(BOOKKEEPING)
        .await
        .map_err(Error::from)?;
    let applied = read_applied(&client).await?;
    for set in &sets {
        compare(set, &applied)?;
    }
    let mut count = 0;
    for set in &sets {
        let last = newest(set.schema, &applied);
        for migration in set.files.iter().filter(|one| one.version > last) {
            apply(&client, set.schema, migration).await?;
            count += 1;
        }
    }
    client
        .query("select pg_advisory_unlock($1)", &[&LOCK])
        .await
        .map_err(Error::from)?;
    Ok(count)
}

/// Checks, with any role that may read `meditrack.migration`, that the database is exactly at the
/// versions of `sets`.
///
/// # Errors
/// [`MigrationError::Pending`], [`MigrationError::Newer`] or [`MigrationError::Changed`].
pub async fn verify(endpoint: &Endpoint, sets: &[Migrations]) -> Result<(), MigrationError> {
    let sets = with_foundation(sets)?;
    let (client, _driver) = endpoint.connect().await?;
    let applied = read_applied(&client).await?;
    for set in &sets {
        compare(set, &applied)?;
        let last = newest(set.schema, &applied);
        if let Some(due) = set.files.iter().find(|one| one.version > last) {
            return Err(MigrationError::Pending {
                schema: set.schema.to_owned(),
                version: due.version,
            });
        }
    }
    Ok(())
}

/// One checksum over everything that `sets` would do.
#[must_use]
pub fn fingerprint(sets: &[Migrations]) -> String {
    let mut parts: Vec<&[u8]> = Vec::new();
    for set in std::iter::once(&FOUNDATION).chain(sets) {
        parts.push(set.schema.as_bytes());
        parts.extend(set.files.iter().map(|one| one.sql.as_bytes()));
    }
    hex_digest(&parts)
}

type Applied = BTreeMap<(String, u32), String>;

fn newest(schema: &str, applied: &Applied) -> u32 {
    let versions = applied.keys().filter(|(of, _)| of == schema);
    versions.map(|(_, version)| *version).max().unwrap_or(0)
}

fn with_foundation(sets: &[Migrations]) -> Result<Vec<Migrations>, MigrationError> {
    let all: Vec<Migrations> = std::iter::once(FOUNDATION)
        .chain(sets.iter().copied())
        .collect();
    for (index, set) in all.iter().enumerate() {
        let gapless = set
            .files
            .iter()
            .zip(1..)
            .all(|(one, number)| one.version == number);
        let plain = !set.schema.is_empty()
            && set
                .schema
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let twice = all
            .iter()
            .skip(index + 1)
            .any(|other| other.schema == set.schema);
        if !gapless || !plain || twice {
            return Err(MigrationError::Malformed {
                schema: set.schema.to_owned(),
            });
        }
    }
    Ok(all)
}

async fn read_applied(client: &Client) -> Result<Applied, Error> {
    let rows = client
        .query(
            "select schema, version, checksum from meditrack.migration",
            &[],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let version: i32 = row.try_get(1)?;
            Ok(((row.try_get(0)?, version.unsigned_abs()), row.try_get(2)?))
        })
        .collect()
}

/// Refuses a database that is newer than `set` or was made from other texts.
fn compare(set: &Migrations, applied: &Applied) -> Result<(), MigrationError> {
    let known = set.files.len();
    let database = newest(set.schema, applied);
    if usize::try_from(database).is_ok_and(|database| database > known) {
        return Err(MigrationError::Newer {
            schema: set.schema.to_owned(),
            database,
            known: u32::try_from(known).unwrap_or(u32::MAX),
        });
    }
    for migration in set.files {
        let key = (set.schema.to_owned(), migration.version);
        if applied
            .get(&key)
            .is_some_and(|checksum| *checksum != migration.checksum())
        {
            return Err(MigrationError::Changed {
                schema: set.schema.to_owned(),
                version: migration.version,
            });
        }
    }
    Ok(())
}

async fn apply(
    client: &Client,
    schema: &'static str,
    migration: &Migration,
) -> Result<(), MigrationError> {
    tracing::info!(
        schema,
        version = migration.version,
        name = migration.name,
        "migrating"
    );
    match in_transaction(client, schema, migration).await {
        Ok(()) => Ok(()),
        Err(source) => {
            let _ = client.batch_execute("rollback").await;
            Err(MigrationError::Failed {
                schema: schema.to_owned(),
                version: migration.version,
                name: migration.name.to_owned(),
                source,
            })
        }
    }
}

async fn in_transaction(client: &Client, schema: &str, migration: &Migration) -> Result<(), Error> {
    client
        .batch_execute(&format!(
            "begin; create schema if not exists {schema}; grant usage on schema {schema} to {}",
            roles::APP
        ))
        .await?;
    client.batch_execute(migration.sql).await?;
    let version = i32::try_from(migration.version).unwrap_or(i32::MAX);
    client
        .execute(
            "insert into meditrack.migration (schema, version, name, checksum) \
             values ($1, $2, $3, $4)",
            &[&schema, &version, &migration.name, &migration.checksum()],
        )
        .await?;
    client.batch_execute("commit").await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration::new(1, "one", "select 1");
    const THREE: Migration = Migration::new(3, "three", "select 3");

    #[test]
    fn a_gap_a_duplicate_and_a_bad_name_are_refused() {
        let good = Migrations {
            schema: "records",
            files: &[ONE],
        };
        assert!(with_foundation(&[good]).is_ok());
        let gap = Migrations {
            schema: "records",
            files: &[ONE, THREE],
        };
        let name = Migrations {
            schema: "Records; drop",
            files: &[ONE],
        };
        for sets in [vec![gap], vec![name], vec![good, good], vec![FOUNDATION]] {
            assert!(matches!(
                with_foundation(&sets),
                Err(MigrationError::Malformed { .. })
            ));
        }
    }

    #[test]
    fn the_fingerprint_changes_with_every_text() {
        let one = Migrations {
            schema: "a",
            files: &[ONE],
        };
        const OTHER: Migration = Migration::new(1, "one", "select 2");
        let other = Migrations {
            schema: "a",
            files: &[OTHER],
        };
        assert_ne!(fingerprint(&[one]), fingerprint(&[other]));
        assert_eq!(fingerprint(&[one]), fingerprint(&[one]));
    }
}
