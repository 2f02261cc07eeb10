//! Who acts, for whom, and why.

use std::sync::Arc;

use uuid::Uuid;

use crate::{Instant, TenantId};

/// What kind of party acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A person who signed in.
    User,
    /// A registered client that acts for itself (SMART backend service, integration).
    Service,
    /// An AI agent that acts on behalf of a signed-in person.
    Agent,
    /// MediTrack itself: jobs, imports by the operator.
    System,
}

/// How strongly the actor proved who they are (OIDC `acr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Assurance {
    /// One factor, or a client secret.
    Single,
    /// Two factors.
    Multi,
    /// Two factors, proved again moments ago.
    StepUp,
}

/// The party that acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Stable id: the login's id or the client's id.
    pub id: Arc<str>,
    /// What kind of party.
    pub kind: ActorKind,
    /// Codes of the roles held, from the permission matrix (`doctor`, `nurse`, …).
    pub roles: Arc<[Arc<str>]>,
    /// The actor's own FHIR resource, such as `Practitioner/…` or `Patient/…`.
    pub fhir_user: Option<Arc<str>>,
    /// OAuth client through which the actor came.
    pub client_id: Option<Arc<str>>,
    /// Strength of authentication.
    pub assurance: Assurance,
}

impl Actor {
    /// MediTrack itself, for operator commands and jobs; `name` says which one.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self {
            id: Arc::from(name),
            kind: ActorKind::System,
            roles: Arc::from([]),
            fhir_user: None,
            client_id: None,
            assurance: Assurance::Multi,
        }
    }
}

/// Why data are used (HL7 v3 `PurposeOfUse`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PurposeOfUse {
    /// `TREAT`
    #[default]
    Treatment,
    /// `HPAYMT`
    Payment,
    /// `HOPERAT`
    Operations,
    /// `PATRQT`
    PatientRequest,
    /// `BTG`, break the glass
    Emergency,
}

impl PurposeOfUse {
    /// The v3 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Treatment => "TREAT",
            Self::Payment => "HPAYMT",
            Self::Operations => "HOPERAT",
            Self::PatientRequest => "PATRQT",
            Self::Emergency => "BTG",
        }
    }
}

/// The context of one operation: first argument of everything that reads or writes records.
#[derive(Clone, Debug)]
pub struct OpCtx {
    /// Isolation boundary.
    pub tenant: TenantId,
    /// Who acts.
    pub actor: Actor,
    /// Why.
    pub purpose: PurposeOfUse,
    /// Ties logs, audit rows, events and error answers of one request together.
    pub correlation_id: Uuid,
    /// When the operation started; every timestamp of it derives from here.
    pub now: Instant,
}
