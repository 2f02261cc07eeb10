//! Where the collected test data is.

use std::path::{Path, PathBuf};

/// `path` below the shared data, or `None` with a printed line when it is absent.
pub(crate) fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MEDITRACK_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared"),
        PathBuf::from,
    );
    let full = root.join("data").join(path);
    if full.exists() {
        return Some(full);
    }
    println!("skipped: {path} is not in the shared data (set MEDITRACK_SHARED)");
    None
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
