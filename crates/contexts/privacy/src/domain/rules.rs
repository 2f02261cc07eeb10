//! The rules that look for misuse, as far as they are pure: what an entry says, and what is too much.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use mt_audit::{Entry, EventCode, Kind};
use mt_kernel::{ActorKind, Instant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::clocks::Regime;

/// Thresholds of one organisation. What is not given has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// Time zone of the organisation, an IANA name.
    pub time_zone: String,
    /// Laws whose clocks apply.
    pub regimes: Vec<Regime>,
    /// Mass access: hours that are looked back over.
    pub window_hours: u32,
    /// Mass access: distinct patients in the window that are too many for anybody.
    pub most_patients: u64,
    /// Mass access: how many times the user's own usual number is too many.
    pub times_usual: f64,
    /// Mass access: distinct patients below which nobody's unusual day matters.
    pub least_patients: u64,
    /// Failed sign-ins of one login within an hour that are too many.
    pub failed_logins: u64,
    /// Failed sign-ins of the whole organisation within an hour that are too many.
    pub failed_logins_everywhere: u64,
    /// Working hours in which exports are usual: from, until (24 h clock).
    #[schema(value_type = [i8; 2])]
    pub working_hours: (i8, i8),
    /// Whether exports are usual on Saturdays and Sundays.
    pub works_weekends: bool,
    /// Patients of foreign locations within the window that are too many.
    pub foreign_patients: u64,
    /// Hours within which an emergency access is reviewed.
    pub review_hours: u32,
    /// Years for which a patient's record is kept after its last entry, and after the patient came of age.
    pub retention_years: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            regimes: vec![Regime::Hipaa],
            window_hours: 24,
            most_patients: 300,
            times_usual: 4.0,
            least_patients: 40,
            failed_logins: 10,
            failed_logins_everywhere: 100,
            working_hours: (6, 20),
            works_weekends: false,
            foreign_patients: 5,
            review_hours: 72,
            retention_years: 10,
        }
    }
}

impl Settings {
    /// What is wrong with them, if anything.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        let (from, until) = self.working_hours;
        if TimeZone::get(&self.time_zone).is_err() {
            Some("the time zone is not known")
        } else if !(0..=24).contains(&from) || !(0..=24).contains(&until) || from > until {
            Some("working hours go from 0 to 24")
        } else if self.regimes.is_empty() {
            Some("name the laws that apply")
        } else if !(1..=168).contains(&self.window_hours) || self.review_hours == 0 {
            Some("a window has 1 to 168 hours")
        } else if !self.times_usual.is_finite() || self.times_usual < 1.0 {
            Some("what is usual is not too much")
        } else if self.retention_years > 100 {
            Some("a record is kept for 100 years at most")
        } else if self.most_patients == 0 || self.failed_logins == 0 || self.foreign_patients == 0 {
            Some("a threshold is at least one")
        } else {
            None
        }
    }

    /// The zone; UTC when it has become unknown.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Whether exports are unusual at this moment.
    #[must_use]
    pub fn is_off_hours(&self, at: Instant) -> bool {
        let local = at.timestamp().to_zoned(self.zone());
        let weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
        let (from, until) = self.working_hours;
        (weekend && !self.works_weekends) || local.hour() < from || local.hour() >= until
    }

    /// Whether so many distinct patients in the window are too many for this user.
    #[must_use]
    pub fn is_mass(&self, patients: u64, baseline: Baseline) -> bool {
        if patients > self.most_patients {
            return true;
        }
        // A baseline of a few days says little about what is usual.
        patients > self.least_patients
            && baseline.days >= 5
            && patients as f64 > self.times_usual * baseline.per_day
    }
}

/// What is usual for one user: distinct patients on days with any access.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Baseline {
    /// Days with access, of the last four weeks before the window.
    pub days: u32,
    /// Mean of distinct patients on such a day.
    pub per_day: f64,
}

