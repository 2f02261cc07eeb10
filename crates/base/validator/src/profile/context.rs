//! Where an extension may stand (R4 defining-extensions.html#context).

use mt_fhir::outcome::IssueCode;
use mt_fhir::{ResourceType, TypeId};

use super::model::{Context, Profile};
use crate::path::Path;
use crate::walk::{Scope, Walk};

const CONFORMANCE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-";

impl Walk<'_, '_> {
    pub(super) fn extension_context(
        &mut self,
        profile: &Profile,
        scope: Scope<'_>,
        path: &Path<'_>,
    ) {
        let Some(parent) = path.parent() else { return };
        let contexts = &profile.contexts;
        let is_allowed = |context: &Context| match context {
            Context::Element(allowed) => is_place(parent, scope, allowed),
            Context::Other => true,
        };
        if !contexts.is_empty() && !contexts.iter().any(is_allowed) {
            // The extensions of conformance resources were meant for all of them from the start, as
            // later versions of their definitions say.
            let is_error = !profile.url.starts_with(CONFORMANCE);
            let text = format!("the extension {} is not allowed here", profile.url);
            self.report
                .graded(is_error, IssueCode::Extension, path, text);
        }
    }
}

/// Whether an element is what a context names: by its path, in its own type or in the resource, or
/// by its type or one that this specialises.
fn is_place(place: &Path<'_>, scope: Scope<'_>, allowed: &str) -> bool {
    let allowed = allowed.trim_end_matches("[x]");
    let resource = scope
        .resource
        .resource_type()
        .and_then(ResourceType::from_name);
    let is_type =
        |type_id: TypeId, name: &str| TypeId::from_name(name).is_some_and(|t| type_id.is_a(t));
    let Some((element, type_id)) = place.definition() else {
        return resource.is_some_and(|r| is_type(r.type_id(), allowed));
    };
    // `Patient.name`, also under the type that the resource specialises.
    let is_path = |(root, rest): (&str, &str)| {
        resource.is_some_and(|r| is_type(r.type_id(), root))
            && place.name_in("").strip_prefix('.') == Some(rest)
    };
    // R4 uses "Element" for anything.
    allowed == "Element"
        || element.path.trim_end_matches("[x]") == allowed
        || is_type(type_id, allowed)
        || allowed.split_once('.').is_some_and(is_path)
}
