//! The remittance advice, 835: what was paid, for which claims, and why not more.

use rust_decimal::Decimal;

use super::{
    Address, Contact, Document, Party, Procedure, Reference, number, optional, parse, total,
};
use crate::syntax::{Segment, TransactionSet};
use crate::tree::Loop;
use crate::write::{Line, SetWriter, line};

/// An 835.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remittance {
    /// The payment (BPR, TRN).
    pub payment: Payment,
    /// DTM*405: the day up to which claims were decided, CCYYMMDD.
    pub production_date: String,
    /// The payer (1000A).
    pub payer: Payer,
    /// The payee (1000B).
    pub payee: Payee,
    /// The claims (2100), in order.
    pub claims: Vec<ClaimPayment>,
    /// Adjustments of the payment that belong to no claim (PLB).
    pub provider_adjustments: Vec<ProviderAdjustment>,
}

/// How much is paid, how and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payment {
    /// BPR01: `I` information only, `C` with funds, `H` notification only, ….
    pub handling: String,
    /// BPR02.
    pub amount: Decimal,
    /// BPR04: `ACH`, `CHK`, `NON`, ….
    pub method: String,
    /// BPR05: `CCP` or `CTX`.
    pub format: String,
    /// BPR06 and BPR07: the payer's bank.
    pub payer_bank: (String, String),
    /// BPR08 and BPR09: the payer's account.
    pub payer_account: (String, String),
    /// BPR10: the payer's company identifier.
    pub originator: String,
    /// BPR12 and BPR13: the payee's bank.
    pub payee_bank: (String, String),
    /// BPR14 and BPR15: the payee's account.
    pub payee_account: (String, String),
    /// BPR16, CCYYMMDD.
    pub date: String,
    /// TRN02: check number or transfer trace, which matches the bank's entry.
    pub trace: String,
    /// TRN03: `1` and the payer's tax identifier.
    pub trace_originator: String,
}

/// The payer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payer {
    /// Name.
    pub name: String,
    /// Address.
    pub address: Address,
    /// References, e.g. `2U` payer identifier.
    pub references: Vec<Reference>,
    /// The technical contact (PER*BL).
    pub technical_contact: Contact,
}

/// The payee.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payee {
    /// Name.
    pub name: String,
    /// `XX` for an NPI, `FI` for a tax identifier.
    pub qualifier: String,
    /// Identifier.
    pub id: String,
    /// Address.
    pub address: Option<Address>,
    /// References, e.g. `TJ` tax identifier.
    pub references: Vec<Reference>,
}

/// One claim (CLP).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimPayment {
    /// CLP01: CLM01 of the claim.
    pub claim_id: String,
    /// CLP02: `1` to `3` processed, `4` denied, `19` to `21` forwarded, `22` reversal.
    pub status: String,
    /// CLP03.
    pub charge: Decimal,
    /// CLP04.
    pub paid: Decimal,
    /// CLP05.
    pub patient_responsibility: Option<Decimal>,
    /// CLP06, e.g. `12` PPO, `MB` Medicare B.
    pub filing: String,
    /// CLP07: the payer's claim number, needed to replace or void the claim.
    pub payer_claim_number: String,
    /// CLP08: facility type.
    pub facility: String,
    /// CLP09: frequency.
    pub frequency: String,
    /// Adjustments of the claim as a whole.
    pub adjustments: Vec<Adjustment>,
    /// The patient.
    pub patient: Party,
    /// Other parties by entity code: `IL`, `74`, `82`, `TT`, `PR`, `GB`.
    pub parties: Vec<(String, Party)>,
    /// Remark codes of MIA and MOA.
    pub remarks: Vec<String>,
    /// References.
    pub references: Vec<Reference>,
    /// Dates: qualifier and CCYYMMDD.
    pub dates: Vec<(String, String)>,
    /// Amounts: qualifier and amount, e.g. `AU` coverage, `I` interest.
    pub amounts: Vec<(String, Decimal)>,
    /// The lines.
    pub lines: Vec<ServicePayment>,
}

