//! Video visits: who comes in, what is said before and after, and what is left in the chart.

use std::sync::Arc;

use mt_access::Role;
use mt_events::catalogue::Value::{Text, Whole};
use mt_events::catalogue::{EventType, decode};
use mt_fhir::ResourceType;
use mt_kernel::ErrorKind;
use mt_scheduling::domain::Settings;
use mt_scheduling::telehealth::{
    Exchange, Exchanged, Joining, Own, RoomState, Signal, SignalKind, Telehealth, Ticket,
};
use mt_scheduling::{AppointmentView, SchedulingError};
use serde_json::{Value, json};

use crate::world::{Practice, at};

struct Clinic {
    practice: Practice,
    telehealth: Telehealth,
    visit: AppointmentView,
}

const AGREED: Joining = Joining { consent: true };

impl Clinic {
    /// A video visit on Monday at ten; it is as many minutes before.
    async fn new(minutes_before: i64) -> Self {
        let practice = Practice::new().await;
        practice
            .settings(|settings: &mut Settings| {
                let service = json!({"code": "video", "name": "Video visit", "minutes": 30, "type": "Telehealth"});
                settings.services.push(serde_json::from_value(service).unwrap());
                settings.telehealth.phone = Some("+1 555 0100".to_owned());
            })
            .await;
        let mut booking = at("10:00");
        booking["service"] = "video".into();
        let desk = practice.caller(Role::Receptionist);
        let visit = practice.book(&desk, booking).await.unwrap();
        practice
            .test
            .clock
            .advance_seconds(5 * 86_400 + 10 * 3600 - minutes_before * 60);
        let own = Arc::new(Own::default());
        let telehealth = Telehealth::new(practice.scheduling.clone(), own);
        Self {
            practice,
            telehealth,
            visit,
        }
    }

    async fn joins(&self, role: Role) -> Result<Ticket, SchedulingError> {
        let caller = match role {
            Role::Patient => self.practice.patient("p"),
            other => self.practice.caller(other),
        };
        self.telehealth.join(&caller, &self.visit.id, &AGREED).await
    }

    async fn says(
        &self,
        token: &str,
        after: i64,
        said: &[&str],
    ) -> Result<Exchanged, SchedulingError> {
        let signals = said.iter().map(|text| Signal {
            kind: SignalKind::Candidate,
            call: Some("c".to_owned()),
            data: Some((*text).to_owned()),
        });
        let exchange = Exchange {
            token: token.to_owned(),
            after,
            signals: signals.collect(),
        };
        self.telehealth.exchange(&exchange).await
    }

    /// How often it rang, each time for those who look at the encounter and with nothing of what was said.
    async fn rings(&self, encounter: &str) -> usize {
        let (store, tenant) = (&self.practice.test.store, self.practice.tenant);
        let said = mt_testkit::said(store, tenant).await.into_iter();
        let rings = said.filter(|event| event.name == "telehealth.room.changed.v1");
        let rings = rings.inspect(|event| {
            let values = decode(EventType::named(&event.name).unwrap(), &event.payload).unwrap();
            let text = |name: &str, text: &str| (name.to_owned(), Text(text.to_owned()));
            let expected = [
                text("subject_type", "Appointment"),
                text("subject_id", &self.visit.id),
                ("subject_version".to_owned(), Whole(0)),
                text("patient_id", "p"),
                text("encounter_id", encounter),
            ];
            assert_eq!(values, expected);
        });
        rings.count()
    }

    async fn record(&self, kind: &str, id: &str) -> Value {
        let kind = ResourceType::from_name(kind).unwrap();
        let records = self.practice.test.caller(self.practice.tenant);
        let stored = self.practice.test.store.read(&records, kind, id).await;
        serde_json::from_slice(&stored.unwrap().body).unwrap()
    }
}

fn texts(exchanged: &Exchanged) -> Vec<&str> {
    let all = exchanged.signals.iter();
    all.filter_map(|one| one.signal.data.as_deref()).collect()
}

fn kind<T: std::fmt::Debug>(outcome: Result<T, SchedulingError>) -> ErrorKind {
    outcome.unwrap_err().kind()
}

