//! Claim status: the request 276 and the response 277.

use rust_decimal::Decimal;

use super::{
    Contact, Demographics, Document, Party, Procedure, Reference, date_format, number, optional,
    parse,
};
use crate::syntax::{Segment, TransactionSet};
use crate::tree::Loop;
use crate::write::{Line, SetWriter, line};

/// A 276: what has become of these claims of one patient?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusRequest {
    /// BHT03.
    pub reference: String,
    /// BHT04, CCYYMMDD.
    pub date: String,
    /// BHT05, HHMM.
    pub time: String,
    /// The payer (2100A).
    pub payer: Party,
    /// The one who gets the answer (2100B), with qualifier `46`.
    pub receiver: Party,
    /// The provider (2100C).
    pub provider: Party,
    /// The subscriber (2100D).
    pub subscriber: Party,
    /// Birth date and gender of the subscriber, needed when the patient.
    pub subscriber_demographics: Option<Demographics>,
    /// The patient, when a dependent (2100E).
    pub dependent: Option<(Party, Demographics)>,
    /// The claims asked about.
    pub claims: Vec<ClaimQuery>,
}

/// One claim asked about (2200).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimQuery {
    /// TRN02, repeated by the answer.
    pub trace: String,
    /// References: `1K` payer claim number, `EJ` patient account, `D9` clearing house, ….
    pub references: Vec<Reference>,
    /// The claim charge.
    pub charge: Option<Decimal>,
    /// The day or period of service.
    pub service_date: String,
}

/// A 277: what has become of the claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusResponse {
    /// BHT03, of the request.
    pub reference: String,
    /// BHT04, CCYYMMDD.
    pub date: String,
    /// BHT05, HHMM.
    pub time: String,
    /// The payer (2100A).
    pub payer: Party,
    /// Whom to ask at the payer.
    pub payer_contact: Option<Contact>,
    /// The one who asked (2100B).
    pub receiver: Party,
    /// A status for the request as a whole, with the trace it answers.
    pub receiver_status: Option<(String, Vec<Status>)>,
    /// The provider (2100C); absent when the request as a whole has a status.
    pub provider: Option<Party>,
    /// A status for all claims of the provider.
    pub provider_status: Option<(String, Vec<Status>)>,
    /// The claims found.
    pub claims: Vec<ClaimStatus>,
}

/// The status of one claim (2200).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimStatus {
    /// The subscriber.
    pub subscriber: Party,
    /// The patient, when a dependent.
    pub dependent: Option<Party>,
    /// TRN02 of the request.
    pub trace: String,
    /// The statuses; the first is the current one.
    pub statuses: Vec<Status>,
    /// References, e.g. `1K` payer claim number.
    pub references: Vec<Reference>,
    /// The day or period of service.
    pub service_date: String,
    /// The lines.
    pub lines: Vec<LineStatus>,
}

/// The status of one line (2220).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineStatus {
    /// What was done.
    pub procedure: Procedure,
    /// The charge.
    pub charge: Decimal,
    /// What was paid.
    pub paid: Decimal,
    /// How many units were charged.
    pub units: Decimal,
    /// The statuses.
    pub statuses: Vec<Status>,
    /// REF*FJ: the line number of the provider.
    pub line_number: String,
    /// The day or period of service.
    pub service_date: String,
}

/// A status (STC).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Category (code list 507), e.g. `F1` paid.
    pub category: String,
    /// Status code (code list 508).
    pub code: String,
    /// The entity that the status speaks of.
    pub entity: String,
    /// When it took effect, CCYYMMDD.
    pub date: String,
    /// STC03, in acknowledgements: `WQ` accepted, `U` rejected.
    pub action: String,
    /// The total charge.
    pub charge: Option<Decimal>,
    /// The amount paid.
    pub paid: Option<Decimal>,
    /// When payment was decided.
    pub paid_date: String,
    /// When the check was issued.
    pub check_date: String,
    /// Check or transfer number.
    pub check_number: String,
    /// Up to two further category, code and entity.
    pub more: Vec<(String, String, String)>,
    /// Free text (277CA only).
    pub message: String,
}

impl Document for StatusRequest {
    const SET: &'static str = "276";
    const FUNCTIONAL_CODE: &'static str = "HR";
    const VERSION: &'static str = "005010X212";

