//! Whom an event concerns and what they are told: one rule for each event.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_events::Event;
use mt_events::catalogue::Value;
use mt_fhir::{Doc, Node};
use mt_kernel::Instant;

use super::NEWS_SECONDS;
use super::record::{Reader, called, is_news, moment, participant};
use crate::Notifications;
use crate::app::Telling;
use crate::domain::{Intent, PrivateValues, Recipient};
use crate::error::{NotificationError, Result};

/// What is done about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Reminders are planned.
    Planned,
    /// The patient is told that it is booked.
    Booked,
    /// Patient and practitioner are told that it moved; reminders move along.
    Moved,
    /// Patient and practitioner are told; there is no reminder any more.
    Cancelled,
    /// There is no reminder any more.
    Begun,
    /// The patient is reminded.
    Reminded,
    /// The patient is told until when to answer.
    Offered,
    /// The patient is told that results are there.
    Results,
    /// Who ordered it is told at once.
    Critical,
    /// The patient is told.
    ForPatient(Intent),
    /// Who has to do it is told.
    Assigned,
}

/// The events that concern somebody.
pub(super) const RULES: [(&str, Rule); 17] = [
    ("appointment.created.v1", Rule::Planned),
    ("appointment.confirmed.v1", Rule::Booked),
    ("appointment.rescheduled.v1", Rule::Moved),
    ("appointment.cancelled.v1", Rule::Cancelled),
    ("appointment.checked_in.v1", Rule::Begun),
    ("appointment.started.v1", Rule::Begun),
    ("appointment.completed.v1", Rule::Begun),
    ("appointment.no_show.v1", Rule::Begun),
    ("appointment.reminder.v1", Rule::Reminded),
    ("waitlist.offered.v1", Rule::Offered),
    ("lab.results.available.v1", Rule::Results),
    ("lab.critical.result.v1", Rule::Critical),
    (
        "prescription.ready.v1",
        Rule::ForPatient(Intent::PrescriptionReady),
    ),
    (
        "insurance.claim.adjudicated.v1",
        Rule::ForPatient(Intent::ClaimStatus),
    ),
    (
        "insurance.preauth.approved.v1",
        Rule::ForPatient(Intent::AuthorisationDecided),
    ),
    (
        "insurance.preauth.denied.v1",
        Rule::ForPatient(Intent::AuthorisationDecided),
    ),
    ("care.task.assigned.v1", Rule::Assigned),
];

/// Does what the event asks for, in its transaction.
pub(super) async fn tell_all(
    notifications: &Notifications,
    event: &Event,
    tx: &TenantTx,
) -> Result<()> {
    let rule = RULES.iter().find(|(name, _)| *name == event.kind.name);
    let Some((_, rule)) = rule else {
        return Ok(());
    };
    let since = notifications.now().plus_seconds(-NEWS_SECONDS);
    if event.at < since {
        return Ok(());
    }
    let keys = notifications.keys(event.tenant).await?;
    let happening = Happening {
        values: event.values()?,
        event,
        tx,
        keys: &keys,
        notifications,
        since,
    };
    happening.follow(*rule).await
}

/// An event in the hands of its rule.
struct Happening<'a> {
    values: Vec<(String, Value)>,
    event: &'a Event,
    tx: &'a TenantTx,
    keys: &'a TenantKeys,
    notifications: &'a Notifications,
    /// What happened before is no news.
    since: Instant,
}