/// One line (SVC).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicePayment {
    /// What was decided on.
    pub procedure: Procedure,
    /// SVC02.
    pub charge: Decimal,
    /// SVC03.
    pub paid: Decimal,
    /// SVC04: revenue code.
    pub revenue_code: String,
    /// SVC05: units paid.
    pub units: Option<Decimal>,
    /// SVC06: what was submitted, when the payer changed it.
    pub submitted: Option<Procedure>,
    /// Dates: `472`, or `150` and `151`, and CCYYMMDD.
    pub dates: Vec<(String, String)>,
    /// Adjustments of the line.
    pub adjustments: Vec<Adjustment>,
    /// References, e.g. `6R` line number.
    pub references: Vec<Reference>,
    /// Amounts, e.g. `B6` allowed.
    pub amounts: Vec<(String, Decimal)>,
    /// Remark codes (LQ*HE).
    pub remarks: Vec<String>,
}

/// One reason for paying less or more than charged (CAS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// `CO` contractual, `PR` patient, `OA` other, `PI` payer initiated.
    pub group: String,
    /// Claim adjustment reason code.
    pub reason: String,
    /// What it takes from the payment; negative adds to it.
    pub amount: Decimal,
    /// Units taken.
    pub quantity: Option<Decimal>,
}

/// One adjustment of a PLB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderAdjustment {
    /// PLB01.
    pub provider: String,
    /// PLB02: end of the fiscal year, CCYYMMDD.
    pub fiscal_period: String,
    /// Reason, e.g. `WO` overpayment recovery, `L6` interest.
    pub reason: String,
    /// Reference, e.g. the claim number.
    pub reference: String,
    /// What it takes from the payment; negative adds to it.
    pub amount: Decimal,
}

impl Remittance {
    /// What the payment must be: claims paid less provider adjustments.
    pub fn expected_payment(&self) -> Decimal {
        let claims = total(self.claims.iter().map(|claim| claim.paid));
        let provider = total(self.provider_adjustments.iter().map(|one| one.amount));
        claims.saturating_sub(provider)
    }

    /// Whether payment, every claim and every line balance.
    pub fn balances(&self) -> bool {
        self.payment.amount == self.expected_payment()
            && self.claims.iter().all(ClaimPayment::balances)
    }

    /// Reads an 835; `None` when the set is not one.
    pub fn read(set: &TransactionSet<'_>) -> Option<Self> {
        let tree = Loop::of(set).filter(|_| set.id() == Self::SET)?;
        let claims = tree.all("2000").flat_map(|header| header.all("2100"));
        Some(Self {
            payment: Payment::read(&tree),
            production_date: tree.coded("DTM", "405", 2).to_owned(),
            payer: tree.inner("1000A").map(Payer::read).unwrap_or_default(),
            payee: tree.inner("1000B").map(Payee::read).unwrap_or_default(),
            claims: claims.map(ClaimPayment::read).collect(),
            provider_adjustments: tree
                .each("PLB")
                .flat_map(ProviderAdjustment::read)
                .collect(),
        })
    }
}

impl ClaimPayment {
    /// Whether charge less all adjustments is what was paid, for the claim and each line.
    pub fn balances(&self) -> bool {
        let lines = self.lines.iter().flat_map(|line| &line.adjustments);
        let adjusted = total(self.adjustments.iter().chain(lines).map(|one| one.amount));
        self.charge.saturating_sub(adjusted) == self.paid
            && self.lines.iter().all(ServicePayment::balances)
    }
}

impl ServicePayment {
    /// Whether charge less adjustments is what was paid.
    pub fn balances(&self) -> bool {
        let adjusted = total(self.adjustments.iter().map(|one| one.amount));
        self.charge.saturating_sub(adjusted) == self.paid
    }
}

impl Document for Remittance {
    const SET: &'static str = "835";
    const FUNCTIONAL_CODE: &'static str = "HP";
    const VERSION: &'static str = "005010X221A1";

    fn write(&self, out: &mut SetWriter<'_>) {
        self.payment.write(out);
        let date = &self.production_date;
        out.put_if(!date.is_empty(), line("DTM").e("405").e(date));
        self.payer.write(out);
        self.payee.write(out);
        out.put_if(!self.claims.is_empty(), line("LX").e("1"));
        self.claims.iter().for_each(|claim| claim.write(out));
        self.provider_adjustments
            .iter()
            .for_each(|adjustment| out.put(adjustment.line()));
    }
}

