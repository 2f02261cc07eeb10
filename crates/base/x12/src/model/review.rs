//! Services review: the 278 request for prior authorization and the payer's response.

use rust_decimal::Decimal;

use super::{
    Contact, Demographics, Document, Party, Procedure, Rejection, Trace, date_format, optional,
    parse,
};
use crate::syntax::{Segment, TransactionSet};
use crate::tree::Loop;
use crate::write::{Line, SetWriter, line};

/// A 278 request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewRequest {
    /// BHT03.
    pub reference: String,
    /// BHT04, CCYYMMDD.
    pub date: String,
    /// BHT05, HHMM.
    pub time: String,
    /// The organization that reviews (2010A).
    pub reviewer: Party,
    /// The provider who asks (2010B).
    pub requester: Party,
    /// Whom the reviewer may ask.
    pub contact: Option<Contact>,
    /// The subscriber (2010C).
    pub subscriber: Party,
    /// Birth date and gender of the subscriber.
    pub subscriber_demographics: Option<Demographics>,
    /// The patient, when a dependent (2010D).
    pub dependent: Option<(Party, Demographics)>,
    /// What is asked for.
    pub event: ReviewEvent,
}

/// A patient event (2000E) with its services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewEvent {
    /// The trace numbers.
    pub traces: Vec<Trace>,
    /// Why the request cannot be processed (response only).
    pub rejections: Vec<Rejection>,
    /// UM01: `AR` admission, `HS` health services, `SC` specialty care.
    pub category: String,
    /// UM02: `I` initial, `R` renewal, `S` revised, `3` cancel.
    pub certification: String,
    /// UM03: service type.
    pub service_type: String,
    /// UM04: facility code and its qualifier (`A` bill type, `B` place of service).
    pub facility: (String, String),
    /// UM06: `03` emergency, `U` urgent, empty for elective.
    pub level_of_service: String,
    /// The decision (response only).
    pub decision: Option<Decision>,
    /// Event date: qualifier (`AAH` event, `435` admission) and day or period.
    pub date: Option<(String, String)>,
    /// Diagnoses: qualifier (`ABK` principal, `ABF` other) and code.
    pub diagnoses: Vec<(String, String)>,
    /// Free text.
    pub message: String,
    /// Providers of the event: entity code and party.
    pub providers: Vec<(String, Party)>,
    /// The services.
    pub services: Vec<ReviewService>,
}

/// One service (2000F).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewService {
    /// The trace numbers.
    pub traces: Vec<Trace>,
    /// Why the service cannot be reviewed (response only).
    pub rejections: Vec<Rejection>,
    /// The decision (response only).
    pub decision: Option<Decision>,
    /// The day or period of service.
    pub date: String,
    /// The procedure (SV1).
    pub procedure: Option<Procedure>,
    /// The charge.
    pub charge: Option<Decimal>,
    /// Units.
    pub units: Option<Decimal>,
    /// Providers of the service: entity code and party.
    pub providers: Vec<(String, Party)>,
}

/// A decision (HCR).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// HCR01: `A1` certified, `A2` partly, `A3` not certified, `A4` pended, `A6` modified, `C`
    /// cancelled, `CT` contact payer, `NA` not required.
    pub action: String,
    /// HCR02: the authorization number.
    pub number: String,
    /// HCR03: the reason.
    pub reason: String,
}

/// A 278 response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewResponse {
    /// BHT03, of the request.
    pub reference: String,
    /// BHT04, CCYYMMDD.
    pub date: String,
    /// BHT05, HHMM.
    pub time: String,
    /// BHT06: `18` final, `19` more follows, `AT` attachments needed, `RU` medical review.
    pub kind: String,
    /// The organization that reviewed (2010A).
    pub reviewer: Party,
    /// The provider who asked (2010B).
    pub requester: Party,
    /// The subscriber (2010C).
    pub subscriber: Party,
    /// Birth date and gender of the subscriber.
    pub subscriber_demographics: Option<Demographics>,
    /// The patient, when a dependent (2010D).
    pub dependent: Option<(Party, Option<Demographics>)>,
    /// Why the request was rejected at or above the patient.
    pub rejections: Vec<Rejection>,
    /// The events.
    pub events: Vec<ReviewEvent>,
}

impl Document for ReviewRequest {
    const SET: &'static str = "278";
    const FUNCTIONAL_CODE: &'static str = "HI";
    const VERSION: &'static str = "005010X217";