    fn write(&self, out: &mut SetWriter<'_>) {
        let Self {
            reference,
            date,
            time,
            ..
        } = self;
        out.put(line("BHT").e("0010").e("13").e(reference).e(date).e(time));
        let payer = out.level(None, "20", Some(true));
        out.put(self.payer.line("PR"));
        let receiver = out.level(Some(payer), "21", Some(true));
        out.put(self.receiver.line("41"));
        let provider = out.level(Some(receiver), "19", Some(true));
        out.put(self.provider.line("1P"));
        let subscriber = out.level(Some(provider), "22", Some(self.dependent.is_some()));
        if let Some(demographics) = &self.subscriber_demographics {
            out.put(demographics.line());
        }
        out.put(self.subscriber.line("IL"));
        if let Some((dependent, demographics)) = &self.dependent {
            out.level(Some(subscriber), "23", None);
            out.put(demographics.line());
            out.put(dependent.line("QC"));
        }
        self.claims.iter().for_each(|claim| claim.write(out));
    }
}

impl ClaimQuery {
    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(line("TRN").e("1").e(&self.trace));
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        out.put_if(
            self.charge.is_some(),
            line("AMT").e("T3").e(optional(self.charge)),
        );
        write_service_date(&self.service_date, out);
    }
}

impl Document for StatusResponse {
    const SET: &'static str = "277";
    const FUNCTIONAL_CODE: &'static str = "HN";
    const VERSION: &'static str = "005010X212";

    fn write(&self, out: &mut SetWriter<'_>) {
        let Self {
            reference,
            date,
            time,
            ..
        } = self;
        out.put(
            line("BHT")
                .e("0010")
                .e("08")
                .e(reference)
                .e(date)
                .e(time)
                .e("DG"),
        );
        let payer = out.level(None, "20", Some(true));
        out.put(self.payer.line("PR"));
        if let Some(contact) = &self.payer_contact {
            out.put(contact.line("IC"));
        }
        let receiver = out.level(Some(payer), "21", Some(self.provider.is_some()));
        out.put(self.receiver.line("41"));
        write_group_status(&self.receiver_status, out);
        let Some(party) = &self.provider else { return };
        let provider = out.level(Some(receiver), "19", Some(!self.claims.is_empty()));
        out.put(party.line("1P"));
        write_group_status(&self.provider_status, out);
        for claim in &self.claims {
            let subscriber = out.level(Some(provider), "22", Some(claim.dependent.is_some()));
            out.put(claim.subscriber.line("IL"));
            if let Some(dependent) = &claim.dependent {
                out.level(Some(subscriber), "23", None);
                out.put(dependent.line("QC"));
            }
            claim.write(out);
        }
    }
}

impl StatusResponse {
    /// Reads a 277; `None` when the set is not one.
    pub fn read(set: &TransactionSet<'_>) -> Option<Self> {
        let tree = Loop::of(set).filter(|tree| tree.get("BHT", 1) == "0010")?;
        let source = tree.inner("2000A")?;
        let payer = source.inner("2100A");
        let receiver = source.inner("2000B")?;
        let provider = receiver.inner("2000C");
        let status = |found: &Loop<'_>, id| {
            let inner = found.inner(id)?;
            Some((inner.get("TRN", 2).to_owned(), Status::all(inner)))
        };
        let mut claims = Vec::new();
        for subscriber in provider.iter().flat_map(|found| found.all("2000D")) {
            let party = subscriber.inner("2100D").map(Party::of).unwrap_or_default();
            for claim in subscriber.all("2200D") {
                claims.push(ClaimStatus::read(claim, &party, None));
            }
            for dependent in subscriber.all("2000E") {
                let patient = dependent.inner("2100E").map(Party::of);
                for claim in dependent.all("2200E") {
                    claims.push(ClaimStatus::read(claim, &party, patient.as_ref()));
                }
            }
        }
        Some(Self {
            reference: tree.get("BHT", 3).to_owned(),
            date: tree.get("BHT", 4).to_owned(),
            time: tree.get("BHT", 5).to_owned(),
            payer: payer.map(Party::of).unwrap_or_default(),
            payer_contact: payer
                .and_then(|found| found.segment("PER"))
                .map(Contact::read),
            receiver: receiver.inner("2100B").map(Party::of).unwrap_or_default(),
            receiver_status: status(receiver, "2200B"),
            provider: provider
                .and_then(|found| found.inner("2100C"))
                .map(Party::of),
            provider_status: provider.and_then(|found| status(found, "2200C")),
            claims,
        })
    }
}

