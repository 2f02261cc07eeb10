//! Legal clocks of a breach: who must be told, and until when.
//!
//! HIPAA (45 CFR 164.404 to 164.408) counts calendar days from discovery, GDPR (art. 33) counts hours
//! from awareness. "Without unreasonable delay" is not a number: the deadlines are the latest moments.

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Persons from whom on the Secretary and the media are told at once.
const MANY: u64 = 500;

/// Which law sets the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Regime {
    /// United States.
    Hipaa,
    /// European Union.
    Gdpr,
}

/// Whom to tell.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// The affected persons.
    Individuals,
    /// The Secretary of HHS, or the supervisory authority.
    Authority,
    /// Prominent media of the state.
    Media,
}

/// What the clocks need to know of a breach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When it was discovered, or would have been with reasonable diligence.
    pub discovered: Instant,
    /// How many persons are affected.
    pub affected: u64,
    /// Whether it is likely to result in a high risk to the persons (GDPR art. 34).
    pub high_risk: bool,
}

/// One duty with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deadline {
    /// The law.
    pub regime: Regime,
    /// Whom to tell.
    pub duty: Duty,
    /// The last moment.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub until: Instant,
}

impl Deadline {
    /// Whether it has passed.
    #[must_use]
    pub fn is_overdue(&self, now: Instant) -> bool {
        now > self.until
    }
}

/// Every duty that follows from a breach under `regimes`, earliest first. Days end in `zone`.
#[must_use]
pub fn deadlines(facts: &Facts, regimes: &[Regime], zone: &TimeZone) -> Vec<Deadline> {
    let mut all: Vec<Deadline> = regimes
        .iter()
        .flat_map(|regime| match regime {
            Regime::Hipaa => hipaa(facts, zone),
            Regime::Gdpr => gdpr(facts),
        })
        .collect();
    all.sort_by_key(|deadline| (deadline.until.0, deadline.duty));
    all
}

fn hipaa(facts: &Facts, zone: &TimeZone) -> Vec<Deadline> {
    let sixty = end_of_day_after(facts.discovered, 60, zone);
    let many = facts.affected >= MANY;
    let due = |duty, until| Deadline {
        regime: Regime::Hipaa,
        duty,
        until,
    };
    let authority = if many {
        sixty
    } else {
        sixty_days_after_the_year(facts.discovered, zone)
    };
    let mut all = vec![
        due(Duty::Individuals, sixty),
        due(Duty::Authority, authority),
    ];
    // The media rule asks for *more than* 500 residents of one state.
    if facts.affected > MANY {
        all.push(due(Duty::Media, sixty));
    }
    all
}

fn gdpr(facts: &Facts) -> Vec<Deadline> {
    let until = facts.discovered.plus_seconds(72 * 3600);
    let due = |duty| Deadline {
        regime: Regime::Gdpr,
        duty,
        until,
    };
    let mut all = vec![due(Duty::Authority)];
    if facts.high_risk {
        // "Without undue delay": no later than the authority hears of it.
        all.push(due(Duty::Individuals));
    }
    all
}

/// The last microsecond of the day `days` after the day of `from`.
fn end_of_day_after(from: Instant, days: i64, zone: &TimeZone) -> Instant {
    let day = from.timestamp().to_zoned(zone.clone()).date();
    let next = day.checked_add((days + 1).days());
    last_before(next.ok(), zone).unwrap_or_else(|| from.plus_seconds(days * 86_400))
}

/// 45 CFR 164.408(c): within 60 days after the end of the calendar year of discovery.
fn sixty_days_after_the_year(from: Instant, zone: &TimeZone) -> Instant {
    let year = from.timestamp().to_zoned(zone.clone()).date().year();
    let last = date(year, 12, 31).checked_add(61.days());
    last_before(last.ok(), zone).unwrap_or_else(|| from.plus_seconds(426 * 86_400))
}

/// The last microsecond before a day begins.
fn last_before(day: Option<jiff::civil::Date>, zone: &TimeZone) -> Option<Instant> {
    let start: Timestamp = zone
        .to_zoned(day?.to_datetime(jiff::civil::Time::midnight()))
        .ok()?
        .timestamp();
    Some(Instant(start.as_microsecond() - 1))
}

