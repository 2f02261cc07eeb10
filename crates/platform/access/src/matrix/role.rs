//! The roles, from the installation's owner to a backend service.

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
    /// Looks after privacy: the audit trail, incidents, consents, disclosures.
    PrivacyOfficer,
    /// Backend service; its scopes alone decide.
    Service,
}

impl Role {
    /// All roles, in the order of the matrix.
    pub const ALL: [Self; 15] = [
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
        Self::PrivacyOfficer,
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
            Self::PrivacyOfficer => "privacy_officer",
            Self::Service => "service",
        }
    }

    /// Whether holders care for patients, so that a care-team restriction applies to them.
    #[must_use]
    pub const fn is_clinician(self) -> bool {
        matches!(self, Self::Doctor | Self::Nurse | Self::ClinicalStaff)
    }

    /// The roles that a holder of this one may give to others, as they are or derived.
    ///
    /// Nobody confers a role upon themselves, and no role but the installation's own makes
    /// administrators of other organisations.
    #[must_use]
    pub const fn confers(self) -> &'static [Self] {
        match self {
            Self::SuperAdmin => &[Self::OrgAdmin],
            Self::OrgAdmin => &[
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
                Self::PrivacyOfficer,
            ],
            _ => &[],
        }
    }

    /// The role with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}
