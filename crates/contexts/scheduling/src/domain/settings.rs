//! What an organisation decided about booking: services, rules, the public widget.

use jiff::civil::Date;
use mt_kernel::{ErrorKind, Fault};
use serde::{Deserialize, Serialize};

use super::wall::zone;

/// Something that can be booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Service {
    /// Code: lower-case letters, digits, hyphens.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// How long it takes.
    pub minutes: u16,
    /// The kind of appointment: `Consultation`, `FollowUp`, `Telehealth`, ….
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Whether the public may book it.
    #[serde(default)]
    pub online: bool,
}

/// The rules for booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rules {
    /// How long ahead an appointment must be booked.
    pub lead_minutes: u32,
    /// Appointments start at multiples of this, by the clock of the organisation.
    pub grid_minutes: u16,
    /// How far ahead an appointment may be booked.
    pub horizon_days: u16,
    /// How many appointments to come a patient may have; 0 for no limit.
    pub max_active: u16,
    /// After how many missed appointments within a year those to come are cancelled; 0 for never.
    pub no_show_limit: u16,
    /// Until how many hours before a patient may move an appointment.
    pub reschedule_hours: u16,
    /// From how many minutes on a patient who has not come is late.
    pub late_minutes: u16,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            lead_minutes: 60,
            grid_minutes: 15,
            horizon_days: 183,
            max_active: 3,
            no_show_limit: 3,
            reschedule_hours: 24,
            late_minutes: 15,
        }
    }
}

/// The public booking widget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Widget {
    /// Whether the public may see slots and ask for appointments.
    pub enabled: bool,
    /// Sites that may show the page of public booking in a frame, such as `https://www.clinic.example`.
    pub origins: Vec<String>,
}

/// Video visits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = TelehealthSettings)]
pub struct Video {
    /// Where patients call when the connection fails.
    pub phone: Option<String>,
}

/// Settings of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schema(as = SchedulingSettings)]
pub struct Settings {
    /// IANA zone of the clock on the wall.
    pub time_zone: String,
    /// What can be booked.
    pub services: Vec<Service>,
    /// The rules.
    pub rules: Rules,
    /// Days on which the organisation is closed.
    #[schema(value_type = Vec<String>)]
    pub holidays: Vec<Date>,
    /// How long a hold lasts.
    pub hold_minutes: u16,
    /// How long an offer to a waiting patient lasts.
    pub offer_minutes: u16,
    /// How long before an appointment its patient is reminded.
    pub reminder_minutes: Vec<u32>,
    /// The public booking widget.
    pub widget: Widget,
    /// Video visits.
    pub telehealth: Video,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            services: Vec::new(),
            rules: Rules::default(),
            holidays: Vec::new(),
            hold_minutes: 5,
            offer_minutes: 30,
            reminder_minutes: vec![2880, 120],
            widget: Widget::default(),
            telehealth: Video::default(),
        }
    }
}

impl Settings {
    /// The service of this code.
    #[must_use]
    pub fn service(&self, code: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.code == code)
    }

    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the place.
    pub fn check(&self) -> Result<(), Fault> {
        zone(&self.time_zone).map_err(|fault| fault.at("timeZone"))?;
        let refuse = |place: &str, message: &'static str| {
            Err(Fault::new(ErrorKind::Invalid, message).at(place))
        };
        let rules = &self.rules;
        if !(1..=240).contains(&rules.grid_minutes) {
            return refuse(
                "rules.gridMinutes",
                "appointments start every 1 to 240 minutes",
            );
        }
        if rules.horizon_days > 1830 || rules.lead_minutes > 525_600 {
            return refuse(
                "rules.horizonDays",
                "appointments are booked at most five years ahead",
            );
        }
        if !(1..=60).contains(&self.hold_minutes) || !(1..=2880).contains(&self.offer_minutes) {
            return refuse(
                "holdMinutes",
                "a hold lasts 1 to 60 minutes, an offer 1 to 2880",
            );
        }
        if self.reminder_minutes.len() > 5 || self.holidays.len() > 1000 {
            return refuse(
                "reminderMinutes",
                "at most five reminders and 1000 holidays",
            );
        }
        let origins = &self.widget.origins;
        if origins.len() > 20 || !origins.iter().all(|one| is_origin(one)) {
            return refuse(
                "widget.origins",
                "at most 20 origins, written https://www.example.org",
            );
        }
        let phone = self.telehealth.phone.as_deref().unwrap_or("0");
        let number = |c: char| c.is_ascii_digit() || "+-() .".contains(c);
        if !(1..=30).contains(&phone.len()) || !phone.chars().all(number) {
            return refuse("telehealth.phone", "a phone number is needed");
        }
        let plain = |code: &str| {
            (1..=40).contains(&code.len())
                && code
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        for (at, service) in self.services.iter().enumerate() {
            let known = self.services.iter().take(at);
            if !plain(&service.code) || known.clone().any(|one| one.code == service.code) {
                return refuse(
                    "services",
                    "a code is lower-case letters, digits, hyphens, and unique",
                );
            }
            let name = service.name.chars().count();
            if !(1..=100).contains(&name) || !(1..=480).contains(&service.minutes) {
                return refuse(
                    "services",
                    "a service has a name and takes 1 to 480 minutes",
                );
            }
        }
        Ok(())
    }
}

/// Scheme, host and perhaps a port, and nothing that ends a source of a content security policy. Plain
/// HTTP is for the machine of whoever tries it.
fn is_origin(text: &str) -> bool {
    let (host, local) = match text.split_once("://") {
        Some(("https", rest)) => (rest, false),
        Some(("http", rest)) => (rest, true),
        _ => return false,
    };
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    let labels = name.split('.').all(|label| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(plain)
    });
    let here = matches!(name, "localhost" | "127.0.0.1");
    name.len() <= 253
        && labels
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && (!local || here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_site_and_nothing_more() {
        for good in [
            "https://www.clinic.example",
            "https://clinic.example:8443",
            "http://localhost:8080",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "*",
            "https://*",
            "https://*.clinic.example",
            "http://www.clinic.example",
            "https://clinic.example/",
            "https://clinic.example; script-src *",
            "https://clinic.example https://evil.example",
            "https://",
            "https://clinic.example:0",
            "https://CLINIC.example",
            "javascript:alert(1)",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