/// Whether the entry shows records to a person of the staff: the rules watch these.
pub(crate) fn is_staff_access(entry: &Entry) -> bool {
    let actor = &entry.detail.actor;
    let reads = matches!(
        entry.kind,
        Kind::Read | Kind::History | Kind::Search | Kind::Commit
    );
    let person = matches!(actor.kind, ActorKind::User | ActorKind::Agent);
    // Patients and their caregivers look at their own records; that is what they are there for.
    let outside = |role: &std::sync::Arc<str>| matches!(&**role, "patient" | "caregiver");
    let staff = !actor.roles.is_empty() && !actor.roles.iter().all(outside);
    reads && person && staff && !entry.detail.outcome.is_refusal()
}

/// Whether the entry is a sign-in that failed.
pub(crate) fn is_failed_login(entry: &Entry) -> bool {
    entry.detail.event == Some(EventCode::Login) && entry.detail.outcome.is_refusal()
}

/// Whether the entry is an export that was done by a person or a client.
pub(crate) fn is_export(entry: &Entry) -> bool {
    entry.detail.event == Some(EventCode::Export)
        && !entry.detail.outcome.is_refusal()
        && entry.detail.actor.kind != ActorKind::System
}

/// Whether somebody broke the glass.
pub(crate) fn is_break_glass(entry: &Entry) -> bool {
    entry.detail.event == Some(EventCode::BreakGlass) && !entry.detail.outcome.is_refusal()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn exports_are_unusual_at_night_and_on_weekends_in_the_zone_of_the_organisation() {
        let mut settings = Settings::default();
        assert!(
            !settings.is_off_hours(at("2026-11-23T10:00:00Z")),
            "Monday morning"
        );
        assert!(
            settings.is_off_hours(at("2026-11-23T05:59:59Z")),
            "before six"
        );
        assert!(
            settings.is_off_hours(at("2026-11-23T20:00:00Z")),
            "from eight on"
        );
        assert!(settings.is_off_hours(at("2026-11-22T10:00:00Z")), "Sunday");
        settings.works_weekends = true;
        assert!(!settings.is_off_hours(at("2026-11-22T10:00:00Z")));
        settings.time_zone = "Asia/Kolkata".to_owned();
        if TimeZone::get("Asia/Kolkata").is_ok() {
            assert!(
                settings.is_off_hours(at("2026-11-23T15:00:00Z")),
                "half past eight there"
            );
        }
    }

    #[test]
    fn a_new_user_is_measured_by_the_absolute_limit_alone() {
        let settings = Settings::default();
        let new = Baseline {
            days: 2,
            per_day: 1.0,
        };
        let usual = Baseline {
            days: 20,
            per_day: 12.0,
        };
        let busy = Baseline {
            days: 20,
            per_day: 80.0,
        };
        assert!(!settings.is_mass(100, new));
        assert!(settings.is_mass(301, new));
        assert!(settings.is_mass(49, usual));
        assert!(
            !settings.is_mass(48, usual),
            "four times as usual is the limit"
        );
        assert!(
            !settings.is_mass(
                40,
                Baseline {
                    days: 20,
                    per_day: 1.0
                }
            ),
            "few are never many"
        );
        assert!(!settings.is_mass(300, busy));
        assert!(settings.is_mass(301, busy), "too many for anybody");
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let broken: [fn(&mut Settings); 5] = [
            |one| one.time_zone = "Nowhere/Land".to_owned(),
            |one| one.working_hours = (20, 6),
            |one| one.regimes.clear(),
            |one| one.times_usual = f64::NAN,
            |one| one.most_patients = 0,
        ];
        assert_eq!(Settings::default().refusal(), None);
        for breaks in broken {
            let mut settings = Settings::default();
            breaks(&mut settings);
            assert!(settings.refusal().is_some(), "{settings:?}");
        }
        assert!(
            serde_json::from_str::<Settings>(r#"{"mostPatiens":5}"#).is_err(),
            "a typing error"
        );
    }

    proptest! {
        #[test]
        fn more_patients_are_never_less_suspicious(some in 0_u64..1000, more in 0_u64..1000, days in 0_u32..28, per_day in 0.0_f64..500.0) {
            let (settings, usual) = (Settings::default(), Baseline { days, per_day });
            prop_assert!(!settings.is_mass(some, usual) || settings.is_mass(some + more, usual));
        }
    }
}
