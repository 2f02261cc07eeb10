//! What the demonstration's clinic has once and for all: services, hours, people who wait, tasks, messages, notes.
//!
//! The records have fixed ids and are written in one transaction, so that they are there wholly or not at all.

use jiff::civil::{Date, DateTime};
use jiff::{Span, Timestamp, ToSpan, Zoned};
use serde_json::{Value, json};

use super::day::{Person, is_weekday, named, shown};

const DOCTOR: Person = Person("demo-doctor", "Dr. Dana Doctor");
const NURSE: Person = Person("demo-nurse", "Noor Nurse");
const AMELIA: Person = Person("demo-amelia", "Amelia Hart");
const BENJAMIN: Person = Person("demo-benjamin", "Benjamin Okoro");
const CARMEN: Person = Person("demo-carmen", "Carmen Ibáñez");
const DIMITRI: Person = Person("demo-dimitri", "Dimitri Papadakis");
const PAT: Person = Person("demo-patient", "Pat Patient");

/// The record by which a later start sees that these are there.
pub(super) const MARK: &str = "Task/demo-task-1";
/// The note that the doctor signs.
pub(super) const TO_SIGN: &str = "Composition/demo-note-benjamin";

const WEEK: [&str; 5] = ["mon", "tue", "wed", "thu", "fri"];
const EVERY_DAY: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The services and the rules, over those in force.
pub(super) fn settings(mut now: Value, zone: &str) -> Value {
    let service = |code, name, minutes: u16, kind, online: bool| json!({"code": code, "name": name, "minutes": minutes, "type": kind, "online": online});
    now["timeZone"] = zone.into();
    now["services"] = json!([
        service("consultation", "Consultation", 30, "Consultation", true),
        service("follow-up", "Follow-up", 30, "FollowUp", true),
        service("vaccination", "Vaccination", 15, "Consultation", true),
        service("physiotherapy", "Physiotherapy", 45, "Consultation", true),
        service("video", "Video visit", 30, "Telehealth", true),
        service("urgent", "Urgent care", 30, "Consultation", false),
    ]);
    now["widget"]["enabled"] = true.into();
    now["telehealth"]["phone"] = "+1 555 0100".into();
    now
}

/// Whose hours, and the hours. The clinic opens on this day in any case.
pub(super) fn hours(zone: &str, today: Date) -> Vec<(&'static str, Value)> {
    let block = |days: &[&str], start: &str, end: &str, services: &[&str]| json!({"days": days, "start": start, "end": end, "services": services, "location": "Location/demo-clinic"});
    let always = vec![block(&EVERY_DAY, "00:00", "24:00", &["urgent", "video"])];
    let open = vec![block(&EVERY_DAY, "07:00", "21:00", &[])];
    let halves = |services: &[&str]| {
        let morning = block(&WEEK, "08:30", "12:30", services);
        vec![morning, block(&WEEK, "13:30", "17:30", services)]
    };
    let calendar = |weekly: Vec<Value>, capacity: u16, extra: bool| {
        json!({"timeZone": zone, "weekly": weekly, "exceptions": if extra { weekend(today) } else { Vec::new() },
            "slotMinutes": 30, "horizonDays": 60, "capacity": capacity, "overbook": 1})
    };
    let clinic = ["consultation", "follow-up", "video"];
    vec![
        (
            "Practitioner/demo-doctor",
            calendar(halves(&clinic), 1, true),
        ),
        (
            "Practitioner/demo-nurse",
            calendar(
                vec![block(
                    &WEEK,
                    "08:00",
                    "16:00",
                    &["vaccination", "follow-up"],
                )],
                1,
                true,
            ),
        ),
        (
            "Practitioner/demo-lindqvist",
            calendar(halves(&clinic), 1, true),
        ),
        (
            "Practitioner/demo-brandt",
            calendar(
                vec![block(&WEEK, "09:00", "17:00", &["physiotherapy"])],
                1,
                true,
            ),
        ),
        (
            "Practitioner/demo-castellano",
            calendar(always.clone(), 6, false),
        ),
        ("Practitioner/demo-obi", calendar(always, 6, false)),
        ("Location/demo-room-1", calendar(open.clone(), 1, false)),
        ("Location/demo-room-2", calendar(open.clone(), 1, false)),
        ("Location/demo-room-3", calendar(open.clone(), 1, false)),
        ("Location/demo-room-4", calendar(open, 1, false)),
    ]
}

