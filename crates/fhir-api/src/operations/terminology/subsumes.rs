//! `CodeSystem/$subsumes` (<http://hl7.org/fhir/R4/codesystem-operation-subsumes.html>).

use mt_kernel::Fault;
use mt_terminology::{Canonical, CodeSystem};

use super::super::parameters::Inputs;
use super::input::{missing, of_coding};
use super::output::Output;
use super::records::Records;
use super::scope;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::route::Place;

pub(in crate::operations) async fn run(call: &Call<'_>, place: &Place) -> Result<Answer> {
    let inputs = Inputs::read(call)?;
    let codings = (
        inputs.value("codingA").and_then(of_coding),
        inputs.value("codingB").and_then(of_coding),
    );
    let (a, b, system, version) = match codings {
        (Some(a), Some(b)) => {
            if a.system != b.system {
                return Err(FhirError::parameter(
                    "codingB",
                    "both codes must be of one system",
                ));
            }
            (a.code, b.code, a.system, a.version)
        }
        (Some(_), None) => return Err(missing("codingB")),
        (None, Some(_)) => return Err(missing("codingA")),
        (None, None) => (
            inputs.text("codeA").ok_or_else(|| missing("codeA"))?,
            inputs.text("codeB").ok_or_else(|| missing("codeB"))?,
            inputs.text("system"),
            inputs.text("version"),
        ),
    };
    let mut scope = scope(call);
    let records = Records(call);
    let outcome = if let Place::Instance(kind, id) = place {
        let stored = records.instance(*kind, id).await?;
        let system = CodeSystem::from_resource(stored.root()).map_err(Fault::from)?;
        scope.subsumption(&system, a, b)
    } else {
        let url = system.ok_or_else(|| missing("system"))?;
        scope
            .gather_code_system(&records, &Canonical::new(url, version))
            .await?;
        let system = scope.code_system(url, version).map_err(Fault::from)?;
        scope.subsumption(&system, a, b)
    };
    let mut output = Output::default();
    output.add("outcome", "valueCode", outcome.map_err(Fault::from)?.code());
    Ok(output.answer("subsumes"))
}
