//! What a data key is for.
//!
//! One key, one purpose: a value sealed for one purpose never opens for another, and each purpose
//! rotates at its own pace.

use std::fmt;

/// Purpose of a data key. Codes and names are stored: they never change and are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Purpose {
    /// Resource bodies.
    Body = 1,
    /// Search tokens. A new key means a reindex.
    BlindIndex = 2,
    /// Hashes of client-chosen resource ids. Lives as long as the tenant.
    Identifier = 3,
    /// The shift of clinical dates in the index. Lives as long as the index.
    DateShift = 4,
    /// Search cursors and other short-lived opaque values given to clients.
    Cursor = 5,
    /// The tenant's own compression dictionaries, which contain health information.
    Dictionary = 6,
    /// Details of audit rows.
    Audit = 7,
    /// Private keys that sign tokens.
    TokenSigning = 8,
    /// Secrets of webhook endpoints and outbound providers.
    Webhook = 9,
    /// Attachments and other large objects outside the record table.
    Attachment = 10,
    /// Credentials: second-factor secrets, client secrets, recovery codes.
    Credential = 11,
    /// Payloads of events in the outbox and in logs outside the database.
    Event = 12,
    /// Messages received and stored raw (HL7 v2, X12, SCRIPT).
    Message = 13,
    /// Entries of shared caches.
    Cache = 14,
}

impl Purpose {
    /// Every purpose, in order of code.
    pub const ALL: [Self; 14] = [
        Self::Body,
        Self::BlindIndex,
        Self::Identifier,
        Self::DateShift,
        Self::Cursor,
        Self::Dictionary,
        Self::Audit,
        Self::TokenSigning,
        Self::Webhook,
        Self::Attachment,
        Self::Credential,
        Self::Event,
        Self::Message,
        Self::Cache,
    ];

    /// Stored code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The purpose with this stored code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }

    /// Stored name, also the value in a provider's encryption context.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::BlindIndex => "blind-index",
            Self::Identifier => "identifier",
            Self::DateShift => "date-shift",
            Self::Cursor => "cursor",
            Self::Dictionary => "dictionary",
            Self::Audit => "audit",
            Self::TokenSigning => "token-signing",
            Self::Webhook => "webhook",
            Self::Attachment => "attachment",
            Self::Credential => "credential",
            Self::Event => "event",
            Self::Message => "message",
            Self::Cache => "cache",
        }
    }

    /// Whether a new key can take over while the old one still serves.
    ///
    /// [`Purpose::Identifier`] and [`Purpose::DateShift`] cannot: their outputs *are* primary keys
    /// and order, so a new key would change them under the data.
    #[must_use]
    pub const fn rotates(self) -> bool {
        !matches!(self, Self::Identifier | Self::DateShift)
    }

    /// Whether values are sealed with this key; the others feed keyed hashes and the date shift.
    #[must_use]
    pub const fn seals(self) -> bool {
        !matches!(self, Self::BlindIndex | Self::Identifier | Self::DateShift)
    }

    /// Position in [`Purpose::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize - 1
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_names_and_positions_are_distinct_and_stable() {
        for (position, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose.index(), position);
            assert_eq!(Purpose::from_code(purpose.code()), Some(purpose));
        }
        let names: std::collections::BTreeSet<_> = Purpose::ALL.map(Purpose::name).into();
        assert_eq!(names.len(), Purpose::ALL.len());
        assert_eq!(Purpose::from_code(0), None);
        assert_eq!(Purpose::from_code(15), None);
    }
}
