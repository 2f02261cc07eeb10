//! People and places: patient, prescriber, supervisor, pharmacy, facility.

use super::leaf::{Moment, Opaque};
use super::record::record;
use super::shape::{EXPECTED, Format, OPTIONAL, REQUIRED};
use crate::codes;

record! {
    /// `Patient`: a person or an animal.
    Patient {
        human: Option<HumanPatient> = "HumanPatient", OPTIONAL;
        non_human: Option<Opaque> = "NonHumanPatient", OPTIONAL;
    }

    /// `HumanPatient`.
    HumanPatient {
        identification: Option<Identification> = "Identification", OPTIONAL;
        name: Option<Name> = "Name", REQUIRED;
        former_name: Option<Name> = "FormerName", OPTIONAL;
        gender: Option<String> = "Gender", EXPECTED.codes(codes::GENDER);
        date_of_birth: Option<Moment> = "DateOfBirth", EXPECTED;
        address: Option<Address> = "Address", OPTIONAL;
        communication_numbers: Option<CommunicationNumbers> = "CommunicationNumbers", OPTIONAL;
        patient_location: Option<Opaque> = "PatientLocation", OPTIONAL;
        gestational_age: Option<Opaque> = "GestationalAge", OPTIONAL;
    }

    /// `Name` of a person.
    Name {
        last_name: Option<String> = "LastName", REQUIRED.max(35);
        first_name: Option<String> = "FirstName", EXPECTED.max(35);
        middle_name: Option<String> = "MiddleName", OPTIONAL.max(35);
        suffix: Option<String> = "Suffix", OPTIONAL.max(10);
        prefix: Option<String> = "Prefix", OPTIONAL.max(10);
    }

    /// `Address`.
    Address {
        line1: Option<String> = "AddressLine1", EXPECTED.max(40);
        line2: Option<String> = "AddressLine2", OPTIONAL.max(40);
        city: Option<String> = "City", EXPECTED.max(35);
        state_province: Option<String> = "StateProvince", EXPECTED.max(9);
        postal_code: Option<String> = "PostalCode", EXPECTED.max(11);
        country_code: Option<String> = "CountryCode", OPTIONAL.max(2);
    }

    /// `CommunicationNumbers`.
    CommunicationNumbers {
        primary_telephone: Option<Number> = "PrimaryTelephone", EXPECTED;
        beeper: Vec<Number> = "Beeper", OPTIONAL;
        electronic_mail: Vec<String> = "ElectronicMail", OPTIONAL.max(80);
        fax: Vec<Number> = "Fax", OPTIONAL;
        home_telephone: Vec<Number> = "HomeTelephone", OPTIONAL;
        work_telephone: Vec<Number> = "WorkTelephone", OPTIONAL;
        other_telephone: Vec<Number> = "OtherTelephone", OPTIONAL;
        direct_address: Option<String> = "DirectAddress", OPTIONAL.max(254);
    }

    /// A telephone number.
    Number {
        number: Option<String> = "Number", EXPECTED.format(Format::Telephone).loose("");
        extension: Option<String> = "Extension", OPTIONAL.format(Format::Digits(1, 8));
        supports_sms: Option<String> = "SupportsSMS", OPTIONAL.max(5);
    }