#[tokio::test]
async fn a_patient_waits_is_admitted_and_each_hears_the_other() {
    let clinic = Clinic::new(10).await;
    let (doctor, id) = (clinic.practice.caller(Role::Doctor), &clinic.visit.id);
    let patient = clinic.joins(Role::Patient).await.unwrap();
    assert_eq!(patient.room.state, RoomState::Waiting);
    assert_eq!(patient.room.phone.as_deref(), Some("+1 555 0100"));
    assert_eq!((patient.media, patient.room.patient), (None, None));
    let clinician = clinic.joins(Role::Doctor).await.unwrap();
    assert!(clinician.media.is_some());
    assert_eq!(clinician.room.patient.unwrap().reference, "Patient/p");
    let early = clinic.says(&patient.token, 0, &["too early"]).await;
    assert_eq!(kind(early), ErrorKind::Conflict);

    let admitted = clinic.telehealth.admit(&doctor, id).await.unwrap();
    assert_eq!(admitted.state, RoomState::InCall);
    clinic.says(&patient.token, 0, &["a", "b"]).await.unwrap();
    let heard = clinic.says(&clinician.token, 0, &["c"]).await.unwrap();
    assert_eq!(texts(&heard), ["a", "b"]);
    assert!(heard.room.other_present);
    let last = heard.signals.last().unwrap().seq;
    let again = clinic.says(&clinician.token, last, &[]).await.unwrap();
    assert_eq!(texts(&again), Vec::<&str>::new());
    let heard = clinic.says(&patient.token, 0, &[]).await.unwrap();
    assert_eq!(texts(&heard), ["c"]);
    let encounter = heard.room.encounter.unwrap();
    let encounter = encounter.strip_prefix("Encounter/").unwrap();
    // It waited, was admitted, and twice something was said.
    assert_eq!(clinic.rings(encounter).await, 4);

    let over = clinic.telehealth.end(&doctor, id).await.unwrap();
    assert_eq!(over.state, RoomState::Ended);
    assert!(over.waiting.is_some() && over.admitted.is_some() && over.ended.is_some());
    assert_eq!(kind(clinic.joins(Role::Patient).await), ErrorKind::Conflict);
    let late = clinic.says(&patient.token, 0, &["late"]).await;
    assert_eq!(kind(late), ErrorKind::Conflict);
}

#[tokio::test]
async fn the_chart_says_that_the_patient_agreed_came_and_was_seen() {
    let clinic = Clinic::new(10).await;
    let patient = clinic.joins(Role::Patient).await.unwrap();
    let doctor = clinic
        .practice
        .caller_of(clinic.practice.tenant, Role::Doctor, &[]);
    clinic
        .telehealth
        .admit(&doctor, &clinic.visit.id)
        .await
        .unwrap();
    let encounter = patient.room.encounter.unwrap();
    let encounter = clinic
        .record("Encounter", encounter.split_once('/').unwrap().1)
        .await;
    assert_eq!(encounter["status"], "in-progress");
    assert_eq!(encounter["class"]["code"], "VR");
    assert_eq!(encounter["statusHistory"][0]["status"], "arrived");
    assert_eq!(
        encounter["appointment"][0]["reference"],
        format!("Appointment/{}", clinic.visit.id)
    );
    let records = clinic.practice.test.caller(clinic.practice.tenant);
    let consents = clinic
        .practice
        .test
        .search(&records, "Consent?patient=Patient/p")
        .await
        .unwrap();
    assert_eq!(consents.len(), 1);
    let seen = clinic
        .practice
        .scheduling
        .appointment(&doctor, &clinic.visit.id)
        .await
        .unwrap();
    assert_eq!(seen.state.code(), "in-progress");
    clinic
        .telehealth
        .end(&doctor, &clinic.visit.id)
        .await
        .unwrap();
    let left = clinic
        .practice
        .scheduling
        .appointment(&doctor, &clinic.visit.id)
        .await
        .unwrap();
    // The note is still to be written: the visit is closed in the chart.
    assert_eq!(left.state.code(), "checkout");
}

