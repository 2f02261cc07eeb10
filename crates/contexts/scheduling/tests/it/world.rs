//! A practice with a doctor, a room, patients and people who book.

use std::sync::Arc;

use mt_access::{Authenticated, Grant, LaunchContext, Role};
use mt_api::Caller;
use mt_kernel::{Actor, ActorKind, Assurance, Clock, ErrorKind, OpCtx, PurposeOfUse, TenantId};
use mt_scheduling::domain::{Availability, Settings};
use mt_scheduling::{AppointmentView, Booking, Scheduling};
use mt_testkit::TestStore;
use serde_json::{Value, json};
use uuid::Uuid;

/// A Monday in the future of every test run.
pub(crate) const MONDAY: &str = "2031-03-24";

pub(crate) struct Practice {
    pub(crate) test: TestStore,
    pub(crate) scheduling: Scheduling,
    pub(crate) tenant: TenantId,
}

pub(crate) const DOCTOR: &str = "Practitioner/d";
pub(crate) const PATIENT: &str = "Patient/p";

impl Practice {
    pub(crate) async fn new() -> Self {
        let test = TestStore::with_schemas(&[mt_scheduling::MIGRATIONS], |hooks| {
            mt_scheduling::register(&mut hooks.policies);
        })
        .await;
        // Five days before the Monday.
        let monday: jiff::Timestamp = format!("{MONDAY}T00:00:00Z").parse().unwrap();
        let now = test.clock.now().unix_seconds();
        test.clock
            .advance_seconds(monday.as_second() - now - 5 * 86_400);
        let tenant = test.tenant("practice").await;
        let scheduling = Scheduling::new(test.store.clone());
        let practice = Self {
            test,
            scheduling,
            tenant,
        };
        for tenant in [practice.tenant] {
            practice.people(tenant).await;
        }
        practice
    }

    /// The same people in an organisation.
    pub(crate) async fn people(&self, tenant: TenantId) {
        let records = self.test.caller(tenant);
        for resource in [
            json!({"resourceType": "Practitioner", "id": "d", "name": [{"family": "Doe", "given": ["Jo"]}]}),
            json!({"resourceType": "Practitioner", "id": "e", "name": [{"family": "Eve"}]}),
            json!({"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/d"}}),
            json!({"resourceType": "Location", "id": "room", "name": "Room 1"}),
            json!({"resourceType": "Patient", "id": "p", "name": [{"family": "Chalmers", "given": ["Peter"]}]}),
            json!({"resourceType": "Patient", "id": "q", "name": [{"family": "Levin"}]}),
        ] {
            self.test
                .put(&records, &resource.to_string(), None)
                .await
                .unwrap();
        }
    }

    pub(crate) fn caller(&self, role: Role) -> Caller {
        self.caller_of(self.tenant, role, &[])
    }

    pub(crate) fn patient(&self, id: &str) -> Caller {
        self.caller_of(self.tenant, Role::Patient, &[id])
    }

    pub(crate) fn caller_of(&self, tenant: TenantId, role: Role, own: &[&str]) -> Caller {
        let actor = Actor {
            id: Arc::from("login"),
            kind: ActorKind::User,
            roles: Arc::from([Arc::from(role.code())]),
            fhir_user: own.first().map(|id| Arc::from(format!("Patient/{id}"))),
            client_id: None,
            assurance: Assurance::Multi,
        };
        let own = own.iter().map(|id| Arc::from(*id)).collect();
        let who = Authenticated {
            tenant,
            actor: actor.clone(),
            grant: Grant::new(vec![role], None, own, LaunchContext::default()),
            credential: [0; 32],
            client_key: 0,
        };
        Caller {
            who: Arc::new(who),
            ctx: OpCtx {
                tenant,
                actor,
                purpose: PurposeOfUse::Treatment,
                correlation_id: Uuid::now_v7(),
                now: self.test.clock.now(),
            },
        }
    }

    pub(crate) async fn book(
        &self,
        caller: &Caller,
        booking: Value,
    ) -> Result<AppointmentView, mt_scheduling::SchedulingError> {
        let booking: Booking = serde_json::from_value(booking).unwrap();
        self.scheduling.book(caller, &booking).await
    }

    /// The caller at the FHIR door.
    pub(crate) async fn door(&self, caller: &Caller) -> mt_store::Caller {
        let right = mt_access::Interaction::Update;
        caller.records(&self.test.store, right).await.unwrap()
    }

    /// A write through the FHIR door.
    pub(crate) async fn put(&self, caller: &Caller, body: &Value) -> Result<(), ErrorKind> {
        let door = self.door(caller).await;
        let put = self.test.put(&door, &body.to_string(), None).await;
        put.map(drop).map_err(|error| error.kind())
    }

    /// Sets the clock to a time of the Monday.
    pub(crate) fn at(&self, time: &str) {
        let at: jiff::Timestamp = format!("{MONDAY}T{time}:00Z").parse().unwrap();
        let wait = at.as_second() - self.test.clock.now().unix_seconds();
        self.test.clock.advance_seconds(wait);
    }

    /// Hours of every weekday, nine to five, with changes.
    pub(crate) async fn hours(&self, actor: &str, more: Value) {
        let mut hours = json!({"timeZone": "UTC", "weekly": [
            {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}], "slotMinutes": 30});
        for (key, value) in more.as_object().into_iter().flatten() {
            hours[key] = value.clone();
        }
        let hours: Availability = serde_json::from_value(hours).unwrap();
        let desk = self.caller(Role::Receptionist);
        let stored = self.scheduling.set_availability(&desk, actor, None, hours);
        stored.await.unwrap();
    }

    pub(crate) async fn settings(&self, change: impl FnOnce(&mut Settings)) {
        let (version, mut settings) = self.scheduling.settings(self.tenant).await.unwrap();
        change(&mut settings);
        let changed = self
            .scheduling
            .change_settings(self.tenant, version, &settings);
        changed.await.unwrap();
    }

    /// Starts of the slots of the Monday, as `09:00`.
    pub(crate) async fn slots(&self, query: &str) -> Vec<String> {
        let mut asked = json!({"from": MONDAY, "to": "2031-03-25", "tz": "UTC"});
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap();
            asked[key] = value
                .parse::<u16>()
                .map_or_else(|_| json!(value), |n| json!(n));
        }
        let query = serde_json::from_value(asked).unwrap();
        let found = self.scheduling.slots(self.tenant, &query).await.unwrap();
        found
            .slots
            .iter()
            .map(|slot| slot.start[11..16].to_owned())
            .collect()
    }
}

/// A booking on the Monday with the doctor.
pub(crate) fn at(time: &str) -> Value {
    json!({"patient": PATIENT, "actors": [DOCTOR], "start": format!("{MONDAY}T{time}:00Z"), "minutes": 30})
}

/// The kind of a refusal.
pub(crate) fn kind<T: std::fmt::Debug>(
    outcome: Result<T, mt_scheduling::SchedulingError>,
) -> ErrorKind {
    outcome.unwrap_err().kind()
}

/// An Appointment as another system would write it.
pub(crate) fn resource(id: &str, status: &str, time: (&str, &str), actors: &[&str]) -> String {
    let participants: Vec<Value> = actors
        .iter()
        .map(|actor| json!({"actor": {"reference": actor}, "status": "accepted"}))
        .collect();
    json!({"resourceType": "Appointment", "id": id, "status": status,
        "start": format!("{MONDAY}T{}:00Z", time.0), "end": format!("{MONDAY}T{}:00Z", time.1),
        "participant": participants})
    .to_string()
}
