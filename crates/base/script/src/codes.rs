//! Code lists as facts: the codes alone. Their descriptions belong to those who maintain the lists.

/// `Gender`.
pub const GENDER: &[&str] = &["M", "F", "U"];
/// `Substitutions`: 0 allowed, 1 not allowed by the prescriber.
pub const SUBSTITUTIONS: &[&str] = &["0", "1"];
/// `To` and `From`.
pub const MAILBOX_QUALIFIER: &[&str] = &["P", "D", "C", "M", "ZZZ"];
/// `ProductCode`.
pub const PRODUCT_QUALIFIER: &[&str] = &["ND", "UP", "RT", "MF", "HI", "UD"];
/// `DrugDBCode`: RxNorm term types and compendia.
pub const DRUG_DB_QUALIFIER: &[&str] = &[
    "SCD", "SBD", "GPK", "BPK", "FG", "FS", "FM", "FI", "FL", "FN", "MC", "MG", "MM", "MD", "GS",
    "G",
];
/// The term types of RxNorm among [`DRUG_DB_QUALIFIER`].
pub const RXNORM_QUALIFIER: &[&str] = &["SCD", "SBD", "GPK", "BPK"];
/// `CodeListQualifier` of a quantity.
pub const QUANTITY_CODE_LIST: &[&str] = &["38", "40", "87", "QS", "CF", "UN"];
/// `ClinicalInformationQualifier`.
pub const CLINICAL_INFORMATION: &[&str] = &["1", "2"];
/// `Qualifier` of a diagnosis.
pub const DIAGNOSIS_QUALIFIER: &[&str] = &["ABF", "DX", "LD"];
/// `SourceOfInformation`.
pub const SOURCE_OF_INFORMATION: &[&str] = &["P", "C"];
/// Yes and no.
pub const YES_NO: &[&str] = &["Y", "N"];
/// `PayerResponsibilityCode`.
pub const PAYER_RESPONSIBILITY: &[&str] = &["P", "S", "T", "PP", "U"];
/// `MessageRequestCode`: what a pharmacy asks to change.
pub const CHANGE_REQUEST: &[&str] = &["G", "T", "D", "S", "P", "OS", "U"];
/// `Code` of `Status`.
pub const STATUS: &[&str] = &["000", "001", "002", "003", "005", "010"];
/// `Code` of `Verify`.
pub const VERIFY: &[&str] = &["010"];
/// `Code` of `Error`.
pub const ERROR: &[&str] = &["600", "601", "602", "900"];

/// A schedule of the Controlled Substances Act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Schedule {
    /// Schedule I: not for prescription.
    I,
    /// Schedule II.
    II,
    /// Schedule III.
    III,
    /// Schedule IV.
    IV,
    /// Schedule V.
    V,
}

/// The code of the NCI Thesaurus for drugs that are in no schedule.
pub const UNSCHEDULED: &str = "C38046";

impl Schedule {
    /// The schedule of a code of the NCI Thesaurus in `DEASchedule`; none for [`UNSCHEDULED`] and unknown codes.
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "C48672" => Some(Self::I),
            "C48675" => Some(Self::II),
            "C48676" => Some(Self::III),
            "C48677" => Some(Self::IV),
            "C48679" => Some(Self::V),
            _ => None,
        }
    }

    /// The most refills that 21 CFR 1306.12 and 1306.22 allow.
    pub fn most_refills(self) -> Option<u32> {
        match self {
            Self::I | Self::II => Some(0),
            Self::III | Self::IV => Some(5),
            Self::V => None,
        }
    }
}

/// Whether an NPI has ten digits and the check digit of 45 CFR 162.406 (Luhn over `80840` and the number).
pub fn is_npi(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let weigh = |(place, digit): (usize, &u32)| match place % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    };
    // The prefix 80840 always adds 24.
    text.len() == 10
        && digits.len() == 10
        && (24 + digits.iter().rev().enumerate().map(weigh).sum::<u32>()).is_multiple_of(10)
}

/// Whether a DEA registration number has two letters (or a letter and 9), seven digits and its check digit.
pub fn is_dea(text: &str) -> bool {
    // A hospital's practitioner writes the internal code after the number of the hospital.
    let number = text.split_once('-').map_or(text, |(number, _)| number);
    let bytes = number.as_bytes();
    let is_shaped = bytes.len() == 9
        && bytes[0].is_ascii_uppercase()
        && (bytes[1].is_ascii_uppercase() || bytes[1] == b'9')
        && bytes[2..].iter().all(u8::is_ascii_digit);
    let digit = |place: usize| u32::from(bytes[place] - b'0');
    is_shaped && {
        let sum = digit(2) + digit(4) + digit(6) + 2 * (digit(3) + digit(5) + digit(7));
        sum % 10 == digit(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_decide() {
        assert!(is_npi("1234567893") && is_npi("1306213384"));
        assert!(!is_npi("1234567890") && !is_npi("123456789") && !is_npi("12345678９3"));
        assert!(is_dea("BL8426529") && is_dea("AB1234563") && is_dea("AB1234563-042"));
        assert!(!is_dea("AB1234564") && !is_dea("1B1234563") && !is_dea("AB123456"));
    }
}
