//! Where checks leave what they find.

use super::{ErrorCode, Issue, Severity};
use crate::document::Document;
use crate::error::Position;

/// The most issues that a report lists.
const MOST: usize = 200;

/// Collects issues of one document, each with its place.
pub(super) struct Sink<'d, 'a> {
    document: &'d Document<'a>,
    issues: Vec<Issue>,
    /// How many errors and warnings were dropped.
    more: usize,
}

impl<'d, 'a> Sink<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>) -> Self {
        Self {
            document,
            issues: Vec::new(),
            more: 0,
        }
    }

    /// An issue at an element that starts at an offset.
    pub(super) fn add(
        &mut self,
        severity: Severity,
        rule: &'static str,
        path: String,
        offset: usize,
        sentence: impl Into<String>,
    ) {
        if self.issues.len() >= MOST && !self.make_room(severity) {
            return;
        }
        self.issues.push(Issue {
            severity,
            rule,
            code: ErrorCode::Rejected,
            path,
            position: Position::at(self.document.text(), offset),
            sentence: sentence.into(),
        });
    }

    /// An error at a path, or at the deepest element on the way there.
    pub(super) fn error(&mut self, rule: &'static str, path: &str, sentence: impl Into<String>) {
        let offset = self.document.nearest(path).offset();
        self.add(Severity::Error, rule, path.to_owned(), offset, sentence);
    }

    /// A warning at a path, or at the deepest element on the way there.
    pub(super) fn warning(&mut self, rule: &'static str, path: &str, sentence: impl Into<String>) {
        let offset = self.document.nearest(path).offset();
        self.add(Severity::Warning, rule, path.to_owned(), offset, sentence);
    }

    /// Issues in the order of the message, and how many are left out.
    pub(super) fn finish(mut self) -> (Vec<Issue>, usize) {
        self.issues.sort_by_key(|issue| issue.position.offset);
        (self.issues, self.more)
    }

    /// A full list counts what it drops; the first error still takes the place of a warning.
    fn make_room(&mut self, severity: Severity) -> bool {
        self.more += 1;
        let has_error = self
            .issues
            .iter()
            .any(|issue| issue.severity == Severity::Error);
        severity == Severity::Error && !has_error && self.issues.pop().is_some()
    }
}
