#![doc = include_str!("../README.md")]

pub mod api;
mod app;
pub mod channels;
mod courier;
mod domain;
mod error;
mod events;
mod forget;
mod ports;
mod receipts;
mod store;

use mt_database::{Migration, Migrations};

pub use app::{
    DeliveryView, Inbox, Message, NewPush, Notifications, NotificationsParts, Previewed, PushView,
    TemplateView, TestSend,
};
pub use courier::NotificationCourier;
pub use domain::{
    Category, Channel, DeliveryState, Digest, Intent, LANGUAGES, Mute, OpenText, OpenValues,
    OpenWords, Preferences, PrivateValues, PrivateWords, QuietHours, Recipient, Wording,
    WordingError, shipped,
};
pub use error::{NotificationError, Result};
pub use events::{Announcer, announcer};
pub use forget::forget_patient;
pub use ports::{Address, Dispatch, Organisation, Organisations, Sent, Transport, Transports};
pub use receipts::{ReceiptKeys, SendGridKey};

/// Messages, deliveries, preferences, registrations, wordings, reminders.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "notifications",
    files: &[Migration::new(
        1,
        "notifications",
        include_str!("../migrations/0001_notifications.sql"),
    )],
};
