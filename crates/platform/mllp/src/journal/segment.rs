//! The files of a journal: their names, their order, and where each ends.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::JournalError;
use super::record::{self, MAGIC, Record};

/// First bytes of every journal file.
pub(super) const HEADER: [u8; 8] = *b"MTMLLPJ1";
const EXTENSION: &str = "journal";

/// The journal files in `folder` with their numbers, oldest first.
pub(super) fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let failed = |source| JournalError::io(folder, source);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let named = path
            .extension()
            .is_some_and(|extension| extension == EXTENSION);
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok());
        if let (true, Some(number)) = (named, number) {
            found.push((number, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The name of the file with `number`.
pub(super) fn name(number: u64) -> String {
    format!("{number:020}.{EXTENSION}")
}

/// Begins the file with `number`; it is on the disk, name and all, when this returns.
pub(super) fn create(folder: &Path, number: u64) -> Result<(File, PathBuf), JournalError> {
    let path = folder.join(name(number));
    let failed = |source| JournalError::io(&path, source);
    let mut options = OpenOptions::new();
    let mut file = options
        .create_new(true)
        .append(true)
        .open(&path)
        .map_err(failed)?;
    file.write_all(&HEADER).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    Ok((file, path))
}

/// Reads a file record by record; gives where its last whole record ends.
///
/// Only the `last` file of a journal may end in half a record, and only where nothing behind it
/// says that it had been on the disk.
pub(super) fn scan(
    path: &Path,
    last: bool,
    mut each: impl FnMut(u64, Record),
) -> Result<u64, JournalError> {
    let bytes = fs::read(path).map_err(|source| JournalError::io(path, source))?;
    if !bytes.starts_with(&HEADER) {
        // A crash while the file was begun leaves less than its header.
        if last && HEADER.starts_with(&bytes) {
            return Ok(0);
        }
        return Err(JournalError::Foreign(path.to_owned()));
    }
    let mut at = HEADER.len();
    while let Some(record) = record::read(&bytes[at..]) {
        let offset = at as u64;
        at += record.length;
        each(offset, record);
    }
    let end = at as u64;
    let torn = &bytes[at..];
    if !torn.is_empty() && (!last || was_durable(torn, end)) {
        let path = path.to_owned();
        return Err(JournalError::Damaged { path, offset: end });
    }
    Ok(end)
}

/// Whether a later record says that more than `end` bytes had been on the disk.
fn was_durable(torn: &[u8], end: u64) -> bool {
    memchr::memmem::find_iter(torn, &MAGIC)
        .filter_map(|at| record::read(&torn[at..]))
        .any(|record| record.durable > end)
}
