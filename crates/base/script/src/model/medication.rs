//! Medications: prescribed, dispensed, requested, changed and administered.

use rust_decimal::Decimal;

use super::leaf::{Moment, Opaque};
use super::record::record;
use super::shape::{EXPECTED, Format, OPTIONAL, REQUIRED};
use super::sig::Sig;
use crate::codes;

record! {
    /// `MedicationPrescribed`, `MedicationDispensed`, `MedicationRequested`, `MedicationResponse` and
    /// `MedicationAdministered`.
    Medication {
        drug_description: Option<String> = "DrugDescription", REQUIRED.max(105);
        drug_coded: Option<DrugCoded> = "DrugCoded", OPTIONAL;
        compound: Option<Opaque> = "CompoundInformation", OPTIONAL;
        quantity: Option<Quantity> = "Quantity", EXPECTED;
        days_supply: Option<u32> = "DaysSupply", OPTIONAL.format(Format::Digits(1, 3));
        written_date: Option<Moment> = "WrittenDate", EXPECTED;
        last_fill_date: Option<Moment> = "LastFillDate", OPTIONAL;
        substitutions: Option<String> = "Substitutions", EXPECTED.codes(codes::SUBSTITUTIONS);
        refills: Option<u32> = "NumberOfRefills", EXPECTED.format(Format::Digits(1, 2)).aliases(&["Refills"]);
        diagnosis: Vec<Diagnosis> = "Diagnosis", OPTIONAL;
        prior_authorization: Option<String> = "PriorAuthorization", OPTIONAL.max(35);
        prior_authorization_status: Option<String> = "PriorAuthorizationStatus", OPTIONAL.max(1);
        drug_use_evaluation: Vec<Opaque> = "DrugUseEvaluation", OPTIONAL;
        drug_coverage_status: Vec<String> = "DrugCoverageStatusCode", OPTIONAL.max(2);
        note: Option<String> = "Note", OPTIONAL.max(210);
        sig: Option<Sig> = "Sig", EXPECTED;
        rx_fill_indicator: Option<String> = "RxFillIndicator", OPTIONAL;
        other_medication_date: Vec<OtherMedicationDate> = "OtherMedicationDate", OPTIONAL;
        delivery_request: Option<String> = "DeliveryRequest", OPTIONAL;
        delivery_location: Option<String> = "DeliveryLocation", OPTIONAL;
        fill_number: Option<u32> = "FillNumber", OPTIONAL.format(Format::Digits(1, 2));
        pharmacy_requested_refills: Option<u32> = "PharmacyRequestedRefills", OPTIONAL.format(Format::Digits(1, 2));
    }

    /// `DrugCoded`: the product and the drug in coded form.
    DrugCoded {
        product_code: Option<Code> = "ProductCode", OPTIONAL;
        strength: Option<Strength> = "Strength", OPTIONAL;
        drug_db_code: Option<DrugDbCode> = "DrugDBCode", OPTIONAL;
        dea_schedule: Option<Coded> = "DEASchedule", OPTIONAL;
    }

    /// A code of a product and the list it is from.
    Code {
        code: Option<String> = "Code", EXPECTED.max(40).loose("");
        qualifier: Option<String> = "Qualifier", EXPECTED.usual(codes::PRODUCT_QUALIFIER).loose("Qualifier");
    }

    /// A code of a drug in a terminology: RxNorm and compendia.
    DrugDbCode {
        code: Option<String> = "Code", EXPECTED.max(40).loose("");
        qualifier: Option<String> = "Qualifier", EXPECTED.usual(codes::DRUG_DB_QUALIFIER).loose("Qualifier");
    }

    /// A code of the NCI Thesaurus.
    Coded {
        code: Option<String> = "Code", EXPECTED.max(15).loose("");
    }

    /// `Strength`.
    Strength {
        value: Option<String> = "StrengthValue", OPTIONAL.max(70);
        form: Option<Coded> = "StrengthForm", OPTIONAL;
        unit: Option<Coded> = "StrengthUnitOfMeasure", OPTIONAL;
    }

    /// `Quantity`.
    Quantity {
        value: Option<Decimal> = "Value", REQUIRED.max(11);
        code_list_qualifier: Option<String> = "CodeListQualifier", EXPECTED.usual(codes::QUANTITY_CODE_LIST);
        unit: Option<Coded> = "QuantityUnitOfMeasure", EXPECTED;
    }

    /// `Diagnosis`.
    Diagnosis {
        clinical_information_qualifier: Option<String> = "ClinicalInformationQualifier", EXPECTED.codes(codes::CLINICAL_INFORMATION);
        primary: Option<DiagnosisCode> = "Primary", REQUIRED;
        secondary: Option<DiagnosisCode> = "Secondary", OPTIONAL;
    }

    /// `Primary` and `Secondary`.
    DiagnosisCode {
        code: Option<String> = "Code", REQUIRED.max(30);
        qualifier: Option<String> = "Qualifier", EXPECTED.usual(codes::DIAGNOSIS_QUALIFIER);
        description: Option<String> = "Description", OPTIONAL.max(105);
    }

    /// `OtherMedicationDate`.
    OtherMedicationDate {
        date: Option<Moment> = "OtherMedicationDate", REQUIRED;
        qualifier: Option<String> = "OtherMedicationDateQualifier", EXPECTED.max(35);
    }
}

impl Medication {
    /// The code of its DEA schedule, if it is a controlled substance.
    pub fn controlled_schedule(&self) -> Option<codes::Schedule> {
        let code = self
            .drug_coded
            .as_ref()?
            .dea_schedule
            .as_ref()?
            .code
            .as_deref()?;
        codes::Schedule::of_code(code)
    }
}
