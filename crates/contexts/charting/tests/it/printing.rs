//! Notes on paper, as somebody else's reader of PDF reads them.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use mt_access::Role;
use mt_charting::Printed;
use mt_kernel::ErrorKind;
use serde_json::{Value, json};

use crate::world::{DOCTOR, NURSE, Ward, draft, kind};

impl Ward {
    async fn printed(&self, note: &Value) -> Printed {
        let id = note["id"].as_str().unwrap();
        self.charting.print(&self.doctor(), id).await.unwrap()
    }
}

/// What `program` of Poppler says about a file; `None` where it is not installed.
fn poppler(program: &str, arguments: &[&str], pdf: &[u8]) -> Option<String> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        println!("skipped: {program} of poppler-utils is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(pdf).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // Poppler takes `/Suspects false` (ISO 32000-1 table 321), which PDF/UA asks for, as wrong.
    let complaints: String = said
        .lines()
        .filter(|line| !line.is_empty() && !line.contains("Suspects object"))
        .collect();
    assert!(
        output.status.success() && complaints.is_empty(),
        "{complaints}"
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The text of a file as a reader of PDF finds it, in one line.
fn text(pdf: &[u8]) -> Option<String> {
    let text = poppler("pdftotext", &["-", "-"], pdf)?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[track_caller]
fn says(pdf: &[u8], expected: &[&str]) {
    let Some(text) = text(pdf) else { return };
    for words in expected {
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }
}

#[tokio::test]
async fn a_signed_note_says_who_what_by_whom_and_what_was_added() {
    let ward = Ward::with_rules().await;
    let words = "Señora “Ñandú” ≥ 37.5 °C &amp; zażółć gęślą jaźń; ज्वर है";
    let asked = json!({"cosigner": DOCTOR});
    let note = ward
        .sign_with(&ward.nurse(), &draft(NURSE, words), asked)
        .await
        .unwrap();
    let id = note["id"].as_str().unwrap();
    let note = ward.charting.cosign(&ward.doctor(), id).await.unwrap().note;
    let mut addendum = draft(DOCTOR, "Swab is clear.");
    addendum["relatesTo"] =
        json!([{"code": "appends", "targetReference": {"reference": format!("Composition/{id}")}}]);
    ward.sign(&ward.doctor(), &addendum).await.unwrap();
    let mut changed = note.clone();
    changed["title"] = json!("SOAP note, corrected");
    let reason = json!({"reason": "Wrong title"});
    let note = ward
        .sign_with(&ward.doctor(), &changed, reason)
        .await
        .unwrap();

    let printed = ward.printed(&note).await;
    assert!(printed.bytes.starts_with(b"%PDF-"));
    assert_eq!((printed.id.as_str(), printed.version), (id, 3));
    says(
        &printed.bytes,
        &[
            "OF P",
            "MRN not known",
            "SOAP note, corrected",
            "Final, amended.",
            "Author: Of nurse",
            "Señora “Ñandú” ≥ 37.5 °C & zażółć gęślą jaźń",
            "Signed by Of nurse",
            "Signed by Of doctor",
            "Reason of an amendment: Wrong title",
            "Addendum",
            "Swab is clear.",
            &format!("Composition/{id} · version 3 · printed"),
            "Page 1 of 1",
        ],
    );
    let said = text(&printed.bytes).unwrap_or_default();
    assert!(!said.contains("DRAFT"), "{said}");
    // Who has it read aloud hears a title, headings and paragraphs.
    if let Some(about) = poppler("pdfinfo", &["-"], &printed.bytes) {
        for line in ["Tagged: yes", "Title: Clinical note"] {
            let line: String = line.split_whitespace().collect();
            let about: String = about.split_whitespace().collect();
            assert!(about.contains(&line), "{line} is not in: {about}");
        }
    }
    if let Some(tree) = poppler("pdfinfo", &["-struct-text", "-"], &printed.bytes) {
        assert!(
            tree.contains("H1") && tree.contains("H2") && tree.contains("Subjective"),
            "{tree}"
        );
    }
}

#[tokio::test]
async fn what_is_not_signed_says_so_across_every_page_of_a_long_note() {
    let ward = Ward::with_rules().await;
    let words: Vec<String> = (0..2500).map(|at| format!("word{at}")).collect();
    let mut note = draft(NURSE, "");
    let sections = words
        .chunks(1000)
        .map(|words| draft(NURSE, &words.join(" "))["section"][0].clone());
    note["section"] = sections.collect();
    let stored = ward.put(&ward.nurse(), &note).await.unwrap();
    let printed = ward.printed(&stored).await;
    says(
        &printed.bytes,
        &[
            "Draft: nobody has signed it.",
            "word0 ",
            "word2499",
            "Page 2 of",
        ],
    );
    if let Some(layout) = poppler(
        "pdftotext",
        &["-f", "2", "-l", "2", "-", "-"],
        &printed.bytes,
    ) {
        let page: String = layout.split_whitespace().collect();
        assert!(page.contains("OFP") && page.contains("DRAFT"), "{page}");
    }
    let waits = ward
        .sign(&ward.nurse(), &draft(NURSE, "Fever"))
        .await
        .unwrap();
    says(
        &ward.printed(&waits).await.bytes,
        &["it waits for a co-signature"],
    );
}

#[tokio::test]
async fn a_note_is_printed_for_whoever_may_read_it_and_for_nobody_else() {
    let ward = Ward::new().await;
    let note = ward
        .sign(&ward.doctor(), &draft(DOCTOR, "Cough"))
        .await
        .unwrap();
    let id = note["id"].as_str().unwrap();
    let patient = ward.caller(Role::Patient, "Patient/p");
    assert!(ward.charting.print(&patient, id).await.is_ok());
    for (role, user) in [
        (Role::Receptionist, NURSE),
        (Role::Patient, "Patient/other"),
    ] {
        let refused = ward.charting.print(&ward.caller(role, user), id).await;
        assert_eq!(kind(refused), ErrorKind::NotFound, "{role:?}");
    }
    assert_eq!(
        kind(ward.charting.print(&ward.doctor(), "nothing").await),
        ErrorKind::NotFound
    );
}
