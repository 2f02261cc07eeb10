//! Where sample files are: the shared collection when present, and the committed few.

use std::path::{Path, PathBuf};

/// The shared collection of X12 files, or `None` with one line that says why.
pub(crate) fn shared() -> Option<PathBuf> {
    let root = std::env::var_os("MEDITRACK_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared"),
        PathBuf::from,
    );
    let found = root.join("data/x12-transactions");
    if found.is_dir() {
        return Some(found);
    }
    println!("skipped: no shared X12 files (set MEDITRACK_SHARED to the folder that holds data/)");
    None
}

/// All X12 files below `root`, with their names relative to it, sorted.
pub(crate) fn files(root: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            match name.as_deref() {
                Some("LICENSE" | "SOURCE.md" | "README.md") => {}
                _ if path.is_dir() => folders.push(path),
                _ => {
                    let name = path.strip_prefix(root).expect("below the root");
                    found.push((name.to_string_lossy().into_owned(), path));
                }
            }
        }
    }
    found.sort();
    found
}
