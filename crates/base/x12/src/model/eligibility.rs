//! Eligibility: the inquiry 270 and the response 271.

use rust_decimal::Decimal;

use super::{
    Address, Contact, Demographics, Document, Party, Procedure, Reference, Trace, date_format,
    optional, parse,
};
use crate::syntax::{Segment, TransactionSet};
use crate::tree::Loop;
use crate::write::{Line, SetWriter, line};

/// A 270: what does this coverage hold?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EligibilityInquiry {
    /// BHT03.
    pub reference: String,
    /// BHT04, CCYYMMDD.
    pub date: String,
    /// BHT05, HHMM.
    pub time: String,
    /// The payer (2100A).
    pub payer: Party,
    /// The provider who asks (2100B).
    pub provider: Party,
    /// The subscriber (2100C).
    pub subscriber: Member,
    /// The patient, when a dependent who has no member identifier (2100D).
    pub dependent: Option<Member>,
    /// The trace number that the answer repeats.
    pub trace: Option<Trace>,
    /// The day or period asked about.
    pub service_date: String,
    /// What is asked.
    pub questions: Vec<Question>,
}

/// A person of a coverage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Name and member identifier.
    pub party: Party,
    /// Address.
    pub address: Option<Address>,
    /// Birth date and gender.
    pub demographics: Option<Demographics>,
    /// Further identifiers.
    pub references: Vec<Reference>,
}

/// One question (EQ).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Service type codes, e.g. `30`.
    pub service_types: Vec<String>,
    /// A procedure.
    pub procedure: Option<Procedure>,
}

/// A 271: what the coverage holds, or why the payer cannot say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EligibilityResponse {
    /// BHT03, of the inquiry.
    pub reference: String,
    /// BHT04, CCYYMMDD.
    pub date: String,
    /// BHT05, HHMM.
    pub time: String,
    /// The payer (2100A).
    pub payer: Party,
    /// Why the payer as a whole cannot answer.
    pub payer_rejections: Vec<Rejection>,
    /// The provider who asked (2100B).
    pub provider: Party,
    /// Why this provider gets no answer.
    pub provider_rejections: Vec<Rejection>,
    /// The answers.
    pub subscribers: Vec<SubscriberAnswer>,
}

/// The answer about a subscriber and the dependents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriberAnswer {
    /// About the subscriber.
    pub member: MemberAnswer,
    /// About dependents.
    pub dependents: Vec<MemberAnswer>,
}

/// The answer about one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberAnswer {
    /// Trace numbers of the inquiry and of the payer.
    pub traces: Vec<Trace>,
    /// The person as the payer knows them.
    pub member: Member,
    /// Why the payer cannot answer about this person. Not a statement about coverage.
    pub rejections: Vec<Rejection>,
    /// Dates: qualifier (`291` plan, `346` plan begin, …) and day or period.
    pub dates: Vec<(String, String)>,
    /// The benefits.
    pub benefits: Vec<Benefit>,
}

/// A rejection (AAA).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejection {
    /// AAA01: the request was valid at this level.
    pub valid: bool,
    /// AAA03, e.g. `75` subscriber not found, `42` unable to respond now.
    pub reason: String,
    /// AAA04: what to do, e.g. `C` correct and resend.
    pub follow_up: String,
}

/// One benefit (EB).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Benefit {
    /// EB01: `1` active, `6` inactive, `A` co-insurance, `B` co-payment, `C` deductible, ….
    pub information: String,
    /// EB02: `IND`, `FAM`, ….
    pub coverage_level: String,
    /// EB03.
    pub service_types: Vec<String>,
    /// EB04.
    pub insurance_type: String,
    /// EB05.
    pub plan: String,
    /// EB06: `23` calendar year, `27` visit, `29` remaining, ….
    pub period: String,
    /// EB07.
    pub amount: Option<Decimal>,
    /// EB08, as a fraction: 0.2 is twenty percent.
    pub percent: Option<Decimal>,
    /// EB09.
    pub quantity_qualifier: String,
    /// EB10.
    pub quantity: Option<Decimal>,
    /// EB11: `Y`, `N` or `U`.
    pub authorization_required: String,
    /// EB12: `Y` in network, `N` out of network, `W` both, `U` unknown.
    pub in_network: String,
    /// EB13.
    pub procedure: Option<Procedure>,
    /// References, e.g. `9F` referral, `18` plan.
    pub references: Vec<Reference>,
    /// Dates of this benefit: qualifier and day or period.
    pub dates: Vec<(String, String)>,
    /// Rejections that concern this benefit only.
    pub rejections: Vec<Rejection>,
    /// Free text.
    pub messages: Vec<String>,
    /// Related entities (2120): entity code, party and contacts.
    pub entities: Vec<(String, Party, Vec<Contact>)>,
}

