//! Messages of another project: each is read or refused with the reason that its name says.

use std::fmt::Write as _;
use std::path::PathBuf;

use mt_script::{Document, validate};

fn samples() -> Option<Vec<PathBuf>> {
    let shared = std::env::var_os("MEDITRACK_SHARED").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = shared.unwrap_or_else(beside).join("data/ncpdp-script");
    let mut files = Vec::new();
    for kind in ["script", "telecom"] {
        let entries = std::fs::read_dir(folder.join(kind)).ok()?;
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
    }
    files.sort();
    Some(files)
}

#[test]
fn every_sample_has_its_known_outcome() {
    let Some(files) = samples() else {
        println!("skipped: the shared data set ncpdp-script is not there");
        return;
    };
    let mut table = String::new();
    for file in files {
        let name = file
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        let bytes = std::fs::read(&file).expect("a readable file");
        let report = validate(&bytes);
        let _ = write!(table, "## {name}\n{report}\n");
        if let Ok(document) = Document::parse(&bytes) {
            assert_eq!(document.write().as_bytes(), bytes, "{name}");
            let message = document.message();
            let again = message.to_string();
            assert_eq!(
                Document::parse(again.as_bytes())
                    .expect("readable")
                    .message(),
                message,
                "{name}"
            );
        }
    }
    insta::assert_snapshot!(table);
}
