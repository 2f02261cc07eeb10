//! Waiting patients: what they would take, and who is the best match for a slot.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};

use super::availability::Day;
use super::wall::WallTime;

/// What a waiting patient would take. What is absent or empty does not matter to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Preference {
    /// Code of the service.
    pub service: Option<String>,
    /// References to practitioners.
    pub actors: Vec<String>,
    /// Days of the week.
    pub days: Vec<Day>,
    /// No earlier in the day.
    #[schema(value_type = Option<String>)]
    pub earliest: Option<WallTime>,
    /// Over by this time of the day.
    #[schema(value_type = Option<String>)]
    pub latest: Option<WallTime>,
    /// First day.
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// Last day.
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
    /// How long ahead the patient must know.
    pub notice_minutes: u32,
    /// 1 is most urgent, 9 least, 0 undefined (RFC 5545).
    pub priority: u8,
}

/// A slot that has become free.
#[derive(Clone, Copy, Debug)]
pub struct Vacancy<'a> {
    /// From when.
    pub start: Instant,
    /// Until when.
    pub end: Instant,
    /// Whose.
    pub actor: &'a str,
    /// For which service it was, when that is known.
    pub service: Option<&'a str>,
}

/// How well a patient fits a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// 0 to 100.
    pub percent: u32,
    /// Why, in the words of the desk.
    pub why: Vec<&'static str>,
}

