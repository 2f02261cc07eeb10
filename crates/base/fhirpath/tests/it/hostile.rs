//! Expressions and patches that mean harm end in an error, soon.

use mt_fhir::ResourceType;
use mt_fhir::json::{Doc, Limits};
use mt_fhirpath::patch::PatchErrorKind;
use mt_fhirpath::{Context, Element, EvalErrorKind, Expr, ParseErrorKind, patch};

use crate::official::NOW;

const PATIENT: &str = include_str!("../data/patient.json");

fn limit_reached_by(text: &str) -> EvalErrorKind {
    let doc = Doc::parse(PATIENT, &Limits::default()).unwrap();
    let context = Context::new(doc.root(), NOW);
    let expr = Expr::parse(text).unwrap();
    let outcome = expr.evaluate(&context, Element::resource(doc.root()));
    outcome.expect_err(text).kind
}

#[test]
fn nesting_and_length_are_limited_while_parsing() {
    let kind = |text: &str| Expr::parse(text).expect_err("too deep").kind;
    for text in [
        "(".repeat(50_000),
        format!("{}1{}", "(".repeat(101), ")".repeat(101)),
        "-".repeat(50_000),
        format!("a{}", "[a".repeat(20_000)),
        "iif(".repeat(5_000),
        vec!["1"; 30_000].join("+"),
        "a.where(".repeat(5_000),
    ] {
        assert_eq!(kind(&text), ParseErrorKind::TooDeep);
    }
    assert_eq!(kind(&"a".repeat(70_000)), ParseErrorKind::TooLong);
    // A long path is no nesting.
    assert!(Expr::parse(&vec!["a"; 20_000].join(".")).is_ok());
}

#[test]
fn the_deepest_expression_evaluates_on_the_stack_of_a_thread() {
    let doc = Doc::parse(PATIENT, &Limits::default()).unwrap();
    let context = Context::new(doc.root(), NOW);
    for (open, close, levels) in [
        ("iif(true, ", ")", 98),
        ("where(true and ", ").exists()", 48),
        ("(1 | ", ")", 48),
        ("select(repeat({} | ", "))", 32),
    ] {
        let text = format!("{}active{}", open.repeat(levels), close.repeat(levels));
        let expr = Expr::parse(&text).unwrap();
        let found = expr.evaluate(&context, Element::resource(doc.root()));
        assert!(found.is_ok(), "{open}: {found:?}");
    }
}

#[test]
fn a_patch_cannot_nest_deeper_than_a_document() {
    let text = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let path = "/0".repeat(39);
    let change = format!(r#"[{{"op":"add","path":"{path}/-","value":{text}}}]"#);
    let mut doc = Doc::parse(text.clone(), &Limits::default()).unwrap();
    let change = Doc::parse(change, &Limits::default()).unwrap();
    let error = patch::apply_json(&mut doc, change.root()).expect_err("too deep");
    assert_eq!(error.kind, PatchErrorKind::TooLarge);
}

#[test]
fn work_items_and_strings_are_limited() {
    let limit = EvalErrorKind::LimitExceeded;
    assert_eq!(limit_reached_by("repeatAll($this)"), limit("items"));
    assert_eq!(limit_reached_by("(1).repeat($this + 1)"), limit("work"));
    let doubling =
        "('aaaaaaaaaaaaaaaa').select($this)".to_owned() + &".select($this & $this)".repeat(20);
    assert_eq!(limit_reached_by(&doubling), limit("string length"));
    let combining = "name".to_owned() + &".select($this.combine($this))".repeat(17);
    assert_eq!(limit_reached_by(&combining), limit("items"));
    let nested =
        "descendants()".to_owned() + &".select(%resource.descendants()".repeat(6) + &")".repeat(6);
    assert!(matches!(
        limit_reached_by(&nested),
        EvalErrorKind::LimitExceeded(_)
    ));
}

#[test]
fn large_regular_expressions_are_refused_and_slow_ones_are_linear() {
    assert_eq!(
        limit_reached_by("'a'.matches('(a{1000}){1000}')"),
        EvalErrorKind::InvalidRegex
    );
    assert_eq!(
        limit_reached_by(&format!("'a'.matches('{}')", "(".repeat(500))),
        EvalErrorKind::InvalidRegex
    );
    let doc = Doc::parse(PATIENT, &Limits::default()).unwrap();
    let context = Context::new(doc.root(), NOW);
    let text = format!("'{}'.matches('^(a+)+$')", "a".repeat(10_000) + "b");
    let expr = Expr::parse(&text).unwrap();
    let found = expr.evaluate_boolean(&context, Element::resource(doc.root()));
    assert_eq!(found, Ok(Some(false)));
}

/// A small generator, so that a failure is the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// Replaces, removes, doubles or inserts a few pieces of `text`.
    fn mutate(&mut self, text: &str, pieces: &[&str]) -> String {
        let mut characters: Vec<String> = text.chars().map(String::from).collect();
        for _ in 0..1 + self.below(4) {
            let at = self.below(characters.len().max(1));
            let piece = pieces[self.below(pieces.len())].to_owned();
            match self.below(4) {
                0 if at < characters.len() => characters[at] = piece,
                1 if at < characters.len() => drop(characters.remove(at)),
                2 if at < characters.len() => characters.insert(at, characters[at].clone()),
                _ => characters.insert(at.min(characters.len()), piece),
            }
        }
        characters.concat()
    }
}

