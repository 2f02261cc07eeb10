//! Values whose form depends on the qualifier before them: periods, identifiers, clinical codes.
//!
//! The directory gives such a value a length only. What it must look like, the qualifier says: `D8`
//! a day, `XX` a provider identifier, `ABK` a code of ICD-10-CM. Clinical codes are checked by shape,
//! since their lists change every year; a decimal point, which X12 leaves out, is the usual fault.

use super::ElementFault;
use super::dates::{self, DateFault};
use super::sink::{Mark, Sink};
use crate::guide::{DataElement, is_npi};

/// The qualifiers met so far in one segment, each until its value has come.
#[derive(Default)]
pub(super) struct Qualifiers<'a> {
    date_format: &'a str,
    identifier: &'a str,
    reference: &'a str,
    code_list: &'a str,
    product: &'a str,
}

impl<'a> Qualifiers<'a> {
    /// Forgets the qualifiers of codes, which do not reach beyond their composite.
    pub(super) fn end_composite(&mut self) {
        self.code_list = "";
        self.product = "";
    }

    /// Remembers a qualifier, or holds a value to the one before it.
    pub(super) fn take(&mut self, data: &DataElement, value: &'a str, mark: Mark, sink: &mut Sink) {
        match data.number {
            "1250" => self.date_format = value,
            "1251" => check_period(std::mem::take(&mut self.date_format), value, mark, sink),
            "66" => self.identifier = value,
            "67" if std::mem::take(&mut self.identifier) == "XX" => check_npi(value, mark, sink),
            "128" => self.reference = value,
            "127" if std::mem::take(&mut self.reference) == "HPI" => check_npi(value, mark, sink),
            "1270" => self.code_list = value,
            "1271" => check_code(std::mem::take(&mut self.code_list), value, mark, sink),
            "235" => self.product = value,
            "234" => check_code(std::mem::take(&mut self.product), value, mark, sink),
            _ => {}
        }
    }
}

fn check_period(format: &str, value: &str, mark: Mark, sink: &mut Sink) {
    let (code, message) = match dates::check_period(format, value) {
        Ok(()) => return,
        Err(DateFault::Date) => (ElementFault::InvalidDate, "it is not a date of its format"),
        Err(DateFault::Time) => (ElementFault::InvalidTime, "it is not a time of its format"),
        Err(DateFault::Reversed) => {
            let message = "the period ends before it begins";
            (ElementFault::InvalidDate, message)
        }
    };
    sink.element(mark, code, "date", message);
}

fn check_npi(value: &str, mark: Mark, sink: &mut Sink) {
    if !is_npi(value) {
        let message = "the NPI is not ten digits with a correct check digit";
        sink.element(mark, ElementFault::InvalidValue, "npi-check-digit", message);
    }
}

fn check_code(list: &str, value: &str, mark: Mark, sink: &mut Sink) {
    if !has_shape(list, value.as_bytes()) {
        let message = "it does not look like a code of the list that its qualifier names";
        sink.element(mark, ElementFault::InvalidValue, "code-shape", message);
    }
}

/// Whether `code` looks like one of `list`; lists without a fixed shape take anything.
fn has_shape(list: &str, code: &[u8]) -> bool {
    let plain = |from: usize, to: usize| {
        (from..=to).contains(&code.len()) && code.iter().all(u8::is_ascii_alphanumeric)
    };
    let digits = |code: &[u8]| code.iter().all(u8::is_ascii_digit);
    match list {
        // ICD-10-CM and ICD-9-CM, diagnoses.
        "ABK" | "ABF" | "ABJ" | "ABN" | "APR" => {
            plain(3, 7) && code[0].is_ascii_alphabetic() && code[1].is_ascii_digit()
        }
        "BK" | "BF" | "BJ" | "BN" | "PR" => {
            plain(3, 5) && matches!(code[0], b'0'..=b'9' | b'E' | b'V') && digits(&code[1..])
        }
        // ICD-10-PCS and ICD-9-CM, procedures.
        "BBR" | "BBQ" => plain(7, 7),
        "BR" | "BQ" => plain(3, 4) && digits(code),
        // HCPCS and CPT, HIPPS, CDT.
        "HC" | "HP" | "AD" | "BP" | "BO" => plain(5, 5),
        // NDC as 5-4-2 digits.
        "N4" => plain(11, 11) && digits(code),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_shape_of_their_list() {
        for (list, good, bad) in [
            ("ABK", "J209", "J20.9"),
            ("ABF", "C7A1", "JJ09"),
            ("BK", "V7281", "V72.81"),
            ("BF", "E8499", "A01"),
            ("BBR", "0DTJ4ZZ", "0DTJ4Z"),
            ("BQ", "8472", "84.72"),
            ("HC", "J3490", "9921"),
            ("N4", "01234567891", "0123-4567-89"),
            ("ZZ", "any-thing", ""),
        ] {
            assert!(has_shape(list, good.as_bytes()), "{list} {good}");
            let free = list == "ZZ";
            assert_eq!(has_shape(list, bad.as_bytes()), free, "{list} {bad}");
        }
    }
}
