//! The ways out of the application.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A way by which somebody is told outside the application. Inside, everybody is told always.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// E-mail.
    Email,
    /// Text message.
    Sms,
    /// Push to a browser or device.
    Push,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Push];

    /// The word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
        }
    }

    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::Email => 1,
            Self::Sms => 2,
            Self::Push => 3,
        }
    }

    pub(crate) fn of(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It waits for its time or its next attempt.
    Waiting,
    /// The vendor or mail server took it.
    Sent,
    /// It arrived.
    Delivered,
    /// It will not arrive.
    Failed,
    /// It was not sent: there is no address, or the person does not want it.
    Withheld,
    /// It waits for the person's digest.
    Gathered,
}

impl DeliveryState {
    const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Sent,
        Self::Delivered,
        Self::Failed,
        Self::Withheld,
        Self::Gathered,
    ];

    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::Waiting => 1,
            Self::Sent => 2,
            Self::Delivered => 3,
            Self::Failed => 4,
            Self::Withheld => 5,
            Self::Gathered => 6,
        }
    }

    pub(crate) fn of(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }

    /// Whether a receipt that says `next` may change this state: receipts come late and in any order, and what ended
    /// stays ended.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Waiting, Self::Sent | Self::Delivered | Self::Failed)
                | (Self::Sent, Self::Delivered | Self::Failed)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for channel in Channel::ALL {
            assert_eq!(Channel::of(channel.number()), Some(channel));
        }
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::of(state.number()), Some(state));
        }
        assert_eq!((Channel::of(0), DeliveryState::of(0)), (None, None));
    }

    #[test]
    fn what_arrived_is_not_undone_by_a_late_receipt() {
        use DeliveryState::{Delivered, Failed, Sent, Waiting, Withheld};
        assert!(Waiting.may_become(Sent) && Sent.may_become(Delivered));
        for (state, next) in [
            (Delivered, Sent),
            (Delivered, Failed),
            (Failed, Delivered),
            (Withheld, Sent),
        ] {
            assert!(!state.may_become(next), "{state:?} {next:?}");
        }
    }
}
