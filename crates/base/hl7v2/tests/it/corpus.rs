//! Every message of the shared data set, and what becomes of it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use mt_hl7v2::batch::{self, BatchFile};
use mt_hl7v2::conformance::{Profile, check};
use mt_hl7v2::mllp::{Event, FrameDecoder, FrameProfile};
use mt_hl7v2::{Message, ParseErrorReason};

use crate::laws;

fn shared() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let root = std::env::var_os("MEDITRACK_SHARED").map_or(default, PathBuf::from);
    let messages = root.join("data/hl7v2-messages");
    if messages.is_dir() {
        return Some(messages);
    }
    println!("skipped: no shared data set (set MEDITRACK_SHARED to the folder that holds data/)");
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path
            .extension()
            .is_some_and(|kind| kind == "hl7" || kind == "txt" || kind == "bin")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// One line on what a file holds.
fn outcome(bytes: &[u8]) -> String {
    laws::any_bytes_are_read_or_refused(bytes);
    laws::a_stream_is_cut_the_same_however_it_arrives(bytes, 7);
    laws::frames_are_the_same_however_they_arrive(bytes, 3, FrameProfile::default());
    match Message::parse(bytes) {
        Ok(message) => described(&message),
        Err(error) => match error.reason {
            ParseErrorReason::Framed => framed(bytes),
            ParseErrorReason::Batch => batched(bytes),
            ParseErrorReason::SecondHeader => streamed(bytes),
            _ => format!("refused: {error}"),
        },
    }
}

fn described(message: &Message<'_>) -> String {
    let (code, event) = message.message_type();
    let version = message.get("MSH-12").unwrap().leaf().text().into_owned();
    let count = message.segments().len();
    let mut line = format!(
        "{code}^{event} {version}, {count} segments, {}",
        message.wire_charset()
    );
    for notice in message.notices() {
        write!(line, "; {}", notice.kind).unwrap();
    }
    for finding in check(message, &Profile::standard(&code)) {
        write!(line, "; {finding}").unwrap();
    }
    line
}

fn framed(bytes: &[u8]) -> String {
    let mut decoder = FrameDecoder::new(FrameProfile::default());
    match decoder.advance(&mut &bytes[..]) {
        Some(Event::Message(content)) => format!("frame: {}", outcome(&content)),
        other => format!("refused: {other:?}"),
    }
}

fn batched(bytes: &[u8]) -> String {
    let file = BatchFile::read(bytes).unwrap();
    for item in file.messages() {
        assert!(Message::parse(&item.bytes).is_ok());
    }
    let (batches, messages) = (file.batches.len(), file.messages().count());
    let mut line = format!("batch file: {batches} batches, {messages} messages");
    for notice in &file.notices {
        write!(line, "; {notice}").unwrap();
    }
    line
}

fn streamed(bytes: &[u8]) -> String {
    let items = batch::split(bytes).unwrap();
    let each: Vec<String> = items.iter().map(|item| outcome(&item.bytes)).collect();
    format!("stream: {}", each.join(" | "))
}

#[test]
fn every_message_of_the_data_set_has_the_outcome_in_the_table() {
    let Some(root) = shared() else { return };
    let files = files(&root);
    assert!(files.len() > 170, "{} files", files.len());
    let mut table = String::new();
    for file in &files {
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        let line = outcome(&std::fs::read(file).unwrap());
        let refused = line.starts_with("refused");
        assert_eq!(refused, name.contains("malformed/"), "{name}: {line}");
        writeln!(table, "{name}: {line}").unwrap();
    }
    insta::assert_snapshot!("outcomes", table);
}

#[test]
fn every_message_of_the_data_set_survives_an_edit_and_its_reversal() {
    let Some(root) = shared() else { return };
    let mut edited = 0;
    for file in files(&root) {
        let bytes = std::fs::read(&file).unwrap();
        let Ok(original) = Message::parse(&bytes) else {
            continue;
        };
        let mut message = original.clone();
        for path in ["PID-5.1", "MSH-10", "PID-3[1].4.2"] {
            let old = original.get(path).unwrap().raw().to_vec();
            if old.is_empty() || message.set(path, "Änd|ern").is_err() {
                continue;
            }
            assert_ne!(message.as_bytes(), &bytes[..]);
            message.set(path, mt_hl7v2::Content::raw(old)).unwrap();
            assert_eq!(message.as_bytes(), &bytes[..], "{}", file.display());
            edited += 1;
        }
    }
    assert!(edited > 10, "{edited} edits");
}

#[test]
fn the_minimal_admission_profile_finds_what_the_file_names_say() {
    let Some(root) = shared() else { return };
    let folder = root.join("cosyte/conformance");
    let profile = std::fs::read_to_string(folder.join("profile-adt-min.json")).unwrap();
    let profile: Profile = serde_json::from_str(&profile).unwrap();
    for (file, expected) in [
        ("adt-pass.hl7", None),
        (
            "adt-missing-required.hl7",
            Some("PID-3: the field requires 1 values and has 0"),
        ),
        (
            "adt-cardinality.hl7",
            Some("PID-3: the field may have 1 values and has 2"),
        ),
        (
            "adt-value-not-in-set.hl7",
            Some("PID-8[1]: the code is not in the value set"),
        ),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let message = Message::parse(&bytes).unwrap();
        let found: Vec<String> = check(&message, &profile)
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(found, expected, "{file}");
    }
}

#[test]
fn the_committed_sample_has_its_outcomes() {
    let sample: [(&str, &[u8]); 3] = [
        ("adt-a01", include_bytes!("../data/adt-a01.hl7")),
        ("oru-r01", include_bytes!("../data/oru-r01.hl7")),
        ("batch", include_bytes!("../data/batch.hl7")),
    ];
    let lines: Vec<String> = sample
        .iter()
        .map(|(name, bytes)| format!("{name}: {}", outcome(bytes)))
        .collect();
    insta::assert_snapshot!("sample", lines.join("\n"));
}
