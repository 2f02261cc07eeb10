//! Prints a search as it was applied: the `self` link of the result.

use super::{
    Clause, Comparator, DateValue, Direction, Include, IncludeParam, Leaf, NumberValue,
    QuantityValue, Query, ReferenceValue, SortBy, StringMatch, SystemMatch, Test, TextScope,
    TokenValue, Types, UnitMatch, UriMatch,
};
use crate::parse::escape::{escape, escape_into};

impl Query {
    /// The parameters that were applied, in canonical order and spelling; parsing them again
    /// gives this query (without what was ignored).
    #[must_use]
    pub fn applied(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        if let Types::Some(types) = &self.types {
            let names: Vec<_> = types.iter().map(|one| one.name()).collect();
            out.push(("_type".to_owned(), names.join(",")));
        }
        out.extend(self.clauses.iter().map(print_clause));
        out.extend(
            self.filters
                .iter()
                .map(|filter| ("_filter".to_owned(), filter.text.clone())),
        );
        self.applied_controls(&mut out);
        out
    }

    fn applied_controls(&self, out: &mut Vec<(String, String)>) {
        let mut push = |name: &str, value: String| out.push((name.to_owned(), value));
        for include in &self.includes {
            let (name, value) = print_include(include);
            push(&name, value);
        }
        if !self.sort.is_empty() {
            let keys = self.sort.iter().map(|key| {
                let sign = if key.descending { "-" } else { "" };
                match &key.by {
                    SortBy::Id => format!("{sign}_id"),
                    SortBy::LastUpdated => format!("{sign}_lastUpdated"),
                    SortBy::Param(param) => format!("{sign}{}", param.code),
                }
            });
            push("_sort", keys.collect::<Vec<_>>().join(","));
        }
        if let Some(count) = self.count {
            push("_count", count.to_string());
        }
        if let Some(total) = self.total {
            push("_total", total.code().to_owned());
        }
        if let Some(summary) = self.summary {
            push("_summary", summary.code().to_owned());
        }
        if !self.elements.is_empty() {
            push("_elements", self.elements.join(","));
        }
    }

    /// [`Query::applied`] as a query string, percent-encoded.
    #[must_use]
    pub fn applied_query(&self) -> String {
        crate::parse::form::encode(&self.applied())
    }
}

/// Name and value of one condition. Conditions built by `_filter` never get here: they are
/// printed as the expression they came from.
fn print_clause(clause: &Clause) -> (String, String) {
    match clause {
        Clause::Leaf(leaf) => print_leaf(leaf),
        Clause::Id { ids, negated } => {
            let name = if *negated { "_id:not" } else { "_id" };
            (name.to_owned(), join(ids, |id, out| escape_into(id, out)))
        }
        Clause::LastUpdated(values) => ("_lastUpdated".to_owned(), join(values, print_date)),
        Clause::Chain(chain) => {
            let Some((first, inner)) = chain.targets.first() else {
                return (chain.param.code.clone(), String::new());
            };
            let (inner_name, value) = print_clause(inner);
            let qualifier = if chain.qualified {
                format!(":{first}")
            } else {
                String::new()
            };
            (
                format!("{}{qualifier}.{inner_name}", chain.param.code),
                value,
            )
        }
        Clause::Has(has) => {
            let (inner_name, value) = print_clause(&has.clause);
            (
                format!("_has:{}:{}:{inner_name}", has.source, has.param.code),
                value,
            )
        }
        Clause::Text(search) => {
            let name = match search.scope {
                TextScope::Narrative => "_text",
                TextScope::Content => "_content",
            };
            let value = join(&search.alternatives, |(_, text), out| {
                escape_into(text, out)
            });
            (name.to_owned(), value)
        }
        Clause::List(ids) => (
            "_list".to_owned(),
            join(ids, |id, out| escape_into(id, out)),
        ),
        Clause::And(_) | Clause::Or(_) | Clause::Not(_) => ("_filter".to_owned(), String::new()),
    }
}

fn print_leaf(leaf: &Leaf) -> (String, String) {
    let code = &leaf.param.code;
    let (modifier, value) = print_test(&leaf.test);
    let name = match (&leaf.test, modifier) {
        (
            Test::Reference {
                type_modifier: Some(target),
                ..
            },
            _,
        ) => format!("{code}:{target}"),
        (_, "") => code.clone(),
        (_, modifier) => format!("{code}:{modifier}"),
    };
    (name, value)
}

