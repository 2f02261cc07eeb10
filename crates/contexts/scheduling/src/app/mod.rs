//! What people do with time: look for slots, hold, book, move, call off, receive.

mod availability;
mod board;
mod book;
mod change;
mod find;
mod follow;
mod link;
mod own_waiting;
pub(crate) mod record;
mod slots;
mod view;
mod waitlist;
mod widget;

pub use availability::{AffectedBy, AvailabilityView};
pub use board::{Board, BoardQuery, Column, Waiting};
pub(crate) use book::instant;
pub use book::{Booking, Held, NewHold, Series, Skipped};
pub(crate) use change::REASONS;
pub use change::{Change, Moved, Transition};
pub use find::{Appointments, Conflict, Conflicts, InTheWay, Wanted};
pub use follow::ended;
pub use link::{ByLink, Feed, FollowedLink, LinkPurpose, Linked, Links, TimesByLink};
pub use own_waiting::{NewOwnWaiting, OwnWaiting, OwnWaitlist};
pub use slots::{SlotPage, SlotQuery, SlotView};
pub use view::{AppointmentView, Participant, Referred, Stage};

pub use waitlist::{NewOffer, NewWaiting, Offer, WaitingView, WaitlistQuery};
pub use widget::{Offering, PersonName, PublicHold, PublicRequest, Requested};

use std::sync::Arc;

use mt_access::{Authenticated, Grant, Interaction};
use mt_api::Caller;
use mt_kernel::{Actor, ActorKind, Assurance, Instant, OpCtx, PurposeOfUse, TenantId};
use serde::Serialize;
use uuid::Uuid;

use crate::Scheduling;
use crate::error::Result;

impl Scheduling {
    /// The caller as the record store wants it.
    pub(crate) async fn records(
        &self,
        caller: &Caller,
        right: Interaction,
    ) -> Result<Arc<mt_store::Caller>> {
        Ok(Arc::new(caller.records(&self.store, right).await?))
    }
}

/// Those who wait.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Waitlisted {
    /// The patients.
    pub items: Vec<WaitingView>,
}

/// Somebody who is not signed in and acts by a link or by the public widget, or an offer that goes
/// out by itself: the use case decides what may be done, and the rules for people hold.
pub(crate) fn public_caller(tenant: TenantId, name: &str, now: Instant) -> Caller {
    let actor = Actor {
        id: Arc::from(name),
        kind: ActorKind::User,
        roles: Arc::from([]),
        fhir_user: None,
        client_id: None,
        assurance: Assurance::Single,
    };
    let who = Authenticated {
        tenant,
        actor: actor.clone(),
        grant: Grant::system(),
        credential: [0; 32],
        client_key: 0,
    };
    Caller {
        who: Arc::new(who),
        ctx: OpCtx {
            tenant,
            actor,
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now,
        },
    }
}

/// Whether the caller comes as a patient or for one, and not as staff.
pub(crate) fn is_patient(caller: &Caller) -> bool {
    let roles = caller.who.grant.roles();
    let patient = |role: &mt_access::Role| {
        matches!(role, mt_access::Role::Patient | mt_access::Role::Caregiver)
    };
    !roles.is_empty() && roles.iter().all(patient)
}