impl Document for EligibilityInquiry {
    const SET: &'static str = "270";
    const FUNCTIONAL_CODE: &'static str = "HS";
    const VERSION: &'static str = "005010X279A1";

    fn write(&self, out: &mut SetWriter<'_>) {
        let Self {
            reference,
            date,
            time,
            ..
        } = self;
        out.put(line("BHT").e("0022").e("13").e(reference).e(date).e(time));
        let payer = out.level(None, "20", Some(true));
        out.put(self.payer.line("PR"));
        let provider = out.level(Some(payer), "21", Some(true));
        out.put(self.provider.line("1P"));
        let subscriber = out.level(Some(provider), "22", Some(self.dependent.is_some()));
        match &self.dependent {
            None => self.write_patient(&self.subscriber, "IL", out),
            Some(dependent) => {
                self.subscriber.write("IL", out);
                out.level(Some(subscriber), "23", Some(false));
                self.write_patient(dependent, "03", out);
            }
        }
    }
}

impl EligibilityInquiry {
    fn write_patient(&self, member: &Member, entity: &str, out: &mut SetWriter<'_>) {
        if let Some(trace) = &self.trace {
            out.put(trace.line());
        }
        member.write(entity, out);
        let date = &self.service_date;
        out.put_if(
            !date.is_empty(),
            line("DTP").e("291").e(date_format(date)).e(date),
        );
        for question in &self.questions {
            let procedure = question.procedure.as_ref().map(Procedure::components);
            out.put(
                line("EQ")
                    .repeat(&question.service_types)
                    .c(procedure.unwrap_or_default()),
            );
        }
    }
}

impl Member {
    fn write(&self, entity: &str, out: &mut SetWriter<'_>) {
        out.put(self.party.line(entity));
        self.write_rest(&[], out);
    }

    /// What follows the name, with the rejections in their place between.
    fn write_rest(&self, rejections: &[Rejection], out: &mut SetWriter<'_>) {
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        if let Some(address) = &self.address {
            address.write(out);
        }
        rejections
            .iter()
            .for_each(|rejection| out.put(rejection.line()));
        if let Some(demographics) = &self.demographics {
            out.put(demographics.line());
        }
    }

    fn read(found: &Loop<'_>) -> Self {
        Self {
            party: Party::of(found),
            address: Address::of(found),
            demographics: Demographics::of(found),
            references: Reference::all(found),
        }
    }
}

impl Document for EligibilityResponse {
    const SET: &'static str = "271";
    const FUNCTIONAL_CODE: &'static str = "HB";
    const VERSION: &'static str = "005010X279A1";

    fn write(&self, out: &mut SetWriter<'_>) {
        let Self {
            reference,
            date,
            time,
            subscribers,
            ..
        } = self;
        out.put(line("BHT").e("0022").e("11").e(reference).e(date).e(time));
        let payer = out.level(None, "20", Some(true));
        out.put(self.payer.line("PR"));
        self.payer_rejections
            .iter()
            .for_each(|rejection| out.put(rejection.line()));
        let provider = out.level(Some(payer), "21", Some(!subscribers.is_empty()));
        out.put(self.provider.line("1P"));
        self.provider_rejections
            .iter()
            .for_each(|rejection| out.put(rejection.line()));
        for subscriber in subscribers {
            let children = !subscriber.dependents.is_empty();
            let parent = out.level(Some(provider), "22", Some(children));
            subscriber.member.write("IL", out);
            for dependent in &subscriber.dependents {
                out.level(Some(parent), "23", Some(false));
                dependent.write("03", out);
            }
        }
    }
}

impl EligibilityResponse {
    /// Reads a 271; `None` when the set is not one.
    pub fn read(set: &TransactionSet<'_>) -> Option<Self> {
        let tree = Loop::of(set).filter(|_| set.id() == Self::SET)?;
        let source = tree.inner("2000A");
        let payer = source.and_then(|found| found.inner("2100A"));
        let level = source.and_then(|found| found.inner("2000B"));
        let provider = level.and_then(|found| found.inner("2100B"));
        let mut payer_rejections = source.map(Rejection::all).unwrap_or_default();
        payer_rejections.extend(payer.map(Rejection::all).unwrap_or_default());
        Some(Self {
            reference: tree.get("BHT", 3).to_owned(),
            date: tree.get("BHT", 4).to_owned(),
            time: tree.get("BHT", 5).to_owned(),
            payer: payer.map(Party::of).unwrap_or_default(),
            payer_rejections,
            provider: provider.map(Party::of).unwrap_or_default(),
            provider_rejections: provider.map(Rejection::all).unwrap_or_default(),
            subscribers: level
                .map(|found| found.all("2000C").map(SubscriberAnswer::read).collect())
                .unwrap_or_default(),
        })
    }
}

