//! StructureDefinition → tree of rules.

use std::collections::HashSet;
use std::sync::LazyLock;

use mt_fhir::definitions::{BindingStrength, TypeDef, TypeId, constraints};
use mt_fhir::json::{Doc, Node};
use mt_fhir::names::Name;
use mt_fhirpath::Expr;

use super::model::{
    BindingRule, Context, Discriminator, DiscriminatorKind, Invariant, Profile, Rule, Slicing,
    Step, TypeRule,
};
use super::{ProfileError, unversioned};

const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

const ADDITIONAL_BINDING: [&str; 3] = [
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.binding.additional",
    "http://hl7.org/fhir/tools/StructureDefinition/additional-binding",
    "http://hl7.org/fhir/StructureDefinition/additional-binding",
];

/// Invariants of the base definitions, which every snapshot repeats.
static CORE_KEYS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    constraints()
        .iter()
        .map(|c| c.key)
        .chain(["ele-1", "ext-1"])
        .collect()
});

pub(super) fn profile(definition: Node<'_>) -> Result<Profile, ProfileError> {
    let url = definition.str("url").ok_or(ProfileError::NoUrl)?;
    let type_name = definition.str("type").unwrap_or_default();
    let type_name = type_name.strip_prefix(CORE).unwrap_or(type_name);
    let type_id = TypeId::from_name(type_name).ok_or(ProfileError::UnknownType)?;
    let elements = |view: &str| {
        definition
            .get(view)?
            .get("element")
            .filter(|elements| !elements.is_empty())
    };
    let snapshot = elements("snapshot");
    let list = snapshot
        .or_else(|| elements("differential"))
        .ok_or(ProfileError::NoElements)?;
    let base = definition
        .str("baseDefinition")
        .filter(|_| snapshot.is_none())
        .map(Box::from);
    let mut builder = Builder::new(type_id);
    for element in list.children() {
        builder.add(element)?;
    }
    Ok(Profile {
        url: url.into(),
        type_id,
        base,
        root: builder.finish(),
        contexts: contexts(definition),
    })
}

fn contexts(definition: Node<'_>) -> Vec<Context> {
    let list = definition
        .get("context")
        .into_iter()
        .flat_map(Node::children);
    list.map(
        |context| match (context.str("type"), context.str("expression")) {
            (Some("element"), Some(path)) => {
                Context::Element(path.strip_prefix(CORE).unwrap_or(path).into())
            }
            _ => Context::Other,
        },
    )
    .collect()
}

/// Builds the tree from elements in order; the open nodes are a chain from the root.
struct Builder {
    open: Vec<Open>,
}

struct Open {
    path: String,
    /// The type that child names are looked up in, when it is clear.
    type_def: Option<&'static TypeDef>,
    rule: Rule,
}

impl Builder {
    fn new(type_id: TypeId) -> Self {
        let rule = Rule::default();
        let path = type_id.name().to_owned();
        Builder {
            open: vec![Open {
                path,
                type_def: Some(type_id.def()),
                rule,
            }],
        }
    }

