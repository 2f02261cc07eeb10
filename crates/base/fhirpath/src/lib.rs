//! FHIRPath N1 over the FHIR tree, FHIRPath Patch and JSON Patch.
