//! Scopes: what a client may ask for, and what they mean in words.

use mt_access::{Interaction, Scope, ScopeContext, Scopes};

use super::error::{Code, OAuthError};

/// Scopes that are not about records.
pub(crate) const PLAIN: [(&str, &str); 9] = [
    ("openid", "Know who you are"),
    ("fhirUser", "Know which record describes you"),
    ("profile", "See your name"),
    ("email", "See your e-mail address"),
    ("launch", "Know which record is open"),
    ("launch/patient", "Work with one patient"),
    ("launch/encounter", "Work with one encounter"),
    ("online_access", "Stay connected while you are signed in"),
    ("offline_access", "Stay connected when you are away"),
];

const INTERACTIONS: [Interaction; 5] = [
    Interaction::Create,
    Interaction::Read,
    Interaction::Update,
    Interaction::Delete,
    Interaction::Search,
];

/// The scopes of `asked` that `allowed` covers, in the order in which they were asked for. What is not
/// known, or not allowed, is left out (RFC 6749 §3.3).
///
/// # Errors
/// `invalid_scope` when a scope breaks the grammar or nothing remains.
pub(crate) fn granted(asked: &str, allowed: &str) -> Result<String, OAuthError> {
    let invalid = |text: String| OAuthError::new(Code::InvalidScope, text);
    // What the whole request breaks is refused and not guessed around.
    Scopes::parse(asked).map_err(|error| invalid(error.to_string()))?;
    let limits = Scopes::parse(allowed).map_err(|error| invalid(error.to_string()))?;
    let mut words: Vec<&str> = Vec::new();
    for word in asked.split_ascii_whitespace() {
        let fits = match Scope::parse(word) {
            Ok(Some(scope)) => limits.clinical.iter().any(|limit| covers(limit, &scope)),
            _ => PLAIN.iter().any(|(name, _)| *name == word) && limits.has(word),
        };
        if fits && !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() {
        return Err(invalid(
            "nothing of what was asked for may be given".to_owned(),
        ));
    }
    Ok(words.join(" "))
}

/// Whether every access that `scope` opens is also opened by `limit`.
fn covers(limit: &Scope, scope: &Scope) -> bool {
    let types = limit.resource_type.is_none() || limit.resource_type == scope.resource_type;
    let interactions = INTERACTIONS
        .into_iter()
        .all(|one| !scope.interactions.contains(one) || limit.interactions.contains(one));
    let criteria = limit
        .criteria
        .iter()
        .all(|criterion| scope.criteria.contains(criterion));
    limit.context == scope.context && types && interactions && criteria
}

/// Whether `scope` names `word`.
pub(crate) fn has(scope: &str, word: &str) -> bool {
    scope.split_ascii_whitespace().any(|one| one == word)
}

/// Whether any scope is about records.
pub(crate) fn is_clinical(scope: &str) -> bool {
    Scopes::parse(scope).is_ok_and(|scopes| !scopes.clinical.is_empty())
}

/// Whether any scope speaks of the patient in context.
pub(crate) fn needs_patient(scope: &str) -> bool {
    has(scope, "launch/patient")
        || Scopes::parse(scope).is_ok_and(|scopes| {
            scopes
                .clinical
                .iter()
                .any(|scope| scope.context == ScopeContext::Patient)
        })
}

/// Whether any scope is for services only.
pub(crate) fn has_system(scope: &str) -> bool {
    Scopes::parse(scope).is_ok_and(|scopes| {
        scopes
            .clinical
            .iter()
            .any(|scope| scope.context == ScopeContext::System)
    })
}

/// What a scope allows, in words.
pub(crate) fn words(word: &str) -> String {
    if let Some((_, text)) = PLAIN.iter().find(|(name, _)| *name == word) {
        return (*text).to_owned();
    }
    let Ok(Some(scope)) = Scope::parse(word) else {
        return word.to_owned();
    };
    let verbs: Vec<&str> = INTERACTIONS
        .into_iter()
        .filter(|one| scope.interactions.contains(*one))
        .map(|one| match one {
            Interaction::Create => "create",
            Interaction::Read => "read",
            Interaction::Update => "change",
            Interaction::Delete => "delete",
            Interaction::Search => "find",
        })
        .collect();
    let what = match scope.resource_type {
        Some(kind) => spaced(kind.name()),
        None => "all kinds of records".to_owned(),
    };
    let whose = match scope.context {
        ScopeContext::Patient => " of the patient",
        ScopeContext::User => " that you may see",
        ScopeContext::System => "",
    };
    let narrowed: Vec<String> = scope
        .criteria
        .iter()
        .map(|(name, value)| {
            let code = value.rsplit('|').next().unwrap_or(value);
            format!("{} {}", name.replace('-', " "), code.replace('-', " "))
        })
        .collect();
    let only = if narrowed.is_empty() {
        String::new()
    } else {
        format!(", only with {}", narrowed.join(" and "))
    };
    let mut text = format!("{} {what}{whose}{only}", joined(&verbs));
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn joined(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `MedicationRequest` → `medication request`
fn spaced(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_allowed_is_granted() {
        let allowed =
            "openid launch/patient patient/*.rs patient/Observation.cruds?category=vital-signs";
        for (asked, given) in [
            ("openid patient/Patient.r", Some("openid patient/Patient.r")),
            (
                "patient/Condition.read fhirUser",
                Some("patient/Condition.read"),
            ),
            ("patient/Condition.cruds openid", Some("openid")),
            (
                "patient/Observation.c?category=vital-signs",
                Some("patient/Observation.c?category=vital-signs"),
            ),
            ("patient/Observation.c", None),
            ("user/Patient.r", None),
            ("system/*.rs", None),
            ("patient/Nothing.rs openid", None),
            ("patient/Observation.dus openid", None),
            ("", None),
        ] {
            assert_eq!(granted(asked, allowed).ok().as_deref(), given, "{asked}");
        }
    }

    #[test]
    fn scopes_read_as_sentences() {
        for (scope, text) in [
            (
                "patient/Observation.rs?category=http://x|laboratory",
                "Read and find observation of the patient, only with category laboratory",
            ),
            (
                "user/*.cruds",
                "Create, read, change, delete and find all kinds of records that you may see",
            ),
            (
                "patient/MedicationRequest.read",
                "Read and find medication request of the patient",
            ),
            ("offline_access", "Stay connected when you are away"),
        ] {
            assert_eq!(words(scope), text);
        }
    }
}
