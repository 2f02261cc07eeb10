//! FHIR search: query parsing, value extraction, reference evaluation.
