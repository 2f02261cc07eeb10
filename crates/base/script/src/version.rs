//! The two adopted versions of SCRIPT and the stamps that announce them.
//!
//! 45 CFR 170.205(b) and 42 CFR 423.160 adopt 2017071 (until 1 January 2028) and 2023011.

use std::fmt;

use crate::xml::Element;

/// An adopted version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Version {
    /// SCRIPT 2017071.
    #[default]
    V2017071,
    /// SCRIPT 2023011.
    V2023011,
}

/// The attributes of `Message` that carry a stamp.
pub(crate) const STAMPS: [&str; 5] = [
    "DatatypesVersion",
    "TransportVersion",
    "TransactionVersion",
    "StructuresVersion",
    "ECLVersion",
];

/// The attribute of `Message` that names the standard.
pub(crate) const DOMAIN: &str = "TransactionDomain";

impl Version {
    /// Both versions, oldest first.
    pub const ALL: [Self; 2] = [Self::V2017071, Self::V2023011];

    /// The number of the version.
    pub fn number(self) -> &'static str {
        match self {
            Self::V2017071 => "2017071",
            Self::V2023011 => "2023011",
        }
    }

    /// The stamp that is written in the attributes of `Message`.
    pub fn stamp(self) -> &'static str {
        match self {
            Self::V2017071 => "20170715",
            Self::V2023011 => "2023011",
        }
    }

    /// The version of a stamp: the number of the version, with or without a release digit.
    pub fn of_stamp(stamp: &str) -> Option<Self> {
        let is_release = |rest: &str| rest.len() <= 1 && rest.chars().all(|c| c.is_ascii_digit());
        let is_stamp =
            |version: &Self| stamp.strip_prefix(version.number()).is_some_and(is_release);
        Self::ALL.into_iter().find(is_stamp)
    }

    /// What a `Message` states: its first stamp in order of significance, or the attribute `version` that some write.
    pub(crate) fn stated(message: &Element<'_>) -> Stated {
        let attributes = [
            "TransactionVersion",
            "StructuresVersion",
            "TransportVersion",
            "DatatypesVersion",
            "version",
        ];
        match attributes.iter().find_map(|name| message.attribute(name)) {
            None => Stated::Nothing,
            Some(stamp) => {
                Self::of_stamp(stamp.trim()).map_or(Stated::Unsupported, Stated::Version)
            }
        }
    }
}

/// What a message says about its version.
pub(crate) enum Stated {
    Version(Version),
    Unsupported,
    Nothing,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.number())
    }
}
