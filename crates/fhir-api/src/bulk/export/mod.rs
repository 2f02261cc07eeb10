//! `$export` (FHIR Bulk Data Access 2.0, <http://hl7.org/fhir/uv/bulkdata/export.html>).
//!
//! An export sees the records as they were at one moment, through its caller's access filter, and
//! every page it reads is in the audit trail like any other search.

mod kickoff;
mod patients;
mod run;

pub(crate) use kickoff::kick_off;
pub(super) use run::run;

use serde::{Deserialize, Serialize};

/// What is to be exported.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wanted {
    level: Level,
    /// Names of types; `None`: all that there are at this level.
    types: Option<Vec<String>>,
    /// `_since`, microseconds.
    since: Option<i64>,
    /// `_typeFilter`: criteria, of which a resource of the type must meet one.
    filters: Vec<String>,
    /// `_elements`: `Type.element` or `element`.
    elements: Vec<String>,
}

/// Whose records.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Level {
    System,
    /// Of these patients, or of all.
    Patients(Option<Vec<String>>),
    /// Of the members of a Group, or of those among them that are named.
    Group(String, Option<Vec<String>>),
}
