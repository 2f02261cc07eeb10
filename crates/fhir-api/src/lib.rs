//! The FHIR R4 REST interface over the record store.
