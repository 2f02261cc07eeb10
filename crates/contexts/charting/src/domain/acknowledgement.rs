//! A Task that says who has seen a result (<http://hl7.org/fhir/R4/task.html>).

use mt_fhir::Node;

use super::items;

/// Code of the tasks, and of their input that says which version was seen.
pub(crate) const ACKNOWLEDGE: &str = "acknowledge-result";
pub(crate) const VERSION: &str = "seen-version";

/// An acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledgement<'n> {
    /// Reference of who.
    pub(crate) by: &'n str,
    /// When.
    pub(crate) at: &'n str,
    /// The version of the result that was seen.
    pub(crate) version: u32,
}

impl<'n> Acknowledgement<'n> {
    /// Reads a Task that is one.
    pub(crate) fn read(task: Node<'n>) -> Option<Self> {
        if !is_acknowledgement(task) {
            return None;
        }
        let version = items(task, "input").find(|input| {
            let codings = input.get("type").into_iter();
            let mut codings = codings.flat_map(|kind| items(kind, "coding"));
            codings.any(|coding| coding.str("code") == Some(VERSION))
        })?;
        Some(Self {
            by: task.get("owner")?.str("reference")?,
            at: task.get("executionPeriod")?.str("end")?,
            version: version
                .get("valuePositiveInt")?
                .number_text()?
                .parse()
                .ok()?,
        })
    }
}

/// Whether a Task has our code for acknowledgements.
pub(crate) fn is_acknowledgement(task: Node<'_>) -> bool {
    let codings = task.get("code").into_iter();
    let mut codings = codings.flat_map(|code| items(code, "coding"));
    codings.any(|coding| coding.str("code") == Some(ACKNOWLEDGE))
}
