//! Loaded systems in the database: one compressed image per version, in rows of a megabyte, so
//! that a server has a system in memory a second after it starts. The tables hold no health
//! information and belong to no tenant.

use std::sync::Arc;

use futures::{SinkExt, pin_mut};
use mt_database::{Database, Endpoint, Error, Migration, Migrations};

use crate::catalog::Catalog;
use crate::code_system::CodeSystem;
use crate::content::{inflate, read_image, write_image};

/// The schema `terminology`.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "terminology",
    files: &[Migration::new(
        1,
        "systems",
        include_str!("../migrations/0001_systems.sql"),
    )],
};

/// Bytes of a row.
const CHUNK: usize = 1 << 20;
/// Strength of compression: a release is written once and read at every start.
const LEVEL: i32 = 6;
/// Bytes of an opened image at most.
const MAX_IMAGE: usize = 2 << 30;

/// Why a system cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database refuses.
    #[error(transparent)]
    Database(#[from] Error),
    /// The image cannot be compressed or read.
    #[error("the stored image of '{url}' cannot be read; load the system again")]
    Damaged {
        /// Code system.
        url: String,
    },
}

/// Stores a version of a system in place of the one that was there, at once. Needs the owner's
/// connection.
///
/// # Errors
/// When the database refuses; nothing has changed then.
pub async fn store(owner: &Endpoint, system: &CodeSystem) -> Result<(), StorageError> {
    let (url, version) = (
        &system.header.url,
        system.header.version.clone().unwrap_or_default(),
    );
    let damaged = |_| StorageError::Damaged { url: url.clone() };
    let image = zstd::bulk::compress(&write_image(system), LEVEL).map_err(damaged)?;
    let (mut client, _connection) = owner.connect().await?;
    let transaction = client.transaction().await.map_err(Error::from)?;
    let delete = "delete from terminology.system where url = $1 and version = $2";
    transaction
        .execute(delete, &[url, &version])
        .await
        .map_err(Error::from)?;
    let concepts = i64::try_from(system.concepts.len()).unwrap_or(i64::MAX);
    let insert =
        "insert into terminology.system (url, version, concepts) values ($1, $2, $3) returning id";
    let row = transaction
        .query_one(insert, &[url, &version, &concepts])
        .await
        .map_err(Error::from)?;
    let id: i64 = row.get(0);
    let copy = "copy terminology.image (system, number, part) from stdin binary";
    let sink = transaction
        .copy_in::<_, bytes::Bytes>(copy)
        .await
        .map_err(Error::from)?;
    pin_mut!(sink);
    for message in copy_messages(id, &image) {
        sink.send(message).await.map_err(Error::from)?;
    }
    sink.finish().await.map_err(Error::from)?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(())
}

/// Removes the versions of a system, or one of them; says how many there were.
///
/// # Errors
/// When the database refuses.
pub async fn remove(
    owner: &Endpoint,
    url: &str,
    version: Option<&str>,
) -> Result<u64, StorageError> {
    let (client, _connection) = owner.connect().await?;
    let delete =
        "delete from terminology.system where url = $1 and ($2::text is null or version = $2)";
    Ok(client
        .execute(delete, &[&url, &version])
        .await
        .map_err(Error::from)?)
}

/// A stored version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Code system.
    pub url: String,
    /// Version.
    pub version: String,
    /// How many concepts.
    pub concepts: i64,
    id: i64,
}

/// The stored versions, newest first.
///
/// # Errors
/// When the database refuses.
pub async fn list(database: &Database) -> Result<Vec<Stored>, StorageError> {
    let transaction = database.admin().await?;
    let sql = "select id, url, version, concepts from terminology.system order by url, id desc";
    let rows = transaction.query(sql, &[]).await?;
    transaction.commit().await?;
    let stored = |row: &tokio_postgres::Row| Stored {
        id: row.get(0),
        url: row.get(1),
        version: row.get(2),
        concepts: row.get(3),
    };
    Ok(rows.iter().map(stored).collect())
}

/// Brings the catalogue up to what is stored; a system that is already there is not read again.
/// Blocking work runs aside. Says how many systems were read.
///
/// # Errors
/// When the database refuses, or an image is damaged; what was read before stays.
pub async fn refresh(database: &Database, catalog: &Catalog) -> Result<usize, StorageError> {
    let stored = list(database).await?;
    let installed = catalog.installed();
    let mut read = 0;
    let mut wanted: Vec<(String, Vec<Arc<CodeSystem>>)> = Vec::new();
    for entry in stored {
        let known = catalog.stored(entry.id);
        let system = match known {
            Some(system) => system,
            None => {
                read += 1;
                let system = read_one(database, &entry).await?;
                catalog.note_stored(entry.id, &system);
                system
            }
        };
        match wanted.last_mut().filter(|(url, _)| *url == entry.url) {
            Some((_, versions)) => versions.push(system),
            None => wanted.push((entry.url, vec![system])),
        }
    }
    for (url, _) in installed {
        if !wanted.iter().any(|(own, _)| *own == url) {
            catalog.install(&url, Vec::new());
        }
    }
    wanted
        .into_iter()
        .for_each(|(url, versions)| catalog.install(&url, versions));
    Ok(read)
}

async fn read_one(database: &Database, entry: &Stored) -> Result<Arc<CodeSystem>, StorageError> {
    let transaction = database.admin().await?;
    let sql = "select part from terminology.image where system = $1 order by number";
    let rows = transaction.query(sql, &[&entry.id]).await?;
    transaction.commit().await?;
    let mut image = Vec::new();
    rows.iter()
        .for_each(|row| image.extend_from_slice(row.get::<_, &[u8]>(0)));
    drop(rows);
    let open = move || read_image(&inflate(&image, MAX_IMAGE)?);
    let opened = tokio::task::spawn_blocking(open).await.ok().flatten();
    opened.map(Arc::new).ok_or_else(|| StorageError::Damaged {
        url: entry.url.clone(),
    })
}

/// The rows of an image as PostgreSQL's binary COPY
/// (<https://www.postgresql.org/docs/current/sql-copy.html>): a header, three fields a row, a trailer.
fn copy_messages(id: i64, image: &[u8]) -> impl Iterator<Item = bytes::Bytes> {
    let header = bytes::Bytes::from_static(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    let row = move |(number, part): (i32, &[u8])| {
        let mut message = Vec::with_capacity(part.len() + 30);
        message.extend(3_i16.to_be_bytes());
        message.extend(8_i32.to_be_bytes());
        message.extend(id.to_be_bytes());
        message.extend(4_i32.to_be_bytes());
        message.extend(number.to_be_bytes());
        message.extend(i32::try_from(part.len()).unwrap_or(0).to_be_bytes());
        message.extend_from_slice(part);
        bytes::Bytes::from(message)
    };
    let trailer = bytes::Bytes::from_static(&[0xff, 0xff]);
    let rows: Vec<bytes::Bytes> = (0..).zip(image.chunks(CHUNK)).map(row).collect();
    std::iter::once(header)
        .chain(rows)
        .chain(std::iter::once(trailer))
}