impl Preference {
    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`].
    pub fn check(&self) -> Result<(), Fault> {
        let turned = self
            .earliest
            .zip(self.latest)
            .is_some_and(|(from, to)| to <= from)
            || self
                .from
                .zip(self.until)
                .is_some_and(|(from, until)| until < from);
        if turned || self.actors.len() > 20 || self.priority > 9 || self.notice_minutes > 525_600 {
            let text =
                "the preference names times in order, at most 20 actors and a priority up to 9";
            return Err(Fault::new(ErrorKind::Invalid, text));
        }
        Ok(())
    }

    /// How much speaks for whoever waits since `since`, whatever the slot: urgency, then how long they have waited.
    #[must_use]
    pub fn standing(&self, since: Instant, now: Instant) -> u32 {
        let urgency = match self.priority {
            0 => 20,
            priority => 45_u32.saturating_sub(u32::from(priority) * 5),
        };
        urgency + u32::try_from(days_of(since, now).min(40)).unwrap_or(40)
    }

    /// Whether there may be slots that both would take.
    #[must_use]
    pub fn may_want_the_same(&self, other: &Self) -> bool {
        let service = self.service.is_none() || other.service.is_none();
        let actors = self.actors.is_empty() || other.actors.is_empty();
        let days = self.days.is_empty() || other.days.is_empty();
        let before = |end: Option<WallTime>, start: Option<WallTime>| {
            end.zip(start).is_none_or(|(end, start)| start < end)
        };
        (service || self.service == other.service)
            && (actors || self.actors.iter().any(|one| other.actors.contains(one)))
            && (days || self.days.iter().any(|one| other.days.contains(one)))
            && before(self.latest, other.earliest)
            && before(other.latest, self.earliest)
    }

    /// How well a patient who waits since `since` fits a slot; `None` when they would not take it.
    ///
    /// Urgency counts most, so that a critical patient is asked first; then how long they have
    /// waited, then whether they asked for just this.
    #[must_use]
    pub fn fit(
        &self,
        slot: &Vacancy<'_>,
        zone: &TimeZone,
        since: Instant,
        now: Instant,
    ) -> Option<Fit> {
        let (start, end) = (
            slot.start.timestamp().to_zoned(zone.clone()),
            slot.end.timestamp().to_zoned(zone.clone()),
        );
        let minutes = |time: jiff::civil::Time| {
            u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
        };
        let over = if end.date() > start.date() {
            1440
        } else {
            minutes(end.time())
        };
        let takes = self.actors.is_empty() || self.actors.iter().any(|one| one == slot.actor);
        let takes = takes
            && slot
                .service
                .is_none_or(|code| self.service.as_deref().is_none_or(|own| own == code))
            && (self.days.is_empty() || self.days.contains(&Day::from(start.weekday())))
            && self
                .earliest
                .is_none_or(|time| time.minutes() <= minutes(start.time()))
            && self.latest.is_none_or(|time| over <= time.minutes())
            && self.from.is_none_or(|day| day <= start.date())
            && self.until.is_none_or(|day| start.date() <= day)
            && now.plus_seconds(i64::from(self.notice_minutes) * 60) <= slot.start;
        if !takes {
            return None;
        }
        let mut why = Vec::new();
        if (1..=3).contains(&self.priority) {
            why.push("urgent");
        }
        if days_of(since, now) >= 7 {
            why.push("has waited long");
        }
        let asked = [
            (!self.actors.is_empty(), "asked for this clinician"),
            (
                slot.service.is_some() && self.service.as_deref() == slot.service,
                "needs this service",
            ),
            (
                !self.days.is_empty() || self.earliest.is_some() || self.latest.is_some(),
                "asked for this time",
            ),
        ];
        let mut exact = 0;
        for (met, text) in asked {
            if met {
                exact += 6;
                why.push(text);
            }
        }
        Some(Fit {
            percent: (self.standing(since, now) + exact).min(100),
            why,
        })
    }
}

/// Whole days from `since` to `now`.
fn days_of(since: Instant, now: Instant) -> i64 {
    (now.0 - since.0).max(0) / 86_400_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn slot(service: Option<&'static str>) -> Vacancy<'static> {
        // Monday 23 March 2026, 09:00 to 09:30.
        let start = Instant(1_774_256_400_000_000);
        Vacancy {
            start,
            end: start.plus_seconds(1800),
            actor: "Practitioner/d",
            service,
        }
    }

    fn fit(preference: serde_json::Value, waited: i64) -> Option<u32> {
        let preference: Preference = serde_json::from_value(preference).unwrap();
        let slot = slot(Some("follow-up"));
        let now = slot.start.plus_seconds(-DAY);
        let fit = preference.fit(&slot, &TimeZone::UTC, now.plus_seconds(-waited * DAY), now);
        fit.map(|fit| fit.percent)
    }

    #[test]
    fn a_patient_who_would_not_take_the_slot_is_not_asked() {
        for (preference, fits) in [
            (serde_json::json!({}), true),
            (
                serde_json::json!({"actors": ["Practitioner/d"], "days": ["mon"], "earliest": "09:00", "latest": "09:30"}),
                true,
            ),
            (serde_json::json!({"actors": ["Practitioner/e"]}), false),
            (serde_json::json!({"service": "new"}), false),
            (serde_json::json!({"days": ["tue"]}), false),
            (serde_json::json!({"earliest": "09:01"}), false),
            (serde_json::json!({"latest": "09:29"}), false),
            (serde_json::json!({"from": "2026-03-24"}), false),
            (serde_json::json!({"until": "2026-03-22"}), false),
            (serde_json::json!({"noticeMinutes": 1440}), true),
            (serde_json::json!({"noticeMinutes": 1441}), false),
        ] {
            assert_eq!(fit(preference.clone(), 0).is_some(), fits, "{preference}");
        }
    }

    #[test]
    fn those_who_could_never_take_one_slot_do_not_stand_in_each_others_way() {
        let of = |preference: serde_json::Value| -> Preference {
            serde_json::from_value(preference).unwrap()
        };
        let own = of(
            serde_json::json!({"service": "follow-up", "actors": ["Practitioner/d"],
            "days": ["mon", "tue"], "earliest": "09:00", "latest": "12:00"}),
        );
        for (other, meets) in [
            (serde_json::json!({}), true),
            (serde_json::json!({"service": "new"}), false),
            (serde_json::json!({"actors": ["Practitioner/e"]}), false),
            (
                serde_json::json!({"actors": ["Practitioner/e", "Practitioner/d"]}),
                true,
            ),
            (serde_json::json!({"days": ["wed"]}), false),
            (serde_json::json!({"earliest": "12:00"}), false),
            (serde_json::json!({"latest": "09:00"}), false),
            (
                serde_json::json!({"earliest": "11:00", "latest": "13:00"}),
                true,
            ),
        ] {
            let other = of(other);
            assert_eq!(own.may_want_the_same(&other), meets, "{other:?}");
            assert_eq!(other.may_want_the_same(&own), meets, "{other:?}");
        }
    }

    #[test]
    fn urgency_comes_before_waiting_and_waiting_before_wishes() {
        let urgent = fit(serde_json::json!({"priority": 1}), 0);
        let long = fit(serde_json::json!({}), 19);
        let wish = fit(
            serde_json::json!({"actors": ["Practitioner/d"], "service": "follow-up"}),
            0,
        );
        let plain = fit(serde_json::json!({}), 0);
        assert!(
            urgent > long && long > wish && wish > plain,
            "{urgent:?} {long:?} {wish:?} {plain:?}"
        );
    }
}
