//! Values of parameters, by kind and modifier.

use std::sync::Arc;

use mt_fhir::definitions::ResourceType;
use mt_kernel::Instant;

use super::clause::Reader;
pub(super) use super::ordered::date;
use super::{clip, escape, ordered};
use crate::normal;
use crate::query::{
    Direction, Leaf, ParamRef, QueryError, ReferenceValue, StringMatch, StringValue, SystemMatch,
    Test, TokenValue, TypedIdentifierValue, Types, UriMatch,
};
use crate::registry::{ParamDef, ParamKind};

/// Least number of characters of `:contains`: fewer select nearly everything.
const MIN_CONTAINS: usize = 3;

/// Reads the values of one parameter.
pub(super) struct Values<'a> {
    reader: Reader<'a>,
    param: &'a ParamRef,
    types: &'a Types,
    /// The parameter as given, for errors.
    key: &'a str,
}

impl<'a> Values<'a> {
    pub(super) const fn new(
        reader: Reader<'a>,
        param: &'a ParamRef,
        types: &'a Types,
        key: &'a str,
    ) -> Self {
        Self {
            reader,
            param,
            types,
            key,
        }
    }

    /// Reads `value`, all alternatives, under `modifier`.
    pub(super) fn test(&self, modifier: Option<&str>, value: &str) -> Result<Test, QueryError> {
        if self.param.defs.iter().any(|def| def.is_computed()) {
            return Err(QueryError::Unsupported {
                name: self.name(),
                reason: "it has no values",
            });
        }
        if modifier == Some("missing") {
            return match value {
                "true" => Ok(Test::Missing(true)),
                "false" => Ok(Test::Missing(false)),
                _ => Err(self.bad("expected true or false")),
            };
        }
        let pieces = self.reader.alternatives(self.key, value)?;
        let plain_or = self.param.defs.iter().all(|def| def.multiple_or);
        if pieces.len() > 1 && !plain_or {
            return Err(self.bad("the parameter takes one value"));
        }
        match self.param.kind {
            ParamKind::String => self.string(modifier, &pieces),
            ParamKind::Token => self.token(modifier, &pieces),
            ParamKind::Reference => self.reference(modifier, &pieces),
            ParamKind::Uri => self.uri(modifier, &pieces),
            ParamKind::Date => {
                self.no_modifier(modifier)?;
                let now: Instant = self.reader.options.now;
                self.each(&pieces, |piece| date(self.key, piece, now))
                    .map(Test::Date)
            }
            ParamKind::Number => {
                self.no_modifier(modifier)?;
                self.each(&pieces, |piece| ordered::number(self.key, piece))
                    .map(Test::Number)
            }
            ParamKind::Quantity => {
                self.no_modifier(modifier)?;
                self.each(&pieces, |piece| ordered::quantity(self.key, piece))
                    .map(Test::Quantity)
            }
            ParamKind::Composite => {
                self.no_modifier(modifier)?;
                self.each(&pieces, |piece| self.composite(piece))
                    .map(Test::Composite)
            }
            ParamKind::Special => {
                self.no_modifier(modifier)?;
                self.each(&pieces, |piece| ordered::near(self.key, piece))
                    .map(Test::Near)
            }
        }
    }

    fn string(&self, modifier: Option<&str>, pieces: &[&str]) -> Result<Test, QueryError> {
        let phonetic = self.param.defs.iter().any(|def| def.is_phonetic());
        let how = match modifier {
            None if phonetic => StringMatch::Phonetic,
            None => StringMatch::Prefix,
            Some("exact") if !phonetic => StringMatch::Exact,
            Some("contains") if !phonetic => StringMatch::Contains,
            Some(other) => return Err(self.bad_modifier(other)),
        };
        let values = self.each(pieces, |piece| {
            string_value(self.key, how, unescaped(self.key, piece)?)
        })?;
        Ok(Test::String { how, values })
    }

    fn token(&self, modifier: Option<&str>, pieces: &[&str]) -> Result<Test, QueryError> {
        let tokens = || self.each(pieces, |piece| self.token_value(piece));
        match modifier {
            None => Ok(Test::Token {
                values: tokens()?,
                negated: false,
            }),
            Some("not") => Ok(Test::Token {
                values: tokens()?,
                negated: true,
            }),
            Some("text") => self
                .each(pieces, |piece| {
                    string_value(self.key, StringMatch::Prefix, unescaped(self.key, piece)?)
                })
                .map(Test::TokenText),
            Some(modifier @ ("in" | "not-in")) => {
                let urls = self.each(pieces, |piece| self.canonical(piece))?;
                Ok(Test::ValueSet {
                    urls,
                    negated: modifier == "not-in",
                })
            }
            Some(modifier @ ("above" | "below")) => {
                let direction = if modifier == "above" {
                    Direction::Above
                } else {
                    Direction::Below
                };
                let values = tokens()?;
                if values.iter().any(|value| value.code.is_none()) {
                    return Err(self.bad("expected a code"));
                }
                Ok(Test::Subsumption { direction, values })
            }
            Some("of-type") if self.facts(|facts| facts.has_identifier) => self
                .each(pieces, |piece| self.typed_identifier(piece))
                .map(Test::OfType),
            Some(other) => Err(self.bad_modifier(other)),
        }
    }