impl Happening<'_> {
    async fn follow(&self, rule: Rule) -> Result<()> {
        match rule {
            Rule::Planned => self.plan().await,
            Rule::Booked => {
                self.plan().await?;
                self.about_visit(Intent::AppointmentBooked, false).await
            }
            Rule::Moved => {
                self.plan().await?;
                self.about_visit(Intent::AppointmentMoved, true).await
            }
            Rule::Cancelled => {
                self.forget().await?;
                self.about_visit(Intent::AppointmentCancelled, true).await
            }
            Rule::Begun => self.forget().await,
            Rule::Reminded => self.about_visit(Intent::AppointmentReminder, false).await,
            Rule::Offered => self.offer().await,
            Rule::Results => self.for_patient(Intent::ResultAvailable).await,
            Rule::ForPatient(intent) => self.for_patient(intent).await,
            Rule::Critical => self.critical().await,
            Rule::Assigned => self.assigned().await,
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().find_map(|(known, value)| match value {
            Value::Text(text) if known == name => Some(text.as_str()),
            _ => None,
        })
    }

    fn instant(&self, name: &str) -> Option<Instant> {
        self.values.iter().find_map(|(known, value)| match value {
            Value::Whole(at) if known == name => Some(Instant(*at)),
            _ => None,
        })
    }

    fn subject(&self) -> Result<(&str, &str)> {
        let both = self.text("subject_type").zip(self.text("subject_id"));
        both.ok_or(NotificationError::Unreadable)
    }

    fn reader(&self) -> Reader<'_> {
        Reader {
            notifications: self.notifications,
            keys: self.keys,
            correlation: self.event.correlation,
        }
    }

    async fn record(&self) -> Result<Option<Doc>> {
        let (kind, id) = self.subject()?;
        self.reader().read(&format!("{kind}/{id}")).await
    }

    /// Plans the reminders of an appointment to come.
    async fn plan(&self) -> Result<()> {
        let (Some(patient), Some(start)) = (self.text("patient_id"), self.instant("start")) else {
            return Ok(());
        };
        let appointment = self.subject()?.1;
        let (tx, keys) = (self.tx, self.keys);
        let planned = self
            .notifications
            .plan(tx, keys, (appointment, patient), start);
        planned.await
    }

    async fn forget(&self) -> Result<()> {
        crate::store::reminders::clear(self.tx, self.keys, self.subject()?.1).await
    }

    /// Tells the patient of an appointment to come, and its practitioner in the application alone.
    async fn about_visit(&self, intent: Intent, practitioner_too: bool) -> Result<()> {
        let Some(record) = self.record().await? else {
            return Ok(());
        };
        let start = self
            .instant("start")
            .or_else(|| moment(record.root(), "start"));
        let Some(start) = start.filter(|start| *start > self.notifications.now()) else {
            return Ok(());
        };
        let reader = self.reader();
        let values = PrivateValues {
            who: reader.participant(&record, "Practitioner").await?,
            place: reader.participant(&record, "Location").await?,
            ..PrivateValues::default()
        };
        if let Some(patient) = self.text("patient_id") {
            let telling = Telling {
                when: Some(start),
                expires: Some(start),
                ..self.telling(intent, Recipient::patient(patient), values.clone())?
            };
            self.notifications
                .tell(self.tx, self.keys, &telling)
                .await?;
        }
        let practitioner = participant(record.root(), "Practitioner");
        let practitioner = practitioner.and_then(|actor| Recipient::parse(actor.str("reference")?));
        let Some(practitioner) = practitioner.filter(|_| practitioner_too) else {
            return Ok(());
        };
        let values = PrivateValues {
            who: None,
            patient: reader.participant(&record, "Patient").await?,
            ..values
        };
        let telling = Telling {
            when: Some(start),
            inside_only: true,
            ..self.telling(intent, practitioner, values)?
        };
        self.notifications
            .tell(self.tx, self.keys, &telling)
            .await?;
        Ok(())
    }

    async fn offer(&self) -> Result<()> {
        let (patient, expires) = (self.text("patient_id"), self.instant("expires"));
        let (Some(patient), Some(expires)) = (patient, expires) else {
            return Ok(());
        };
        if expires <= self.notifications.now() {
            return Ok(());
        }
        let patient = Recipient::patient(patient);
        let telling = Telling {
            when: Some(expires),
            expires: Some(expires),
            ..self.telling(Intent::WaitlistOffer, patient, PrivateValues::default())?
        };
        self.notifications
            .tell(self.tx, self.keys, &telling)
            .await?;
        Ok(())
    }

    /// Tells the patient of a record of theirs.
    async fn for_patient(&self, intent: Intent) -> Result<()> {
        let Some(patient) = self.text("patient_id") else {
            return Ok(());
        };
        let record = self.record().await?;
        let Some(record) = record.filter(|doc| is_news(doc.root(), self.since)) else {
            return Ok(());
        };
        let values = PrivateValues {
            what: titled(record.root()),
            ..PrivateValues::default()
        };
        let telling = self.telling(intent, Recipient::patient(patient), values)?;
        self.notifications
            .tell(self.tx, self.keys, &telling)
            .await?;
        Ok(())
    }

    /// Tells who ordered the test, or else the patient's own practitioners.
    async fn critical(&self) -> Result<()> {
        let record = self.record().await?;
        let Some(record) = record.filter(|doc| is_news(doc.root(), self.since)) else {
            return Ok(());
        };
        let reader = self.reader();
        let patient = self.text("patient_id");
        let patient_record = match patient {
            Some(id) => reader.read(&format!("Patient/{id}")).await?,
            None => None,
        };
        let responsible = self.responsible(&reader, patient_record.as_ref()).await?;
        if responsible.is_empty() {
            tracing::warn!(event = %self.event.id, "a critical result has nobody who could be told");
            metrics::counter!("notifications_unaddressed").increment(1);
        }
        let name = reader
            .name(patient.map(|id| format!("Patient/{id}")).as_deref())
            .await?;
        for recipient in responsible {
            let values = PrivateValues {
                what: titled(record.root()),
                patient: name.clone(),
                ..PrivateValues::default()
            };
            let telling = self.telling(Intent::CriticalResult, recipient, values)?;
            self.notifications
                .tell(self.tx, self.keys, &telling)
                .await?;
        }
        Ok(())
    }

    async fn responsible(
        &self,
        reader: &Reader<'_>,
        patient: Option<&Doc>,
    ) -> Result<Vec<Recipient>> {
        let order = self
            .text("order_id")
            .map(|id| format!("ServiceRequest/{id}"));
        if let Some(order) = order
            && let Some(order) = reader.read(&order).await?
            && let Some(requester) = order.root().get("requester")
            && let Some(reference) = requester.str("reference")
            && let Some(person) = reader.person(reference).await?
        {
            return Ok(vec![person]);
        }
        let own = patient.and_then(|doc| doc.root().get("generalPractitioner"));
        let references: Vec<&str> = own
            .into_iter()
            .flat_map(Node::children)
            .filter_map(|one| one.str("reference"))
            .collect();
        let mut people = Vec::new();
        for reference in references {
            if let Some(person) = reader.person(reference).await?
                && !people.contains(&person)
            {
                people.push(person);
            }
        }
        Ok(people)
    }

    async fn assigned(&self) -> Result<()> {
        let Some(owner) = self.text("owner_id") else {
            return Ok(());
        };
        let reader = self.reader();
        let (Some(owner), Some(record)) = (reader.person(owner).await?, self.record().await?)
        else {
            return Ok(());
        };
        if !is_news(record.root(), self.since) {
            return Ok(());
        }
        let patient = self.text("patient_id");
        let about_self = patient.is_some_and(|id| owner == Recipient::patient(id));
        let patient = patient
            .filter(|_| !about_self)
            .map(|id| format!("Patient/{id}"));
        let root = record.root();
        let period = root.get("restriction").and_then(|one| one.get("period"));
        let values = PrivateValues {
            what: titled(root),
            patient: reader.name(patient.as_deref()).await?,
            ..PrivateValues::default()
        };
        let telling = Telling {
            when: period.and_then(|period| moment(period, "end")),
            ..self.telling(Intent::TaskAssigned, owner, values)?
        };
        self.notifications
            .tell(self.tx, self.keys, &telling)
            .await?;
        Ok(())
    }

    fn telling(
        &self,
        intent: Intent,
        recipient: Recipient,
        values: PrivateValues,
    ) -> Result<Telling> {
        let (kind, id) = self.subject()?;
        Ok(Telling {
            cause: self.event.id,
            correlation: self.event.correlation,
            intent,
            recipient,
            subject: Some((kind.to_owned(), id.to_owned())),
            patient: self.text("patient_id").map(str::to_owned),
            values,
            when: None,
            expires: None,
            inside_only: false,
        })
    }
}

/// What a record calls the thing that it is about.
fn titled(record: Node<'_>) -> Option<String> {
    let concepts = ["code", "medicationCodeableConcept"];
    let named = concepts.iter().find_map(|field| called(record.get(field)));
    let texts = ["description", "disposition"];
    named.or_else(|| {
        texts
            .iter()
            .find_map(|field| record.str(field).map(str::to_owned))
    })
}

#[cfg(test)]
mod tests {
    use mt_events::catalogue::EventType;

    use super::*;

    #[test]
    fn every_rule_is_for_an_event_that_is_read() {
        for (name, rule) in RULES {
            let kind = EventType::named(name).unwrap();
            assert!(
                super::super::TOPICS.contains(&kind.topic.name),
                "{name} {rule:?}"
            );
        }
    }
}
