//! What an audit entry says: who did what, to which records, why, and with which outcome.
//!
//! The detail names people and records, so it exists in the clear only between being made and being
//! sealed, and between being opened and being shown.

mod code;
mod decode;
mod encode;

use std::net::IpAddr;
use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::{Actor, ActorKind, Assurance, ErrorKind, Fault, OpCtx, PurposeOfUse};

pub use code::EventCode;
pub(crate) use decode::decode;
pub(crate) use encode::encode;

/// The form of an entry. Numbers are stored: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum Kind {
    /// Records were written; the row is part of the commit.
    Commit = 1,
    /// One version of a record was read.
    Read = 2,
    /// A history was read.
    History = 3,
    /// A search was run.
    Search = 4,
    /// Something else that matters for security: a login, an export, a use of the trail.
    Event = 5,
    /// A write was refused.
    RefusedWrite = 6,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Commit,
        Self::Read,
        Self::History,
        Self::Search,
        Self::Event,
        Self::RefusedWrite,
    ];

    /// Stored number.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The kind with a stored number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// What was done to one record. Numbers are stored: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Effect {
    /// It was handed out or named.
    Shown = 0,
    /// It came into being.
    Created = 1,
    /// It got a new version.
    Updated = 2,
    /// It was deleted.
    Deleted = 3,
    /// Nothing changed.
    Unchanged = 4,
}

impl Effect {
    fn from_number(number: u8) -> Option<Self> {
        let all = [
            Self::Shown,
            Self::Created,
            Self::Updated,
            Self::Deleted,
            Self::Unchanged,
        ];
        all.into_iter().find(|effect| *effect as u8 == number)
    }
}

/// One record that an entry names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its literal id.
    pub id: Arc<str>,
    /// Its version; 0 when no version is meant.
    pub version: u32,
    /// What was done.
    pub effect: Effect,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused.
    Refused {
        /// HTTP status of the refusal.
        status: u16,
        /// The reason; never health information.
        message: String,
    },
}

impl Outcome {
    /// The outcome of something that was refused for `fault`, or done.
    #[must_use]
    pub fn of(fault: Option<&Fault>) -> Self {
        fault.map_or(Self::Success, |fault| Self::Refused {
            status: fault.kind.status(),
            message: fault.message.clone().into_owned(),
        })
    }

    /// Whether it was refused.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Whether it was refused because of a defect or an outage rather than by a rule.
    #[must_use]
    pub fn is_serious(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status >= ErrorKind::Internal.status())
    }
}

/// Everything an entry says besides its time, kind and correlation id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Who acted.
    pub actor: Actor,
    /// From which network address; `None` for what no client asked for, and in entries from before
    /// addresses were kept.
    pub address: Option<IpAddr>,
    /// Why.
    pub purpose: PurposeOfUse,
    /// What kind of event, for [`Kind::Event`].
    pub event: Option<EventCode>,
    /// The type that was asked for, also when nothing was handed out.
    pub resource_type: Option<ResourceType>,
    /// The records.
    pub resources: Vec<Touched>,
    /// The query in normal form.
    pub query: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// A reason that a person gave (break-glass, export).
    pub reason: Option<String>,
}

impl Detail {
    /// A successful operation of `ctx`, for the client for whom this task works, that names nothing yet.
    #[must_use]
    pub fn new(ctx: &OpCtx) -> Self {
        Self {
            actor: ctx.actor.clone(),
            address: mt_store::network_address(),
            purpose: ctx.purpose,
            event: None,
            resource_type: None,
            resources: Vec::new(),
            query: None,
            outcome: Outcome::Success,
            reason: None,
        }
    }
}

const ACTOR_KINDS: [ActorKind; 4] = [
    ActorKind::User,
    ActorKind::Service,
    ActorKind::Agent,
    ActorKind::System,
];
const ASSURANCES: [Assurance; 3] = [Assurance::Single, Assurance::Multi, Assurance::StepUp];
const PURPOSES: [PurposeOfUse; 5] = [
    PurposeOfUse::Treatment,
    PurposeOfUse::Payment,
    PurposeOfUse::Operations,
    PurposeOfUse::PatientRequest,
    PurposeOfUse::Emergency,
];
