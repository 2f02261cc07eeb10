//! What the two browsers tell each other: who is there, and how each is reached (WebRTC offers, answers, candidates).
//!
//! One request says, hears and shows that somebody is still there. A ring tells the other side to ask at once; who hears no
//! ring asks every second or two, so that nothing depends on one process or one connection.

use serde::{Deserialize, Serialize};

use super::Telehealth;
use super::calls::RoomView;
use super::keep::Heard;
use super::room::{RoomState, conflict};
use super::seat::Good;
use crate::app::public_caller;
use crate::error::{Result, SchedulingError};

/// Signals of one request.
const MOST: usize = 64;
/// Bytes of one signal: a session description of many candidates takes some thousands.
const LONGEST: usize = 32_768;

/// What a signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignalKind {
    /// A page is there and ready, perhaps again.
    Hello,
    /// `data` is an SDP offer.
    Offer,
    /// `data` is an SDP answer.
    Answer,
    /// `data` is an ICE candidate as JSON.
    Candidate,
    /// The page is left.
    Bye,
}

/// What one side tells the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TelehealthSignal)]
pub struct Signal {
    /// What it is.
    pub kind: SignalKind,
    /// The connection that is spoken of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Somebody in a seat speaks and listens.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TelehealthExchange)]
pub struct Exchange {
    /// Token of the seat.
    pub token: String,
    /// The last that was heard.
    #[serde(default)]
    pub after: i64,
    /// What is said; nothing before the patient is admitted.
    #[serde(default)]
    pub signals: Vec<Signal>,
}

/// What is new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = TelehealthExchanged)]
pub struct Exchanged {
    /// The room.
    pub room: RoomView,
    /// What the other side has said.
    pub signals: Vec<Heard>,
}

impl Telehealth {
    /// Speaks and listens.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::NotFound`] when the seat is gone, a conflict when somebody speaks who is not admitted.
    pub async fn exchange(&self, exchange: &Exchange) -> Result<Exchanged> {
        let (tenant, seat) = self.seated(&exchange.token, Good::Seat).await?;
        if exchange.signals.len() > MOST || exchange.signals.iter().any(is_too_long) {
            return Err(SchedulingError::invalid(
                "the signals are too long",
                "signals",
            ));
        }
        let system = public_caller(tenant, "telehealth", self.scheduling.now());
        let visit = self.visit(&system, &seat.appointment).await?;
        self.seen(tenant, &visit.kept, seat.side).await?;
        let talks = visit.kept.room.state == RoomState::InCall;
        if !talks && !exchange.signals.is_empty() {
            return Err(conflict("the patient is not admitted").into());
        }
        let (room, after) = (visit.kept.key, exchange.after);
        let signals = match talks {
            true => self.heard(tenant, room, seat.side, after).await?,
            false => Vec::new(),
        };
        if !exchange.signals.is_empty() {
            self.say(tenant, &visit, seat.side, &exchange.signals)
                .await?;
        }
        Ok(Exchanged {
            room: self.shown(&visit, seat.side),
            signals,
        })
    }
}

fn is_too_long(signal: &Signal) -> bool {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    length(&signal.call) > 64 || length(&signal.data) > LONGEST
}
