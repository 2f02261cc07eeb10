//! SMART on FHIR scopes (SMART App Launch 2.2, *Scopes and Launch Context*).
//!
//! `(patient|user|system)/(Type|*).(cruds)[?param=value&…]`, and the v1 suffixes `.read`, `.write` and `.*`.
//! A suffix whose letters are out of order is refused, not guessed.

use mt_fhir::definitions::ResourceType;

use crate::Interactions;

/// Whose data a scope speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeContext {
    /// The patient in the launch context.
    Patient,
    /// What the signed-in user may see.
    User,
    /// What the client itself was given (backend services).
    System,
}

/// One clinical scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Whose data.
    pub context: ScopeContext,
    /// Which type; `None` is `*`.
    pub resource_type: Option<ResourceType>,
    /// Which interactions.
    pub interactions: Interactions,
    /// Search criteria that narrow the scope, decoded.
    pub criteria: Vec<(String, String)>,
}

/// Why a scope is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// The type is not an R4 resource type.
    #[error("a scope names an unknown resource type")]
    UnknownType,
    /// The interactions are not `cruds` in order, nor a v1 suffix.
    #[error("a scope names interactions that are not c, r, u, d, s in this order")]
    BadInteractions,
    /// Search constraints that are not `name=value` pairs.
    #[error("a scope carries search criteria that are not name=value pairs")]
    BadCriteria,
}

impl Scope {
    /// Parses one clinical scope; `Ok(None)` when the text is no clinical scope (`openid`, `launch/patient`, …).
    ///
    /// # Errors
    /// [`ScopeError`] when it is one and breaks the grammar.
    pub fn parse(text: &str) -> Result<Option<Self>, ScopeError> {
        let Some((context, rest)) = text.split_once('/') else {
            return Ok(None);
        };
        let context = match context {
            "patient" => ScopeContext::Patient,
            "user" => ScopeContext::User,
            "system" => ScopeContext::System,
            _ => return Ok(None),
        };
        let (target, query) = match rest.split_once('?') {
            Some((target, query)) => (target, Some(query)),
            None => (rest, None),
        };
        let (type_name, suffix) = target.rsplit_once('.').ok_or(ScopeError::BadInteractions)?;
        let resource_type = match type_name {
            "*" => None,
            name => Some(ResourceType::from_name(name).ok_or(ScopeError::UnknownType)?),
        };
        let interactions = parse_interactions(suffix).ok_or(ScopeError::BadInteractions)?;
        let criteria = query.map_or(Ok(Vec::new()), parse_criteria)?;
        Ok(Some(Self {
            context,
            resource_type,
            interactions,
            criteria,
        }))
    }
}

fn parse_interactions(suffix: &str) -> Option<Interactions> {
    match suffix {
        "read" => return Some(Interactions::parse("rs")),
        "write" => return Some(Interactions::parse("cud")),
        "*" => return Some(Interactions::parse("cruds")),
        "" => return None,
        _ => {}
    }
    let mut remaining = "cruds";
    for letter in suffix.chars() {
        let at = remaining.find(letter)?;
        remaining = &remaining[at + 1..];
    }
    Some(Interactions::parse(suffix))
}

fn parse_criteria(query: &str) -> Result<Vec<(String, String)>, ScopeError> {
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').ok_or(ScopeError::BadCriteria)?;
        match (decode(name), decode(value)) {
            (Some(name), Some(value)) if !name.is_empty() && !value.is_empty() => Ok((name, value)),
            _ => Err(ScopeError::BadCriteria),
        }
    };
    query.split('&').map(pair).collect()
}

/// Percent-decoding; `+` stays, because scopes are not form-encoded.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = tail.get(..2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// The scopes of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// Clinical scopes.
    pub clinical: Vec<Scope>,
    /// All others (`openid`, `fhirUser`, `launch/patient`, `offline_access`, …), as they stand.
    pub other: Vec<String>,
    text: String,
}

impl Scopes {
    /// Parses a space-separated scope string (RFC 6749 §3.3).
    ///
    /// # Errors
    /// The first [`ScopeError`] met.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut scopes = Self {
            text: text.to_owned(),
            ..Self::default()
        };
        for word in text.split_ascii_whitespace() {
            match Scope::parse(word)? {
                Some(scope) => scopes.clinical.push(scope),
                None => scopes.other.push(word.to_owned()),
            }
        }
        Ok(scopes)
    }

    /// The scope string that was parsed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a non-clinical scope is present.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.other.iter().any(|scope| scope == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> String {
        Scope::parse(text)
            .unwrap()
            .unwrap()
            .interactions
            .to_string()
    }

    #[test]
    fn v2_and_v1_suffixes_are_understood() {
        assert_eq!(letters("patient/Observation.rs"), "rs");
        assert_eq!(letters("user/*.cruds"), "cruds");
        assert_eq!(letters("system/Patient.read"), "rs");
        assert_eq!(letters("system/Patient.write"), "cud");
        assert_eq!(letters("system/Patient.*"), "cruds");
    }

    #[test]
    fn criteria_are_decoded() {
        let text = "patient/Observation.rs?category=http%3A%2F%2Fx%7Claboratory&code=a";
        let scope = Scope::parse(text).unwrap().unwrap();
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(
            scope.criteria,
            [pair("category", "http://x|laboratory"), pair("code", "a")]
        );
    }

    #[test]
    fn what_breaks_the_grammar_is_refused_and_not_guessed() {
        use ScopeError::*;
        for (text, error) in [
            ("patient/Observation.dus", BadInteractions),
            ("patient/Observation.rr", BadInteractions),
            ("patient/Observation.", BadInteractions),
            ("patient/Observation", BadInteractions),
            ("patient/Nothing.rs", UnknownType),
            ("patient/Observation.rs?category", BadCriteria),
            ("patient/Observation.rs?=x", BadCriteria),
            ("patient/Observation.rs?a=%zz", BadCriteria),
        ] {
            assert_eq!(Scope::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn other_scopes_are_kept_apart() {
        let scopes = Scopes::parse("openid launch/patient  user/Patient.r").unwrap();
        assert!(scopes.has("openid") && scopes.has("launch/patient"));
        assert_eq!(scopes.clinical.len(), 1);
    }
}
