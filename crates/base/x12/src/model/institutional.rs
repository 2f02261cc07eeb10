//! The institutional claim, 837I.

use rust_decimal::Decimal;

use super::{
    Address, ClaimBody, OtherPayer, Party, Procedure, Reference, date_format, number, total,
};
use crate::write::{SetWriter, line};

/// One institutional claim (2300).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstitutionalClaim {
    /// CLM01: comes back in every answer; payers keep 20 characters.
    pub id: String,
    /// CLM05-1: the first two digits of the type of bill, without the leading zero.
    pub facility_type: String,
    /// CLM05-3: frequency, `1` admission through discharge, `7` replacement, `8` void.
    pub frequency: String,
    /// CLM07: `A` assigned, `B` laboratory only, `C` not assigned.
    pub assignment: String,
    /// CLM08: benefits go to the provider, `Y`, `N` or `W`.
    pub benefits_assigned: String,
    /// CLM09: `Y` consent to release, `I` informed consent.
    pub release: String,
    /// DTP*434: the period, `CCYYMMDD-CCYYMMDD`.
    pub statement_period: String,
    /// DTP*435: admission, CCYYMMDD or CCYYMMDDHHMM.
    pub admission: String,
    /// DTP*096: hour of discharge, HHMM.
    pub discharge_hour: String,
    /// CL101: admission type.
    pub admission_type: String,
    /// CL102: admission source.
    pub admission_source: String,
    /// CL103: patient status.
    pub patient_status: String,
    /// References: `G1` prior authorization, `EA` medical record, `F8` payer claim number, ….
    pub references: Vec<Reference>,
    /// Principal diagnosis, ICD-10-CM without the point, and whether present on admission.
    pub principal_diagnosis: (String, String),
    /// Admitting diagnosis.
    pub admitting_diagnosis: String,
    /// Other diagnoses with present-on-admission indicators.
    pub other_diagnoses: Vec<(String, String)>,
    /// Principal procedure (ICD-10-PCS) and its date.
    pub principal_procedure: Option<(String, String)>,
    /// Value codes.
    pub values: Vec<ValueCode>,
    /// Condition codes.
    pub conditions: Vec<String>,
    /// Who attended; with taxonomy code.
    pub attending: Option<(Party, String)>,
    /// Who operated.
    pub operating: Option<Party>,
    /// Where, when not at the billing provider.
    pub facility: Option<(Party, Address)>,
    /// Other payers.
    pub other_payers: Vec<OtherPayer>,
    /// The lines.
    pub lines: Vec<InstitutionalLine>,
}

/// A value code and its amount (HI*BE).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueCode {
    /// The code.
    pub code: String,
    /// The amount.
    pub amount: Decimal,
}

/// One line (2400).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstitutionalLine {
    /// Revenue code of four digits.
    pub revenue_code: String,
    /// The procedure, when there is one.
    pub procedure: Option<Procedure>,
    /// The charge.
    pub charge: Decimal,
    /// `UN` units or `DA` days.
    pub unit: String,
    /// How many.
    pub quantity: Decimal,
    /// The part of the charge that is not covered.
    pub non_covered: Option<Decimal>,
    /// The day or period of service; may be empty.
    pub service_date: String,
    /// REF*6R: the line number that the 835 repeats.
    pub control_number: String,
}

impl InstitutionalClaim {
    /// The sum of the lines, which CLM02 carries.
    pub fn charge(&self) -> Decimal {
        total(self.lines.iter().map(|line| line.charge))
    }
}

impl ClaimBody for InstitutionalClaim {
    const VERSION: &'static str = "005010X223A2";

    fn write(&self, out: &mut SetWriter<'_>) {
        self.write_claim(out);
        self.write_codes(out);
        if let Some((party, taxonomy)) = &self.attending {
            out.put(party.line("71"));
            out.put_if(
                !taxonomy.is_empty(),
                line("PRV").e("AT").e("PXC").e(taxonomy),
            );
        }
        if let Some(party) = &self.operating {
            out.put(party.line("72"));
        }
        if let Some((party, address)) = &self.facility {
            out.put(party.line("77"));
            address.write(out);
        }
        self.other_payers.iter().for_each(|payer| payer.write(out));
        for (index, one) in self.lines.iter().enumerate() {
            out.put(line("LX").e((index + 1).to_string()));
            one.write(out);
        }
    }
}

impl InstitutionalClaim {
    fn write_claim(&self, out: &mut SetWriter<'_>) {
        out.put(
            line("CLM")
                .e(&self.id)
                .e(number(self.charge()))
                .skip(2)
                .c([self.facility_type.as_str(), "A", &self.frequency])
                .e("")
                .e(&self.assignment)
                .e(&self.benefits_assigned)
                .e(&self.release),
        );
        let discharge = &self.discharge_hour;
        out.put_if(
            !discharge.is_empty(),
            line("DTP").e("096").e("TM").e(discharge),
        );
        out.put(line("DTP").e("434").e("RD8").e(&self.statement_period));
        let admission = &self.admission;
        let format = if admission.len() > 8 { "DT" } else { "D8" };
        out.put_if(
            !admission.is_empty(),
            line("DTP").e("435").e(format).e(admission),
        );
        let (kind, source) = (&self.admission_type, &self.admission_source);
        out.put(line("CL1").e(kind).e(source).e(&self.patient_status));
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
    }

    fn write_codes(&self, out: &mut SetWriter<'_>) {
        let diagnosis = |qualifier: &str, code: &str, present: &str| {
            let mut parts = vec![qualifier.to_owned(), code.to_owned()];
            parts.resize(8, String::new());
            parts.push(present.to_owned());
            parts
        };
        let (code, present) = &self.principal_diagnosis;
        out.put(line("HI").c(diagnosis("ABK", code, present)));
        let admitting = &self.admitting_diagnosis;
        out.put_if(!admitting.is_empty(), line("HI").c(["ABJ", admitting]));
        for twelve in self.other_diagnoses.chunks(12) {
            out.put(twelve.iter().fold(line("HI"), |hi, (code, present)| {
                hi.c(diagnosis("ABF", code, present))
            }));
        }
        if let Some((code, date)) = &self.principal_procedure {
            out.put(line("HI").c(["BBR", code, "D8", date]));
        }
        for twelve in self.values.chunks(12) {
            out.put(twelve.iter().fold(line("HI"), |hi, value| {
                hi.c(["BE", &value.code, "", "", &number(value.amount)])
            }));
        }
        for twelve in self.conditions.chunks(12) {
            out.put(
                twelve
                    .iter()
                    .fold(line("HI"), |hi, code| hi.c(["BG", code])),
            );
        }
    }
}

impl InstitutionalLine {
    fn write(&self, out: &mut SetWriter<'_>) {
        let procedure = self.procedure.as_ref().map(Procedure::components);
        out.put(
            line("SV2")
                .e(&self.revenue_code)
                .c(procedure.unwrap_or_default())
                .e(number(self.charge))
                .e(&self.unit)
                .e(number(self.quantity))
                .e("")
                .e(self.non_covered.map(number).unwrap_or_default()),
        );
        let date = &self.service_date;
        out.put_if(
            !date.is_empty(),
            line("DTP").e("472").e(date_format(date)).e(date),
        );
        let number_given = !self.control_number.is_empty();
        out.put_if(number_given, line("REF").e("6R").e(&self.control_number));
    }
}
