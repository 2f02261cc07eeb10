//! One day of the demonstration's clinic: who comes when to whom, and how far each has come by now.

use jiff::civil::{Date, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use serde_json::{Value, json};

/// Days ahead that are booked, besides today.
pub(super) const AHEAD: i32 = 6;

const EXTENSION: &str = "https://meditrack.health/fhir/StructureDefinition/appointment";
const SERVICE: &str = "https://meditrack.health/fhir/CodeSystem/service";
const CANCELLED: &str = "https://meditrack.health/fhir/CodeSystem/appointment-cancellation";

/// Those who see patients by appointment, each with their times of a day: hour, minute.
const BOOKED: [(Person, &[(i8, i8)]); 4] = [
    (
        Person("demo-doctor", "Dr. Dana Doctor"),
        &[
            (8, 30),
            (9, 0),
            (10, 0),
            (11, 0),
            (13, 30),
            (14, 30),
            (16, 0),
        ],
    ),
    (
        Person("demo-nurse", "Noor Nurse"),
        &[
            (8, 0),
            (9, 0),
            (9, 30),
            (11, 30),
            (14, 0),
            (15, 0),
            (15, 30),
        ],
    ),
    (
        Person("demo-lindqvist", "Dr. Tomas Lindqvist"),
        &[
            (8, 30),
            (9, 30),
            (10, 30),
            (12, 0),
            (13, 30),
            (15, 0),
            (16, 30),
        ],
    ),
    (
        Person("demo-brandt", "Sofia Brandt"),
        &[(9, 0), (10, 0), (11, 0), (12, 0), (14, 0), (15, 0), (16, 0)],
    ),
];

/// Those who see whoever walks in, at any hour.
const URGENT: [Person; 2] = [
    Person("demo-castellano", "Dr. Mira Castellano"),
    Person("demo-obi", "Dr. Adaeze Obi"),
];

/// Somebody of `samples/clinic.ndjson`: id and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person(pub(super) &'static str, pub(super) &'static str);

/// Patients who book, and why.
const REGULARS: [(Person, &str); 28] = [
    (Person("demo-amelia", "Amelia Hart"), "Blood pressure check"),
    (Person("demo-benjamin", "Benjamin Okoro"), "Asthma review"),
    (Person("demo-carmen", "Carmen Ibáñez"), "Thyroid results"),
    (Person("demo-dimitri", "Dimitri Papadakis"), "Kidney review"),
    (Person("demo-elena", "Elena Rossi"), "Migraine"),
    (Person("demo-farid", "Farid Rahmani"), "Back pain"),
    (Person("demo-greta", "Greta Lindholm"), "Eczema"),
    (Person("demo-hassan", "Hassan Demir"), "Cholesterol results"),
    (Person("demo-ingrid", "Ingrid Solberg"), "Knee pain"),
    (Person("demo-jonas", "Jonas Weber"), "Ankle, second visit"),
    (Person("demo-keiko", "Keiko Yamada"), "Iron infusion"),
    (Person("demo-liam", "Liam Gallagher"), "Ear check"),
    (Person("demo-maya", "Maya Chowdhury"), "Antenatal visit"),
    (Person("demo-nikolai", "Nikolai Orlov"), "INR and dose"),
    (Person("demo-olivia", "Olivia Bennett"), "Hay fever"),
    (Person("demo-priya", "Priya Raman"), "Diabetes review"),
    (Person("demo-quentin", "Quentin Moreau"), "Heartburn"),
    (Person("demo-ruth", "Ruth Abrams"), "Bone density"),
    (
        Person("demo-samuel", "Samuel Adeyemi"),
        "Blood pressure check",
    ),
    (Person("demo-teresa", "Teresa Campos"), "Sleep and worry"),
    (Person("demo-ulrich", "Ulrich Baumann"), "Breathing test"),
    (Person("demo-valentina", "Valentina Cruz"), "Skin review"),
    (Person("demo-walter", "Walter Nkemelu"), "Gout"),
    (Person("demo-ximena", "Ximena Torres"), "Results"),
    (Person("demo-yusuf", "Yusuf Karaca"), "Foot check"),
    (Person("demo-zofia", "Zofia Kamińska"), "Headaches"),
    (
        Person("demo-arthur", "Arthur Pemberton"),
        "Heart failure review",
    ),
    (Person("demo-beatrice", "Beatrice Lemaire"), "Inhaler check"),
];

/// Somebody who walked in: why, how many minutes ago, where they are now, for how many minutes, in which room.
type WalkIn = (Person, &'static str, i64, State, i64, Option<&'static str>);

const WALK_INS: [WalkIn; 8] = [
    (
        Person("demo-cormac", "Cormac Doyle"),
        "Cut hand",
        95,
        State::Completed,
        40,
        None,
    ),
    (
        Person("demo-delphine", "Delphine Aubert"),
        "Cough",
        80,
        State::Completed,
        30,
        None,
    ),
    (
        Person("demo-emeka", "Emeka Eze"),
        "Fever",
        60,
        State::Checkout,
        6,
        None,
    ),
    (
        Person("demo-fatima", "Fatima Haidari"),
        "Abdominal pain",
        45,
        State::InProgress,
        14,
        Some("demo-room-3"),
    ),
    (
        Person("demo-gustav", "Gustav Nyberg"),
        "Chest pain",
        35,
        State::Roomed,
        9,
        Some("demo-room-4"),
    ),
    (
        Person("demo-hannah", "Hannah Levine"),
        "Rash",
        25,
        State::Ready,
        12,
        None,
    ),
    (
        Person("demo-isaac", "Isaac Mbeki"),
        "Twisted ankle",
        18,
        State::Arrived,
        18,
        None,
    ),
    (
        Person("demo-julia", "Julia Novotná"),
        "Red eye",
        4,
        State::Arrived,
        4,
        None,
    ),
];

/// How far a visit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Scheduled,
    Confirmed,
    Arrived,
    Ready,
    Roomed,
    InProgress,
    Checkout,
    Completed,
    Cancelled,
    NoShow,
}

