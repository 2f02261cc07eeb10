//! Concept maps and translation between code systems (<http://hl7.org/fhir/R4/conceptmap.html>).

use mt_fhir::Node;

use crate::canonical::{Canonical, split};
use crate::code_system::items;
use crate::error::TerminologyError;

/// A concept map.
#[derive(Debug)]
pub struct ConceptMap {
    /// Canonical URL; empty when it came without one.
    pub url: String,
    /// Business version.
    pub version: Option<String>,
    /// Value set of the codes that it maps.
    pub source: Option<String>,
    /// Value set of the codes that it maps to.
    pub target: Option<String>,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    source: Option<String>,
    target: Option<String>,
    /// Sorted by code.
    elements: Vec<Element>,
    unmapped: Option<Unmapped>,
}

#[derive(Debug)]
struct Element {
    code: String,
    display: Option<String>,
    targets: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    code: Option<String>,
    display: Option<String>,
    equivalence: String,
    comment: Option<String>,
    depends_on: Vec<Dependency>,
    products: Vec<Dependency>,
}

/// Another element that a mapping depends on or yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The element or attribute.
    pub property: String,
    /// Code system of the value.
    pub system: Option<String>,
    /// The value.
    pub value: String,
}

#[derive(Debug)]
enum Unmapped {
    /// The code itself, in the target system.
    Provided,
    /// One code for all.
    Fixed {
        code: String,
        display: Option<String>,
    },
    /// Ask another map.
    OtherMap(Canonical),
}

/// What is to be translated.
#[derive(Clone, Copy, Debug)]
pub struct Translation<'a> {
    /// Code system of the code.
    pub system: &'a str,
    /// The code.
    pub code: &'a str,
    /// Only matches of this code system.
    pub target_system: Option<&'a str>,
    /// From target to source.
    pub reverse: bool,
    /// What is known of the elements that mappings depend on.
    pub dependencies: &'a [Dependency],
}

/// One result of a translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// How the result relates to the code (<http://hl7.org/fhir/R4/valueset-concept-map-equivalence.html>).
    pub equivalence: String,
    /// Code system of the result.
    pub system: Option<String>,
    /// The result; none when there is said to be none.
    pub code: Option<String>,
    /// Its name.
    pub display: Option<String>,
    /// Remark of the map's author.
    pub comment: Option<String>,
    /// Values for further elements.
    pub products: Vec<Dependency>,
    /// The map that it comes from.
    pub source: String,
}

/// Results of one map, and the map to ask next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The results.
    pub found: Vec<Match>,
    /// Map that decides about codes which this one lacks.
    pub ask_next: Option<Canonical>,
}

