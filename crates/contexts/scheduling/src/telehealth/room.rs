//! The room of a video visit: its states, decided on values alone.

use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};

/// Where a room stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RoomState {
    /// Nobody has come.
    Scheduled,
    /// The patient waits to be admitted.
    Waiting,
    /// The patient is admitted.
    InCall,
    /// The visit is over.
    Ended,
}

/// On which side of a visit somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Takes care of the patient; admits, and ends the call.
    Clinician,
    /// The patient or somebody for the patient.
    Patient,
}

impl Side {
    pub(super) const fn number(self) -> i16 {
        match self {
            Self::Clinician => 1,
            Self::Patient => 2,
        }
    }
}

/// A room with the times of its states, and the records that were written of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Room {
    pub(super) state: RoomState,
    /// Microseconds, as all times here.
    pub(super) waiting: Option<i64>,
    pub(super) admitted: Option<i64>,
    pub(super) ended: Option<i64>,
    /// Id of the Encounter.
    pub(super) encounter: Option<String>,
    /// Id of the Consent.
    pub(super) consent: Option<String>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            state: RoomState::Scheduled,
            waiting: None,
            admitted: None,
            ended: None,
            encounter: None,
            consent: None,
        }
    }
}

impl Room {
    /// The patient comes, or comes back.
    pub(super) fn wait(&mut self, now: Instant) -> Result<(), Fault> {
        self.is_open()?;
        if self.state == RoomState::Scheduled {
            self.state = RoomState::Waiting;
            self.waiting = Some(now.0);
        }
        Ok(())
    }

    /// The clinician lets the patient in.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Fault> {
        self.is_open()?;
        match self.state {
            RoomState::Waiting => {
                self.state = RoomState::InCall;
                self.admitted = Some(now.0);
                Ok(())
            }
            RoomState::InCall => Ok(()),
            RoomState::Scheduled | RoomState::Ended => {
                Err(conflict("the patient is not in the waiting room"))
            }
        }
    }

    /// The visit is over; once more changes nothing.
    pub(super) fn end(&mut self, now: Instant) {
        if self.state != RoomState::Ended {
            self.state = RoomState::Ended;
            self.ended = Some(now.0);
        }
    }

    fn is_open(&self) -> Result<(), Fault> {
        if self.state == RoomState::Ended {
            return Err(conflict("the video visit is over"));
        }
        Ok(())
    }
}

pub(super) fn conflict(message: &'static str) -> Fault {
    Fault::new(ErrorKind::Conflict, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_waits_is_admitted_and_the_visit_ends_once() {
        let mut room = Room::default();
        assert!(room.admit(Instant(1)).is_err(), "nobody waits");
        room.wait(Instant(2)).unwrap();
        room.wait(Instant(3)).unwrap();
        assert_eq!((room.state, room.waiting), (RoomState::Waiting, Some(2)));
        room.admit(Instant(4)).unwrap();
        // Whoever comes back after a lost connection is still admitted.
        room.wait(Instant(5)).unwrap();
        room.admit(Instant(6)).unwrap();
        assert_eq!((room.state, room.admitted), (RoomState::InCall, Some(4)));
        room.end(Instant(7));
        room.end(Instant(8));
        assert_eq!((room.state, room.ended), (RoomState::Ended, Some(7)));
        assert!(room.wait(Instant(9)).is_err());
        assert!(room.admit(Instant(9)).is_err());
    }
}