impl State {
    /// The states of `/api/v1` that lead here from a visit that is booked.
    pub(super) const fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Scheduled | Self::Confirmed => &[],
            Self::Arrived => &["arrived"],
            Self::Ready => &["arrived", "ready"],
            Self::Roomed => &["arrived", "roomed"],
            Self::InProgress => &["arrived", "roomed", "in-progress"],
            Self::Checkout => &["arrived", "in-progress", "checkout"],
            Self::Completed => &["arrived", "in-progress", "completed"],
            Self::Cancelled => &["cancelled"],
            Self::NoShow => &["no-show"],
        }
    }

    const fn status(self) -> &'static str {
        match self {
            Self::Scheduled | Self::Confirmed => "booked",
            Self::Arrived => "arrived",
            Self::Ready | Self::Roomed | Self::InProgress | Self::Checkout => "checked-in",
            Self::Completed => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::NoShow => "noshow",
        }
    }

    /// Where a patient is whom FHIR only knows as checked in.
    const fn stage(self) -> Option<&'static str> {
        match self {
            Self::Ready => Some("ready"),
            Self::Roomed => Some("roomed"),
            Self::InProgress => Some("in-progress"),
            Self::Checkout => Some("checkout"),
            _ => None,
        }
    }
}

/// A visit of the demonstration.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) id: String,
    pub(super) with: Person,
    pub(super) patient: Person,
    pub(super) start: Timestamp,
    pub(super) minutes: i64,
    pub(super) state: State,
    service: (&'static str, &'static str),
    reason: &'static str,
    since: Option<Timestamp>,
    room: Option<&'static str>,
}

/// Whether the clinic takes appointments on this day of every week.
pub(super) fn is_weekday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The visits by appointment of `date`, as far as each has come at `now`.
pub(super) fn booked(date: Date, now: &Zoned) -> Vec<Visit> {
    let zone = now.time_zone();
    let mut visits = Vec::new();
    for (column, (with, times)) in BOOKED.iter().enumerate() {
        for (row, (hour, minute)) in times.iter().enumerate() {
            let at = date.to_datetime(time(*hour, *minute, 0, 0));
            let Ok(start) = zone.to_ambiguous_zoned(at).compatible() else {
                continue;
            };
            let place = row * BOOKED.len() + column + days(date) * 5;
            let (patient, reason) = REGULARS[place % REGULARS.len()];
            let mut visit = Visit {
                id: format!("demo-{date}-{column}-{row}"),
                with: *with,
                patient,
                start: start.timestamp(),
                minutes: 30,
                state: State::Confirmed,
                service: service(column, row),
                reason,
                since: None,
                room: None,
            };
            come(&mut visit, (column, row), now.timestamp());
            visits.push(visit);
        }
    }
    visits
}

