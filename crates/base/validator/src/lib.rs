//! FHIR R4 validation: structure, cardinality, types, bindings, invariants, profiles.