impl Payment {
    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(
            line("BPR")
                .e(&self.handling)
                .e(number(self.amount))
                .e("C")
                .e(&self.method)
                .e(&self.format)
                .e(&self.payer_bank.0)
                .e(&self.payer_bank.1)
                .e(&self.payer_account.0)
                .e(&self.payer_account.1)
                .e(&self.originator)
                .e("")
                .e(&self.payee_bank.0)
                .e(&self.payee_bank.1)
                .e(&self.payee_account.0)
                .e(&self.payee_account.1)
                .e(&self.date),
        );
        out.put(line("TRN").e("1").e(&self.trace).e(&self.trace_originator));
    }

    fn read(tree: &Loop<'_>) -> Self {
        let text = |element| tree.get("BPR", element).to_owned();
        Self {
            handling: text(1),
            amount: parse(tree.get("BPR", 2)).unwrap_or_default(),
            method: text(4),
            format: text(5),
            payer_bank: (text(6), text(7)),
            payer_account: (text(8), text(9)),
            originator: text(10),
            payee_bank: (text(12), text(13)),
            payee_account: (text(14), text(15)),
            date: text(16),
            trace: tree.get("TRN", 2).to_owned(),
            trace_originator: tree.get("TRN", 3).to_owned(),
        }
    }
}

impl Payer {
    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(line("N1").e("PR").e(&self.name));
        self.address.write(out);
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        out.put(self.technical_contact.line("BL"));
    }

    fn read(found: &Loop<'_>) -> Self {
        let technical = found.each("PER").find(|per| per.get(1) == "BL");
        Self {
            name: found.get("N1", 2).to_owned(),
            address: Address::of(found).unwrap_or_default(),
            references: Reference::all(found),
            technical_contact: technical.map(Contact::read).unwrap_or_default(),
        }
    }
}

impl Payee {
    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(
            line("N1")
                .e("PE")
                .e(&self.name)
                .e(&self.qualifier)
                .e(&self.id),
        );
        if let Some(address) = &self.address {
            address.write(out);
        }
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
    }

    fn read(found: &Loop<'_>) -> Self {
        Self {
            name: found.get("N1", 2).to_owned(),
            qualifier: found.get("N1", 3).to_owned(),
            id: found.get("N1", 4).to_owned(),
            address: Address::of(found),
            references: Reference::all(found),
        }
    }
}

impl ClaimPayment {
    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(
            line("CLP")
                .e(&self.claim_id)
                .e(&self.status)
                .e(number(self.charge))
                .e(number(self.paid))
                .e(optional(self.patient_responsibility))
                .e(&self.filing)
                .e(&self.payer_claim_number)
                .e(&self.facility)
                .e(&self.frequency),
        );
        write_adjustments(&self.adjustments, out);
        out.put(self.patient.line("QC"));
        self.parties
            .iter()
            .for_each(|(code, party)| out.put(party.line(code)));
        if !self.remarks.is_empty() {
            let codes = self.remarks.iter().take(5);
            out.put(codes.fold(line("MOA").skip(2), |moa, code| moa.e(code)));
        }
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        write_dates(&self.dates, out);
        write_amounts(&self.amounts, out);
        self.lines.iter().for_each(|service| service.write(out));
    }

    fn read(found: &Loop<'_>) -> Self {
        let text = |element| found.get("CLP", element).to_owned();
        let amount = |element| parse(found.get("CLP", element));
        let patient = found.each("NM1").find(|nm1| nm1.get(1) == "QC");
        let others = found.each("NM1").filter(|nm1| nm1.get(1) != "QC");
        let remark_elements = [
            ("MIA", 5),
            ("MIA", 20),
            ("MIA", 21),
            ("MIA", 22),
            ("MIA", 23),
        ]
        .into_iter()
        .chain((3..=7).map(|element| ("MOA", element)));
        Self {
            claim_id: text(1),
            status: text(2),
            charge: amount(3).unwrap_or_default(),
            paid: amount(4).unwrap_or_default(),
            patient_responsibility: amount(5),
            filing: text(6),
            payer_claim_number: text(7),
            facility: text(8),
            frequency: text(9),
            adjustments: Adjustment::all(found),
            patient: patient.map(Party::read).unwrap_or_default(),
            parties: others
                .map(|nm1| (nm1.get(1).to_owned(), Party::read(nm1)))
                .collect(),
            remarks: remark_elements
                .map(|(id, element)| found.get(id, element).to_owned())
                .filter(|code| !code.is_empty())
                .collect(),
            references: Reference::all(found),
            dates: dates(found),
            amounts: amounts(found),
            lines: found.all("2110").map(ServicePayment::read).collect(),
        }
    }
}