    /// `Identification` of a person or a place.
    Identification {
        ncpdp_id: Option<String> = "NCPDPID", OPTIONAL.format(Format::Digits(7, 7));
        state_license_number: Option<String> = "StateLicenseNumber", OPTIONAL.max(35);
        medicare_number: Option<String> = "MedicareNumber", OPTIONAL.max(35);
        medicaid_number: Option<String> = "MedicaidNumber", OPTIONAL.max(35);
        upin: Option<String> = "UPIN", OPTIONAL.max(35);
        facility_id: Option<String> = "FacilityID", OPTIONAL.max(35);
        dea_number: Option<String> = "DEANumber", OPTIONAL.format(Format::Dea).aliases(&["DEA"]);
        hin: Option<String> = "HIN", OPTIONAL.max(35);
        npi: Option<String> = "NPI", OPTIONAL.format(Format::Npi);
        certificate_to_prescribe: Option<String> = "CertificateToPrescribe", OPTIONAL.max(35);
        data2000_waiver_id: Option<String> = "Data2000WaiverID", OPTIONAL.max(35);
        rems_enrollment_id: Option<String> = "REMSHealthcareProviderEnrollmentID", OPTIONAL.max(35);
        state_control_substance_number: Option<String> = "StateControlSubstanceNumber", OPTIONAL.max(35);
        social_security: Option<String> = "SocialSecurity", OPTIONAL.format(Format::Digits(4, 9));
        medical_record_number: Option<String> = "MedicalRecordIdentificationNumberEHR", OPTIONAL.max(35);
        patient_account_number: Option<String> = "PatientAccountNumber", OPTIONAL.max(35);
        mutually_defined: Option<String> = "MutuallyDefined", OPTIONAL.max(35);
    }

    /// `Pharmacy`.
    Pharmacy {
        identification: Option<Identification> = "Identification", EXPECTED;
        specialty: Option<String> = "Specialty", OPTIONAL.max(10);
        pharmacist: Option<Pharmacist> = "Pharmacist", OPTIONAL;
        business_name: Option<String> = "BusinessName", EXPECTED.max(70).aliases(&["StoreName"]);
        address: Option<Address> = "Address", OPTIONAL;
        communication_numbers: Option<CommunicationNumbers> = "CommunicationNumbers", EXPECTED;
    }

    /// `Pharmacist`.
    Pharmacist {
        identification: Option<Identification> = "Identification", OPTIONAL;
        name: Option<Name> = "Name", OPTIONAL;
    }

    /// `Prescriber`, and `Supervisor` of one: for people or for animals.
    Prescriber {
        non_veterinarian: Option<NonVeterinarian> = "NonVeterinarian", OPTIONAL;
        veterinarian: Option<NonVeterinarian> = "Veterinarian", OPTIONAL;
    }

    /// A prescriber: `NonVeterinarian` or `Veterinarian`.
    NonVeterinarian {
        identification: Option<Identification> = "Identification", REQUIRED;
        specialty: Option<String> = "Specialty", OPTIONAL.max(10);
        practice_location: Option<PracticeLocation> = "PracticeLocation", OPTIONAL;
        name: Option<Name> = "Name", REQUIRED;
        former_name: Option<Name> = "FormerName", OPTIONAL;
        address: Option<Address> = "Address", EXPECTED;
        prescriber_agent: Option<PrescriberAgent> = "PrescriberAgent", OPTIONAL;
        communication_numbers: Option<CommunicationNumbers> = "CommunicationNumbers", EXPECTED;
        place_of_service: Option<String> = "PrescriberPlaceOfService", OPTIONAL.format(Format::Digits(2, 2));
    }

    /// `PracticeLocation`.
    PracticeLocation {
        identification: Option<Identification> = "Identification", OPTIONAL;
        business_name: Option<String> = "BusinessName", OPTIONAL.max(70);
    }

    /// `PrescriberAgent`.
    PrescriberAgent {
        name: Option<Name> = "Name", OPTIONAL;
        identification: Option<Identification> = "Identification", OPTIONAL;
    }

    /// `Facility`, where a patient lives or is treated.
    Facility {
        identification: Option<Identification> = "Identification", OPTIONAL;
        facility_name: Option<String> = "FacilityName", EXPECTED.max(70);
        address: Option<Address> = "Address", OPTIONAL;
        communication_numbers: Option<CommunicationNumbers> = "CommunicationNumbers", OPTIONAL;
        facility_unit: Option<String> = "FacilityUnit", OPTIONAL.max(35);
        room: Option<String> = "Room", OPTIONAL.max(35);
        bed: Option<String> = "Bed", OPTIONAL.max(35);
    }
}
