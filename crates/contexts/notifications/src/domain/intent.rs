//! Why somebody is told something.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Channel;

/// What an intent is about; people mute by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Appointments and the waiting list.
    Appointments,
    /// Laboratory results.
    Results,
    /// Medicines.
    Prescriptions,
    /// Claims and authorisations.
    Claims,
    /// Work that is assigned.
    Tasks,
    /// The notifications themselves.
    System,
}

/// Why somebody is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// An appointment was booked.
    AppointmentBooked,
    /// An appointment moved.
    AppointmentMoved,
    /// An appointment was called off.
    AppointmentCancelled,
    /// An appointment is near.
    AppointmentReminder,
    /// A slot is offered to somebody who waits.
    WaitlistOffer,
    /// Results can be read.
    ResultAvailable,
    /// A result needs attention at once.
    CriticalResult,
    /// A medicine can be collected.
    PrescriptionReady,
    /// A payer decided a claim.
    ClaimStatus,
    /// A payer decided on an authorisation.
    AuthorisationDecided,
    /// A task was assigned.
    TaskAssigned,
    /// What came since the last digest.
    Digest,
    /// Somebody tries whether messages arrive.
    Test,
}

/// A row of the table of intents.
struct Kind {
    intent: Intent,
    number: i16,
    code: &'static str,
    category: Category,
    /// Passes quiet hours.
    urgent: bool,
    /// Cannot wait for a digest.
    timely: bool,
    /// Days for which it is kept in the application.
    days: i64,
    /// By which ways it may leave, besides the application.
    channels: &'static [Channel],
}

const ALL_WAYS: &[Channel] = &[Channel::Email, Channel::Sms, Channel::Push];
const QUIETLY: &[Channel] = &[Channel::Email, Channel::Push];

macro_rules! kind {
    ($intent:ident, $number:literal, $code:literal, $category:ident, $urgent:literal, $timely:literal, $days:literal, $channels:ident) => {
        Kind {
            intent: Intent::$intent,
            number: $number,
            code: $code,
            category: Category::$category,
            urgent: $urgent,
            timely: $timely,
            days: $days,
            channels: $channels,
        }
    };
}

/// The table: one intent to a row. Numbers stand in stored rows and are never reused.
#[rustfmt::skip]
const KINDS: [Kind; 13] = [
    //    intent                number code                      category       urgent timely days channels
    kind!(AppointmentBooked,    1,     "appointment-booked",     Appointments,  false, false, 90,  ALL_WAYS),
    kind!(AppointmentMoved,     2,     "appointment-moved",      Appointments,  false, true,  90,  ALL_WAYS),
    kind!(AppointmentCancelled, 3,     "appointment-cancelled",  Appointments,  false, true,  90,  ALL_WAYS),
    kind!(AppointmentReminder,  4,     "appointment-reminder",   Appointments,  false, true,  30,  ALL_WAYS),
    kind!(WaitlistOffer,        5,     "waitlist-offer",         Appointments,  true,  true,  30,  ALL_WAYS),
    kind!(ResultAvailable,      10,    "result-available",       Results,       false, false, 180, QUIETLY),
    kind!(CriticalResult,       11,    "critical-result",        Results,       true,  true,  365, ALL_WAYS),
    kind!(PrescriptionReady,    20,    "prescription-ready",     Prescriptions, false, false, 90,  ALL_WAYS),
    kind!(ClaimStatus,          30,    "claim-status",           Claims,        false, false, 365, QUIETLY),
    kind!(AuthorisationDecided, 31,    "authorisation-decided",  Claims,        false, false, 365, QUIETLY),
    kind!(TaskAssigned,         40,    "task-assigned",          Tasks,         false, false, 90,  QUIETLY),
    kind!(Digest,               50,    "digest",                 System,        false, false, 7,   QUIETLY),
    kind!(Test,                 51,    "test",                   System,        true,  true,  7,   ALL_WAYS),
];

impl Intent {
    /// All of them, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|kind| kind.intent)
    }

    fn kind(self) -> &'static Kind {
        let found = KINDS.iter().find(|kind| kind.intent == self);
        found.expect("every intent has its row, as a test shows")
    }

    /// The word for it.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.kind().code
    }

    /// The intent of this word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|intent| intent.code() == code)
    }

    /// What it is about.
    #[must_use]
    pub fn category(self) -> Category {
        self.kind().category
    }

    /// Whether it passes quiet hours.
    #[must_use]
    pub fn is_urgent(self) -> bool {
        self.kind().urgent
    }

    /// Whether it is told at once even to those who want a digest.
    #[must_use]
    pub fn is_timely(self) -> bool {
        self.kind().timely
    }

    /// Days for which it is kept in the application.
    #[must_use]
    pub fn days(self) -> i64 {
        self.kind().days
    }

    /// By which ways it may leave.
    #[must_use]
    pub fn channels(self) -> &'static [Channel] {
        self.kind().channels
    }

    pub(crate) fn number(self) -> i16 {
        self.kind().number
    }

    pub(crate) fn of(number: i16) -> Option<Self> {
        Self::all().find(|intent| intent.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_intent_has_one_row_and_its_word_is_that_of_the_api() {
        let every = [
            Intent::AppointmentBooked,
            Intent::AppointmentMoved,
            Intent::AppointmentCancelled,
            Intent::AppointmentReminder,
            Intent::WaitlistOffer,
            Intent::ResultAvailable,
            Intent::CriticalResult,
            Intent::PrescriptionReady,
            Intent::ClaimStatus,
            Intent::AuthorisationDecided,
            Intent::TaskAssigned,
            Intent::Digest,
            Intent::Test,
        ];
        assert!(Intent::all().eq(every));
        for intent in every {
            let written = serde_json::to_value(intent).unwrap();
            assert_eq!(written, intent.code());
            assert_eq!(Intent::from_code(intent.code()), Some(intent));
            assert_eq!(Intent::of(intent.number()), Some(intent));
        }
    }

    #[test]
    fn what_is_urgent_never_waits_for_a_digest() {
        assert!(Intent::all().all(|intent| !intent.is_urgent() || intent.is_timely()));
    }
}
