//! Canonical references: a URL with an optional business version (`url|version`).

use std::fmt;

/// A canonical reference (<http://hl7.org/fhir/R4/references.html#canonical>).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Canonical {
    /// URL without version and fragment.
    pub url: String,
    /// Business version, when one is asked for.
    pub version: Option<String>,
}

impl Canonical {
    /// A reference from a URL and perhaps a version.
    #[must_use]
    pub fn new(url: &str, version: Option<&str>) -> Self {
        Self {
            url: url.to_owned(),
            version: version.map(str::to_owned),
        }
    }

    /// Splits `url|version`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (url, version) = split(text);
        Self::new(url, version)
    }
}

/// The URL and the version of `url|version`; an empty version counts as none.
pub(crate) fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once('|') {
        Some((url, version)) => (url, Some(version).filter(|version| !version.is_empty())),
        None => (text, None),
    }
}

impl fmt::Display for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)?;
        self.version
            .iter()
            .try_for_each(|version| write!(f, "|{version}"))
    }
}
