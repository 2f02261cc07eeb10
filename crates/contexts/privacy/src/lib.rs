#![doc = include_str!("../README.md")]

pub mod api;
mod app;
mod domain;
mod error;
mod jobs;
mod store;

pub use app::{
    AccessLine, DeidentifiedExport, Forgets, IncidentChange, LogStanding, Privacy, Verification,
    as_csv, as_ndjson, csv_header,
};
pub use domain::announce::TrailEvents;
pub use domain::clocks::{Deadline, Duty, Facts, Regime, deadlines};
pub use domain::consent::{ConsentRule, Requester, withheld_by};
pub use domain::deidentify::{Dates, Deidentifier};
pub use domain::disclosure::Disclosure;
pub use domain::erasure::{Erasure, ErasureOutcome};
pub use domain::hold::{LegalHold, Release};
pub use domain::incident::{
    Assessment, Factor, Incident, IncidentState, Level, Note, Notices, Rule, Severity,
};
pub use domain::restriction::{Restriction, RestrictionsAreTheOffices};
pub use domain::retention::{is_over, retention_ends};
pub use domain::rules::{Baseline, Settings};
pub use error::{PrivacyError, Result};
pub use jobs::restrictions::Restrictions;
pub use jobs::watch::Watch;
pub use store::reviews::{Review, ReviewState};
pub use store::{Kept, Wanted};

use mt_database::{Migration, Migrations};

/// Tables of this context.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "privacy",
    files: &[
        Migration::new(1, "privacy", include_str!("../migrations/0001_privacy.sql")),
        Migration::new(2, "erasure", include_str!("../migrations/0002_erasure.sql")),
    ],
};
