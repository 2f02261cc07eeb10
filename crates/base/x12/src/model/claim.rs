//! What professional and institutional claims share: who submits, bills, is insured and is treated.

use rust_decimal::Decimal;

use super::{Address, Contact, Demographics, Document, Party, Reference, optional};
use crate::write::{SetWriter, line};

/// An 837: claims of one billing provider, on their way to one receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimSubmission<C> {
    /// BHT03: identifies the batch; acknowledgements repeat it.
    pub reference: String,
    /// BHT04, CCYYMMDD.
    pub date: String,
    /// BHT05, HHMM.
    pub time: String,
    /// The submitter (1000A); its identifier is the one agreed with the receiver.
    pub submitter: Party,
    /// Whom the receiver may ask.
    pub contact: Contact,
    /// The receiver (1000B).
    pub receiver: Party,
    /// The billing provider (2010AA).
    pub billing: BillingProvider,
    /// The claims, by patient.
    pub patients: Vec<PatientClaims<C>>,
}

/// The billing provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BillingProvider {
    /// Name and NPI.
    pub party: Party,
    /// A street address, with a ZIP code of nine digits.
    pub address: Address,
    /// Tax identifier: `EI` employer or `SY` social security number.
    pub tax_id: Reference,
    /// Taxonomy code; empty when the payer does not need it.
    pub taxonomy: String,
    /// Where payment goes, when elsewhere.
    pub pay_to: Option<Address>,
}

/// The claims of one patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientClaims<C> {
    /// The subscriber and payer.
    pub subscriber: Subscriber,
    /// The patient, when not the subscriber.
    pub patient: Option<Patient>,
    /// The claims.
    pub claims: Vec<C>,
}

/// The subscriber (2000B) and the payer the claim goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriber {
    /// SBR01: `P` primary, `S` secondary, ….
    pub responsibility: String,
    /// SBR03: group or policy number.
    pub group_number: String,
    /// SBR04: group name.
    pub group_name: String,
    /// SBR09: `CI` commercial, `MB` Medicare B, `MC` Medicaid, ….
    pub filing: String,
    /// Name and member identifier.
    pub party: Party,
    /// Address, needed when the patient.
    pub address: Option<Address>,
    /// Birth date and gender, needed when the patient.
    pub demographics: Option<Demographics>,
    /// The payer (2010BB).
    pub payer: Party,
    /// The payer's address.
    pub payer_address: Option<Address>,
}

/// The patient (2000C), when not the subscriber.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patient {
    /// PAT01: `01` spouse, `19` child, `20` employee, `21` unknown, `53` life partner, `G8` other.
    pub relationship: String,
    /// Name.
    pub party: Party,
    /// Address.
    pub address: Address,
    /// Birth date and gender.
    pub demographics: Demographics,
}

/// Another payer of a claim (2320, 2330A, 2330B), and what it paid in total.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherPayer {
    /// SBR01.
    pub responsibility: String,
    /// SBR02: the patient's relationship to that subscriber, `18` self.
    pub relationship: String,
    /// SBR09.
    pub filing: String,
    /// AMT*D: what it paid.
    pub paid: Option<Decimal>,
    /// Its subscriber, with member identifier.
    pub subscriber: Party,
    /// The payer.
    pub payer: Party,
}

/// A claim that can write its own loops (2300 and below).
pub trait ClaimBody {
    /// GS08 of the guide.
    const VERSION: &'static str;

    /// Writes loop 2300.
    fn write(&self, out: &mut SetWriter<'_>);
}

impl<C: ClaimBody> Document for ClaimSubmission<C> {
    const SET: &'static str = "837";
    const FUNCTIONAL_CODE: &'static str = "HC";
    const VERSION: &'static str = C::VERSION;

    fn write(&self, out: &mut SetWriter<'_>) {
        let Self {
            reference,
            date,
            time,
            ..
        } = self;
        out.put(
            line("BHT")
                .e("0019")
                .e("00")
                .e(reference)
                .e(date)
                .e(time)
                .e("CH"),
        );
        out.put(self.submitter.line("41"));
        out.put(self.contact.line("IC"));
        out.put(self.receiver.line("40"));
        let billing = out.level(None, "20", Some(true));
        self.billing.write(out);
        for patient in &self.patients {
            patient.write(billing, out);
        }
    }
}

impl BillingProvider {
    fn write(&self, out: &mut SetWriter<'_>) {
        let taxonomy = &self.taxonomy;
        out.put_if(
            !taxonomy.is_empty(),
            line("PRV").e("BI").e("PXC").e(taxonomy),
        );
        out.put(self.party.line("85"));
        self.address.write(out);
        out.put(self.tax_id.line());
        if let Some(address) = &self.pay_to {
            out.put(
                line("NM1")
                    .e("87")
                    .e(if self.party.person { "1" } else { "2" }),
            );
            address.write(out);
        }
    }
}

impl<C: ClaimBody> PatientClaims<C> {
    fn write(&self, billing: u64, out: &mut SetWriter<'_>) {
        let subscriber = out.level(Some(billing), "22", Some(self.patient.is_some()));
        self.subscriber.write(self.patient.is_none(), out);
        if let Some(patient) = &self.patient {
            out.level(Some(subscriber), "23", Some(false));
            out.put(line("PAT").e(&patient.relationship));
            out.put(patient.party.line("QC"));
            patient.address.write(out);
            out.put(patient.demographics.line());
        }
        self.claims.iter().for_each(|claim| claim.write(out));
    }
}

impl Subscriber {
    fn write(&self, is_patient: bool, out: &mut SetWriter<'_>) {
        out.put(
            line("SBR")
                .e(&self.responsibility)
                .e(if is_patient { "18" } else { "" })
                .e(&self.group_number)
                .e(if self.group_number.is_empty() {
                    self.group_name.as_str()
                } else {
                    ""
                })
                .skip(4)
                .e(&self.filing),
        );
        out.put(self.party.line("IL"));
        if let Some(address) = &self.address {
            address.write(out);
        }
        if let Some(demographics) = &self.demographics {
            out.put(demographics.line());
        }
        out.put(self.payer.line("PR"));
        if let Some(address) = &self.payer_address {
            address.write(out);
        }
    }
}

impl OtherPayer {
    pub(super) fn write(&self, out: &mut SetWriter<'_>) {
        out.put(
            line("SBR")
                .e(&self.responsibility)
                .e(&self.relationship)
                .skip(6)
                .e(&self.filing),
        );
        out.put_if(
            self.paid.is_some(),
            line("AMT").e("D").e(optional(self.paid)),
        );
        out.put(line("OI").skip(2).e("Y").skip(2).e("Y"));
        out.put(self.subscriber.line("IL"));
        out.put(self.payer.line("PR"));
    }
}