    fn add(&mut self, element: Node<'_>) -> Result<(), ProfileError> {
        let path = element.str("path").unwrap_or_default();
        let slice = element.str("sliceName");
        if path == self.open[0].path {
            self.close_to(1);
            fill(&mut self.open[0].rule, element);
            return Ok(());
        }
        let is_under = |open: &Open| {
            path.strip_prefix(&*open.path)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        let is_sliced = |open: &Open| {
            let is_reslice = || {
                let outer = open.rule.slice.as_deref();
                slice.zip(outer).is_some_and(|(s, o)| {
                    s.strip_prefix(o).is_some_and(|rest| rest.starts_with('/'))
                })
            };
            slice.is_some() && open.path == path && (open.rule.slice.is_none() || is_reslice())
        };
        let keep = self
            .open
            .iter()
            .rposition(|open| is_under(open) || is_sliced(open));
        self.close_to(keep.ok_or(ProfileError::BadPath)? + 1);
        let at = self.open.len() - 1;
        let rest = path
            .strip_prefix(&*self.open[at].path)
            .unwrap_or_default()
            .to_owned();
        let segments: Vec<&str> = rest.split('.').filter(|s| !s.is_empty()).collect();
        let mut is_shorthand = false;
        for (index, segment) in segments.iter().enumerate() {
            let is_last = index + 1 == segments.len();
            let element = Some(element).filter(|_| is_last && slice.is_none());
            is_shorthand = self.open_child(segment, element);
        }
        match (slice, self.open.last_mut()) {
            (Some(slice), Some(last)) if is_shorthand => {
                last.rule.slice = Some(slice.into());
                fill(&mut last.rule, element);
            }
            (Some(slice), _) => self.open_slice(slice, Some(element)),
            (None, _) => {}
        }
        Ok(())
    }

    /// Opens a child of the innermost node: again if it is there already. Gives whether the name
    /// was shorthand for a slice, which is then open.
    fn open_child(&mut self, segment: &str, element: Option<Node<'_>>) -> bool {
        let bare = segment.strip_suffix("[x]").unwrap_or(segment);
        let name = Name::intern(bare);
        let parent = self.open.len() - 1;
        let path = format!("{}.{segment}", self.open[parent].path);
        let parent_def = self.open[parent].type_def;
        // `valueQuantity` for the slice of `value[x]` that is a Quantity.
        let choice = parent_def.and_then(|def| {
            let field = def.field(name)?;
            let element = def.element_of(field);
            element.is_choice.then_some((element.symbol, field.type_id))
        });
        if let Some((symbol, type_id)) = choice {
            let path = format!("{}.{symbol}[x]", self.open[parent].path);
            self.push(path.clone(), symbol, None, None);
            let types = vec![TypeRule {
                type_id,
                profiles: Vec::new(),
                targets: Vec::new(),
            }];
            self.open_slice(segment, element);
            let last = self.open.len() - 1;
            self.open[last].path = format!("{}.{segment}", self.open[parent].path);
            let open = &mut self.open[last];
            open.type_def = Some(type_id.def());
            if open.rule.types.is_empty() {
                open.rule.types = types;
            }
            return true;
        }
        let core = parent_def.and_then(|def| def.element(name));
        let type_def = core.and_then(|e| match e.types {
            [only] => Some(only.type_id.def()),
            _ => None,
        });
        self.push(path, name, type_def, element);
        false
    }

    fn open_slice(&mut self, slice: &str, element: Option<Node<'_>>) {
        let parent = &mut self.open.last_mut().expect("the root is never closed");
        let (path, type_def, name) = (parent.path.clone(), parent.type_def, parent.rule.name);
        let taken = parent
            .rule
            .slices
            .iter()
            .position(|s| s.slice.as_deref() == Some(slice));
        let mut rule = match taken {
            Some(at) => parent.rule.slices.remove(at),
            None => Rule {
                name,
                slice: Some(slice.into()),
                ..Rule::default()
            },
        };
        if let Some(element) = element {
            fill(&mut rule, element);
        }
        let type_def = single_type(&rule).or(type_def);
        self.open.push(Open {
            path,
            type_def,
            rule,
        });
    }

    fn push(
        &mut self,
        path: String,
        name: Name,
        type_def: Option<&'static TypeDef>,
        element: Option<Node<'_>>,
    ) {
        let parent = self.open.last_mut().expect("the root is never closed");
        let taken = parent
            .rule
            .children
            .iter()
            .position(|c| c.name == Some(name));
        let mut rule = match taken {
            Some(at) => parent.rule.children.remove(at),
            None => Rule {
                name: Some(name),
                ..Rule::default()
            },
        };
        if let Some(element) = element {
            fill(&mut rule, element);
        }
        let type_def = single_type(&rule).or(type_def);
        self.open.push(Open {
            path,
            type_def,
            rule,
        });
    }

    /// Hangs finished nodes under their parents until `count` are open.
    fn close_to(&mut self, count: usize) {
        while self.open.len() > count.max(1) {
            let Some(done) = self.open.pop() else { return };
            let Some(parent) = self.open.last_mut() else {
                return;
            };
            if done.rule.slice.is_some() {
                parent.rule.slices.push(done.rule);
            } else {
                parent.rule.children.push(done.rule);
            }
        }
    }

    fn finish(mut self) -> Rule {
        self.close_to(1);
        self.open.pop().map(|open| open.rule).unwrap_or_default()
    }
}

/// The type of the children; a backbone's is only known from the base.
fn single_type(rule: &Rule) -> Option<&'static TypeDef> {
    match &rule.types[..] {
        [only] if !matches!(only.type_id, TypeId::BACKBONE_ELEMENT | TypeId::ELEMENT) => {
            Some(only.type_id.def())
        }
        _ => None,
    }
}

fn fill(rule: &mut Rule, element: Node<'_>) {
    let number = |key: &str| element.get(key)?.number_text()?.parse::<u32>().ok();
    rule.min = number("min").unwrap_or(rule.min);
    if let Some(max) = element.str("max") {
        rule.max = max.parse().ok();
    }
    let types = element.get("type").into_iter().flat_map(Node::children);
    let types: Vec<TypeRule> = types.filter_map(type_rule).collect();
    if !types.is_empty() {
        rule.types = types;
    }
    let valued = |prefix: &str| {
        let is_value = |n: &Node<'_>| {
            let rest = n.key().and_then(|k| k.strip_prefix(prefix));
            rest.is_some_and(|r| r.starts_with(|c: char| c.is_ascii_uppercase()))
        };
        element.children().find(is_value).map(Doc::from_node)
    };
    rule.fixed = valued("fixed").or(rule.fixed.take());
    rule.pattern = valued("pattern").or(rule.pattern.take());
    rule.min_value = valued("minValue").or(rule.min_value.take());
    rule.max_value = valued("maxValue").or(rule.max_value.take());
    rule.max_length = number("maxLength").map(|n| n as usize).or(rule.max_length);
    if let Some(binding) = element.get("binding") {
        rule.bindings.extend(bindings(binding));
    }
    let invariants = element
        .get("constraint")
        .into_iter()
        .flat_map(Node::children);
    rule.invariants.extend(invariants.filter_map(invariant));
    if let Some(found) = element.get("slicing") {
        rule.slicing = Some(slicing(found));
    }
}