#[test]
fn mutated_expressions_never_panic() {
    let seeds = [
        "Patient.name.where(use = 'official').given.first() | telecom.value",
        "(1.587 'mg').lowBoundary(6) + 3 days - @2014-01-01T08:05:00.123+08:00",
        "iif(name.exists(), name.select(family & '\\u0041'), {}).sort(-$this)",
        "descendants().ofType(FHIR.Quantity).aggregate($total + $this.value, 0) div 7 mod 3",
        "'abc'.replaceMatches('[a-z]+', '$0').substring(1, 2).toChars().join('é')",
        "defineVariable('v', name[0]).repeat(%v.given).distinct().count() !~ 2.power(3).exp()",
        "@T10:30.highBoundary(9) < @2015-02T and $this is System.String implies `div` as code",
        "%`vs-x`.encode('hex').decode('base64').escape('json').unescape('html').indexOf('x')",
    ];
    let pieces = [
        "(",
        ")",
        ".",
        "[",
        "]",
        "'",
        "`",
        "@",
        "%",
        "$",
        "-",
        "9",
        "0",
        "T",
        "Z",
        "{",
        "}",
        "\\",
        "/",
        "*",
        "é",
        "\u{1F600}",
        " ",
        "=",
        "|",
        "&",
        "~",
        "first()",
        "name",
        "1e9",
        "99999999999999999999",
        "not()",
        "\u{0}",
    ];
    let doc = Doc::parse(PATIENT, &Limits::default()).unwrap();
    let mut context = Context::new(doc.root(), NOW);
    context.limits.work = 20_000;
    let mut random = Random(7);
    let mut parsed = 0;
    for round in 0..6_000 {
        let text = random.mutate(seeds[round % seeds.len()], &pieces);
        let Ok(expr) = Expr::parse(&text) else {
            continue;
        };
        let _ = expr.check(ResourceType::PATIENT.type_id());
        let _ = expr.evaluate(&context, Element::resource(doc.root()));
        parsed += 1;
    }
    assert!(parsed > 500, "{parsed}");
}

#[test]
fn mutated_patches_are_applied_whole_or_not_at_all() {
    let seeds = [
        r#"[{"op":"add","path":"/name/0/given/-","value":["x",{"a":1}]},{"op":"move","from":"/active","path":"/x"}]"#,
        r#"[{"op":"copy","from":"/name","path":"/name/1/y"},{"op":"test","path":"/gender","value":"female"}]"#,
        r#"{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.name.given[1]"},{"name":"value","valueString":"x"}]}]}"#,
        r#"{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"insert"},{"name":"path","valueString":"Patient.contact"},{"name":"index","valueInteger":0},{"name":"value","part":[{"name":"gender","valueCode":"male"}]}]}]}"#,
    ];
    let pieces = [
        "0",
        "1",
        "-",
        "/",
        "~",
        "name",
        "given",
        "delete",
        "move",
        "\"\"",
        "null",
        "[]",
        "{}",
        "~1",
        "_given",
        "value",
        ".extension",
    ];
    let original = Doc::parse(PATIENT, &Limits::default()).unwrap();
    let mut random = Random(11);
    let mut parsed = 0;
    for round in 0..6_000 {
        let text = random.mutate(seeds[round % seeds.len()], &pieces);
        let Ok(change) = Doc::parse(text.clone(), &Limits::default()) else {
            continue;
        };
        let mut doc = original.clone();
        let outcome = if change.root().is_array() {
            patch::apply_json(&mut doc, change.root())
        } else {
            patch::apply_fhirpath(&mut doc, change.root(), NOW)
        };
        match outcome {
            Ok(()) => assert!(
                Doc::parse(doc.to_json(), &Limits::default()).is_ok(),
                "{text}"
            ),
            Err(_) => assert!(doc == original, "{text}"),
        }
        parsed += 1;
    }
    assert!(parsed > 500, "{parsed}");
}
