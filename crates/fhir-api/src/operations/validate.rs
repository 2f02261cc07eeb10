//! `$validate` (<http://hl7.org/fhir/R4/resource-operation-validate.html>).

use mt_access::Interaction as Right;
use mt_fhir::json::Limits;
use mt_fhir::outcome::OperationOutcome;
use mt_fhir::{Doc, Node};
use mt_kernel::ErrorKind;
use mt_validator::{Level, Options};

use super::parameters::Inputs;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::route::Place;

pub(super) async fn run(call: &Call<'_>, place: &Place) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    let profiles: Vec<&str> = inputs.text("profile").into_iter().collect();
    let given = inputs
        .bare_resource()
        .or_else(|| inputs.resource("resource"));
    let outcome = match (given, place) {
        (Some(resource), _) => check(call, resource, &profiles),
        (None, Place::Instance(kind, id)) => {
            let stored = call
                .api
                .store
                .read(&call.caller(Right::Read), *kind, id)
                .await?;
            let damaged =
                |_| FhirError::new(ErrorKind::Internal, "a stored resource cannot be read");
            let doc = Doc::parse(stored.body.to_vec(), &Limits::default()).map_err(damaged)?;
            check(call, doc.root(), &profiles)
        }
        (None, _) => {
            return Err(FhirError::new(
                ErrorKind::Malformed,
                "there is no resource to validate",
            ));
        }
    };
    Ok(Answer::resource("validate", outcome.to_json()))
}

fn check(call: &Call<'_>, resource: Node<'_>, profiles: &[&str]) -> OperationOutcome {
    let options = Options {
        level: Level::Full,
        profiles,
        now: call.now,
    };
    OperationOutcome::new(call.api.services.validator.validate(resource, &options))
}
