//! What the operations have in common on the way in: codes in three shapes, flags and numbers.

use mt_fhir::Node;
use mt_kernel::ErrorKind;
use mt_terminology::Coded;

use super::super::parameters::Inputs;
use crate::error::{FhirError, Result};

/// The codes to be looked at: `coding`, the codings of `codeableConcept`, or `code` with `system`.
pub(super) fn coded<'a>(inputs: &'a Inputs<'_>, version: &str) -> Result<Vec<Coded<'a>>> {
    if let Some(coding) = inputs.value("coding") {
        return Ok(vec![
            of_coding(coding).ok_or_else(|| missing("coding.code"))?,
        ]);
    }
    if let Some(concept) = inputs.value("codeableConcept") {
        let codings = concept.get("coding").into_iter().flat_map(Node::children);
        let coded: Vec<Coded<'a>> = codings.filter_map(of_coding).collect();
        return if coded.is_empty() {
            Err(missing("codeableConcept.coding"))
        } else {
            Ok(coded)
        };
    }
    let code = inputs.text("code").ok_or_else(|| missing("code"))?;
    Ok(vec![Coded {
        system: inputs.text("system"),
        version: inputs.text(version),
        code,
        display: inputs.text("display"),
    }])
}

/// A `Coding`.
pub(super) fn of_coding(coding: Node<'_>) -> Option<Coded<'_>> {
    Some(Coded {
        system: coding.str("system"),
        version: coding.str("version"),
        code: coding.str("code")?,
        display: coding.str("display"),
    })
}

/// A flag; `false` when it is absent.
pub(super) fn flag(inputs: &Inputs<'_>, name: &str) -> Result<bool> {
    match inputs.text(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(FhirError::parameter(name, "it is neither true nor false")),
    }
}

/// A number that is not negative.
pub(super) fn number(inputs: &Inputs<'_>, name: &str) -> Result<Option<usize>> {
    let read = |text: &str| {
        text.parse()
            .map_err(|_| FhirError::parameter(name, "it is not a number from 0"))
    };
    inputs.text(name).map(read).transpose()
}

/// Refuses parameters whose effect the answer could not have.
pub(super) fn refuse(inputs: &Inputs<'_>, names: &[&str]) -> Result<()> {
    match names.iter().find(|name| inputs.has(name)) {
        None => Ok(()),
        Some(name) => {
            let error = FhirError::new(
                ErrorKind::Unsupported,
                format!("the parameter {name} is not supported"),
            );
            Err(error.at(name))
        }
    }
}

pub(super) fn missing(name: &str) -> FhirError {
    FhirError::parameter(name, format!("the parameter {name} is needed"))
}
