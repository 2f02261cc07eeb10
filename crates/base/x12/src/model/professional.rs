//! The professional claim, 837P.

use rust_decimal::Decimal;

use super::{
    Address, ClaimBody, OtherPayer, Party, Procedure, Reference, date_format, number, total,
};
use crate::write::{SetWriter, line};

/// One professional claim (2300).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfessionalClaim {
    /// CLM01: comes back in every answer; payers keep 20 characters.
    pub id: String,
    /// CLM05-1.
    pub place_of_service: String,
    /// CLM05-3: `1` original, `7` replacement, `8` void.
    pub frequency: String,
    /// CLM06: the provider's signature is on file.
    pub signature_on_file: bool,
    /// CLM07: `A` assigned, `B` laboratory only, `C` not assigned.
    pub assignment: String,
    /// CLM08: benefits go to the provider, `Y`, `N` or `W`.
    pub benefits_assigned: String,
    /// CLM09: `Y` consent to release, `I` informed consent.
    pub release: String,
    /// CLM11: related cause (`AA`, `EM`, `OA`) and, for `AA`, the state.
    pub accident: Option<(String, String)>,
    /// Dates: qualifier (`431` onset, `439` accident, `435` admission, …) and CCYYMMDD.
    pub dates: Vec<(String, String)>,
    /// AMT*F5.
    pub patient_paid: Option<Decimal>,
    /// References: `G1` prior authorization, `9F` referral, `F8` payer claim number, ….
    pub references: Vec<Reference>,
    /// Additional text (NTE*ADD).
    pub note: String,
    /// ICD-10-CM codes without the point, the principal first; at most twelve.
    pub diagnoses: Vec<String>,
    /// Who referred.
    pub referring: Option<Party>,
    /// Who treated, when not the billing provider; with taxonomy code.
    pub rendering: Option<(Party, String)>,
    /// Where, when not at the billing provider.
    pub facility: Option<(Party, Address)>,
    /// Who supervised.
    pub supervising: Option<Party>,
    /// Other payers.
    pub other_payers: Vec<OtherPayer>,
    /// The lines; at most fifty.
    pub lines: Vec<ProfessionalLine>,
}

/// One line (2400).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfessionalLine {
    /// The procedure.
    pub procedure: Procedure,
    /// The charge.
    pub charge: Decimal,
    /// Units (`UN`), or minutes (`MJ`) for anaesthesia.
    pub unit: String,
    /// How many.
    pub quantity: Decimal,
    /// Place of service, when not the claim's.
    pub place_of_service: String,
    /// Which diagnoses, counted from 1; one to four.
    pub pointers: Vec<u8>,
    /// An emergency.
    pub emergency: bool,
    /// The day or period of service.
    pub service_date: String,
    /// REF*6R: the line number that the 835 repeats.
    pub control_number: String,
    /// NDC, quantity and unit (`ML`, `UN`, `GR`, `ME`, `F2`) of a drug.
    pub drug: Option<(String, Decimal, String)>,
}

impl ProfessionalClaim {
    /// The sum of the lines, which CLM02 carries.
    pub fn charge(&self) -> Decimal {
        total(self.lines.iter().map(|line| line.charge))
    }
}

impl ClaimBody for ProfessionalClaim {
    const VERSION: &'static str = "005010X222A1";

    fn write(&self, out: &mut SetWriter<'_>) {
        self.write_claim(out);
        if let Some(party) = &self.referring {
            out.put(party.line("DN"));
        }
        if let Some((party, taxonomy)) = &self.rendering {
            out.put(party.line("82"));
            out.put_if(
                !taxonomy.is_empty(),
                line("PRV").e("PE").e("PXC").e(taxonomy),
            );
        }
        if let Some((party, address)) = &self.facility {
            out.put(party.line("77"));
            address.write(out);
        }
        if let Some(party) = &self.supervising {
            out.put(party.line("DQ"));
        }
        self.other_payers.iter().for_each(|payer| payer.write(out));
        for (index, one) in self.lines.iter().enumerate() {
            out.put(line("LX").e((index + 1).to_string()));
            one.write(out);
        }
    }
}

impl ProfessionalClaim {
    fn write_claim(&self, out: &mut SetWriter<'_>) {
        let (cause, state) = match &self.accident {
            Some((cause, state)) => (cause.as_str(), state.as_str()),
            None => ("", ""),
        };
        out.put(
            line("CLM")
                .e(&self.id)
                .e(number(self.charge()))
                .skip(2)
                .c([self.place_of_service.as_str(), "B", &self.frequency])
                .e(if self.signature_on_file { "Y" } else { "N" })
                .e(&self.assignment)
                .e(&self.benefits_assigned)
                .e(&self.release)
                .e("")
                .c([cause, "", "", state]),
        );
        for (qualifier, date) in &self.dates {
            out.put(line("DTP").e(qualifier).e(date_format(date)).e(date));
        }
        if let Some(paid) = self.patient_paid {
            out.put(line("AMT").e("F5").e(number(paid)));
        }
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        out.put_if(!self.note.is_empty(), line("NTE").e("ADD").e(&self.note));
        let mut hi = line("HI");
        for (index, code) in self.diagnoses.iter().take(12).enumerate() {
            hi = hi.c([if index == 0 { "ABK" } else { "ABF" }, code]);
        }
        out.put(hi);
    }
}

impl ProfessionalLine {
    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(
            line("SV1")
                .c(self.procedure.components())
                .e(number(self.charge))
                .e(&self.unit)
                .e(number(self.quantity))
                .e(&self.place_of_service)
                .e("")
                .c(self.pointers.iter().map(u8::to_string))
                .e("")
                .e(if self.emergency { "Y" } else { "" }),
        );
        let date = &self.service_date;
        out.put(line("DTP").e("472").e(date_format(date)).e(date));
        let number_given = !self.control_number.is_empty();
        out.put_if(number_given, line("REF").e("6R").e(&self.control_number));
        if let Some((ndc, quantity, unit)) = &self.drug {
            out.put(line("LIN").e("").e("N4").e(ndc));
            out.put(line("CTP").skip(3).e(number(*quantity)).c([unit]));
        }
    }
}
