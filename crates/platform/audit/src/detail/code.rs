//! Security events other than access to records, with their DICOM codes.

/// What happened. Numbers are stored: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EventCode {
    /// Somebody signed in, or failed to.
    Login = 1,
    /// Somebody signed out, or a session ended.
    Logout = 2,
    /// A second factor was added, changed or removed.
    SecondFactorChange = 3,
    /// Roles, permissions or assignments were changed.
    PermissionChange = 4,
    /// Records left the system in bulk.
    Export = 5,
    /// Records entered the system in bulk.
    Import = 6,
    /// Somebody broke the glass.
    BreakGlass = 7,
    /// Somebody had keys rotated or destroyed.
    KeyUse = 8,
    /// The audit trail itself was used.
    TrailUse = 9,
    /// The trail was found damaged.
    TrailDamage = 10,
    /// A token was issued, refreshed or revoked.
    Token = 11,
    /// Settings of the tenant or the server were changed.
    Configuration = 12,
    /// Somebody decided whether an emergency access was called for.
    EmergencyReview = 13,
    /// A key was made, unwrapped into memory, wrapped anew or destroyed, by whatever asked for it.
    KeyLife = 14,
}

/// DICOM PS3.16 Annex D, the code system of `AuditEvent.type` and `subtype`.
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";

impl EventCode {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::Login,
        Self::Logout,
        Self::SecondFactorChange,
        Self::PermissionChange,
        Self::Export,
        Self::Import,
        Self::BreakGlass,
        Self::KeyUse,
        Self::TrailUse,
        Self::TrailDamage,
        Self::Token,
        Self::Configuration,
        Self::EmergencyReview,
        Self::KeyLife,
    ];

    /// Stored number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The code with a stored number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.number() == number)
    }

    /// `AuditEvent.type` as `(system, code, display)`.
    #[must_use]
    pub const fn event_type(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Login | Self::Logout | Self::Token => (DICOM, "110114", "User Authentication"),
            Self::SecondFactorChange
            | Self::PermissionChange
            | Self::BreakGlass
            | Self::KeyUse
            | Self::KeyLife
            | Self::TrailDamage
            | Self::Configuration
            | Self::EmergencyReview => (DICOM, "110113", "Security Alert"),
            Self::Export => (DICOM, "110106", "Export"),
            Self::Import => (DICOM, "110107", "Import"),
            Self::TrailUse => (DICOM, "110101", "Audit Log Used"),
        }
    }

    /// `AuditEvent.subtype` as `(system, code, display)`.
    #[must_use]
    pub const fn subtype(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Login => Some((DICOM, "110122", "Login")),
            Self::Logout => Some((DICOM, "110123", "Logout")),
            Self::Token => Some((DICOM, "110142", "Token Issued")),
            Self::SecondFactorChange => Some((DICOM, "110137", "User Security Attributes Changed")),
            Self::PermissionChange => Some((DICOM, "110136", "Security Roles Changed")),
            Self::BreakGlass => Some((DICOM, "110127", "Emergency Override Started")),
            Self::KeyUse | Self::KeyLife | Self::Configuration => {
                Some((DICOM, "110131", "Software Configuration"))
            }
            Self::TrailDamage => Some((DICOM, "110132", "Use of Restricted Function")),
            Self::Export | Self::Import | Self::TrailUse | Self::EmergencyReview => None,
        }
    }

    /// `AuditEvent.action`: create, read, update, delete or execute.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::SecondFactorChange | Self::PermissionChange | Self::Configuration => "U",
            Self::Export | Self::TrailUse => "R",
            Self::Import => "C",
            _ => "E",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_found_again() {
        for code in EventCode::ALL {
            assert_eq!(EventCode::from_number(code.number()), Some(code));
        }
        assert_eq!(EventCode::from_number(0), None);
        assert_eq!(EventCode::from_number(15), None);
    }
}
