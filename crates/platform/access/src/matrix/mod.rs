//! The permission matrix: role × resource type × interaction × extent, as data.
//!
//! The rows are the union of the systems that MediTrack replaces, without their holes: a patient
//! never writes clinical facts, a nurse does not prescribe, an administrator is not medical staff.

mod groups;
mod rows;

use std::fmt;

use mt_fhir::definitions::ResourceType;

pub use rows::printed;

/// A role that a person or client holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Runs the installation; no health records.
    SuperAdmin,
    /// Runs one organisation.
    OrgAdmin,
    /// Physician or other prescriber.
    Doctor,
    /// Nurse.
    Nurse,
    /// Front desk and scheduling.
    Receptionist,
    /// Works in the laboratory.
    LabTechnician,
    /// Verifies and releases laboratory results.
    LabSupervisor,
    /// Pharmacist.
    Pharmacist,
    /// Insurance agent, biller, coder.
    Biller,
    /// Therapist, allied health, care coordinator.
    ClinicalStaff,
    /// The patient.
    Patient,
    /// Acts for a patient by proxy.
    Caregiver,
    /// Reads records and the audit trail, changes nothing.
    Auditor,
    /// Backend service; its scopes alone decide.
    Service,
}

impl Role {
    /// All roles, in the order of the matrix.
    pub const ALL: [Self; 14] = [
        Self::SuperAdmin,
        Self::OrgAdmin,
        Self::Doctor,
        Self::Nurse,
        Self::Receptionist,
        Self::LabTechnician,
        Self::LabSupervisor,
        Self::Pharmacist,
        Self::Biller,
        Self::ClinicalStaff,
        Self::Patient,
        Self::Caregiver,
        Self::Auditor,
        Self::Service,
    ];

    /// The role's code in tokens and assignments.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SuperAdmin => "super_admin",
            Self::OrgAdmin => "org_admin",
            Self::Doctor => "doctor",
            Self::Nurse => "nurse",
            Self::Receptionist => "receptionist",
            Self::LabTechnician => "lab_technician",
            Self::LabSupervisor => "lab_supervisor",
            Self::Pharmacist => "pharmacist",
            Self::Biller => "biller",
            Self::ClinicalStaff => "clinical_staff",
            Self::Patient => "patient",
            Self::Caregiver => "caregiver",
            Self::Auditor => "auditor",
            Self::Service => "service",
        }
    }

    /// The role with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

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
    const ALL: [(Self, char); 5] = [
        (Self::Create, 'c'),
        (Self::Read, 'r'),
        (Self::Update, 'u'),
        (Self::Delete, 'd'),
        (Self::Search, 's'),
    ];
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

    /// Whether the set holds `interaction`.
    #[must_use]
    pub const fn contains(self, interaction: Interaction) -> bool {
        self.0 & (1 << interaction as u8) != 0
    }
}

impl fmt::Display for Interactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (interaction, letter) in Interaction::ALL {
            if self.contains(interaction) {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

/// How far a rule reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything of the tenant.
    Tenant,
    /// The compartment of the actor's own Patient, or of a patient the actor is proxy for.
    OwnPatient,
}

/// A condition on the state of a resource that is changed or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateCondition {
    /// Only within so many hours after the last change.
    WithinHours(u32),
    /// Only while `status` is one of these (an absent status never matches).
    StatusIn(&'static [&'static str]),
    /// Only to give `status` one of these values.
    NewStatusIn(&'static [&'static str]),
    /// Only changes to these top-level fields.
    OnlyFields(&'static [&'static str]),
}

/// One row of the matrix.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Who.
    pub role: Role,
    /// Names of resource types.
    pub types: &'static [&'static [&'static str]],
    /// What.
    pub interactions: Interactions,
    /// How far.
    pub extent: Extent,
    /// In which state.
    pub condition: Option<StateCondition>,
}

impl Rule {
    fn covers(&self, name: &str) -> bool {
        self.types.iter().any(|group| group.contains(&name))
    }
}

/// What a permission beyond single interactions is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Bulk export.
    Export,
    /// Bulk import.
    Import,
    /// Patient matching.
    Match,
    /// Read the audit trail.
    ReadAudit,
    /// Break the glass.
    BreakGlass,
    /// Manage users, roles and clients of the tenant.
    ManageUsers,
    /// Manage settings, search parameters and keys of the tenant.
    ManageTenant,
    /// Create, suspend and delete tenants.
    ManageTenants,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 8] = [
        Self::Export,
        Self::Import,
        Self::Match,
        Self::ReadAudit,
        Self::BreakGlass,
        Self::ManageUsers,
        Self::ManageTenant,
        Self::ManageTenants,
    ];

    /// The operation's code in the printed matrix.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Import => "import",
            Self::Match => "match",
            Self::ReadAudit => "read_audit",
            Self::BreakGlass => "break_glass",
            Self::ManageUsers => "manage_users",
            Self::ManageTenant => "manage_tenant",
            Self::ManageTenants => "manage_tenants",
        }
    }

    /// Whether a holder of `role` may do this.
    #[must_use]
    pub fn is_open_to(self, role: Role) -> bool {
        rows::operations(self).contains(&role)
    }
}

/// Whether the type holds no health information: directory and definitions.
pub(crate) fn is_shared(resource_type: ResourceType) -> bool {
    let name = resource_type.name();
    groups::DIRECTORY.contains(&name) || groups::DEFINITIONS.contains(&name)
}

/// The rules by which `role` may do `interaction` on `resource_type`.
pub(crate) fn rules_for(
    role: Role,
    resource_type: ResourceType,
    interaction: Interaction,
) -> impl Iterator<Item = &'static Rule> {
    let name = resource_type.name();
    rows::RULES.iter().filter(move |rule| {
        rule.role == role && rule.interactions.contains(interaction) && rule.covers(name)
    })
}
