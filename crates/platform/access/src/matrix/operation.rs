//! Permissions beyond single interactions.

use mt_fhir::definitions::ResourceType;

use super::{Interaction, Role, rows};

/// What a permission beyond single interactions is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Bulk export.
    Export,
    /// Bulk import.
    Import,
    /// Patient matching.
    Match,
    /// Merge the records of one person, and undo it.
    MergePatients,
    /// Declare patients inactive, or active again.
    ActivatePatients,
    /// Sign the notes of others who need a second signature.
    CosignNotes,
    /// Acknowledge results: say that one has seen them and answers for what follows.
    AcknowledgeResults,
    /// Read the audit trail.
    ReadAudit,
    /// Break the glass.
    BreakGlass,
    /// Decide on emergency access after the fact.
    ReviewAccess,
    /// Handle incidents, disclosures, legal holds and de-identified exports.
    ManagePrivacy,
    /// Manage users, roles and clients of the tenant.
    ManageUsers,
    /// Manage settings, search parameters and keys of the tenant.
    ManageTenant,
    /// Create, suspend and delete tenants.
    ManageTenants,
    /// See how the installation is, with no health information in it.
    ReadHealth,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 15] = [
        Self::Export,
        Self::Import,
        Self::Match,
        Self::MergePatients,
        Self::ActivatePatients,
        Self::CosignNotes,
        Self::AcknowledgeResults,
        Self::ReadAudit,
        Self::BreakGlass,
        Self::ReviewAccess,
        Self::ManagePrivacy,
        Self::ManageUsers,
        Self::ManageTenant,
        Self::ManageTenants,
        Self::ReadHealth,
    ];

    /// The operation's code in the printed matrix.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Import => "import",
            Self::Match => "match",
            Self::MergePatients => "merge_patients",
            Self::ActivatePatients => "activate_patients",
            Self::CosignNotes => "cosign_notes",
            Self::AcknowledgeResults => "acknowledge_results",
            Self::ReadAudit => "read_audit",
            Self::BreakGlass => "break_glass",
            Self::ReviewAccess => "review_access",
            Self::ManagePrivacy => "manage_privacy",
            Self::ManageUsers => "manage_users",
            Self::ManageTenant => "manage_tenant",
            Self::ManageTenants => "manage_tenants",
            Self::ReadHealth => "read_health",
        }
    }

    /// The operation with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// Whether a holder of `role` may do this.
    #[must_use]
    pub fn is_open_to(self, role: Role) -> bool {
        rows::operations(self).contains(&role)
    }

    /// What OAuth scopes must cover for the operation: a type and interactions with it, where
    /// `None` asks for every type.
    pub(crate) fn needs(self) -> (Option<ResourceType>, &'static [Interaction]) {
        match self {
            Self::Export => (None, &[Interaction::Read, Interaction::Search]),
            Self::Import => (None, &[Interaction::Create, Interaction::Update]),
            Self::Match => (Some(ResourceType::PATIENT), &[Interaction::Search]),
            Self::MergePatients | Self::ActivatePatients => (
                Some(ResourceType::PATIENT),
                &[Interaction::Read, Interaction::Update],
            ),
            Self::CosignNotes => (
                ResourceType::from_name("Composition"),
                &[Interaction::Read, Interaction::Update],
            ),
            Self::AcknowledgeResults => (Some(ResourceType::OBSERVATION), &[Interaction::Read]),
            Self::ReadAudit => (
                ResourceType::from_name("AuditEvent"),
                &[Interaction::Search],
            ),
            // No clinical scope speaks of administration; only a client that was given the scope
            // for everything, such as our own application, carries its user's powers.
            Self::BreakGlass
            | Self::ReviewAccess
            | Self::ManagePrivacy
            | Self::ManageUsers
            | Self::ManageTenant
            | Self::ManageTenants
            | Self::ReadHealth => (None, &Interaction::ALL),
        }
    }

    /// Whether the operation touches no records but the administration of the organisation.
    #[must_use]
    pub const fn is_managing(self) -> bool {
        matches!(
            self,
            Self::ReviewAccess
                | Self::ManagePrivacy
                | Self::ManageUsers
                | Self::ManageTenant
                | Self::ManageTenants
                | Self::ReadHealth
        )
    }
}
