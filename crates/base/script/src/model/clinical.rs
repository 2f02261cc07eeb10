//! What goes with a prescription: allergies, measurements, cover.

use rust_decimal::Decimal;

use super::leaf::Moment;
use super::record::record;
use super::shape::{EXPECTED, OPTIONAL, REQUIRED};
use super::sig::Term;
use crate::codes;

record! {
    /// `AllergyOrAdverseEvent`: allergies, or the statement that there are none.
    AllergyOrAdverseEvent {
        no_known_allergies: Option<String> = "NoKnownAllergies", OPTIONAL.codes(codes::YES_NO);
        allergies: Vec<Allergies> = "Allergies", OPTIONAL;
    }

    /// `Allergies`: one allergy or adverse event.
    Allergies {
        source_of_information: Option<String> = "SourceOfInformation", EXPECTED.codes(codes::SOURCE_OF_INFORMATION);
        effective_date: Option<Moment> = "EffectiveDate", OPTIONAL;
        expiration_date: Option<Moment> = "ExpirationDate", OPTIONAL;
        adverse_event: Option<Term> = "AdverseEvent", EXPECTED;
        drug_product_coded: Option<CodedProduct> = "DrugProductCoded", OPTIONAL;
        reaction: Option<Term> = "ReactionCoded", OPTIONAL;
        severity: Option<Term> = "SeverityCoded", OPTIONAL;
    }

    /// `DrugProductCoded`.
    CodedProduct {
        code: Option<String> = "Code", REQUIRED.max(35);
        qualifier: Option<String> = "Qualifier", EXPECTED.max(3);
        text: Option<String> = "Text", OPTIONAL.max(105);
    }

    /// `Observation`.
    Observation {
        measurement: Vec<Measurement> = "Measurement", EXPECTED;
        notes: Option<String> = "ObservationNotes", OPTIONAL.max(140);
    }

    /// `Measurement` of a vital sign in LOINC and UCUM.
    Measurement {
        vital_sign: Option<String> = "VitalSign", REQUIRED.max(10);
        loinc_version: Option<String> = "LOINCVersion", EXPECTED.max(10);
        value: Option<Decimal> = "Value", REQUIRED;
        unit: Option<String> = "UnitOfMeasure", EXPECTED.max(40);
        ucum_version: Option<String> = "UCUMVersion", EXPECTED.max(10);
        observation_date: Option<Moment> = "ObservationDate", EXPECTED;
    }

    /// `BenefitsCoordination`: one cover.
    BenefitsCoordination {
        payer_identification: Option<PayerIdentification> = "PayerIdentification", EXPECTED;
        payer_name: Option<String> = "PayerName", OPTIONAL.max(70);
        cardholder_id: Option<String> = "CardholderID", OPTIONAL.max(35);
        cardholder_name: Option<super::Name> = "CardHolderName", OPTIONAL;
        group_id: Option<String> = "GroupID", OPTIONAL.max(35);
        group_name: Option<String> = "GroupName", OPTIONAL.max(70);
        pbm_member_id: Option<String> = "PBMMemberID", OPTIONAL.max(80);
        payer_responsibility: Option<String> = "PayerResponsibilityCode", OPTIONAL.codes(codes::PAYER_RESPONSIBILITY);
    }

    /// `PayerIdentification`.
    PayerIdentification {
        payer_id: Option<String> = "PayerID", OPTIONAL.max(35);
        processor_number: Option<String> = "ProcessorIdentificationNumber", OPTIONAL.max(35);
        iin_number: Option<String> = "IINNumber", OPTIONAL.max(8).aliases(&["BINLocationNumber"]);
        naic_code: Option<String> = "NAICCode", OPTIONAL.max(35);
        mutually_defined: Option<String> = "MutuallyDefined", OPTIONAL.max(35);
    }
}