impl ConceptMap {
    /// Reads a `ConceptMap` resource.
    ///
    /// # Errors
    /// When a group is not understandable.
    pub fn from_resource(resource: Node<'_>) -> Result<Self, TerminologyError> {
        let owned = |key: &str| resource.str(key).map(str::to_owned);
        let unversioned = |keys: [&str; 2]| {
            let found = keys.into_iter().find_map(|key| resource.str(key));
            found.map(|canonical| split(canonical).0.to_owned())
        };
        Ok(Self {
            url: owned("url").unwrap_or_default(),
            version: owned("version"),
            source: unversioned(["sourceCanonical", "sourceUri"]),
            target: unversioned(["targetCanonical", "targetUri"]),
            groups: items(resource, "group")
                .map(group)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether it maps from or to codes of `system` (a group without systems may hold any).
    #[must_use]
    pub fn concerns(&self, system: &str, target: Option<&str>, reverse: bool) -> bool {
        self.groups.iter().any(|group| {
            let (from, to) = group.ends(reverse);
            from.is_none_or(|from| from == system)
                && target.is_none_or(|target| to.is_none_or(|to| to == target))
        })
    }

    /// Translates a code.
    #[must_use]
    pub fn translate(&self, ask: &Translation<'_>) -> Matches {
        let mut matches = Matches::default();
        for group in &self.groups {
            let (from, to) = group.ends(ask.reverse);
            let from_fits = from.is_none_or(|from| from == ask.system);
            let to_fits = ask
                .target_system
                .is_none_or(|target| to.is_none_or(|to| to == target));
            if from_fits && to_fits {
                if ask.reverse {
                    self.reverse(group, ask, &mut matches);
                } else {
                    self.forward(group, ask, &mut matches);
                }
            }
        }
        matches
    }

    fn forward(&self, group: &Group, ask: &Translation<'_>, matches: &mut Matches) {
        let found = group
            .elements
            .binary_search_by(|element| element.code.as_str().cmp(ask.code));
        let Ok(at) = found else {
            return self.unmapped(group, ask, matches);
        };
        for target in &group.elements[at].targets {
            if !target
                .depends_on
                .iter()
                .all(|needed| ask.dependencies.contains(needed))
            {
                continue;
            }
            matches.found.push(Match {
                equivalence: target.equivalence.clone(),
                system: group.target.clone(),
                code: target.code.clone(),
                display: target.display.clone(),
                comment: target.comment.clone(),
                products: target.products.clone(),
                source: self.url.clone(),
            });
        }
    }

    fn reverse(&self, group: &Group, ask: &Translation<'_>, matches: &mut Matches) {
        for element in &group.elements {
            for target in element
                .targets
                .iter()
                .filter(|t| t.code.as_deref() == Some(ask.code))
            {
                matches.found.push(Match {
                    equivalence: inverse(&target.equivalence).to_owned(),
                    system: group.source.clone(),
                    code: Some(element.code.clone()),
                    display: element.display.clone(),
                    comment: target.comment.clone(),
                    products: Vec::new(),
                    source: self.url.clone(),
                });
            }
        }
    }

    fn unmapped(&self, group: &Group, ask: &Translation<'_>, matches: &mut Matches) {
        let (code, display, equivalence) = match &group.unmapped {
            None => return,
            Some(Unmapped::OtherMap(map)) => {
                matches.ask_next = Some(map.clone());
                return;
            }
            Some(Unmapped::Provided) => (ask.code.to_owned(), None, "equal"),
            Some(Unmapped::Fixed { code, display }) => (code.clone(), display.clone(), "inexact"),
        };
        matches.found.push(Match {
            equivalence: equivalence.to_owned(),
            system: group.target.clone(),
            code: Some(code),
            display,
            comment: None,
            products: Vec::new(),
            source: self.url.clone(),
        });
    }

    /// Maps that are asked about unmapped codes.
    pub fn references(&self) -> impl Iterator<Item = &Canonical> {
        self.groups
            .iter()
            .filter_map(|group| match &group.unmapped {
                Some(Unmapped::OtherMap(map)) => Some(map),
                _ => None,
            })
    }
}

impl Group {
    fn ends(&self, reverse: bool) -> (Option<&str>, Option<&str>) {
        let (source, target) = (self.source.as_deref(), self.target.as_deref());
        if reverse {
            (target, source)
        } else {
            (source, target)
        }
    }
}

fn group(node: Node<'_>) -> Result<Group, TerminologyError> {
    let mut elements: Vec<Element> = items(node, "element").filter_map(element).collect();
    elements.sort_by(|a, b| a.code.cmp(&b.code));
    // One code in several elements is one element with all their targets.
    elements.dedup_by(|later, first| {
        let same = later.code == first.code;
        if same {
            first.targets.append(&mut later.targets);
        }
        same
    });
    let system = |key: &str| node.str(key).map(|canonical| split(canonical).0.to_owned());
    Ok(Group {
        source: system("source"),
        target: system("target"),
        elements,
        unmapped: node.get("unmapped").map(unmapped).transpose()?,
    })
}

fn element(node: Node<'_>) -> Option<Element> {
    Some(Element {
        code: node.str("code")?.to_owned(),
        display: node.str("display").map(str::to_owned),
        targets: items(node, "target").map(target).collect(),
    })
}

fn target(node: Node<'_>) -> Target {
    let owned = |key: &str| node.str(key).map(str::to_owned);
    Target {
        code: owned("code"),
        display: owned("display"),
        equivalence: owned("equivalence").unwrap_or_else(|| "relatedto".to_owned()),
        comment: owned("comment"),
        depends_on: items(node, "dependsOn").filter_map(dependency).collect(),
        products: items(node, "product").filter_map(dependency).collect(),
    }
}

fn dependency(node: Node<'_>) -> Option<Dependency> {
    Some(Dependency {
        property: node.str("property")?.to_owned(),
        system: node.str("system").map(str::to_owned),
        value: node.str("value")?.to_owned(),
    })
}

fn unmapped(node: Node<'_>) -> Result<Unmapped, TerminologyError> {
    let malformed = |reason| TerminologyError::Malformed {
        resource: "ConceptMap",
        reason,
    };
    match node.str("mode") {
        Some("provided") => Ok(Unmapped::Provided),
        Some("fixed") => Ok(Unmapped::Fixed {
            code: node
                .str("code")
                .ok_or(malformed("a fixed mapping has no code"))?
                .to_owned(),
            display: node.str("display").map(str::to_owned),
        }),
        Some("other-map") => {
            let url = node.str("url").ok_or(malformed("another map has no url"))?;
            Ok(Unmapped::OtherMap(Canonical::parse(url)))
        }
        _ => Err(malformed("the mode for unmapped codes is not known")),
    }
}

/// The relation as seen from the other end.
fn inverse(equivalence: &str) -> &str {
    match equivalence {
        "wider" => "narrower",
        "narrower" => "wider",
        "subsumes" => "specializes",
        "specializes" => "subsumes",
        other => other,
    }
}