#[tokio::test]
async fn who_has_no_part_comes_too_early_or_has_not_agreed_is_refused() {
    let clinic = Clinic::new(40).await;
    let (telehealth, id) = (&clinic.telehealth, &clinic.visit.id);
    assert_eq!(kind(clinic.joins(Role::Patient).await), ErrorKind::Conflict);
    clinic.practice.test.clock.advance_seconds(15 * 60);
    let patient = clinic.practice.patient("p");
    let silent = telehealth.join(&patient, id, &Joining::default()).await;
    assert_eq!(kind(silent), ErrorKind::Invalid);
    let desk = clinic.joins(Role::Receptionist).await;
    assert_eq!(kind(desk), ErrorKind::Forbidden);
    let other = clinic.practice.patient("q");
    let strange = telehealth.join(&other, id, &AGREED).await;
    assert_eq!(kind(strange), ErrorKind::NotFound);
    let doctor = clinic.practice.caller(Role::Doctor);
    assert_eq!(
        kind(telehealth.admit(&doctor, id).await),
        ErrorKind::Conflict
    );
    clinic.joins(Role::Patient).await.unwrap();
    let by_patient = telehealth.admit(&patient, id).await;
    assert_eq!(kind(by_patient), ErrorKind::Forbidden);
    let ordinary = clinic.practice.book(&doctor, at("14:00")).await.unwrap();
    let room = telehealth.room(&doctor, &ordinary.id).await;
    assert_eq!(kind(room), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_seat_is_short_a_link_leads_to_the_waiting_room_and_neither_stands_for_the_other() {
    let clinic = Clinic::new(10).await;
    let doctor = clinic.practice.caller(Role::Doctor);
    let telehealth = &clinic.telehealth;
    let link = telehealth.invite(&doctor, &clinic.visit.id).await.unwrap();
    let link = link.url.split_once('#').unwrap().1.to_owned();
    let room = telehealth.guest_room(&link).await.unwrap();
    assert_eq!((room.state, room.patient), (RoomState::Scheduled, None));
    let seat = telehealth.guest_join(&link, &AGREED).await.unwrap();
    assert_eq!(
        kind(telehealth.guest_room(&seat.token).await),
        ErrorKind::NotFound
    );
    assert_eq!(kind(clinic.says(&link, 0, &[]).await), ErrorKind::NotFound);
    assert_eq!(kind(clinic.says("AAAA", 0, &[]).await), ErrorKind::NotFound);
    clinic.says(&seat.token, 0, &[]).await.unwrap();
    clinic.practice.test.clock.advance_seconds(6 * 60);
    let gone = clinic.says(&seat.token, 0, &[]).await;
    assert_eq!(kind(gone), ErrorKind::NotFound);
    clinic.practice.test.clock.advance_seconds(6 * 3600);
    assert_eq!(
        kind(telehealth.guest_room(&link).await),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn what_is_kept_about_a_patient_goes_with_the_record_and_about_others_stays() {
    let clinic = Clinic::new(10).await;
    let patient = clinic.joins(Role::Patient).await.unwrap();
    clinic.joins(Role::Doctor).await.unwrap();
    let (doctor, id) = (clinic.practice.caller(Role::Doctor), &clinic.visit.id);
    clinic.telehealth.admit(&doctor, id).await.unwrap();
    clinic.says(&patient.token, 0, &["a"]).await.unwrap();
    let tenant = clinic.practice.tenant;
    let store = &clinic.practice.test.store;
    let keys = store.tenants().keys(tenant).await.unwrap();
    let left = async || {
        let tx = store.database().tenant(tenant).await.unwrap();
        let sql = "select (select count(*) from scheduling.claim), (select count(*) from scheduling.room), \
                   (select count(*) from scheduling.signal)";
        let row = tx.query_one(sql, &[]).await.unwrap();
        [0, 1, 2].map(|at| row.get::<_, i64>(at))
    };
    for (whose, expected) in [("q", [2, 1, 1]), ("p", [0, 0, 0])] {
        let tx = store.database().tenant(tenant).await.unwrap();
        mt_scheduling::forget_patient(&tx, &keys, whose)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(left().await, expected, "{whose}");
    }
}

#[tokio::test]
async fn the_room_of_a_visit_that_was_called_off_goes_with_the_record_too() {
    let clinic = Clinic::new(10).await;
    clinic.joins(Role::Patient).await.unwrap();
    let (practice, id) = (&clinic.practice, &clinic.visit.id);
    let (tenant, store) = (practice.tenant, &practice.test.store);
    let keys = store.tenants().keys(tenant).await.unwrap();
    let records = practice.test.caller(tenant);
    let mut off = clinic.record("Appointment", id).await;
    off["status"] = "cancelled".into();
    off["cancelationReason"] = json!({"text": "x"});
    let put = async |body: String| practice.test.put(&records, &body, None).await.unwrap();
    put(off.to_string()).await;
    let forget = async |whose: &str| {
        let tx = store.database().tenant(tenant).await.unwrap();
        let gone = mt_scheduling::forget_patient(&tx, &keys, whose).await;
        tx.commit().await.unwrap();
        gone.unwrap()
    };
    assert_eq!(forget("q").await, 0, "another's");
    // Records are merged: the appointment is another patient's.
    put(off.to_string().replace("Patient/p\"", "Patient/q\"")).await;
    assert_eq!(forget("p").await, 0, "no longer theirs");
    assert_eq!(forget("q").await, 1);
    assert_eq!(forget("q").await, 0, "once");
}
