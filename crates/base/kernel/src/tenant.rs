//! The isolation boundary.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Surrogate key of a tenant: the first column of every tenant table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub i32);

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Name of a tenant as it stands in URLs and commands: 1 to 40 of `a-z 0-9 -`, starting with a
/// letter, not ending with a hyphen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TenantName(String);

/// Why a tenant name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a tenant name is 1 to 40 lower-case letters, digits and hyphens, starts with a letter and does not end with a hyphen"
)]
pub struct TenantNameError;

impl TenantName {
    /// Checks and wraps `name`.
    ///
    /// # Errors
    /// [`TenantNameError`] when the name breaks the rule.
    pub fn parse(name: &str) -> Result<Self, TenantNameError> {
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let bytes = name.as_bytes();
        let fits = (1..=40).contains(&bytes.len())
            && bytes.first().is_some_and(u8::is_ascii_lowercase)
            && bytes.last() != Some(&b'-')
            && bytes.iter().copied().all(allowed);
        if fits {
            Ok(Self(name.to_owned()))
        } else {
            Err(TenantNameError)
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_names_follow_the_rule() {
        for good in ["a", "demo", "st-mary-2", &"a".repeat(40)] {
            assert!(TenantName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "1a",
            "-a",
            "a-",
            "A",
            "a_b",
            "a.b",
            &"a".repeat(41),
            "ä",
        ] {
            assert!(TenantName::parse(bad).is_err(), "{bad}");
        }
    }
}