/// The weekend's extra hours, when today is at one.
fn weekend(today: Date) -> Vec<Value> {
    if is_weekday(today) {
        return Vec::new();
    }
    let at = |hour: i8| -> DateTime { today.at(hour, 0, 0, 0) };
    vec![
        json!({"kind": "open", "start": at(8), "end": at(18), "location": "Location/demo-clinic",
        "note": "Open at the weekend"}),
    ]
}

/// Everything that is written in one transaction.
pub(super) fn records(now: &Zoned) -> Vec<Value> {
    let mut all = waiting(now);
    all.extend(tasks(now.date()));
    all.extend(messages(now.timestamp()));
    all.extend(critical(now.timestamp()));
    all.extend(visits(now));
    all.push(video(now));
    all
}

/// People who wait for an earlier time.
fn waiting(now: &Zoned) -> Vec<Value> {
    let who = [
        (
            Person("demo-ruth", "Ruth Abrams"),
            3,
            9,
            json!({"service": "consultation", "actors": ["Practitioner/demo-doctor"], "days": ["mon", "wed", "fri"], "earliest": "09:00", "latest": "12:30", "noticeMinutes": 120, "priority": 3}),
        ),
        (
            Person("demo-walter", "Walter Nkemelu"),
            5,
            4,
            json!({"service": "follow-up", "actors": ["Practitioner/demo-doctor", "Practitioner/demo-lindqvist"], "noticeMinutes": 60, "priority": 5}),
        ),
        (
            Person("demo-ingrid", "Ingrid Solberg"),
            3,
            6,
            json!({"service": "physiotherapy", "actors": ["Practitioner/demo-brandt"], "earliest": "13:00", "noticeMinutes": 1440, "priority": 3}),
        ),
        (
            Person("demo-zofia", "Zofia Kamińska"),
            5,
            2,
            json!({"service": "consultation", "actors": ["Practitioner/demo-lindqvist"], "days": ["tue", "thu"], "priority": 5}),
        ),
        (
            Person("demo-quentin", "Quentin Moreau"),
            1,
            1,
            json!({"service": "consultation", "actors": ["Practitioner/demo-doctor"], "noticeMinutes": 30, "priority": 1}),
        ),
    ];
    let list = who.into_iter().enumerate();
    list.map(|(index, (patient, priority, days, preference))| {
        let service = preference["service"].clone();
        json!({"resourceType": "Appointment", "id": format!("demo-waiting-{index}"), "status": "waitlist",
            "created": shown(now.timestamp() - Span::new().hours(24 * days)), "priority": priority,
            "serviceType": [{"coding": [{"system": "https://meditrack.health/fhir/CodeSystem/service", "code": service}]}],
            "participant": [{"actor": named("Patient", patient), "required": "required", "status": "accepted"}],
            "extension": [{"url": "https://meditrack.health/fhir/StructureDefinition/waitlist-preference",
                "valueString": preference.to_string()}]})
    })
    .collect()
}