impl ClaimStatus {
    fn read(found: &Loop<'_>, subscriber: &Party, dependent: Option<&Party>) -> Self {
        let lines = found.all("2220D").chain(found.all("2220E"));
        Self {
            subscriber: subscriber.clone(),
            dependent: dependent.cloned(),
            trace: found.get("TRN", 2).to_owned(),
            statuses: Status::all(found),
            references: Reference::all(found),
            service_date: found.coded("DTP", "472", 3).to_owned(),
            lines: lines.map(LineStatus::read).collect(),
        }
    }

    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(line("TRN").e("2").e(&self.trace));
        self.statuses
            .iter()
            .for_each(|status| out.put(status.line()));
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        write_service_date(&self.service_date, out);
        for one in &self.lines {
            let (charge, paid) = (number(one.charge), number(one.paid));
            out.put(
                line("SVC")
                    .c(one.procedure.components())
                    .e(charge)
                    .e(paid)
                    .skip(3)
                    .e(number(one.units)),
            );
            one.statuses
                .iter()
                .for_each(|status| out.put(status.line()));
            out.put_if(
                !one.line_number.is_empty(),
                line("REF").e("FJ").e(&one.line_number),
            );
            write_service_date(&one.service_date, out);
        }
    }
}

impl LineStatus {
    fn read(found: &Loop<'_>) -> Self {
        let svc = found.segment("SVC");
        Self {
            procedure: svc
                .and_then(|svc| Procedure::read(svc, 1))
                .unwrap_or_default(),
            charge: parse(found.get("SVC", 2)).unwrap_or_default(),
            paid: parse(found.get("SVC", 3)).unwrap_or_default(),
            units: parse(found.get("SVC", 7)).unwrap_or_default(),
            statuses: Status::all(found),
            line_number: found.coded("REF", "FJ", 2).to_owned(),
            service_date: found.coded("DTP", "472", 3).to_owned(),
        }
    }
}

impl Status {
    pub(super) fn all(found: &Loop<'_>) -> Vec<Self> {
        found.each("STC").map(Self::read).collect()
    }

    fn read(stc: &Segment<'_>) -> Self {
        let text = |element: usize| stc.get(element).to_owned();
        let triple = |element: usize| {
            let part = |number| stc.component(element, number).to_owned();
            (part(1), part(2), part(3))
        };
        let (category, code, entity) = triple(1);
        Self {
            category,
            code,
            entity,
            date: text(2),
            action: text(3),
            charge: parse(stc.get(4)),
            paid: parse(stc.get(5)),
            paid_date: text(6),
            check_date: text(8),
            check_number: text(9),
            more: [10, 11]
                .into_iter()
                .map(triple)
                .filter(|one| !one.0.is_empty())
                .collect(),
            message: text(12),
        }
    }

    pub(super) fn line(&self) -> Line {
        let more = |index: usize| match self.more.get(index) {
            Some((category, code, entity)) => vec![category.clone(), code.clone(), entity.clone()],
            None => Vec::new(),
        };
        line("STC")
            .c([&self.category, &self.code, &self.entity])
            .e(&self.date)
            .e(&self.action)
            .e(optional(self.charge))
            .e(optional(self.paid))
            .e(&self.paid_date)
            .e("")
            .e(&self.check_date)
            .e(&self.check_number)
            .c(more(0))
            .c(more(1))
            .e(&self.message)
    }
}

fn write_group_status(status: &Option<(String, Vec<Status>)>, out: &mut SetWriter<'_>) {
    if let Some((trace, statuses)) = status {
        out.put(line("TRN").e("2").e(trace));
        statuses.iter().for_each(|status| out.put(status.line()));
    }
}

fn write_service_date(date: &str, out: &mut SetWriter<'_>) {
    out.put_if(
        !date.is_empty(),
        line("DTP").e("472").e(date_format(date)).e(date),
    );
}
