//! Video visits: an appointment of the kind `Telehealth` has a room, in which its patient waits until a clinician admits.
//!
//! Picture and sound go from browser to browser (or through a [`Provider`]); what the browsers must tell each other first passes
//! through here, from one seat to the other, and only while the patient is admitted. A seat is a token for one appointment, one
//! side and some minutes: whoever stays asks for it again and is looked at again.

mod api;
mod calls;
mod chart;
mod exchange;
mod keep;
mod provider;
mod ring;
mod room;
mod seat;

pub use api::table;
pub use calls::{GuestLink, Joining, RoomView, Ticket};
pub use exchange::{Exchange, Exchanged, Signal, SignalKind};
pub use keep::Heard;
pub use provider::{Hms, IceServer, Media, Own, Provider, Relay, Seating, Twilio};
pub use room::{RoomState, Side};

use std::sync::Arc;

use crate::Scheduling;

/// Video visits of every organisation. Cloning shares it.
#[derive(Clone)]
pub struct Telehealth {
    scheduling: Scheduling,
    provider: Arc<dyn Provider>,
}

impl Telehealth {
    /// Video visits carried by `provider`.
    #[must_use]
    pub fn new(scheduling: Scheduling, provider: Arc<dyn Provider>) -> Self {
        Self {
            scheduling,
            provider,
        }
    }
}

impl std::fmt::Debug for Telehealth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telehealth").finish_non_exhaustive()
    }
}