/// What is to be done, by whom, until when.
fn tasks(today: Date) -> Vec<Value> {
    let day = |ahead: i32| today.saturating_add(ahead.days()).to_string();
    let task = |text: &str,
                priority: &str,
                due: Option<i32>,
                owner: Option<Person>,
                about: Option<(Person, Option<&str>)>| {
        json!({"resourceType": "Task", "status": if owner.is_some() { "accepted" } else { "requested" }, "intent": "order",
            "priority": priority, "description": text, "authoredOn": format!("{}T08:00:00Z", day(-2)),
            "lastModified": format!("{}T08:00:00Z", day(-2)), "requester": named("Practitioner", DOCTOR),
            "owner": owner.map(|one| named("Practitioner", one)), "for": about.map(|(one, _)| named("Patient", one)),
            "focus": about.and_then(|(_, focus)| focus).map(|focus| json!({"reference": focus})),
            "restriction": due.map(|ahead| json!({"period": {"end": day(ahead)}}))})
    };
    let result = Some("Observation/demo-critical-potassium");
    let all = [
        task(
            "Potassium 6.6 mmol/L: call the patient, repeat today, ECG",
            "stat",
            Some(0),
            Some(DOCTOR),
            Some((DIMITRI, result)),
        ),
        task(
            "Renew salbutamol inhaler",
            "urgent",
            Some(0),
            None,
            Some((BENJAMIN, None)),
        ),
        task(
            "Ring back about thyroid tablets",
            "routine",
            Some(0),
            Some(NURSE),
            Some((CARMEN, None)),
        ),
        task(
            "Send the referral letter to cardiology",
            "routine",
            Some(-1),
            Some(DOCTOR),
            Some((Person("demo-nikolai", "Nikolai Orlov"), None)),
        ),
        task(
            "Ask the insurer for the approval of the knee scan",
            "routine",
            Some(-3),
            None,
            Some((Person("demo-ingrid", "Ingrid Solberg"), None)),
        ),
        task(
            "Invite for the second vaccine dose",
            "routine",
            Some(2),
            Some(NURSE),
            Some((Person("demo-liam", "Liam Gallagher"), None)),
        ),
        task(
            "Fill in the school form",
            "routine",
            Some(4),
            None,
            Some((Person("demo-olivia", "Olivia Bennett"), None)),
        ),
        task("Order gloves, size M", "routine", None, Some(NURSE), None),
    ];
    let numbered = all.into_iter().enumerate();
    let clean = |(index, mut task): (usize, Value)| {
        task["id"] = format!("demo-task-{}", index + 1).into();
        if let Some(fields) = task.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        task
    };
    numbered.map(clean).collect()
}

/// Who wrote to whom: two patients wait for an answer.
fn messages(now: Timestamp) -> Vec<Value> {
    const SAID: [(Person, Option<Person>, i64, &str); 7] = [
        (
            CARMEN,
            None,
            26,
            "I have taken the new dose for three weeks. Should I have another blood test before my visit?",
        ),
        (
            AMELIA,
            None,
            70,
            "My pressure at home was 148/92 this week. Is that too high?",
        ),
        (
            AMELIA,
            Some(DOCTOR),
            66,
            "Thank you. Please measure it twice a day until we meet and bring the list.",
        ),
        (
            AMELIA,
            None,
            2,
            "I have the list now. Shall I send a photo of it?",
        ),
        (
            BENJAMIN,
            None,
            50,
            "The inhaler runs out at the weekend. Could you renew it?",
        ),
        (
            BENJAMIN,
            Some(NURSE),
            47,
            "Of course. It will be at the pharmacy on the quay tomorrow.",
        ),
        (
            PAT,
            Some(DOCTOR),
            90,
            "Your kidney values and potassium should be repeated. Please book a blood test in the next weeks.",
        ),
    ];
    let all = SAID.iter().enumerate();
    all.map(|(index, (patient, from, hours, text))| {
        let (patient, from) = (
            named("Patient", *patient),
            from.map(|one| named("Practitioner", one)),
        );
        let mut one = json!({"resourceType": "Communication", "id": format!("demo-message-{}", index + 1),
            "status": "completed", "subject": patient, "sent": shown(now - Span::new().hours(*hours)),
            "sender": from.as_ref().unwrap_or(&patient), "payload": [{"contentString": text}]});
        if from.is_some() {
            one["recipient"] = json!([patient]);
        }
        one
    })
    .collect()
}

/// A result that somebody must act on today, and nobody has yet.
fn critical(now: Timestamp) -> [Value; 2] {
    let (taken, told) = (
        shown(now - Span::new().hours(5)),
        shown(now - Span::new().hours(1)),
    );
    let quantity = |value: f64| json!({"value": value, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"});
    let observation = json!({"resourceType": "Observation", "id": "demo-critical-potassium", "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium [Moles/volume] in Serum or Plasma"}],
            "text": "Potassium [Moles/volume] in Serum or Plasma"},
        "subject": named("Patient", DIMITRI), "effectiveDateTime": taken, "issued": told, "valueQuantity": quantity(6.6),
        "referenceRange": [{"low": quantity(3.5), "high": quantity(5.1)}],
        "interpretation": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "HH"}]}]});
    let report = json!({"resourceType": "DiagnosticReport", "id": "demo-critical-report", "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}], "text": "Laboratory"}],
        "code": {"text": "Electrolytes"}, "subject": named("Patient", DIMITRI), "effectiveDateTime": taken, "issued": told,
        "performer": [{"reference": "Organization/demo-clinic", "display": "Harbour Clinic"}],
        "result": [{"reference": "Observation/demo-critical-potassium"}]});
    [observation, report]
}