/// Days since a fixed one, so that every day has other patients first.
fn days(date: Date) -> usize {
    usize::try_from(date.day_of_year()).unwrap_or_default()
}

const fn service(column: usize, row: usize) -> (&'static str, &'static str) {
    match (column, row % 3) {
        (1, 0) => ("vaccination", "Vaccination"),
        (3, _) => ("physiotherapy", "Physiotherapy"),
        (_, 1) => ("consultation", "Consultation"),
        _ => ("follow-up", "Follow-up"),
    }
}

/// Lets a visit come as far as its time says.
fn come(visit: &mut Visit, (column, row): (usize, usize), now: Timestamp) {
    let minutes = (now.as_second() - visit.start.as_second()).div_euclid(60);
    let ago = |minutes: i64| now - Span::new().minutes(minutes);
    let (state, since, room) = match (minutes, column) {
        _ if (column, row) == (1, 3) => (State::Cancelled, None, None),
        (30.., 2) if row == 0 => (State::NoShow, None, None),
        (30.., _) => (State::Completed, Some(ago(minutes - 30)), None),
        (0..30, 0) => (State::InProgress, Some(ago(minutes)), Some("demo-room-1")),
        (0..30, 1) => (State::Roomed, Some(ago(minutes / 2)), Some("demo-room-2")),
        // Late, and nobody has called yet.
        (0..30, 2) => (State::Confirmed, None, None),
        (0..30, _) => (State::InProgress, Some(ago(minutes)), None),
        (-15..0, 0) => (State::Arrived, Some(ago(7)), None),
        (-15..0, 1) => (State::Ready, Some(ago(3)), None),
        _ if (column + row) % 4 == 3 => (State::Scheduled, None, None),
        _ => (State::Confirmed, None, None),
    };
    (visit.state, visit.since, visit.room) = (state, since, room);
}

/// Those who have walked in by `now`, none of them before midnight.
pub(super) fn walked_in(now: &Zoned) -> Vec<Visit> {
    let date = now.date();
    let midnight = date.to_zoned(now.time_zone().clone());
    let midnight = midnight.map_or(now.timestamp(), |at| at.timestamp());
    let ago = |minutes: i64| (now.timestamp() - Span::new().minutes(minutes)).max(midnight);
    let all = WALK_INS.iter().enumerate();
    all.map(|(index, (patient, reason, came, state, since, room))| {
        let start = ago(*came).as_second();
        let start = Timestamp::from_second(start - start.rem_euclid(300));
        Visit {
            id: format!("demo-{date}-walk-{index}"),
            with: URGENT[index % URGENT.len()],
            patient: *patient,
            start: start.unwrap_or(now.timestamp()).max(midnight),
            minutes: 30,
            state: *state,
            service: ("urgent", "Urgent care"),
            reason,
            since: Some(ago(*since)),
            room: *room,
        }
    })
    .collect()
}

impl Visit {
    /// When it ends.
    fn end(&self) -> Timestamp {
        self.start + Span::new().minutes(self.minutes)
    }

