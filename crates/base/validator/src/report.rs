//! The issues found so far.

use mt_fhir::outcome::{Issue, IssueCode, Severity};

use crate::Level;
use crate::path::Path;

/// Beyond this many a client learns nothing more, and a hostile document must not fill the memory.
const MAX_ISSUES: usize = 500;

/// Collects issues of the severities that a level asks for.
pub(crate) struct Report {
    level: Level,
    issues: Vec<Issue>,
}

impl Report {
    pub(crate) fn new(level: Level) -> Self {
        Report {
            level,
            issues: Vec::new(),
        }
    }

    /// Whether warnings and information are wanted, and checks that only give those worth doing.
    pub(crate) fn is_full(&self) -> bool {
        self.level == Level::Full
    }

    pub(crate) fn error(&mut self, code: IssueCode, path: &Path<'_>, text: impl Into<String>) {
        self.push(Issue::error(code, text), path);
    }

    pub(crate) fn warning(&mut self, code: IssueCode, path: &Path<'_>, text: impl Into<String>) {
        if self.is_full() {
            self.push(Issue::warning(code, text), path);
        }
    }

    pub(crate) fn information(
        &mut self,
        code: IssueCode,
        path: &Path<'_>,
        text: impl Into<String>,
    ) {
        if self.is_full() {
            self.push(Issue::information(code, text), path);
        }
    }

    /// The severity of a binding or constraint: an error or a warning.
    pub(crate) fn graded(
        &mut self,
        is_error: bool,
        code: IssueCode,
        path: &Path<'_>,
        text: impl Into<String>,
    ) {
        if is_error {
            self.error(code, path, text);
        } else {
            self.warning(code, path, text);
        }
    }

    /// How many errors there are: to tell whether a check added any.
    pub(crate) fn errors(&self) -> usize {
        self.issues.iter().filter(|i| i.is_error()).count()
    }

    /// The issues, errors first, the same issue once.
    pub(crate) fn finish(mut self) -> Vec<Issue> {
        self.issues
            .sort_by_key(|i| (i.severity > Severity::Error, i.severity));
        let mut kept: Vec<Issue> = Vec::with_capacity(self.issues.len());
        for issue in self.issues {
            if !kept.contains(&issue) {
                kept.push(issue);
            }
        }
        kept
    }

    fn push(&mut self, issue: Issue, path: &Path<'_>) {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(issue.at(path.to_string()));
        }
    }
}
