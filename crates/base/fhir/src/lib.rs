//! FHIR R4 model: a lossless JSON tree, XML, official definitions as tables.