fn type_rule(node: Node<'_>) -> Option<TypeRule> {
    let code = node.str("code")?;
    let code = match code.strip_prefix("http://hl7.org/fhirpath/System.") {
        // Stands for the value inside a primitive, whose type is clear from the base.
        Some(_) => return None,
        None => code.strip_prefix(CORE).unwrap_or(code),
    };
    let urls = |key: &str| -> Vec<Box<str>> {
        let list = node.get(key).into_iter().flat_map(Node::children);
        list.filter_map(Node::as_str)
            .map(|url| unversioned(url).into())
            .collect()
    };
    Some(TypeRule {
        type_id: TypeId::from_name(code)?,
        profiles: urls("profile"),
        targets: urls("targetProfile"),
    })
}

/// The binding, and the additional ones that always apply.
fn bindings(node: Node<'_>) -> Vec<BindingRule> {
    let mut found = Vec::new();
    let strength = match node.str("strength") {
        Some("required") => Some(BindingStrength::Required),
        Some("extensible") => Some(BindingStrength::Extensible),
        _ => None,
    };
    if let (Some(strength), Some(value_set)) = (strength, node.str("valueSet")) {
        found.push(BindingRule {
            strength,
            value_set: unversioned(value_set).into(),
        });
    }
    for extension in node.get("extension").into_iter().flat_map(Node::children) {
        if !extension
            .str("url")
            .is_some_and(|url| ADDITIONAL_BINDING.contains(&url))
        {
            continue;
        }
        let part = |url: &str, value: &str| {
            let mut parts = extension.get("extension")?.children();
            parts.find(|p| p.str("url") == Some(url))?.str(value)
        };
        let is_required = matches!(part("purpose", "valueCode"), Some("required" | "maximum"));
        let has_usage = part("usage", "valueUsageContext").is_some();
        if let (true, false, Some(value_set)) =
            (is_required, has_usage, part("valueSet", "valueCanonical"))
        {
            let value_set = unversioned(value_set).into();
            found.push(BindingRule {
                strength: BindingStrength::Required,
                value_set,
            });
        }
    }
    found
}

fn invariant(node: Node<'_>) -> Option<Invariant> {
    let key = node.str("key")?;
    if CORE_KEYS.contains(key) {
        return None;
    }
    Some(Invariant {
        key: key.into(),
        human: node.str("human").unwrap_or_default().into(),
        is_error: node.str("severity") == Some("error"),
        expr: Expr::parse(node.str("expression")?).ok(),
    })
}

fn slicing(node: Node<'_>) -> Slicing {
    let discriminators = node
        .get("discriminator")
        .into_iter()
        .flat_map(Node::children);
    Slicing {
        discriminators: discriminators.filter_map(discriminator).collect(),
        is_closed: node.str("rules") == Some("closed"),
    }
}

fn discriminator(node: Node<'_>) -> Option<Discriminator> {
    let kind = match node.str("type")? {
        "value" | "pattern" => DiscriminatorKind::Value,
        "exists" => DiscriminatorKind::Exists,
        "type" => DiscriminatorKind::Type,
        "profile" => DiscriminatorKind::Profile,
        _ => return None,
    };
    Some(Discriminator {
        kind,
        path: steps(node.str("path")?),
    })
}

/// The steps of a discriminator's path; `$this` is none.
pub(super) fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        let end = step_end(rest);
        let step = rest[..end].trim();
        rest = rest[end..].trim_start_matches('.');
        let argument = |function: &str| {
            step.strip_prefix(function)?
                .strip_prefix('(')?
                .strip_suffix(')')
                .map(str::trim)
        };
        if step == "$this" {
            continue;
        }
        if let Some(url) = argument("extension") {
            steps.push(Step::Extension(url.trim_matches(['\'', '"']).into()));
        } else if argument("resolve").is_some() {
            steps.push(Step::Resolve);
        } else if let Some(type_id) = argument("ofType").and_then(TypeId::from_name) {
            steps.push(Step::OfType(type_id));
        } else {
            steps.push(Step::Child(Name::intern(
                step.strip_suffix("[x]").unwrap_or(step),
            )));
        }
    }
    steps
}

/// Where the first step ends: at a dot outside parentheses.
fn step_end(path: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'.' if depth == 0 => return at,
            _ => {}
        }
    }
    path.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mt_fhir::names;

    #[test]
    fn discriminator_paths_are_read_step_by_step() {
        assert_eq!(steps("$this"), []);
        assert_eq!(
            steps("code.coding"),
            [Step::Child(names::CODE), Step::Child(names::CODING)]
        );
        assert_eq!(
            steps("extension('http://e.org/a.b').value"),
            [
                Step::Extension("http://e.org/a.b".into()),
                Step::Child(names::VALUE)
            ]
        );
        assert_eq!(
            steps("$this.resolve().ofType(Patient)"),
            [Step::Resolve, Step::OfType(TypeId::PATIENT)]
        );
    }
}