    fn write(&self, out: &mut SetWriter<'_>) {
        let Self {
            reference,
            date,
            time,
            ..
        } = self;
        out.put(line("BHT").e("0007").e("13").e(reference).e(date).e(time));
        let reviewer = out.level(None, "20", Some(true));
        out.put(self.reviewer.line("X3"));
        let requester = out.level(Some(reviewer), "21", Some(true));
        out.put(self.requester.line("1P"));
        if let Some(contact) = &self.contact {
            out.put(contact.line("IC"));
        }
        let mut patient = out.level(Some(requester), "22", Some(true));
        out.put(self.subscriber.line("IL"));
        if let Some(demographics) = &self.subscriber_demographics {
            out.put(demographics.line());
        }
        if let Some((dependent, demographics)) = &self.dependent {
            patient = out.level(Some(patient), "23", Some(true));
            out.put(dependent.line("QC"));
            out.put(demographics.line());
        }
        self.event.write(patient, out);
    }
}

impl Document for ReviewResponse {
    const SET: &'static str = "278";
    const FUNCTIONAL_CODE: &'static str = "HI";
    const VERSION: &'static str = "005010X217";

    fn write(&self, out: &mut SetWriter<'_>) {
        let Self {
            reference,
            date,
            time,
            kind,
            ..
        } = self;
        out.put(
            line("BHT")
                .e("0007")
                .e("11")
                .e(reference)
                .e(date)
                .e(time)
                .e(kind),
        );
        let reviewer = out.level(None, "20", Some(true));
        out.put(self.reviewer.line("X3"));
        let requester = out.level(Some(reviewer), "21", Some(true));
        out.put(self.requester.line("1P"));
        let below = self.dependent.is_some() || !self.events.is_empty();
        let mut patient = out.level(Some(requester), "22", Some(below));
        out.put(self.subscriber.line("IL"));
        if self.dependent.is_none() {
            self.rejections
                .iter()
                .for_each(|rejection| out.put(rejection.line()));
        }
        if let Some(demographics) = &self.subscriber_demographics {
            out.put(demographics.line());
        }
        if let Some((dependent, demographics)) = &self.dependent {
            patient = out.level(Some(patient), "23", Some(!self.events.is_empty()));
            out.put(dependent.line("QC"));
            self.rejections
                .iter()
                .for_each(|rejection| out.put(rejection.line()));
            if let Some(demographics) = demographics {
                out.put(demographics.line());
            }
        }
        self.events
            .iter()
            .for_each(|event| event.write(patient, out));
    }
}

impl ReviewResponse {
    /// Reads a 278 response; `None` when the set is not one.
    pub fn read(set: &TransactionSet<'_>) -> Option<Self> {
        let tree = Loop::of(set).filter(|tree| {
            set.id() == Self::SET && tree.get("BHT", 1) == "0007" && tree.get("BHT", 2) == "11"
        })?;
        let source = tree.inner("2000A")?;
        let requester = source.inner("2000B");
        let subscriber = requester.and_then(|found| found.inner("2000C"));
        let dependent = subscriber.and_then(|found| found.inner("2000D"));
        let named = [
            (Some(source), "2010A"),
            (requester, "2010B"),
            (subscriber, "2010C"),
            (dependent, "2010D"),
        ];
        let name = |at: usize| {
            let (level, id): (Option<&Loop<'_>>, &str) = *named.get(at)?;
            level.and_then(|level| level.inner(id))
        };
        let mut rejections = Rejection::all(source);
        for found in (0..named.len()).filter_map(name) {
            rejections.extend(Rejection::all(found));
        }
        let events = dependent.or(subscriber).map(|found| found.all("2000E"));
        Some(Self {
            reference: tree.get("BHT", 3).to_owned(),
            date: tree.get("BHT", 4).to_owned(),
            time: tree.get("BHT", 5).to_owned(),
            kind: tree.get("BHT", 6).to_owned(),
            reviewer: name(0).map(Party::of).unwrap_or_default(),
            requester: name(1).map(Party::of).unwrap_or_default(),
            subscriber: name(2).map(Party::of).unwrap_or_default(),
            subscriber_demographics: name(2).and_then(Demographics::of),
            dependent: name(3).map(|found| (Party::of(found), Demographics::of(found))),
            rejections,
            events: events
                .into_iter()
                .flatten()
                .map(ReviewEvent::read)
                .collect(),
        })
    }
}

impl ReviewEvent {
    fn write(&self, patient: u64, out: &mut SetWriter<'_>) {
        let event = out.level(Some(patient), "EV", Some(!self.services.is_empty()));
        self.traces.iter().for_each(|trace| out.put(trace.line()));
        self.rejections
            .iter()
            .for_each(|rejection| out.put(rejection.line()));
        out.put(
            line("UM")
                .e(&self.category)
                .e(&self.certification)
                .e(&self.service_type)
                .c([&self.facility.0, &self.facility.1])
                .e("")
                .e(&self.level_of_service),
        );
        if let Some(decision) = &self.decision {
            out.put(decision.line());
        }
        if let Some((qualifier, date)) = &self.date {
            out.put(line("DTP").e(qualifier).e(date_format(date)).e(date));
        }
        if !self.diagnoses.is_empty() {
            let codes = self.diagnoses.iter().take(12);
            out.put(codes.fold(line("HI"), |hi, (qualifier, code)| hi.c([qualifier, code])));
        }
        out.put_if(!self.message.is_empty(), line("MSG").e(&self.message));
        self.providers
            .iter()
            .for_each(|(code, party)| out.put(party.line(code)));
        self.services
            .iter()
            .for_each(|service| service.write(event, out));
    }