fn as_text<S: serde::Serializer>(at: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_fhir())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOTH: [Regime; 2] = [Regime::Hipaa, Regime::Gdpr];

    fn at(text: &str) -> Instant {
        Instant(text.parse::<Timestamp>().unwrap().as_microsecond())
    }

    fn facts(discovered: &str, affected: u64) -> Facts {
        Facts {
            discovered: at(discovered),
            affected,
            high_risk: false,
        }
    }

    fn until(all: &[Deadline], regime: Regime, duty: Duty) -> Option<String> {
        all.iter()
            .find(|one| one.regime == regime && one.duty == duty)
            .map(|one| one.until.to_fhir())
    }

    #[test]
    fn a_small_breach_is_reported_after_the_year_and_a_large_one_within_sixty_days() {
        let utc = TimeZone::UTC;
        let small = deadlines(&facts("2026-03-10T15:00:00Z", 499), &BOTH, &utc);
        let individuals = until(&small, Regime::Hipaa, Duty::Individuals);
        assert!(individuals.unwrap().starts_with("2026-05-09T23:59:59"));
        let authority = until(&small, Regime::Hipaa, Duty::Authority);
        assert!(authority.unwrap().starts_with("2027-03-01T23:59:59"));
        assert_eq!(until(&small, Regime::Hipaa, Duty::Media), None);
        let large = deadlines(&facts("2026-03-10T15:00:00Z", 500), &BOTH, &utc);
        let authority = until(&large, Regime::Hipaa, Duty::Authority);
        assert!(authority.unwrap().starts_with("2026-05-09"));
        assert_eq!(
            until(&large, Regime::Hipaa, Duty::Media),
            None,
            "not more than 500"
        );
        let larger = deadlines(&facts("2026-03-10T15:00:00Z", 501), &BOTH, &utc);
        assert!(until(&larger, Regime::Hipaa, Duty::Media).is_some());
    }

    #[test]
    fn the_authority_hears_within_72_hours_and_individuals_when_the_risk_is_high() {
        let mut one = facts("2026-03-28T22:30:00Z", 1);
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        let all = deadlines(&one, &[Regime::Gdpr], &zone);
        let [only] = all[..] else { panic!("one duty") };
        assert_eq!(
            only.until.0 - one.discovered.0,
            72 * 3_600_000_000,
            "hours, not days"
        );
        one.high_risk = true;
        assert_eq!(deadlines(&one, &[Regime::Gdpr], &zone).len(), 2);
    }

    proptest! {
        #[test]
        fn no_deadline_lies_before_discovery_and_more_affected_never_means_more_time(
            seconds in 0_i64..4_000_000_000, affected in 0_u64..2000, more in 0_u64..2000,
        ) {
            let one = Facts { discovered: Instant(seconds * 1_000_000), affected, high_risk: false };
            let other = Facts { affected: affected + more, ..one };
            let (few, many) = (deadlines(&one, &BOTH, &TimeZone::UTC), deadlines(&other, &BOTH, &TimeZone::UTC));
            prop_assert!(few.iter().all(|due| due.until > one.discovered));
            for due in &few {
                let later = many.iter().find(|also| (also.regime, also.duty) == (due.regime, due.duty));
                prop_assert!(later.is_some_and(|also| also.until <= due.until));
            }
        }

        #[test]
        fn sixty_days_are_sixty_calendar_days(seconds in 0_i64..4_000_000_000) {
            let discovered = Instant(seconds * 1_000_000);
            let all = deadlines(&Facts { discovered, affected: 1, high_risk: false }, &[Regime::Hipaa], &TimeZone::UTC);
            let individuals = all.iter().find(|due| due.duty == Duty::Individuals).map(|due| due.until.0).unwrap_or(0);
            let days = (individuals + 1) / 86_400_000_000 - discovered.0 / 86_400_000_000;
            prop_assert_eq!(days, 61);
        }
    }
}