    /// `code`, `system|code`, `|code` or `system|`.
    pub(super) fn token_value(&self, piece: &str) -> Result<TokenValue, QueryError> {
        let parts = self.parts(piece)?;
        let (system, code) = match parts.as_slice() {
            [code] => (SystemMatch::Any, Some(code.clone())),
            [system, code] if system.is_empty() && !code.is_empty() => {
                (SystemMatch::Absent, Some(code.clone()))
            }
            [system, code] if !system.is_empty() => {
                let code = Some(code.clone()).filter(|code| !code.is_empty());
                (self.system(system, code.is_some()), code)
            }
            _ => return Err(self.bad("expected code, system|code, |code or system|")),
        };
        let key_system = match &system {
            SystemMatch::Is(system) => Some(system.as_str()),
            _ => None,
        };
        let key = code
            .as_deref()
            .map(|code| normal::token_code(key_system, code).into_owned());
        Ok(TokenValue { system, code, key })
    }

    fn system(&self, system: &str, has_code: bool) -> SystemMatch {
        if has_code && self.facts(|facts| facts.implied_system.as_deref() == Some(system)) {
            SystemMatch::Implied(system.to_owned())
        } else {
            SystemMatch::Is(system.to_owned())
        }
    }

    fn typed_identifier(&self, piece: &str) -> Result<TypedIdentifierValue, QueryError> {
        match self.parts(piece)?.as_slice() {
            [system, code, value] if ![system, code, value].iter().any(|part| part.is_empty()) => {
                Ok(TypedIdentifierValue {
                    system: system.clone(),
                    code: code.clone(),
                    value: value.clone(),
                })
            }
            _ => Err(self.bad("expected type system|type code|value")),
        }
    }

    /// `url` or `url|version`; an escaped bar is none of a URL's characters.
    fn canonical(&self, piece: &str) -> Result<String, QueryError> {
        let parts = self.parts(piece)?;
        if parts.iter().any(|part| part.contains('|')) {
            return Err(self.bad("expected the canonical URL of a value set"));
        }
        match parts.as_slice() {
            [url] => Ok(url.clone()),
            [url, version] if !url.is_empty() && !version.is_empty() => {
                Ok(format!("{url}|{version}"))
            }
            _ => Err(self.bad("expected the canonical URL of a value set")),
        }
    }

    fn reference(&self, modifier: Option<&str>, pieces: &[&str]) -> Result<Test, QueryError> {
        let type_modifier = match modifier {
            None => None,
            Some("identifier") => {
                return self
                    .each(pieces, |piece| self.token_value(piece))
                    .map(Test::ReferenceIdentifier);
            }
            Some(other) => {
                let target =
                    ResourceType::from_name(other).ok_or_else(|| self.bad_modifier(other))?;
                let may_target = self.param.defs.iter().any(|def| def.may_target(target));
                Some(
                    may_target
                        .then_some(target)
                        .ok_or_else(|| self.bad_modifier(other))?,
                )
            }
        };
        let values = self.each(pieces, |piece| self.reference_value(type_modifier, piece))?;
        Ok(Test::Reference {
            values,
            type_modifier,
        })
    }

    /// `123`, `Patient/123`, `Patient/123/_history/2`, an absolute URL, a `urn:`, `url|version`.
    pub(super) fn reference_value(
        &self,
        type_modifier: Option<ResourceType>,
        piece: &str,
    ) -> Result<ReferenceValue, QueryError> {
        let mut parts = self.parts(piece)?.into_iter();
        let text = parts.next().unwrap_or_default();
        let version = parts.next();
        if parts.next().is_some() {
            return Err(self.bad("expected one version"));
        }
        let local = match self.reader.registry.strip_base(&text) {
            Some(relative) => Some(relative),
            None => (!text.contains(':')).then_some(text.as_str()),
        };
        let Some(local) = local else {
            return Ok(ReferenceValue::Url { url: text, version });
        };
        if version.is_some() {
            return Err(self.bad("a version follows a canonical URL alone"));
        }
        self.local_reference(type_modifier, local)
    }

    fn local_reference(
        &self,
        type_modifier: Option<ResourceType>,
        text: &str,
    ) -> Result<ReferenceValue, QueryError> {
        let bad = || self.bad("expected an id, Type/id or a URL");
        let parts: Vec<&str> = text.split('/').collect();
        let (written, id, version) = match parts.as_slice() {
            [id] => (None, *id, None),
            [name, id] => (Some(*name), *id, None),
            [name, id, "_history", version] => (Some(*name), *id, Some((*version).to_owned())),
            _ => return Err(bad()),
        };
        let written = match written {
            Some(name) => Some(ResourceType::from_name(name).ok_or_else(bad)?),
            None => None,
        };
        if !is_id(id) {
            return Err(bad());
        }
        if let (Some(written), Some(modifier)) = (written, type_modifier)
            && written != modifier
        {
            return Err(self.bad("the type differs from that of the modifier"));
        }
        let resource_type = written.or(type_modifier).or_else(|| self.only_target());
        let id = id.to_owned();
        Ok(ReferenceValue::Local {
            resource_type,
            id,
            version,
            typed: written.is_some(),
        })
    }

