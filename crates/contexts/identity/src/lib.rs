//! Identity: OIDC provider, people, sessions, SMART on FHIR.