    fn read(found: &Loop<'_>) -> Self {
        let um = |element| found.get("UM", element).to_owned();
        let facility = |part| {
            let um = found.segment("UM");
            um.map(|um| um.component(4, part))
                .unwrap_or_default()
                .to_owned()
        };
        let diagnoses = found
            .each("HI")
            .flat_map(|hi| hi.elements())
            .map(|element| {
                (
                    element.component(1).to_owned(),
                    element.component(2).to_owned(),
                )
            });
        let dtp = found.segment("DTP");
        Self {
            traces: Trace::all(found),
            rejections: Rejection::all(found),
            category: um(1),
            certification: um(2),
            service_type: um(3),
            facility: (facility(1), facility(2)),
            level_of_service: um(6),
            decision: found.segment("HCR").map(Decision::read),
            date: dtp.map(|dtp| (dtp.get(1).to_owned(), dtp.get(3).to_owned())),
            diagnoses: diagnoses.filter(|(_, code)| !code.is_empty()).collect(),
            message: found.get("MSG", 1).to_owned(),
            providers: providers(found, "2010EA"),
            services: found.all("2000F").map(ReviewService::read).collect(),
        }
    }
}

impl ReviewService {
    fn write(&self, event: u64, out: &mut SetWriter<'_>) {
        out.level(Some(event), "SS", Some(false));
        self.traces.iter().for_each(|trace| out.put(trace.line()));
        self.rejections
            .iter()
            .for_each(|rejection| out.put(rejection.line()));
        if let Some(decision) = &self.decision {
            out.put(decision.line());
        }
        let date = &self.date;
        out.put_if(
            !date.is_empty(),
            line("DTP").e("472").e(date_format(date)).e(date),
        );
        if let Some(procedure) = &self.procedure {
            let unit = if self.units.is_some() { "UN" } else { "" };
            out.put(
                line("SV1")
                    .c(procedure.components())
                    .e(optional(self.charge))
                    .e(unit)
                    .e(optional(self.units)),
            );
        }
        self.providers
            .iter()
            .for_each(|(code, party)| out.put(party.line(code)));
    }

    fn read(found: &Loop<'_>) -> Self {
        let sv1 = found.segment("SV1");
        let sv2 = found.segment("SV2");
        let procedure = sv1
            .and_then(|sv1| Procedure::read(sv1, 1))
            .or_else(|| sv2.and_then(|sv2| Procedure::read(sv2, 2)));
        Self {
            traces: Trace::all(found),
            rejections: Rejection::all(found),
            decision: found.segment("HCR").map(Decision::read),
            date: found.coded("DTP", "472", 3).to_owned(),
            procedure,
            charge: parse(found.get("SV1", 2)),
            units: parse(found.get("SV1", 4)),
            providers: providers(found, "2010F"),
        }
    }
}

impl Decision {
    fn line(&self) -> Line {
        line("HCR").e(&self.action).e(&self.number).e(&self.reason)
    }

    fn read(hcr: &Segment<'_>) -> Self {
        Self {
            action: hcr.get(1).to_owned(),
            number: hcr.get(2).to_owned(),
            reason: hcr.get(3).to_owned(),
        }
    }
}

fn providers(found: &Loop<'_>, id: &str) -> Vec<(String, Party)> {
    found
        .all(id)
        .map(|one| (one.get("NM1", 1).to_owned(), Party::of(one)))
        .collect()
}
