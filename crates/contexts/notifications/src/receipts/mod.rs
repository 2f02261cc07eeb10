//! What vendors tell us of deliveries, believed only when it is theirs.
//!
//! Each vendor signs in its own way, over what arrived byte for byte. Without a key everything is refused.

mod sendgrid;
mod twilio;

use mt_kernel::{ErrorKind, Fault, Secret, TenantId};
use uuid::Uuid;

pub use sendgrid::SendGridKey;
pub(crate) use twilio::Told;

use crate::domain::DeliveryState;

/// By what vendors' words are known; a vendor without a key is refused.
#[derive(Clone, Debug, Default)]
pub struct ReceiptKeys {
    /// Auth token of the account at Twilio.
    pub twilio: Option<Secret<String>>,
    /// Verification key of SendGrid's signed event webhook.
    pub sendgrid: Option<SendGridKey>,
}

/// Why a receipt is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No key is set for the vendor.
    #[error("no key is set for this sender")]
    NoKey,
    /// A header is missing or cannot be read.
    #[error("the message is not signed")]
    Unsigned,
    /// It was signed too long ago, or in the future.
    #[error("the message is too old or too new")]
    OutOfWindow,
    /// The signature is of another key or message.
    #[error("the signature is not valid")]
    BadSignature,
    /// It is signed and says nothing that could be read.
    #[error("the message cannot be read")]
    Unreadable,
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        let kind = match refused {
            Refused::NoKey => ErrorKind::Forbidden,
            Refused::Unreadable => ErrorKind::Malformed,
            _ => ErrorKind::Unauthenticated,
        };
        Self::new(kind, refused.to_string())
    }
}

/// What a vendor says of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) tenant: TenantId,
    pub(crate) delivery: Uuid,
    /// The vendor's id of what it says.
    pub(crate) id: String,
    /// What became of it, where it says so.
    pub(crate) state: Option<DeliveryState>,
    /// Why it failed, in a word of ours.
    pub(crate) reason: Option<&'static str>,
    /// Whether nothing must be sent to the address again.
    pub(crate) gone: bool,
}

/// URL at which Twilio says what became of a delivery.
pub(crate) fn callback(origin: &str, tenant: TenantId, delivery: Uuid) -> String {
    let TenantId(tenant) = tenant;
    format!("{origin}/api/v1/notification-receipts/twilio/{tenant}/{delivery}")
}