    /// The type every target has, when the parameter allows one only.
    fn only_target(&self) -> Option<ResourceType> {
        match self.param.defs.as_slice() {
            [def] => match def.targets.as_ref() {
                [only] => Some(*only),
                _ => None,
            },
            _ => None,
        }
    }

    fn uri(&self, modifier: Option<&str>, pieces: &[&str]) -> Result<Test, QueryError> {
        let how = match modifier {
            None => UriMatch::Exact,
            Some("above") => UriMatch::Above,
            Some("below") => UriMatch::Below,
            Some(other) => return Err(self.bad_modifier(other)),
        };
        let values = self.each(pieces, |piece| unescaped(self.key, piece))?;
        if how != UriMatch::Exact && values.iter().any(|uri| uri.starts_with("urn:")) {
            return Err(self.bad("a urn has nothing above or below it"));
        }
        Ok(Test::Uri { how, values })
    }

    fn composite(&self, piece: &str) -> Result<Vec<Leaf>, QueryError> {
        let Some(def) = self.param.defs.first() else {
            return Err(self.bad("the parameter has no components"));
        };
        let parts = escape::split(piece, '$');
        if parts.len() != def.components.len() {
            return Err(self.bad("expected one value for each component, joined by $"));
        }
        let leaf = |(component, part): (&crate::registry::ComponentDef, &&str)| {
            let def = self.reader.registry.by_id(component.param);
            let param = component_ref(def.ok_or_else(|| self.bad("a component is not defined"))?);
            if part.is_empty() {
                return Err(self.bad("a component is empty"));
            }
            let values = Values::new(self.reader, &param, self.types, self.key);
            let test = values.test(None, part)?;
            Ok(Leaf { param, test })
        };
        def.components.iter().zip(&parts).map(leaf).collect()
    }

    /// True when `fact` holds for the parameter on one of the types searched.
    fn facts(&self, fact: impl Fn(&crate::extract::ParamFacts) -> bool) -> bool {
        let registry = self.reader.registry;
        let holds = |resource_type: ResourceType, def: &Arc<ParamDef>| {
            registry
                .plan(resource_type)
                .facts(def.id)
                .is_some_and(&fact)
        };
        self.param.defs.iter().any(|def| match self.types.listed() {
            Some(listed) => listed
                .iter()
                .any(|resource_type| holds(*resource_type, def)),
            None => holds(ResourceType::PATIENT, def),
        })
    }

    fn parts(&self, piece: &str) -> Result<Vec<String>, QueryError> {
        escape::split(piece, '|')
            .into_iter()
            .map(|part| unescaped(self.key, part))
            .collect()
    }

    fn each<T>(
        &self,
        pieces: &[&str],
        read: impl Fn(&str) -> Result<T, QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        pieces.iter().map(|piece| read(piece)).collect()
    }

    fn no_modifier(&self, modifier: Option<&str>) -> Result<(), QueryError> {
        modifier.map_or(Ok(()), |modifier| Err(self.bad_modifier(modifier)))
    }

    fn name(&self) -> String {
        clip(self.key)
    }

    fn bad(&self, reason: &'static str) -> QueryError {
        QueryError::Value {
            name: self.name(),
            reason,
        }
    }

    fn bad_modifier(&self, modifier: &str) -> QueryError {
        QueryError::Modifier {
            name: clip(&self.param.code),
            modifier: clip(modifier),
        }
    }
}

fn component_ref(def: &Arc<ParamDef>) -> ParamRef {
    ParamRef {
        code: def.code.to_string(),
        kind: def.kind,
        defs: [Arc::clone(def)].into_iter().collect(),
    }
}

/// A string to compare in the way of `how`.
pub(super) fn string_value(
    name: &str,
    how: StringMatch,
    text: String,
) -> Result<StringValue, QueryError> {
    let bad = |reason| QueryError::Value {
        name: clip(name),
        reason,
    };
    let folded = match how {
        StringMatch::Phonetic => {
            normal::sound_code(&text).ok_or_else(|| bad("it has no Latin letter"))?
        }
        _ => normal::fold(&text).into_owned(),
    };
    if how == StringMatch::Contains && folded.chars().count() < MIN_CONTAINS {
        return Err(bad(":contains needs at least three characters"));
    }
    if folded.is_empty() && how != StringMatch::Exact {
        return Err(bad("nothing is left to compare"));
    }
    Ok(StringValue { text, folded })
}

/// True for a logical id: 1 to 64 of `A-Z a-z 0-9 - .`.
pub(super) fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// Resolves escapes.
pub(super) fn unescaped(name: &str, text: &str) -> Result<String, QueryError> {
    escape::unescape(text).ok_or_else(|| QueryError::Value {
        name: clip(name),
        reason: r"a backslash stands before none of , | $ \",
    })
}
