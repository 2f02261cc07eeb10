//! Create, read, update, delete, search: the letters of SMART scopes, as sets.

use std::fmt;

/// One kind of access, as in SMART scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interaction {
    /// Create.
    Create,
    /// Read, vread, instance history.
    Read,
    /// Update, patch, upsert.
    Update,
    /// Delete.
    Delete,
    /// Search, type and system history.
    Search,
}

impl Interaction {
    /// All, in the order of SMART scopes.
    pub const ALL: [Self; 5] = [
        Self::Create,
        Self::Read,
        Self::Update,
        Self::Delete,
        Self::Search,
    ];

    /// Whether records change by it.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }

    const fn letter(self) -> char {
        match self {
            Self::Create => 'c',
            Self::Read => 'r',
            Self::Update => 'u',
            Self::Delete => 'd',
            Self::Search => 's',
        }
    }
}

/// A set of interactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interactions(u8);

impl Interactions {
    /// The set of the letters `c r u d s`; other letters are ignored.
    #[must_use]
    pub const fn parse(letters: &str) -> Self {
        let bytes = letters.as_bytes();
        let mut set = 0;
        let mut at = 0;
        while at < bytes.len() {
            set |= match bytes[at] {
                b'c' => 1 << Interaction::Create as u8,
                b'r' => 1 << Interaction::Read as u8,
                b'u' => 1 << Interaction::Update as u8,
                b'd' => 1 << Interaction::Delete as u8,
                b's' => 1 << Interaction::Search as u8,
                _ => 0,
            };
            at += 1;
        }
        Self(set)
    }

    /// Every interaction.
    #[must_use]
    pub const fn all() -> Self {
        Self::parse("cruds")
    }

    /// What both sets hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What either set holds.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the set holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every interaction of this set is in `other`.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether the set holds `interaction`.
    #[must_use]
    pub const fn contains(self, interaction: Interaction) -> bool {
        self.0 & (1 << interaction as u8) != 0
    }
}

impl fmt::Display for Interactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for interaction in Interaction::ALL {
            if self.contains(interaction) {
                write!(f, "{}", interaction.letter())?;
            }
        }
        Ok(())
    }
}
