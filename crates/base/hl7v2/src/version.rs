//! Versions of the standard, as MSH-12 names them.

use std::fmt;
use std::str::FromStr;

/// A version such as 2.5.1; later versions compare as greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    major: u8,
    minor: u8,
    patch: u8,
}

/// MSH-12 does not name a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is written like 2.5 or 2.5.1")]
pub struct VersionError;

impl Version {
    /// 2.3.1: from here on MSH-9 has a third component.
    pub const V2_3_1: Self = Self::new(2, 3, 1);
    /// 2.5: from here on ERR has coded errors.
    pub const V2_5: Self = Self::new(2, 5, 0);
    /// 2.5.1, the version most interfaces agree on.
    pub const V2_5_1: Self = Self::new(2, 5, 1);

    const fn new(major: u8, minor: u8, patch: u8) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Whether this library reads the version: 2.1 to 2.8 with their corrections, and 2.9.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        self.major == 2 && 1 <= self.minor && self.minor <= 9
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let digit = |part: Option<&str>| match part.map(str::as_bytes) {
            Some([digit @ b'0'..=b'9']) => Ok(digit - b'0'),
            _ => Err(VersionError),
        };
        let mut parts = text.trim().split('.');
        let major = digit(parts.next())?;
        let minor = digit(parts.next())?;
        let patch = match parts.next() {
            None => 0,
            part => digit(part)?,
        };
        match parts.next() {
            None => Ok(Self::new(major, minor, patch)),
            Some(_) => Err(VersionError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_and_print() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("2.3") < Version::V2_3_1);
        assert!(version("2.5.1") > Version::V2_5);
        assert_eq!(version("2.8.2").to_string(), "2.8.2");
        assert_eq!(version("2.1").to_string(), "2.1");
        assert!(version("2.8").is_supported() && !version("3.0").is_supported());
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "2", "2.", "2.10", "v2.5", "2.5.1.1", "2.x"] {
            assert_eq!(text.parse::<Version>(), Err(VersionError), "{text}");
        }
    }
}
