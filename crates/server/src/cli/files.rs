//! Input of desk commands: a file, or standard input as `-`.

use std::io::Read;
use std::path::Path;

use anyhow::Context;

/// The bytes of `file`.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}
