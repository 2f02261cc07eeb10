//! The part of FHIRPath that nearly all search expressions keep to: names, `where`, `as`, unions.
//!
//! Such expressions merge into one plan per resource type; the few others go to the engine.

use mt_fhir::definitions::{ResourceType, TypeId};

/// A path from the resource, or from the element of a composite.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// The path starts with `%resource`.
    pub(super) from_resource: bool,
    pub(super) steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// `name`
    Field(String),
    /// `[3]`
    Index(usize),
    /// `as(Quantity)`, `ofType(Quantity)`, `as Quantity`
    As(String),
    /// `where(system = 'email')`, `extension('url')`
    WhereEquals { field: String, literal: String },
    /// `where(resolve() is Patient)`
    WhereTarget(String),
}

/// The alternatives of a plain expression; `None` when it uses anything beyond the plain part.
pub(super) fn parse(text: &str) -> Option<Vec<Path>> {
    let mut parser = Parser { rest: text.trim() };
    let paths = parser.union()?;
    parser.rest.is_empty().then_some(paths)
}

/// What the values of a plain expression are, by the official definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// Of one of these types.
    Of(Vec<TypeId>),
    /// A name in the expression is no element of what stands before it.
    NoElement(String),
    /// The expression is beyond what can be told without a resource.
    Unknown,
}

/// The types of the values of `expression` on resources of type `kind`.
pub(crate) fn values_of(expression: &str, kind: ResourceType) -> Values {
    let Some(paths) = parse(expression) else {
        return Values::Unknown;
    };
    let mut types = Vec::new();
    for path in paths.iter().filter(|path| !path.from_resource) {
        let mut steps = path.steps.iter();
        let Some(Step::Field(first)) = steps.next() else {
            return Values::Unknown;
        };
        if first != kind.name() {
            // Of another base, or relative to the resource.
            if ResourceType::from_name(first).is_none() {
                return Values::Unknown;
            }
            continue;
        }
        let mut here = vec![kind.type_id()];
        for step in steps {
            match step {
                Step::Field(name) => {
                    let elements = here.iter().flat_map(|one| one.def().elements);
                    let named = elements.filter(|element| element.name == name);
                    let next: Vec<TypeId> = named
                        .flat_map(|element| element.types.iter().map(|choice| choice.type_id))
                        .collect();
                    if next.is_empty() {
                        let abstract_names = ["Resource", "DomainResource", "Element"];
                        let is_open = here.iter().any(|one| abstract_names.contains(&one.name()));
                        return if is_open {
                            Values::Unknown
                        } else {
                            Values::NoElement(name.clone())
                        };
                    }
                    here = next;
                }
                Step::As(name) => {
                    here.retain(|one| one.name() == name);
                    if here.is_empty() {
                        return Values::Unknown;
                    }
                }
                Step::Index(_) | Step::WhereEquals { .. } | Step::WhereTarget(_) => {}
            }
        }
        types.extend(here);
    }
    Values::Of(types)
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn union(&mut self) -> Option<Vec<Path>> {
        let mut paths = self.typed()?;
        while self.symbol("|") {
            paths.extend(self.typed()?);
        }
        Some(paths)
    }

    fn typed(&mut self) -> Option<Vec<Path>> {
        let mut paths = self.chain()?;
        if self.word_is("as") {
            let step = Step::As(self.name()?.to_owned());
            extend(&mut paths, &[step]);
        }
        Some(paths)
    }

    fn chain(&mut self) -> Option<Vec<Path>> {
        let mut paths = if self.symbol("(") {
            let inner = self.union()?;
            self.symbol(")").then_some(inner)?
        } else if self.symbol("%resource") {
            vec![Path {
                from_resource: true,
                steps: Vec::new(),
            }]
        } else {
            let steps = self.step()?;
            vec![Path {
                from_resource: false,
                steps,
            }]
        };
        loop {
            if self.symbol(".") {
                let steps = self.step()?;
                extend(&mut paths, &steps);
            } else if self.symbol("[") {
                let index = self.integer()?;
                self.symbol("]").then_some(())?;
                extend(&mut paths, &[Step::Index(index)]);
            } else {
                return Some(paths);
            }
        }
    }

    fn step(&mut self) -> Option<Vec<Step>> {
        let name = self.name()?;
        if !self.symbol("(") {
            return Some(vec![Step::Field(name.to_owned())]);
        }
        let steps = match name {
            "as" | "ofType" => vec![Step::As(self.name()?.to_owned())],
            "first" => vec![Step::Index(0)],
            "extension" => {
                let literal = self.literal()?;
                let field = "url".to_owned();
                vec![
                    Step::Field("extension".to_owned()),
                    Step::WhereEquals { field, literal },
                ]
            }
            "where" if self.symbol("resolve()") => {
                self.word_is("is").then_some(())?;
                vec![Step::WhereTarget(self.name()?.to_owned())]
            }
            "where" => {
                let field = self.name()?.to_owned();
                self.symbol("=").then_some(())?;
                vec![Step::WhereEquals {
                    field,
                    literal: self.literal()?,
                }]
            }
            _ => return None,
        };
        self.symbol(")").then_some(steps)
    }

    fn name(&mut self) -> Option<&'a str> {
        self.space();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    fn integer(&mut self) -> Option<usize> {
        self.name()?.parse().ok()
    }

    /// A string without escapes.
    fn literal(&mut self) -> Option<String> {
        self.symbol("'").then_some(())?;
        let (literal, rest) = self.rest.split_once('\'')?;
        self.rest = rest;
        (!literal.contains('\\')).then(|| literal.to_owned())
    }

    fn word_is(&mut self, word: &str) -> bool {
        let before = self.rest;
        if self.name() == Some(word) {
            return true;
        }
        self.rest = before;
        false
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.space();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                self.space();
                true
            }
            None => false,
        }
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

fn extend(paths: &mut [Path], steps: &[Step]) {
    for path in paths {
        path.steps.extend_from_slice(steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_expressions_become_steps() {
        let steps = |text: &str| -> Vec<Vec<Step>> {
            parse(text)
                .unwrap_or_default()
                .into_iter()
                .map(|path| path.steps)
                .collect()
        };
        let field = |name: &str| Step::Field(name.to_owned());
        assert_eq!(
            steps("(Observation.value as CodeableConcept).text | Observation.code"),
            [
                vec![
                    field("Observation"),
                    field("value"),
                    Step::As("CodeableConcept".to_owned()),
                    field("text")
                ],
                vec![field("Observation"), field("code")],
            ]
        );
        assert_eq!(
            steps("A.b.where(resolve() is Patient)"),
            [vec![
                field("A"),
                field("b"),
                Step::WhereTarget("Patient".to_owned())
            ]]
        );
        assert_eq!(
            steps("Bundle.entry[0].resource"),
            [vec![
                field("Bundle"),
                field("entry"),
                Step::Index(0),
                field("resource")
            ]]
        );
        assert_eq!(steps("extension('u').value.ofType(code)").len(), 1);
        assert!(parse("%resource.a.b").is_some_and(|paths| paths[0].from_resource));
    }

    #[test]
    fn anything_else_is_left_to_the_engine() {
        for text in [
            "",
            "a.exists()",
            "a and b",
            "a = 'b'",
            "a.where(b > 1)",
            "a.where(b = 'c\\'d')",
            "a.",
            "(a",
            "a |",
            "a.b.where(resolve() is Patient and true)",
            "Patient.deceased.exists() and Patient.deceased != false",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