/// A visit that goes on with its note, and one that is over, whose note is then signed.
fn visits(now: &Zoned) -> [Value; 4] {
    let encounter = |id: &str, patient: Person, hours: i64, open: bool, why: &str| {
        let start = now.timestamp() - Span::new().hours(hours);
        let mut period = json!({"start": shown(start)});
        if !open {
            period["end"] = shown(start + Span::new().minutes(25)).into();
        }
        json!({"resourceType": "Encounter", "id": id, "status": if open { "in-progress" } else { "finished" },
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"},
            "type": [{"text": "Office visit"}], "subject": named("Patient", patient), "period": period,
            "participant": [{"individual": named("Practitioner", DOCTOR)}], "reasonCode": [{"text": why}],
            "location": [{"location": {"reference": "Location/demo-clinic", "display": "Harbour Clinic"}}],
            "serviceProvider": {"reference": "Organization/demo-clinic", "display": "Harbour Clinic"}})
    };
    let at = shown(now.timestamp());
    let draft = note(
        ("demo-note-amelia", "Blood pressure check"),
        (AMELIA, "demo-visit-amelia", &at),
        &[
            (
                "61150-9",
                "Subjective",
                "Headache in the mornings for two weeks. Takes the tablets every day.",
            ),
            (
                "61149-1",
                "Objective",
                "BP 146/90 mmHg, pulse 74/min, regular.",
            ),
        ],
    );
    let finished = note(
        ("demo-note-benjamin", "Asthma review"),
        (BENJAMIN, "demo-visit-benjamin", &at),
        &[
            (
                "61150-9",
                "Subjective",
                "Coughs at night twice a week. Uses the reliever every other day.",
            ),
            (
                "61149-1",
                "Objective",
                "Peak flow 410 L/min (best 480). Chest clear.",
            ),
            (
                "51848-0",
                "Assessment",
                "Asthma, partly controlled. Inhaler technique is good.",
            ),
            (
                "18776-5",
                "Plan",
                "Begin a preventer in the mornings and evenings. Review in six weeks.",
            ),
        ],
    );
    [
        encounter("demo-visit-amelia", AMELIA, 0, true, "Blood pressure check"),
        encounter("demo-visit-benjamin", BENJAMIN, 46, false, "Asthma review"),
        draft,
        finished,
    ]
}

/// A SOAP note that nobody has signed: id and title, whose and of which visit and when, its sections.
fn note(
    (id, title): (&str, &str),
    (patient, visit, at): (Person, &str, &str),
    sections: &[(&str, &str, &str)],
) -> Value {
    let section = |(code, title, text): &(&str, &str, &str)| {
        json!({"title": title, "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": format!("{title} note")}]},
            "text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{text}</p></div>")}})
    };
    let sections: Vec<Value> = sections.iter().map(section).collect();
    json!({"resourceType": "Composition", "id": id, "status": "preliminary",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3", "display": "Progress note"}]},
        "subject": named("Patient", patient), "encounter": {"reference": format!("Encounter/{visit}")}, "date": at,
        "author": [named("Practitioner", DOCTOR)], "title": title, "section": sections})
}

/// A visit by video in the next days, so that both sides of one can be tried.
fn video(now: &Zoned) -> Value {
    let days = (1..8).map(|ahead| now.date().saturating_add(ahead.days()));
    let date = days.into_iter().find(|date| is_weekday(*date));
    let noon = date.unwrap_or(now.date()).at(12, 0, 0, 0);
    let start = now.time_zone().to_ambiguous_zoned(noon).compatible();
    let start = start.map_or(now.timestamp(), |at| at.timestamp());
    json!({"resourceType": "Appointment", "id": "demo-video", "status": "booked",
    "serviceType": [{"coding": [{"system": "https://meditrack.health/fhir/CodeSystem/service", "code": "video"}], "text": "Video visit"}],
    "appointmentType": {"coding": [{"system": "https://meditrack.health/fhir/CodeSystem/appointment-type", "code": "Telehealth"}]},
    "reasonCode": [{"text": "Results of the blood test"}],
    "start": shown(start), "end": shown(start + Span::new().minutes(30)),
    "participant": [
        {"actor": named("Patient", PAT), "required": "required", "status": "accepted"},
        {"actor": named("Practitioner", DOCTOR), "required": "required", "status": "accepted"}
    ]})
}
