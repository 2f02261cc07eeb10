//! What to search for, so that a true match is among what is found.

use std::sync::Arc;

use mt_fhir::{Node, ResourceType};
use mt_search::normal::{alike_codes, telephone_code};
use mt_search::query::{ParamRef, StringMatch, StringValue};
use mt_search::{Clause, Leaf, ParamRegistry, ParseOptions, Query, QueryError, Scope, Test};

use crate::dates::misread;
use crate::traits::items;

/// Candidates taken from each search by something exact, and from those by names that are alike.
const EXACT: u32 = 50;
const BY_NAME: u32 = 200;

/// The searches that a match of the Patient `wanted` is likely to be among.
///
/// # Errors
/// When a value of it cannot be searched for.
pub fn queries(
    registry: &ParamRegistry,
    wanted: Node<'_>,
    options: &ParseOptions<'_>,
) -> Result<Vec<Query>, QueryError> {
    let parse = |pairs: &[(String, String)], count| {
        let scope = Scope::resource(ResourceType::PATIENT);
        let mut query = Query::parse(registry, scope, pairs, options)?;
        query.count = Some(count);
        Ok(query)
    };
    let mut all = Vec::new();
    for pairs in exact(wanted) {
        all.push(parse(&pairs, EXACT)?);
    }
    let birth_date = wanted.str("birthDate");
    for name in items(wanted, "name") {
        let given = items(name, "given").filter_map(Node::as_str);
        let words: Vec<&str> = name
            .str("family")
            .into_iter()
            .chain(given.take(1))
            .collect();
        let dates = birth_date.map(|date| ("birthdate".to_owned(), misread(date).join(",")));
        if words.is_empty() || (words.len() < 2 && dates.is_none()) {
            continue;
        }
        let pairs: Vec<_> = dates.into_iter().collect();
        // With a birth date one of the names may be another one; without it both must be alike.
        let any = !pairs.is_empty();
        let clauses = words.iter().filter_map(|word| alike(registry, word));
        let clauses: Vec<Clause> = clauses.collect();
        let mut query = parse(&pairs, BY_NAME)?;
        if any && clauses.len() > 1 {
            query.clauses.push(Clause::Or(clauses));
        } else {
            query.clauses.extend(clauses);
        }
        all.push(query);
    }
    Ok(all)
}

/// The condition that a patient has a name like `word`; `None` when it has no letter.
#[must_use]
pub fn alike(registry: &ParamRegistry, word: &str) -> Option<Clause> {
    let def = registry.get(ResourceType::PATIENT, "phonetic")?;
    let values: Vec<StringValue> = alike_codes(word)
        .into_iter()
        .map(|code| StringValue {
            text: code.clone(),
            folded: code,
        })
        .collect();
    if values.is_empty() {
        return None;
    }
    Some(Clause::Leaf(Leaf {
        param: ParamRef {
            code: "phonetic".to_owned(),
            kind: def.kind,
            defs: std::iter::once(Arc::clone(def)).collect(),
        },
        test: Test::String {
            how: StringMatch::Phonetic,
            values,
        },
    }))
}

fn exact(wanted: Node<'_>) -> Vec<Vec<(String, String)>> {
    let pair = |name: &str, value: &str| (name.to_owned(), escaped(value));
    let mut searches = Vec::new();
    for identifier in items(wanted, "identifier") {
        if let Some(value) = identifier.str("value") {
            let system = identifier
                .str("system")
                .map(|system| format!("{}|", escaped(system)));
            let token = format!("{}{}", system.unwrap_or_default(), escaped(value));
            searches.push(vec![("identifier".to_owned(), token)]);
        }
    }
    let birth_date = wanted.str("birthDate");
    for name in items(wanted, "name") {
        let given = || items(name, "given").find_map(Node::as_str);
        let second = birth_date
            .map(|date| pair("birthdate", date))
            .or_else(|| given().map(|given| pair("given", given)));
        if let Some(family) = name.str("family") {
            searches.push(
                [Some(pair("family", family)), second]
                    .into_iter()
                    .flatten()
                    .collect(),
            );
        }
    }
    for telecom in items(wanted, "telecom") {
        if let Some(value) = telecom.str("value") {
            // Somebody else may have written the same number otherwise.
            let other = telephone_code(value).map(|code| format!(",{code}"));
            let written = format!("{}{}", escaped(value), other.unwrap_or_default());
            searches.push(vec![("telecom".to_owned(), written)]);
        }
    }
    searches
}

/// `\`, `|`, `,` and `$` have a meaning in search values.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, '\\' | '|' | ',' | '$') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_for_search() {
        assert_eq!(escaped("a|b,c$d\\e"), "a\\|b\\,c\\$d\\\\e");
    }
}
