//! Expansion of the value sets whose every code the official bundles list.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::trim::unversioned;

/// A larger expansion is left to a terminology service.
const MAX_CODES: usize = 1_500;

/// (system, code)
type Codes = BTreeSet<(String, String)>;

#[derive(Default)]
pub(crate) struct Source {
    value_sets: HashMap<String, Value>,
    code_systems: HashMap<String, Value>,
}

impl Source {
    pub(crate) fn add(&mut self, resources: Vec<Value>) {
        for resource in resources {
            let Some(url) = resource["url"].as_str().map(str::to_owned) else {
                continue;
            };
            match resource["resourceType"].as_str() {
                Some("ValueSet") => self.value_sets.entry(url).or_insert(resource),
                Some("CodeSystem") => self.code_systems.entry(url).or_insert(resource),
                _ => continue,
            };
        }
    }

    /// One line per value set that can be listed in full: `{url, systems: {system: [code]}}`.
    pub(crate) fn expand_all(&self, urls: &BTreeSet<String>) -> Vec<Value> {
        let mut lines = Vec::new();
        for url in urls {
            let Some(codes) = self.value_set(url).filter(|c| c.len() <= MAX_CODES) else {
                continue;
            };
            let mut systems: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (system, code) in codes {
                systems.entry(system).or_default().push(code);
            }
            lines.push(json!({ "url": url, "systems": systems }));
        }
        lines
    }

    fn value_set(&self, url: &str) -> Option<Codes> {
        let compose = &self.value_sets.get(&unversioned(url))?["compose"];
        let mut codes = Codes::new();
        for include in compose["include"].as_array()? {
            codes.extend(self.include(include)?);
        }
        for exclude in compose["exclude"].as_array().into_iter().flatten() {
            for code in self.include(exclude)? {
                codes.remove(&code);
            }
        }
        Some(codes)
    }

    fn include(&self, include: &Value) -> Option<Codes> {
        let mut found: Option<Codes> = None;
        let mut narrow = |codes: Codes| {
            found = Some(match found.take() {
                Some(already) => already.intersection(&codes).cloned().collect(),
                None => codes,
            });
        };
        for url in include["valueSet"].as_array().into_iter().flatten() {
            narrow(self.value_set(url.as_str()?)?);
        }
        if let Some(system) = include["system"].as_str() {
            narrow(self.system_codes(system, include)?);
        }
        found
    }

    fn system_codes(&self, system: &str, include: &Value) -> Option<Codes> {
        let code = |c: &str| (system.to_owned(), c.to_owned());
        if let Some(concepts) = include["concept"].as_array() {
            return Some(
                concepts
                    .iter()
                    .filter_map(|c| c["code"].as_str())
                    .map(code)
                    .collect(),
            );
        }
        let definition = self.code_systems.get(system)?;
        if definition["content"] != "complete" {
            return None;
        }
        let mut parents = HashMap::new();
        collect(&definition["concept"], None, &mut parents);
        let filters: Vec<&Value> = include["filter"].as_array().into_iter().flatten().collect();
        let mut codes = Codes::new();
        for candidate in parents.keys() {
            let mut kept = true;
            for filter in &filters {
                kept &= passes(candidate, filter, &parents)?;
            }
            if kept {
                codes.insert(code(candidate));
            }
        }
        Some(codes)
    }
}

/// Code → its parents, by nesting and by the `subsumedBy` property of the v3 systems.
fn collect<'a>(
    concepts: &'a Value,
    parent: Option<&'a str>,
    parents: &mut HashMap<&'a str, Vec<&'a str>>,
) {
    for concept in concepts.as_array().into_iter().flatten() {
        let Some(code) = concept["code"].as_str() else {
            continue;
        };
        let entry = parents.entry(code).or_default();
        entry.extend(parent);
        for property in concept["property"].as_array().into_iter().flatten() {
            if property["code"] == "subsumedBy" {
                entry.extend(property["valueCode"].as_str());
            }
        }
        collect(&concept["concept"], Some(code), parents);
    }
}

fn passes(code: &str, filter: &Value, parents: &HashMap<&str, Vec<&str>>) -> Option<bool> {
    let value = filter["value"].as_str()?;
    match (filter["property"].as_str()?, filter["op"].as_str()?) {
        ("concept", "is-a") => Some(code == value || descends(code, value, parents)),
        ("concept", "descendent-of") => Some(descends(code, value, parents)),
        ("concept", "is-not-a") => Some(code != value && !descends(code, value, parents)),
        _ => None,
    }
}

fn descends(code: &str, ancestor: &str, parents: &HashMap<&str, Vec<&str>>) -> bool {
    let mut open: Vec<&str> = vec![code];
    let mut seen = BTreeSet::new();
    while let Some(current) = open.pop() {
        for parent in parents.get(current).into_iter().flatten() {
            if *parent == ancestor {
                return true;
            }
            if seen.insert(*parent) {
                open.push(parent);
            }
        }
    }
    false
}
