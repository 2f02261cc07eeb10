//! Input of desk commands: a file, or standard input as `-`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};

/// A reader of `file`, for what is read as a stream.
pub(super) fn open(file: &Path) -> anyhow::Result<Box<dyn Read>> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    // Opening a folder succeeds; reading it gives an error that does not name it.
    if opened.metadata().is_ok_and(|found| found.is_dir()) {
        bail!("{} is a folder; name a file", file.display());
    }
    Ok(Box::new(opened))
}

/// The bytes of `file`.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(file)?
        .read_to_end(&mut bytes)
        .with_context(|| format!("{} cannot be read", name(file)))?;
    Ok(bytes)
}

/// What to call `file` in a sentence.
pub(super) fn name(file: &Path) -> String {
    if file == Path::new("-") {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    }
}
