//! X12 5010 health transactions: parse, validate, build, acknowledge.
