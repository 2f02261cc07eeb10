//! Answers from memory for validation, searches and FHIRPath, which cannot wait.

use mt_fhirpath::Terminology;

use crate::error::TerminologyError;
use crate::scope::Scope;

/// A `Scope` of the catalogue alone serves every tenant, and sees systems that are loaded later.
impl Terminology for Scope {
    fn member_of(&self, value_set: &str, system: Option<&str>, code: &str) -> Option<bool> {
        let set = self.value_set(value_set).ok()?;
        self.find_member(&set, system, code)
            .ok()
            .map(|member| member.is_some())
    }

    fn subsumes(&self, system: &str, a: &str, b: &str) -> Option<bool> {
        let (url, version) = crate::canonical::split(system);
        match self
            .code_system(url, version)
            .and_then(|system| system.subsumes(a, b))
        {
            Ok(answer) => Some(answer),
            // A code that a whole system does not define lies below nothing.
            Err(TerminologyError::UnknownCode { .. }) => Some(false),
            Err(_) => None,
        }
    }
}
