//! The names of those who write and sign, as their own records say.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::ErrorKind;
use serde_json::{Value, json};

use crate::Charting;
use crate::document::parse;
use crate::domain::person;
use crate::error::Result;

impl Charting {
    /// A reference with the name of whom it means, where the caller may know it.
    pub(super) async fn named(&self, caller: &Caller, reference: &str) -> Result<Value> {
        Ok(match self.name_of(caller, reference).await? {
            Some(name) => json!({"reference": reference, "display": name}),
            None => json!({"reference": reference}),
        })
    }

    /// The name of a person by reference, where the caller may know it.
    pub(super) async fn name_of(&self, caller: &Caller, reference: &str) -> Result<Option<String>> {
        let known = reference.split_once('/').and_then(|(kind, id)| {
            let kind = ResourceType::from_name(kind)?;
            matches!(kind.name(), "Practitioner" | "Patient" | "RelatedPerson")
                .then_some((kind, id))
        });
        let Some((kind, id)) = known else {
            return Ok(None);
        };
        let records = self.records(caller, Interaction::Read).await?;
        match self.store.read(&records, kind, id).await {
            Ok(stored) => Ok(person::name(parse(&stored.body)?.root())),
            Err(error) if unknown(error.kind()) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

const fn unknown(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Forbidden
    )
}
