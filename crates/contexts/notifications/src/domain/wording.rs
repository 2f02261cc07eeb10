//! The words of one intent in one language.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::{
    OpenText, OpenValues, PrivateValues, WordingError, check_open, check_private, fill_open,
    fill_private,
};

/// Longest subject line.
const SUBJECT: usize = 90;
/// Longest short text: with its values it should stay within two text messages.
const SHORT: usize = 200;
/// Longest title and body in the application.
const TITLE: usize = 120;
const BODY: usize = 1_000;

/// The words of one intent in one language. `subject` and `short` leave the application and cannot carry health
/// information; `title` and `body` are read after signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// Subject line of mail, title of push: `{organisation}`, `{count}`.
    pub subject: String,
    /// Text of SMS, push and mail: `{organisation}`, `{link}`, `{count}`.
    pub short: String,
    /// Title in the application: `{organisation}`, `{who}`, `{patient}`, `{when}`, `{place}`, `{what}`.
    pub title: String,
    /// Text in the application, with the same values.
    pub body: String,
}

/// What leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenWords {
    /// Subject line.
    pub subject: OpenText,
    /// Text.
    pub short: OpenText,
}

/// What stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateWords {
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
}

impl Wording {
    /// Refuses what cannot be used, with the name of the field.
    ///
    /// # Errors
    /// [`WordingError`].
    pub fn check(&self) -> Result<(), (&'static str, WordingError)> {
        check_open(&self.subject, SUBJECT).map_err(|error| ("subject", error))?;
        check_open(&self.short, SHORT).map_err(|error| ("short", error))?;
        check_private(&self.title, TITLE).map_err(|error| ("title", error))?;
        check_private(&self.body, BODY).map_err(|error| ("body", error))
    }

    /// What leaves.
    ///
    /// # Errors
    /// [`WordingError`] when [`Self::check`] would refuse.
    pub fn open(&self, values: &OpenValues) -> Result<OpenWords, WordingError> {
        Ok(OpenWords {
            subject: fill_open(&self.subject, values)?,
            short: fill_open(&self.short, values)?,
        })
    }

    /// What stays.
    ///
    /// # Errors
    /// [`WordingError`] when [`Self::check`] would refuse.
    pub fn private(&self, values: &PrivateValues) -> Result<PrivateWords, WordingError> {
        Ok(PrivateWords {
            title: fill_private(&self.title, values)?,
            body: fill_private(&self.body, values)?,
        })
    }
}
