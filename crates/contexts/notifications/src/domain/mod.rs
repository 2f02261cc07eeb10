//! What is told to whom and how: decisions without a clock or a database of their own.

mod channel;
mod intent;
mod preference;
mod quiet;
mod recipient;
mod shipped;
mod text;
mod when;
mod wording;

pub use channel::{Channel, DeliveryState};
pub use intent::{Category, Intent};
pub use preference::{Digest, Mute, Preferences};
pub use quiet::QuietHours;
pub(crate) use quiet::{next_morning, not_before};
pub use recipient::Recipient;
pub use shipped::{LANGUAGES, shipped};
pub use text::{OpenText, OpenValues, PrivateValues, WordingError};
pub(crate) use when::written;
pub use wording::{OpenWords, PrivateWords, Wording};
