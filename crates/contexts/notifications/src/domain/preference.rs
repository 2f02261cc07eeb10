//! How somebody wants to be told.

use jiff::tz::TimeZone;
use mt_kernel::{ErrorKind, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Category, Channel, Intent, LANGUAGES, QuietHours};

/// Whether what can wait is gathered into one mail a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Digest {
    /// Everything is sent at once.
    #[default]
    Off,
    /// What can wait is counted in one mail each morning.
    Daily,
}

/// Something that is not wanted by some way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mute {
    /// What.
    pub category: Category,
    /// By which way.
    pub channel: Channel,
}

/// How somebody wants to be told. In the application everything is told always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = NotificationPreferences)]
pub struct Preferences {
    /// `en` or `es`; absent for that of the own record, or else the organisation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// IANA zone; absent for the organisation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// When only what is urgent is sent; `null` for never.
    pub quiet_hours: Option<QuietHours>,
    /// Mail may be sent.
    pub email: bool,
    /// Text messages may be sent: a consent that somebody must give.
    pub sms: bool,
    /// Registered browsers and devices may be woken.
    pub push: bool,
    /// What is not wanted by some way; what is urgent comes all the same.
    pub muted: Vec<Mute>,
    /// Whether what can wait is gathered.
    pub digest: Digest,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            language: None,
            time_zone: None,
            quiet_hours: Some(QuietHours::default()),
            email: true,
            sms: false,
            push: true,
            muted: Vec::new(),
            digest: Digest::Off,
        }
    }
}

impl Preferences {
    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// A fault with its place.
    pub fn check(&self) -> Result<(), Fault> {
        let refuse =
            |place: &str, text: &'static str| Err(Fault::new(ErrorKind::Invalid, text).at(place));
        let language = self.language.as_deref();
        if language.is_some_and(|language| !LANGUAGES.contains(&language)) {
            return refuse("language", "the language is not spoken here");
        }
        let zone = self.time_zone.as_deref();
        if zone.is_some_and(|zone| TimeZone::get(zone).is_err()) {
            return refuse("timeZone", "the time zone is not known");
        }
        if self.muted.len() > 50 {
            return refuse("muted", "at most 50 mutes");
        }
        Ok(())
    }

    /// Whether the person agrees to be told this by this way.
    #[must_use]
    pub fn allows(&self, intent: Intent, channel: Channel) -> bool {
        let agreed = match channel {
            Channel::Email => self.email,
            Channel::Sms => self.sms,
            Channel::Push => self.push,
        };
        let muted = self
            .muted
            .iter()
            .any(|mute| mute.category == intent.category() && mute.channel == channel);
        agreed && (intent.is_urgent() || !muted)
    }

    /// The ways by which the person is told this outside the application.
    pub fn channels(&self, intent: Intent) -> impl Iterator<Item = Channel> {
        let possible = intent.channels().iter().copied();
        possible.filter(move |channel| self.allows(intent, *channel))
    }

    /// Whether this waits for the next digest.
    #[must_use]
    pub fn gathers(&self, intent: Intent, channel: Channel) -> bool {
        self.digest == Digest::Daily && channel == Channel::Email && !intent.is_timely()
    }

    /// No mail about this any more.
    pub fn unsubscribe(&mut self, category: Category) {
        let mute = Mute {
            category,
            channel: Channel::Email,
        };
        if !self.muted.contains(&mute) {
            self.muted.push(mute);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(preferences: &Preferences, intent: Intent) -> Vec<Channel> {
        preferences.channels(intent).collect()
    }

    #[test]
    fn text_messages_need_a_consent_and_mail_does_not() {
        let mut preferences = Preferences::default();
        let reminder = Intent::AppointmentReminder;
        assert_eq!(
            channels(&preferences, reminder),
            [Channel::Email, Channel::Push]
        );
        preferences.sms = true;
        assert_eq!(channels(&preferences, reminder), Channel::ALL);
        // Some things are never said by text message.
        assert!(!channels(&preferences, Intent::ClaimStatus).contains(&Channel::Sms));
    }

    #[test]
    fn what_is_muted_is_not_sent_unless_it_is_urgent() {
        let mut preferences = Preferences::default();
        preferences.unsubscribe(Category::Results);
        preferences.unsubscribe(Category::Results);
        assert_eq!(preferences.muted.len(), 1);
        assert_eq!(
            channels(&preferences, Intent::ResultAvailable),
            [Channel::Push]
        );
        assert!(channels(&preferences, Intent::CriticalResult).contains(&Channel::Email));
        // Who wants no mail at all gets none.
        preferences.email = false;
        assert!(!channels(&preferences, Intent::CriticalResult).contains(&Channel::Email));
    }

    #[test]
    fn a_digest_gathers_mail_that_can_wait_and_nothing_else() {
        let preferences = Preferences {
            digest: Digest::Daily,
            ..Preferences::default()
        };
        assert!(preferences.gathers(Intent::ResultAvailable, Channel::Email));
        assert!(!preferences.gathers(Intent::ResultAvailable, Channel::Push));
        assert!(!preferences.gathers(Intent::AppointmentReminder, Channel::Email));
        assert!(!preferences.gathers(Intent::CriticalResult, Channel::Email));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, place) in [
            (r#"{"language": "tlh"}"#, "language"),
            (r#"{"timeZone": "Mars/Olympus"}"#, "timeZone"),
        ] {
            let read: Preferences = serde_json::from_str(text).unwrap();
            let fault = read.check().unwrap_err();
            assert!(format!("{fault:?}").contains(place));
        }
        let unknown = serde_json::from_str::<Preferences>(r#"{"fax": true}"#);
        assert!(unknown.is_err());
        let none: Preferences = serde_json::from_str(r#"{"quietHours": null}"#).unwrap();
        assert_eq!(none.quiet_hours, None);
    }
}