impl SubscriberAnswer {
    fn read(found: &Loop<'_>) -> Self {
        Self {
            member: MemberAnswer::read(found, "2100C", "2110C", "2120C"),
            dependents: found
                .all("2000D")
                .map(|inner| MemberAnswer::read(inner, "2100D", "2110D", "2120D"))
                .collect(),
        }
    }
}

impl MemberAnswer {
    fn read(level: &Loop<'_>, name: &str, benefit: &str, entity: &str) -> Self {
        let Some(found) = level.inner(name) else {
            return Self::default();
        };
        Self {
            traces: Trace::all(level),
            member: Member::read(found),
            rejections: Rejection::all(found),
            dates: dates(found),
            benefits: found
                .all(benefit)
                .map(|one| Benefit::read(one, entity))
                .collect(),
        }
    }

    fn write(&self, entity: &str, out: &mut SetWriter<'_>) {
        self.traces.iter().for_each(|trace| out.put(trace.line()));
        out.put(self.member.party.line(entity));
        self.member.write_rest(&self.rejections, out);
        write_dates(&self.dates, out);
        self.benefits.iter().for_each(|benefit| benefit.write(out));
    }
}

impl Rejection {
    pub(super) fn line(&self) -> Line {
        let valid = if self.valid { "Y" } else { "N" };
        line("AAA")
            .e(valid)
            .e("")
            .e(&self.reason)
            .e(&self.follow_up)
    }

    pub(super) fn all(found: &Loop<'_>) -> Vec<Self> {
        let read = |aaa: &Segment<'_>| Self {
            valid: aaa.get(1) == "Y",
            reason: aaa.get(3).to_owned(),
            follow_up: aaa.get(4).to_owned(),
        };
        found.each("AAA").map(read).collect()
    }
}

impl Benefit {
    fn read(found: &Loop<'_>, entity: &str) -> Self {
        let Some(eb) = found.segment("EB") else {
            return Self::default();
        };
        let text = |element: usize| eb.get(element).to_owned();
        let entities = found.all(entity).map(|inner| {
            let contacts = inner.each("PER").map(Contact::read).collect();
            (inner.get("NM1", 1).to_owned(), Party::of(inner), contacts)
        });
        Self {
            information: text(1),
            coverage_level: text(2),
            service_types: eb
                .element(3)
                .repetitions()
                .map(|one| one.text().to_owned())
                .filter(|one| !one.is_empty())
                .collect(),
            insurance_type: text(4),
            plan: text(5),
            period: text(6),
            amount: parse(eb.get(7)),
            percent: parse(eb.get(8)),
            quantity_qualifier: text(9),
            quantity: parse(eb.get(10)),
            authorization_required: text(11),
            in_network: text(12),
            procedure: Procedure::read(eb, 13),
            references: Reference::all(found),
            dates: dates(found),
            rejections: Rejection::all(found),
            messages: found.each("MSG").map(|msg| msg.get(1).to_owned()).collect(),
            entities: entities.collect(),
        }
    }

    fn write(&self, out: &mut SetWriter<'_>) {
        let procedure = self.procedure.as_ref().map(Procedure::components);
        out.put(
            line("EB")
                .e(&self.information)
                .e(&self.coverage_level)
                .repeat(&self.service_types)
                .e(&self.insurance_type)
                .e(&self.plan)
                .e(&self.period)
                .e(optional(self.amount))
                .e(optional(self.percent))
                .e(&self.quantity_qualifier)
                .e(optional(self.quantity))
                .e(&self.authorization_required)
                .e(&self.in_network)
                .c(procedure.unwrap_or_default()),
        );
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        write_dates(&self.dates, out);
        self.rejections
            .iter()
            .for_each(|rejection| out.put(rejection.line()));
        self.messages
            .iter()
            .for_each(|message| out.put(line("MSG").e(message)));
        out.put_if(!self.entities.is_empty(), line("LS").e("2120"));
        for (code, party, contacts) in &self.entities {
            out.put(party.line(code));
            contacts
                .iter()
                .for_each(|contact| out.put(contact.line("IC")));
        }
        out.put_if(!self.entities.is_empty(), line("LE").e("2120"));
    }
}

fn dates(found: &Loop<'_>) -> Vec<(String, String)> {
    found
        .each("DTP")
        .map(|dtp| (dtp.get(1).to_owned(), dtp.get(3).to_owned()))
        .collect()
}

fn write_dates(dates: &[(String, String)], out: &mut SetWriter<'_>) {
    for (qualifier, value) in dates {
        out.put(line("DTP").e(qualifier).e(date_format(value)).e(value));
    }
}
