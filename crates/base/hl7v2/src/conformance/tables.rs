//! Codes of the HL7 tables that the standard profile checks.

use crate::Version;

/// A table: its codes, and whether a site may add to it.
pub(super) struct Table {
    pub(super) codes: &'static [&'static str],
    pub(super) extensible: bool,
}

const fn hl7(codes: &'static [&'static str]) -> Table {
    Table {
        codes,
        extensible: false,
    }
}

const fn user(codes: &'static [&'static str]) -> Table {
    Table {
        codes,
        extensible: true,
    }
}

/// 0001 administrative sex.
pub(super) const SEX: Table = user(&["A", "F", "M", "N", "O", "U", "X"]);
/// 0004 patient class.
pub(super) const PATIENT_CLASS: Table = user(&["B", "C", "E", "I", "N", "O", "P", "R", "U"]);
/// 0008 acknowledgement code.
pub(super) const ACKNOWLEDGEMENT: Table = hl7(&["AA", "AE", "AR", "CA", "CE", "CR"]);
/// 0017 transaction type.
pub(super) const TRANSACTION: Table = user(&["AJ", "CD", "CG", "CO", "PY"]);
/// 0085 observation result status.
pub(super) const RESULT_STATUS: Table = hl7(&[
    "A", "B", "C", "D", "F", "I", "N", "O", "P", "R", "S", "U", "V", "W", "X",
]);
/// 0103 processing id.
pub(super) const PROCESSING: Table = hl7(&["D", "N", "P", "T"]);
/// 0119 order control.
pub(super) const ORDER_CONTROL: Table = hl7(&[
    "AF", "CA", "CH", "CN", "CP", "CR", "DC", "DE", "DF", "DR", "FU", "HD", "HR", "LI", "MC", "NA",
    "NR", "NW", "OC", "OD", "OE", "OF", "OH", "OK", "OP", "OR", "PA", "PR", "PY", "RA", "RC", "RD",
    "RE", "RF", "RL", "RO", "RP", "RQ", "RR", "RU", "SC", "SN", "SQ", "SR", "SS", "UA", "UC", "UD",
    "UF", "UH", "UM", "UN", "UR", "UX", "XO", "XR", "XX",
]);
/// 0123 result status of an order.
pub(super) const ORDER_RESULT_STATUS: Table = hl7(&[
    "A", "C", "F", "I", "M", "N", "O", "P", "R", "S", "X", "Y", "Z",
]);
/// 0125 value type.
pub(super) const VALUE_TYPE: Table = hl7(&[
    "AD", "CE", "CF", "CK", "CN", "CNE", "CP", "CQ", "CWE", "CX", "DR", "DT", "DTM", "ED", "EI",
    "FT", "HD", "ID", "IS", "MA", "MO", "NA", "NM", "PN", "RP", "RPT", "SI", "SN", "SNM", "SRT",
    "ST", "TM", "TN", "TS", "TX", "XAD", "XCN", "XON", "XPN", "XTN",
]);
/// 0136 yes or no.
pub(super) const YES_NO: Table = hl7(&["N", "Y"]);
/// 0155 acknowledgement conditions.
pub(super) const ACKNOWLEDGE: Table = hl7(&["AL", "ER", "NE", "SU"]);
/// 0206 action on a segment.
pub(super) const ACTION: Table = hl7(&["A", "D", "S", "U", "X"]);
/// 0322 completion status of an administration.
pub(super) const COMPLETION: Table = hl7(&["CP", "NA", "PA", "RE"]);

/// Whether MSH-12 names a version this library reads.
pub(super) fn is_supported_version(text: &str) -> bool {
    text.parse().is_ok_and(Version::is_supported)
}
