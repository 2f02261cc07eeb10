//! UCUM units: parse, compare, convert.