fn print_test(test: &Test) -> (&'static str, String) {
    match test {
        Test::Missing(missing) => ("missing", missing.to_string()),
        Test::String { how, values } => (
            string_modifier(*how),
            join(values, |value, out| escape_into(&value.text, out)),
        ),
        Test::Token { values, negated } => {
            (if *negated { "not" } else { "" }, join(values, print_token))
        }
        Test::TokenText(values) => (
            "text",
            join(values, |value, out| escape_into(&value.text, out)),
        ),
        Test::ValueSet { urls, negated } => (
            if *negated { "not-in" } else { "in" },
            join(urls, |url, out| print_canonical(url, out)),
        ),
        Test::Subsumption { direction, values } => {
            (direction_name(*direction), join(values, print_token))
        }
        Test::OfType(values) => (
            "of-type",
            join(values, |value, out| {
                print_parts(&[&value.system, &value.code, &value.value], out);
            }),
        ),
        Test::Reference { values, .. } => ("", join(values, print_reference)),
        Test::ReferenceIdentifier(values) => ("identifier", join(values, print_token)),
        Test::Date(values) => ("", join(values, print_date)),
        Test::Number(values) => ("", join(values, print_number)),
        Test::Quantity(values) => ("", join(values, print_quantity)),
        Test::Uri { how, values } => {
            let modifier = match how {
                UriMatch::Exact => "",
                UriMatch::Above => "above",
                UriMatch::Below => "below",
            };
            (modifier, join(values, |uri, out| escape_into(uri, out)))
        }
        Test::Composite(values) => (
            "",
            join(values, |parts, out| {
                let parts: Vec<_> = parts.iter().map(|part| print_test(&part.test).1).collect();
                out.push_str(&parts.join("$"));
            }),
        ),
        Test::Near(values) => ("", join(values, |near, out| out.push_str(&near.text))),
    }
}

fn join<T>(values: &[T], mut print: impl FnMut(&T, &mut String)) -> String {
    let mut out = String::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        print(value, &mut out);
    }
    out
}

const fn string_modifier(how: StringMatch) -> &'static str {
    match how {
        StringMatch::Exact => "exact",
        StringMatch::Contains => "contains",
        StringMatch::Prefix | StringMatch::Phonetic | StringMatch::Equal | StringMatch::Suffix => {
            ""
        }
    }
}

const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Above => "above",
        Direction::Below => "below",
    }
}

fn print_parts(parts: &[&str], out: &mut String) {
    let parts: Vec<_> = parts.iter().map(|part| escape(part)).collect();
    out.push_str(&parts.join("|"));
}

fn print_canonical(url: &str, out: &mut String) {
    match url.rsplit_once('|') {
        Some((url, version)) => print_parts(&[url, version], out),
        None => escape_into(url, out),
    }
}

fn print_token(value: &TokenValue, out: &mut String) {
    let code = value.code.as_deref().unwrap_or_default();
    match &value.system {
        SystemMatch::Any => escape_into(code, out),
        SystemMatch::Absent => print_parts(&["", code], out),
        SystemMatch::Is(system) | SystemMatch::Implied(system) => print_parts(&[system, code], out),
    }
}

fn print_reference(value: &ReferenceValue, out: &mut String) {
    match value {
        ReferenceValue::Local {
            resource_type,
            id,
            version,
            typed,
        } => {
            if let (Some(resource_type), true) = (resource_type, typed) {
                out.push_str(resource_type.name());
                out.push('/');
            }
            escape_into(id, out);
            if let Some(version) = version {
                out.push_str("/_history/");
                escape_into(version, out);
            }
        }
        ReferenceValue::Url { url, version } => {
            escape_into(url, out);
            if let Some(version) = version {
                out.push('|');
                escape_into(version, out);
            }
        }
    }
}

fn print_comparator(comparator: Comparator, text: &str, out: &mut String) {
    out.push_str(comparator.prefix());
    escape_into(text, out);
}

fn print_date(value: &DateValue, out: &mut String) {
    print_comparator(value.comparator, &value.text, out);
}

fn print_number(value: &NumberValue, out: &mut String) {
    print_comparator(value.comparator, &value.text, out);
}

fn print_quantity(value: &QuantityValue, out: &mut String) {
    print_number(&value.number, out);
    match &value.unit {
        UnitMatch::Any => {}
        UnitMatch::Text(unit) => {
            out.push_str("||");
            escape_into(unit, out);
        }
        UnitMatch::Code { system, code } => {
            out.push('|');
            print_parts(&[system, code], out);
        }
    }
}

fn print_include(include: &Include) -> (String, String) {
    let name = if include.reverse {
        "_revinclude"
    } else {
        "_include"
    };
    let iterate = if include.iterate { ":iterate" } else { "" };
    let param = match &include.param {
        IncludeParam::All => "*",
        IncludeParam::One(param) => param.code.as_str(),
    };
    let value = match (include.source, include.target) {
        (None, _) => "*".to_owned(),
        (Some(source), None) => format!("{source}:{param}"),
        (Some(source), Some(target)) => format!("{source}:{param}:{target}"),
    };
    (format!("{name}{iterate}"), value)
}
