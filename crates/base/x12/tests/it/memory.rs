//! Files of any size in the memory of a small one, measured.

use std::fmt::Write as _;
use std::io::Read;
use std::process::Command;

use mt_x12::{Options, Report, validate};

use crate::documents;

/// Set in the process that the test starts: memory is counted by process, and other tests run in
/// the one of the test.
const ALONE: &str = "MT_X12_ALONE";
const TEST: &str = "memory::two_hundred_megabytes_of_claims_take_no_more_memory_than_two";

/// A claim file with as many subscribers as asked for, written while it is read.
struct ClaimFile {
    head: String,
    subscriber: String,
    tail: String,
    patients: usize,
    next: usize,
    chunk: Vec<u8>,
    at: usize,
}

impl ClaimFile {
    /// A valid file of at least `bytes`.
    fn of(bytes: usize) -> Self {
        let text = documents::write(&documents::professional()).expect("written");
        let start = text.find("HL*2*").expect("a subscriber");
        let end = text.find("~SE*").expect("a trailer") + 1;
        let subscriber = text[start + "HL*2*".len()..end].to_owned();
        let patients = bytes / subscriber.len() + 1;
        let before = text[text.find("ST*").expect("a set")..start]
            .matches('~')
            .count();
        let segments = before + patients * text[start..end].matches('~').count() + 1;
        let rest = &text[end..];
        let after = &rest[rest.find("*0001~").expect("SE02")..];
        Self {
            head: text[..start].to_owned(),
            subscriber,
            tail: format!("SE*{segments}{after}"),
            patients,
            next: 0,
            chunk: Vec::new(),
            at: 0,
        }
    }

    /// The next subscriber, or what comes before the first or after the last.
    fn refill(&mut self) {
        let mut text = String::new();
        match self.next {
            0 => text.push_str(&self.head),
            number if number <= self.patients => {
                write!(text, "HL*{}*{}", number + 1, self.subscriber).expect("memory");
            }
            number if number == self.patients + 1 => text.push_str(&self.tail),
            _ => {}
        }
        self.next += 1;
        self.chunk = text.into_bytes();
        self.at = 0;
    }
}

impl Read for ClaimFile {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.chunk.len() {
            self.refill();
        }
        let count = into.len().min(self.chunk.len() - self.at);
        into[..count].copy_from_slice(&self.chunk[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

fn check(bytes: usize) -> Report {
    let report = validate(ClaimFile::of(bytes), Options::default()).expect("readable");
    assert_eq!(report.issues().next(), None);
    assert_eq!(report.sets().count(), 1);
    report
}

/// The most memory that this process has had, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status of the process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kibibytes.expect("a number") * 1024
}

#[test]
fn two_hundred_megabytes_of_claims_take_no_more_memory_than_two() {
    if std::env::var_os(ALONE).is_none() {
        let alone = Command::new(std::env::current_exe().expect("the test's own path"))
            .args(["--exact", TEST, "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("a process");
        let said = String::from_utf8_lossy(&[alone.stdout, alone.stderr].concat()).into_owned();
        assert!(
            alone.status.success() && said.contains("1 passed"),
            "{said}"
        );
        return;
    }
    check(2_000_000);
    let before = peak_memory();
    let report = check(200_000_000);
    let grown = peak_memory() - before;
    let segments: u64 = report.sets().map(|set| set.segments).sum();
    assert!(grown < 1_000_000, "{grown} bytes for {segments} segments");
}
