//! What becomes of every file of the shared collection, as one reviewed table.

use std::fmt::Write as _;

use mt_x12::{Options, Severity, validate};

use crate::samples;

/// One line: the outcome, and the first reasons. Many published samples make up their provider
/// identifiers; so that other faults show, check digits are counted apart.
fn outcome(bytes: &[u8]) -> String {
    let relaxed = Options {
        relaxed: &["npi-check-digit"],
        ..Options::default()
    };
    let report = match validate(bytes, relaxed) {
        Ok(report) => report,
        Err(error) => return format!("unreadable: {error}"),
    };
    let guides: Vec<_> = report
        .sets()
        .map(|set| set.guide.unwrap_or("no guide"))
        .collect();
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for guide in guides {
        match counted.iter_mut().find(|(name, _)| *name == guide) {
            Some((_, count)) => *count += 1,
            None => counted.push((guide, 1)),
        }
    }
    let sets: Vec<_> = counted
        .iter()
        .map(|(name, count)| format!("{count}×{name}"))
        .collect();
    let acknowledgments: u64 = report
        .interchanges
        .iter()
        .map(|found| found.acknowledgments)
        .sum();
    let errors: Vec<_> = report
        .issues()
        .filter(|issue| issue.severity == Severity::Error)
        .collect();
    let identifiers = report
        .issues()
        .filter(|issue| issue.rule == "npi-check-digit")
        .count();
    let verdict = match (errors.len(), report.sets().any(|set| set.guide.is_none())) {
        (0, _) if identifiers > 0 => format!("valid but for {identifiers} NPI check digits:"),
        (0, false) => "valid".to_owned(),
        (0, true) => "parsed".to_owned(),
        (count, _) => format!("refused ({count})"),
    };
    let mut line = format!("{verdict} [{}]", sets.join(", "));
    if acknowledgments > 0 {
        let _ = write!(line, " TA1×{acknowledgments}");
    }
    for issue in errors.iter().take(5) {
        let _ = write!(line, "\n      {issue}");
    }
    line
}

#[test]
fn every_shared_file_is_parsed_or_refused_with_its_reason() {
    let Some(root) = samples::shared() else {
        return;
    };
    let mut table = String::new();
    let mut counts = [0_usize; 5];
    for (name, path) in samples::files(&root) {
        let line = outcome(&std::fs::read(&path).expect("a readable file"));
        let kind = ["valid [", "valid but", "parsed", "refused", "unreadable"]
            .iter()
            .position(|kind| line.starts_with(kind))
            .expect("one of five outcomes");
        counts[kind] += 1;
        let _ = writeln!(table, "{name}\n    {line}");
    }
    let [valid, identifiers, parsed, refused, unreadable] = counts;
    let summary = format!(
        "valid {valid}, valid but for made-up NPIs {identifiers}, parsed {parsed}, \
         refused {refused}, unreadable {unreadable}"
    );
    insta::assert_snapshot!("outcomes", format!("{summary}\n\n{table}"));
}
