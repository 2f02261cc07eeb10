//! The states of an appointment and how one leads to another.
//!
//! FHIR's `Appointment.status` does not say whether the patient has confirmed, nor where a patient
//! who has arrived is; the participant's own status and an extension say that, and together they make
//! a [`State`].

use serde::{Deserialize, Serialize};

/// Where an appointment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Asked for; nobody's time is taken.
    Proposed,
    /// The patient waits for a slot.
    Waitlisted,
    /// Booked; the patient has not confirmed.
    Scheduled,
    /// Booked and confirmed.
    Confirmed,
    /// The patient is here.
    Arrived,
    /// Formalities are done.
    Ready,
    /// The patient is in a room.
    Roomed,
    /// The visit goes on.
    InProgress,
    /// The visit is over but for the formalities.
    Checkout,
    /// Done.
    Completed,
    /// Called off.
    Cancelled,
    /// Another appointment took its place.
    Rescheduled,
    /// The patient did not come.
    NoShow,
    /// It should never have been written.
    EnteredInError,
}

impl State {
    /// All states.
    pub const ALL: [Self; 14] = [
        Self::Proposed,
        Self::Waitlisted,
        Self::Scheduled,
        Self::Confirmed,
        Self::Arrived,
        Self::Ready,
        Self::Roomed,
        Self::InProgress,
        Self::Checkout,
        Self::Completed,
        Self::Cancelled,
        Self::Rescheduled,
        Self::NoShow,
        Self::EnteredInError,
    ];

    /// The states that may follow. A stay in the same state is always possible, and every state
    /// may turn out to have been entered in error.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        use State::{
            Arrived, Cancelled, Checkout, Completed, Confirmed, InProgress, NoShow, Ready,
            Rescheduled, Roomed, Scheduled, Waitlisted,
        };
        match self {
            Self::Proposed => &[Scheduled, Confirmed, Waitlisted, Cancelled],
            Self::Waitlisted => &[Scheduled, Confirmed, Cancelled],
            Self::Scheduled => &[Confirmed, Arrived, NoShow, Rescheduled, Cancelled],
            // Confirmation may be taken back without the time being given back.
            Self::Confirmed => &[Scheduled, Arrived, NoShow, Rescheduled, Cancelled],
            Self::Arrived => &[Ready, Roomed, InProgress, Cancelled],
            Self::Ready => &[Arrived, Roomed, InProgress, Cancelled],
            Self::Roomed => &[Ready, InProgress, Cancelled],
            Self::InProgress => &[Checkout, Completed],
            Self::Checkout => &[InProgress, Completed],
            Self::Completed
            | Self::Cancelled
            | Self::Rescheduled
            | Self::NoShow
            | Self::EnteredInError => &[],
        }
    }

    /// Whether `next` may follow.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self == next || (next == Self::EnteredInError) || self.next().contains(&next)
    }

    /// Whether nothing follows any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        self.next().is_empty()
    }

    /// Whether the actors' time is taken.
    #[must_use]
    pub const fn takes_time(self) -> bool {
        matches!(
            self,
            Self::Scheduled
                | Self::Confirmed
                | Self::Arrived
                | Self::Ready
                | Self::Roomed
                | Self::InProgress
                | Self::Checkout
        )
    }

    /// Whether the patient has not come yet, so that time and actors may still change.
    #[must_use]
    pub const fn is_ahead(self) -> bool {
        matches!(
            self,
            Self::Proposed | Self::Waitlisted | Self::Scheduled | Self::Confirmed
        )
    }

    /// The word in JSON.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Waitlisted => "waitlisted",
            Self::Scheduled => "scheduled",
            Self::Confirmed => "confirmed",
            Self::Arrived => "arrived",
            Self::Ready => "ready",
            Self::Roomed => "roomed",
            Self::InProgress => "in-progress",
            Self::Checkout => "checkout",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Rescheduled => "rescheduled",
            Self::NoShow => "no-show",
            Self::EnteredInError => "entered-in-error",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// `Appointment.status` of the state.
    #[must_use]
    pub const fn status(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Waitlisted => "waitlist",
            Self::Scheduled | Self::Confirmed => "booked",
            Self::Arrived => "arrived",
            Self::Ready | Self::Roomed | Self::InProgress | Self::Checkout => "checked-in",
            Self::Completed => "fulfilled",
            Self::Cancelled | Self::Rescheduled => "cancelled",
            Self::NoShow => "noshow",
            Self::EnteredInError => "entered-in-error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State::{
        Arrived, Cancelled, Checkout, Completed, Confirmed, InProgress, NoShow, Rescheduled,
        Scheduled,
    };
    use super::*;

    #[test]
    fn the_sources_table_of_transitions_holds() {
        for (from, to, allowed) in [
            (Scheduled, Confirmed, true),
            (Scheduled, Arrived, true),
            (Scheduled, NoShow, true),
            (Scheduled, Rescheduled, true),
            (Scheduled, Cancelled, true),
            (Scheduled, InProgress, false),
            (Confirmed, Arrived, true),
            (Confirmed, Completed, false),
            (Arrived, InProgress, true),
            (Arrived, Cancelled, true),
            (Arrived, Completed, false),
            (Arrived, NoShow, false),
            (InProgress, Completed, true),
            (InProgress, Cancelled, false),
            (Checkout, Completed, true),
        ] {
            assert_eq!(from.may_become(to), allowed, "{from:?} to {to:?}");
        }
    }

    #[test]
    fn nothing_follows_an_end_but_the_finding_that_it_was_an_error() {
        for end in State::ALL.into_iter().filter(|one| one.is_final()) {
            for next in State::ALL.into_iter().filter(|next| *next != end) {
                assert_eq!(end.may_become(next), next == State::EnteredInError);
            }
            assert!(!end.takes_time(), "{end:?}");
        }
    }

    #[test]
    fn every_word_names_its_state() {
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), Some(state));
            let json = serde_json::to_string(&state).unwrap();
            assert_eq!(json, format!("\"{}\"", state.code()));
        }
    }
}
