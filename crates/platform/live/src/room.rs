//! Rooms: what a client wants to hear about.
//!
//! A room says what somebody is interested in, never what they may hear: that is decided anew for
//! every announcement.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A room of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// `organisation`: all that happens in the tenant.
    Organisation,
    /// `location/{id}`: what happens at a place of care.
    Location(Arc<str>),
    /// `user/{id}`: what is addressed to a person, by the id of the account or of the person's own FHIR resource.
    User(Arc<str>),
    /// `patient/{id}`: what happens to a patient.
    Patient(Arc<str>),
    /// `consultation/{id}`: what happens in an encounter.
    Consultation(Arc<str>),
}

/// The text names no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a room is organisation, location/…, user/…, patient/… or consultation/…")]
pub struct NoRoom;

impl FromStr for Room {
    type Err = NoRoom;

    fn from_str(text: &str) -> Result<Self, NoRoom> {
        if text == "organisation" {
            return Ok(Self::Organisation);
        }
        let (kind, id) = text.split_once('/').ok_or(NoRoom)?;
        if !is_id(id) {
            return Err(NoRoom);
        }
        let id = Arc::from(id);
        match kind {
            "location" => Ok(Self::Location(id)),
            "user" => Ok(Self::User(id)),
            "patient" => Ok(Self::Patient(id)),
            "consultation" => Ok(Self::Consultation(id)),
            _ => Err(NoRoom),
        }
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation => f.write_str("organisation"),
            Self::Location(id) => write!(f, "location/{id}"),
            Self::User(id) => write!(f, "user/{id}"),
            Self::Patient(id) => write!(f, "patient/{id}"),
            Self::Consultation(id) => write!(f, "consultation/{id}"),
        }
    }
}

impl serde::Serialize for Room {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An R4 `id`.
fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_read_as_they_are_written() {
        for text in [
            "organisation",
            "location/ward-3",
            "user/018f2d0e",
            "patient/p.1",
            "consultation/e1",
        ] {
            assert_eq!(text.parse::<Room>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_room_is_refused() {
        let long = format!("patient/{}", "a".repeat(65));
        for text in [
            "",
            "patient",
            "patient/",
            "Patient/1",
            "patient/1/2",
            "patient/ü",
            &long,
        ] {
            assert_eq!(text.parse::<Room>(), Err(NoRoom), "{text}");
        }
    }
}