    /// The FHIR Appointment.
    pub(super) fn appointment(&self) -> Value {
        let waits = if self.state == State::Scheduled {
            "needs-action"
        } else {
            "accepted"
        };
        let mut extensions = Vec::new();
        if let Some(stage) = self.state.stage() {
            extensions.push(json!({"url": format!("{EXTENSION}-stage"), "valueCode": stage}));
        }
        if let Some(since) = self.since {
            extensions.push(
                json!({"url": format!("{EXTENSION}-stage-since"), "valueInstant": shown(since)}),
            );
        }
        if let Some(room) = self.room {
            let room = json!({"reference": format!("Location/{room}")});
            extensions.push(json!({"url": format!("{EXTENSION}-room"), "valueReference": room}));
        }
        let mut resource = json!({
            "resourceType": "Appointment", "id": self.id, "status": self.state.status(),
            "serviceType": [{"coding": [{"system": SERVICE, "code": self.service.0}], "text": self.service.1}],
            "reasonCode": [{"text": self.reason}],
            "start": shown(self.start), "end": shown(self.end()),
            "participant": [
                {"actor": named("Patient", self.patient), "required": "required", "status": waits},
                {"actor": named("Practitioner", self.with), "required": "required", "status": "accepted"}
            ]
        });
        if !extensions.is_empty() {
            resource["extension"] = extensions.into();
        }
        if self.state == State::Cancelled {
            resource["cancelationReason"] =
                json!({"coding": [{"system": CANCELLED, "code": "patient"}]});
        }
        resource
    }
}

/// A reference with its name.
pub(super) fn named(kind: &str, Person(id, name): Person) -> Value {
    json!({"reference": format!("{kind}/{id}"), "display": name})
}

/// An instant as FHIR writes it, to the second.
pub(super) fn shown(at: Timestamp) -> String {
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    second.to_string()
}

/// The zone of this machine, or UTC.
pub(super) fn zone() -> (String, TimeZone) {
    let zone = TimeZone::system();
    match zone.iana_name() {
        Some(name) => (name.to_owned(), zone),
        None => ("UTC".to_owned(), TimeZone::UTC),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn at(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    fn today(now: &Zoned) -> Vec<Visit> {
        let mut all = booked(now.date(), now);
        all.extend(walked_in(now));
        all
    }

    #[test]
    fn nobody_sees_two_people_by_appointment_at_once_and_nobody_is_at_two_places() {
        for day in 1..=31 {
            let now = at(&format!("2026-10-{day:02}T10:10:00[Europe/Madrid]"));
            let all = booked(now.date(), &now);
            assert_eq!(all.len(), 28);
            let (mut with, mut patients) = (HashSet::new(), HashSet::new());
            for visit in &all {
                assert!(with.insert((visit.with.0, visit.start)), "{}", visit.id);
                assert!(patients.insert(visit.patient.0), "{}", visit.id);
            }
        }
    }

    #[test]
    fn at_any_hour_people_wait_are_seen_and_leave() {
        for time in ["00:00:30", "00:50:00", "09:10:00", "13:00:00", "23:59:59"] {
            for zone in [
                "-05:00[America/Bogota]",
                "+05:45[Asia/Kathmandu]",
                "+00:00[UTC]",
            ] {
                let now = at(&format!("2026-11-22T{time}{zone}"));
                let visits = walked_in(&now);
                for state in [
                    State::Arrived,
                    State::Ready,
                    State::Roomed,
                    State::InProgress,
                    State::Checkout,
                ] {
                    assert!(visits.iter().any(|one| one.state == state), "{state:?}");
                }
                for visit in visits {
                    let start = visit.start.to_zoned(now.time_zone().clone());
                    assert_eq!(start.date(), now.date(), "{}", visit.id);
                    assert!(visit.since.unwrap() <= now.timestamp());
                }
            }
        }
    }

    #[test]
    fn a_morning_has_visits_in_every_state() {
        let now = at("2026-11-23T09:10:00+00:00[UTC]");
        let states: Vec<State> = today(&now).iter().map(|one| one.state).collect();
        for state in [
            State::Scheduled,
            State::Confirmed,
            State::Arrived,
            State::Ready,
            State::Roomed,
            State::InProgress,
            State::Checkout,
            State::Completed,
            State::Cancelled,
            State::NoShow,
        ] {
            assert!(states.contains(&state), "{state:?}");
        }
    }

    #[test]
    fn a_visit_to_come_is_booked_and_says_so_in_fhir() {
        let now = at("2026-11-23T09:10:00+00:00[UTC]");
        for visit in booked(at("2026-11-24T00:00:00+00:00[UTC]").date(), &now) {
            let appointment = visit.appointment();
            let status = appointment["status"].as_str().unwrap();
            assert!(["booked", "cancelled"].contains(&status), "{}", visit.id);
            assert!(appointment.get("extension").is_none());
        }
    }
}