impl ServicePayment {
    fn write(&self, out: &mut SetWriter<'_>) {
        let submitted = self.submitted.as_ref().map(Procedure::components);
        out.put(
            line("SVC")
                .c(self.procedure.components())
                .e(number(self.charge))
                .e(number(self.paid))
                .e(&self.revenue_code)
                .e(optional(self.units))
                .c(submitted.unwrap_or_default()),
        );
        write_dates(&self.dates, out);
        write_adjustments(&self.adjustments, out);
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        write_amounts(&self.amounts, out);
        self.remarks
            .iter()
            .for_each(|code| out.put(line("LQ").e("HE").e(code)));
    }

    fn read(found: &Loop<'_>) -> Self {
        let svc = found.segment("SVC");
        let procedure = |element| svc.and_then(|svc| Procedure::read(svc, element));
        Self {
            procedure: procedure(1).unwrap_or_default(),
            charge: parse(found.get("SVC", 2)).unwrap_or_default(),
            paid: parse(found.get("SVC", 3)).unwrap_or_default(),
            revenue_code: found.get("SVC", 4).to_owned(),
            units: parse(found.get("SVC", 5)),
            submitted: procedure(6),
            dates: dates(found),
            adjustments: Adjustment::all(found),
            references: Reference::all(found),
            amounts: amounts(found),
            remarks: found
                .each("LQ")
                .filter(|lq| lq.get(1) == "HE")
                .map(|lq| lq.get(2).to_owned())
                .collect(),
        }
    }
}

impl Adjustment {
    fn all(found: &Loop<'_>) -> Vec<Self> {
        found.each("CAS").flat_map(Self::read).collect()
    }

    /// A CAS holds up to six adjustments of one group.
    fn read(cas: &Segment<'_>) -> Vec<Self> {
        let used = (2..=17).step_by(3).filter(|&at| !cas.get(at).is_empty());
        used.map(|at| Self {
            group: cas.get(1).to_owned(),
            reason: cas.get(at).to_owned(),
            amount: parse(cas.get(at + 1)).unwrap_or_default(),
            quantity: parse(cas.get(at + 2)),
        })
        .collect()
    }
}

impl ProviderAdjustment {
    fn line(&self) -> Line {
        line("PLB")
            .e(&self.provider)
            .e(&self.fiscal_period)
            .c([&self.reason, &self.reference])
            .e(number(self.amount))
    }

    fn read(plb: &Segment<'_>) -> Vec<Self> {
        let used = (3..=13).step_by(2).filter(|&at| !plb.get(at).is_empty());
        used.map(|at| Self {
            provider: plb.get(1).to_owned(),
            fiscal_period: plb.get(2).to_owned(),
            reason: plb.component(at, 1).to_owned(),
            reference: plb.component(at, 2).to_owned(),
            amount: parse(plb.get(at + 1)).unwrap_or_default(),
        })
        .collect()
    }
}

/// One CAS per run of adjustments of the same group, six to a segment.
fn write_adjustments(adjustments: &[Adjustment], out: &mut SetWriter<'_>) {
    for run in adjustments.chunk_by(|one, next| one.group == next.group) {
        for six in run.chunks(6) {
            let group = six
                .first()
                .map(|one| one.group.as_str())
                .unwrap_or_default();
            out.put(six.iter().fold(line("CAS").e(group), |cas, one| {
                cas.e(&one.reason)
                    .e(number(one.amount))
                    .e(optional(one.quantity))
            }));
        }
    }
}

fn dates(found: &Loop<'_>) -> Vec<(String, String)> {
    found
        .each("DTM")
        .map(|dtm| (dtm.get(1).to_owned(), dtm.get(2).to_owned()))
        .collect()
}

fn write_dates(dates: &[(String, String)], out: &mut SetWriter<'_>) {
    dates
        .iter()
        .for_each(|(qualifier, date)| out.put(line("DTM").e(qualifier).e(date)));
}

fn amounts(found: &Loop<'_>) -> Vec<(String, Decimal)> {
    let read = |amt: &Segment<'_>| (amt.get(1).to_owned(), parse(amt.get(2)).unwrap_or_default());
    found.each("AMT").map(read).collect()
}

fn write_amounts(amounts: &[(String, Decimal)], out: &mut SetWriter<'_>) {
    for (qualifier, amount) in amounts {
        out.put(line("AMT").e(qualifier).e(number(*amount)));
    }
}
