//! `Patient/$match`: which patients the server holds that may be the one described
//! (<http://hl7.org/fhir/R4/patient-operation-match.html>).
//!
//! Candidates come from ordinary searches with the caller's own access; each is scored by what
//! agrees and what contradicts. The weights are sums, not probabilities: 1.0 is reserved for an
//! identifier that agrees together with a demographic trait.

use std::collections::BTreeMap;

use mt_access::{Interaction as Right, Operation};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::ErrorKind;
use mt_search::normal::fold;
use mt_search::{Query, Scope};
use mt_store::Stored;

use super::parameters::Inputs;
use crate::answer::Answer;
use crate::api::Call;
use crate::bundle::{BundleWriter, MatchGrade};
use crate::error::{FhirError, Result};

/// Candidates taken from each search.
const CANDIDATES: usize = 50;

pub(super) async fn run(call: &Call<'_>) -> Result<Answer> {
    call.require(Operation::Match)?;
    let inputs = Inputs::read(call)?;
    let wanted = inputs
        .resource("resource")
        .or_else(|| inputs.bare_resource());
    let wanted = wanted
        .filter(|node| node.resource_type() == Some("Patient"))
        .ok_or_else(|| {
            FhirError::new(
                ErrorKind::Malformed,
                "the parameter resource must be a Patient",
            )
            .at("resource")
        })?;
    let only_certain = inputs.text("onlyCertainMatches") == Some("true");
    let count = inputs.text("count").map_or(Ok(10), str::parse::<usize>);
    let count = count.map_err(|_| FhirError::parameter("count", "the value is no whole number"))?;
    let mut found = candidates(call, wanted).await?;
    found.retain(|(_, score)| *score >= if only_certain { CERTAIN } else { POSSIBLE });
    found.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.id.cmp(&b.id)));
    found.truncate(count);
    let id = call.correlation_id.to_string();
    let total = Some(mt_store::Total::Accurate(found.len() as u64));
    let mut bundle = BundleWriter::new("searchset", &call.base, &id, total, &[]);
    for (stored, score) in &found {
        bundle.match_entry(stored, *score, grade(*score));
    }
    Ok(Answer::resource("match", bundle.finish()))
}

const CERTAIN: f64 = 0.95;
const PROBABLE: f64 = 0.7;
const POSSIBLE: f64 = 0.4;

fn grade(score: f64) -> MatchGrade {
    match score {
        score if score >= CERTAIN => MatchGrade::Certain,
        score if score >= PROBABLE => MatchGrade::Probable,
        _ => MatchGrade::Possible,
    }
}

async fn candidates(call: &Call<'_>, wanted: Node<'_>) -> Result<Vec<(Stored, f64)>> {
    let caller = call.caller(Right::Search);
    let mut by_id: BTreeMap<String, Stored> = BTreeMap::new();
    for pairs in searches(wanted) {
        let scope = Scope::resource(ResourceType::PATIENT);
        let mut query = Query::parse(&call.registry, scope, &pairs, &call.parse_options())?;
        query.count = u32::try_from(CANDIDATES).ok();
        let page = call.api.store.search(&caller, &query, None).await?;
        for entry in page.entries {
            by_id.insert(entry.resource.id.to_string(), entry.resource);
        }
    }
    let mut scored = Vec::with_capacity(by_id.len());
    for stored in by_id.into_values() {
        let damaged = |_| FhirError::new(ErrorKind::Internal, "a stored resource cannot be read");
        let doc = Doc::parse(stored.body.to_vec(), &Limits::default()).map_err(damaged)?;
        let score = score(&Traits::of(wanted), &Traits::of(doc.root()));
        scored.push((stored, score));
    }
    Ok(scored)
}

/// Searches that a true match is likely to be among.
fn searches(wanted: Node<'_>) -> Vec<Vec<(String, String)>> {
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
        match (name.str("family"), birth_date) {
            (Some(family), Some(date)) => {
                searches.push(vec![pair("family", family), pair("birthdate", date)]);
            }
            (Some(family), None) => {
                let given = items(name, "given").next().and_then(Node::as_str);
                searches.push(
                    [
                        Some(pair("family", family)),
                        given.map(|given| pair("given", given)),
                    ]
                    .into_iter()
                    .flatten()
                    .collect(),
                );
            }
            _ => {}
        }
    }
    for telecom in items(wanted, "telecom") {
        if let Some(value) = telecom.str("value") {
            searches.push(vec![pair("telecom", value)]);
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

fn items<'a>(node: Node<'a>, name: &str) -> impl Iterator<Item = Node<'a>> {
    node.get(name).into_iter().flat_map(Node::children)
}

