//! Well-formed claims.

use mt_x12::model::*;

use super::{NPI2, address, birth, clinic, jane, john, money, payer, text};

fn submission<C>(claim: C) -> ClaimSubmission<C> {
    ClaimSubmission {
        reference: text("BATCH1"),
        date: text("20260601"),
        time: text("1200"),
        submitter: Party::organization("MEDITRACK", "46", "SUB001"),
        contact: Contact::telephone("EDI DESK", "5551234567"),
        receiver: Party::organization("EXAMPLE HEALTH PLAN", "46", "PAYER01"),
        billing: BillingProvider {
            party: clinic(),
            address: address(),
            tax_id: Reference::new("EI", "123456789"),
            taxonomy: text("207Q00000X"),
            pay_to: None,
        },
        patients: vec![PatientClaims {
            subscriber: Subscriber {
                responsibility: text("P"),
                group_number: text("GRP1"),
                filing: text("CI"),
                party: jane(),
                address: Some(address()),
                demographics: Some(birth()),
                payer: payer(),
                ..Subscriber::default()
            },
            patient: None,
            claims: vec![claim],
        }],
    }
}

fn professional_claim() -> ProfessionalClaim {
    let line = |code: &str, charge: &str, pointers: &[u8], number: &str| ProfessionalLine {
        procedure: Procedure::hcpcs(code, &[]),
        charge: money(charge),
        unit: text("UN"),
        quantity: money("1"),
        pointers: pointers.to_vec(),
        service_date: text("20260520"),
        control_number: text(number),
        ..ProfessionalLine::default()
    };
    ProfessionalClaim {
        id: text("PT-ACCT-001"),
        place_of_service: text("11"),
        frequency: text("1"),
        signature_on_file: true,
        assignment: text("A"),
        benefits_assigned: text("Y"),
        release: text("Y"),
        references: vec![Reference::new("G1", "AUTH777")],
        diagnoses: vec![text("J209"), text("I10")],
        referring: Some(Party::person("SMITH", "ADA", "XX", NPI2)),
        rendering: Some((
            Party::person("HOUSE", "ANNA", "XX", NPI2),
            text("207Q00000X"),
        )),
        lines: vec![
            line("99213", "150", &[1, 2], "L1"),
            line("85025", "49.5", &[2], "L2"),
        ],
        ..ProfessionalClaim::default()
    }
}

pub(crate) fn professional() -> ClaimSubmission<ProfessionalClaim> {
    submission(professional_claim())
}

/// A child of the subscriber is the patient, and another payer has paid before.
pub(crate) fn professional_for_child() -> ClaimSubmission<ProfessionalClaim> {
    let mut claim = professional_claim();
    claim.other_payers.push(OtherPayer {
        responsibility: text("P"),
        relationship: text("19"),
        filing: text("CI"),
        paid: Some(money("80")),
        subscriber: Party::person("DOE", "JACK", "MI", "OTH1"),
        payer: Party::organization("OTHER PLAN", "PI", "PAYER02"),
    });
    let mut found = submission(claim);
    let patient = &mut found.patients[0];
    patient.subscriber.responsibility = text("S");
    patient.patient = Some(Patient {
        relationship: text("19"),
        party: john(),
        address: address(),
        demographics: Demographics::new("20150101", "M"),
    });
    found
}

pub(crate) fn institutional() -> ClaimSubmission<InstitutionalClaim> {
    let claim = InstitutionalClaim {
        id: text("PT-ACCT-002"),
        facility_type: text("11"),
        frequency: text("1"),
        assignment: text("A"),
        benefits_assigned: text("Y"),
        release: text("Y"),
        statement_period: text("20260520-20260525"),
        admission: text("202605201200"),
        discharge_hour: text("1000"),
        admission_type: text("1"),
        admission_source: text("7"),
        patient_status: text("01"),
        principal_diagnosis: (text("J189"), text("Y")),
        admitting_diagnosis: text("R0602"),
        other_diagnoses: vec![(text("I10"), text("Y"))],
        principal_procedure: Some((text("0BH17EZ"), text("20260521"))),
        values: vec![ValueCode {
            code: text("80"),
            amount: money("5"),
        }],
        attending: Some((
            Party::person("HOUSE", "ANNA", "XX", NPI2),
            text("207R00000X"),
        )),
        lines: vec![
            InstitutionalLine {
                revenue_code: text("0120"),
                charge: money("1500"),
                unit: text("DA"),
                quantity: money("5"),
                control_number: text("L1"),
                ..InstitutionalLine::default()
            },
            InstitutionalLine {
                revenue_code: text("0300"),
                procedure: Some(Procedure::hcpcs("85025", &[])),
                charge: money("80.25"),
                unit: text("UN"),
                quantity: money("2"),
                service_date: text("20260521"),
                control_number: text("L2"),
                ..InstitutionalLine::default()
            },
        ],
        ..InstitutionalClaim::default()
    };
    submission(claim)
}