/// What tells people apart.
struct Traits {
    identifiers: Vec<(String, String)>,
    families: Vec<String>,
    givens: Vec<String>,
    birth_date: Option<String>,
    gender: Option<String>,
    telecoms: Vec<String>,
    postal_codes: Vec<String>,
}

impl Traits {
    fn of(patient: Node<'_>) -> Self {
        let text = |node: Node<'_>, name: &str| node.str(name).map(str::to_owned);
        let folded =
            |node: Node<'_>, name: &str| node.str(name).map(|value| fold(value).into_owned());
        let identifier = |node: Node<'_>| {
            Some((
                node.str("system").unwrap_or_default().to_owned(),
                text(node, "value")?,
            ))
        };
        Self {
            identifiers: items(patient, "identifier")
                .filter_map(identifier)
                .collect(),
            families: items(patient, "name")
                .filter_map(|name| folded(name, "family"))
                .collect(),
            givens: items(patient, "name")
                .flat_map(|name| items(name, "given"))
                .filter_map(Node::as_str)
                .map(|given| fold(given).into_owned())
                .collect(),
            birth_date: text(patient, "birthDate"),
            gender: text(patient, "gender"),
            telecoms: items(patient, "telecom")
                .filter_map(|item| digits(item.str("value")?))
                .collect(),
            postal_codes: items(patient, "address")
                .filter_map(|item| text(item, "postalCode"))
                .collect(),
        }
    }
}

/// A telephone number without its punctuation, or the address as it is.
fn digits(value: &str) -> Option<String> {
    if value.contains('@') {
        return Some(value.to_lowercase());
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 6).then_some(digits)
}

/// From 0 to 1: agreement adds, contradiction of what does not change takes away.
fn score(wanted: &Traits, known: &Traits) -> f64 {
    let shared = |one: &[String], other: &[String]| one.iter().any(|value| other.contains(value));
    let identifier = wanted
        .identifiers
        .iter()
        .any(|value| known.identifiers.contains(value));
    let family = shared(&wanted.families, &known.families);
    let given = shared(&wanted.givens, &known.givens);
    let birth_date = wanted.birth_date.is_some() && wanted.birth_date == known.birth_date;
    let mut score: f64 = 0.0;
    for (agrees, weight) in [
        (identifier, 0.7),
        (family, 0.25),
        (given, 0.15),
        (birth_date, 0.3),
        (shared(&wanted.telecoms, &known.telecoms), 0.15),
        (shared(&wanted.postal_codes, &known.postal_codes), 0.05),
        (
            wanted.gender.is_some() && wanted.gender == known.gender,
            0.05,
        ),
    ] {
        score += if agrees { weight } else { 0.0 };
    }
    for (one, other, weight) in [
        (&wanted.birth_date, &known.birth_date, 0.25),
        (&wanted.gender, &known.gender, 0.15),
    ] {
        if one.is_some() && other.is_some() && one != other {
            score -= weight;
        }
    }
    score.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score_of(one: &str, other: &str) -> f64 {
        let parse = |text: &str| Doc::parse(text, &Limits::default()).unwrap();
        let (one, other) = (parse(one), parse(other));
        score(&Traits::of(one.root()), &Traits::of(other.root()))
    }

    const JANE: &str = r#"{"resourceType":"Patient","identifier":[{"system":"m","value":"1"}],"name":[{"family":"Müller","given":["Jane"]}],"birthDate":"1980-01-02","gender":"female","telecom":[{"value":"+1 (555) 123-4567"}]}"#;

    #[test]
    fn the_same_person_is_certain_and_spelling_does_not_matter() {
        let same = r#"{"identifier":[{"system":"m","value":"1"}],"name":[{"family":"MULLER","given":["jane"]}],"birthDate":"1980-01-02"}"#;
        assert!(score_of(same, JANE) >= CERTAIN);
        let by_traits = r#"{"name":[{"family":"Muller","given":["Jane"]}],"birthDate":"1980-01-02","telecom":[{"value":"1 555 1234567"}]}"#;
        let score = score_of(by_traits, JANE);
        assert!((PROBABLE..CERTAIN).contains(&score), "{score}");
    }

    #[test]
    fn contradictions_count() {
        let other_day = r#"{"name":[{"family":"Müller","given":["Jane"]}],"birthDate":"1990-01-02","gender":"male"}"#;
        assert!(score_of(other_day, JANE) < POSSIBLE);
        assert!(score_of(r#"{"name":[{"family":"Müller"}]}"#, JANE) < POSSIBLE);
    }

    #[test]
    fn values_are_escaped_for_search() {
        assert_eq!(escaped("a|b,c$d\\e"), "a\\|b\\,c\\$d\\\\e");
    }
}
