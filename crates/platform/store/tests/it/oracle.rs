//! The law of search: the store finds exactly what the plain evaluation of the same query finds.

use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::ErrorKind;
use mt_search::ParamRegistry;
use mt_search::matching::{ResourceSource, matches};
use mt_testkit::{TestStore, query};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Everything that was written, as the plain evaluation sees it.
struct Written(Vec<Doc>);

impl ResourceSource for Written {
    fn read(&self, resource_type: ResourceType, id: &str) -> Option<Node<'_>> {
        let mut all = self.0.iter().map(Doc::root);
        all.find(|node| {
            node.resource_type() == Some(resource_type.name()) && node.str("id") == Some(id)
        })
    }

    fn any(&self, resource_type: ResourceType, visit: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        let all = self.0.iter().map(Doc::root);
        all.filter(|node| node.resource_type() == Some(resource_type.name()))
            .any(visit)
    }
}

fn pick(options: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(options)
}

const NAMES: &[&str] = &[
    "Ann",
    "Änne",
    "Anna-Maria",
    "Bo",
    "Boris von Bohlen",
    "annabelle lee",
    "X Æ",
];
const CODES: &[&str] = &["8480-6", "8462-4", "LP1", "lp1"];
const SYSTEMS: &[&str] = &["http://loinc.org", "http://snomed.info/sct"];
const DAYS: &[&str] = &[
    "2019",
    "2020-02",
    "2020-02-10",
    "2020-02-10T10:00:00Z",
    "2021-12-31T23:59:59+02:00",
];

fn patient() -> impl Strategy<Value = String> {
    let parts = (
        prop::collection::vec((pick(NAMES), pick(NAMES)), 0..3),
        prop::option::of(pick(&["male", "female", "unknown"])),
        prop::option::of(pick(&["1980", "1980-05", "1980-05-06"])),
        prop::collection::vec((pick(SYSTEMS), pick(CODES)), 0..3),
    );
    parts.prop_map(|(names, gender, birth, identifiers)| {
        let names: Vec<String> = names
            .iter()
            .map(|(family, given)| format!(r#"{{"family":"{family}","given":["{given}"]}}"#))
            .collect();
        let identifiers: Vec<String> = identifiers
            .iter()
            .map(|(system, value)| format!(r#"{{"system":"{system}","value":"{value}"}}"#))
            .collect();
        let mut fields = vec![r#""resourceType":"Patient""#.to_owned()];
        if !names.is_empty() {
            fields.push(format!(r#""name":[{}]"#, names.join(",")));
        }
        if !identifiers.is_empty() {
            fields.push(format!(r#""identifier":[{}]"#, identifiers.join(",")));
        }
        fields.extend(gender.map(|gender| format!(r#""gender":"{gender}""#)));
        fields.extend(birth.map(|birth| format!(r#""birthDate":"{birth}""#)));
        format!("{{{}}}", fields.join(","))
    })
}

fn effective() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        1 => Just(None),
        4 => pick(DAYS).prop_map(|day| Some(format!(r#""effectiveDateTime":"{day}""#))),
        2 => (prop::option::of(pick(DAYS)), prop::option::of(pick(DAYS))).prop_map(|(start, end)| {
            let parts = [start.map(|day| format!(r#""start":"{day}""#)), end.map(|day| format!(r#""end":"{day}""#))];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            (!parts.is_empty()).then(|| format!(r#""effectivePeriod":{{{}}}"#, parts.join(",")))
        }),
        1 => (pick(DAYS), pick(DAYS)).prop_map(|(a, b)| {
            Some(format!(r#""effectiveTiming":{{"event":["{a}","{b}"]}}"#))
        }),
    ]
}

/// `SUBJECT` and `PERFORMER` are replaced by references once patients have ids.
fn observation() -> impl Strategy<Value = String> {
    let parts = (
        prop::collection::vec((prop::option::of(pick(SYSTEMS)), pick(CODES)), 1..3),
        pick(&["final", "amended"]),
        effective(),
        prop::option::of((-2_i32..3, pick(&["mm[Hg]", "kPa", "mg/dL", "made-up"]))),
        prop::option::of((0_usize..6, any::<bool>())),
    );
    parts.prop_map(|(codes, status, effective, value, refers)| {
        let codes: Vec<String> = codes
            .iter()
            .map(|(system, code)| match system {
                Some(system) => format!(r#"{{"system":"{system}","code":"{code}"}}"#),
                None => format!(r#"{{"code":"{code}"}}"#),
            })
            .collect();
        let mut fields = vec![
            r#""resourceType":"Observation""#.to_owned(),
            format!(r#""status":"{status}""#),
            format!(r#""code":{{"coding":[{}]}}"#, codes.join(",")),
        ];
        fields.extend(effective);
        fields.extend(value.map(|(value, unit)| {
            format!(r#""valueQuantity":{{"value":{value}.5,"system":"http://unitsofmeasure.org","code":"{unit}","unit":"{unit}"}}"#)
        }));
        fields.extend(refers.map(|(index, also)| {
            let performer = if also { format!(r#","performer":[{{"reference":"Patient/#{}"}}]"#, (index + 1) % 6) } else { String::new() };
            format!(r#""subject":{{"reference":"Patient/#{index}"}}{performer}"#)
        }));
        format!("{{{}}}", fields.join(","))
    })
}

fn search() -> impl Strategy<Value = String> {
    let name = pick(&[
        "an",
        "ann",
        "änne",
        "anna-maria",
        "b",
        "boris von bohlen",
        "belle",
        "x æ",
        "lee",
        "zz",
    ]);
    let token = (prop::option::of(pick(SYSTEMS)), pick(CODES))
        .prop_map(|(system, code)| match system {
            Some(system) => format!("{system}|{code}"),
            None => code.to_owned(),
        })
        .boxed();
    let prefix = pick(&["", "ne", "gt", "lt", "ge", "le", "sa", "eb"]);
    let prefix2 = pick(&["", "ne", "gt", "lt", "ge", "le", "sa", "eb"]);
    let patient = prop_oneof![
        name.clone().prop_map(|name| format!("name={name}")),
        name.clone().prop_map(|name| format!("family:exact={name}")),
        pick(&["belle", "na-m", "änn", "von boh", "annabelle"])
            .prop_map(|name| format!("given:contains={name}")),
        name.prop_map(|name| format!("family={name},bo")),
        token
            .clone()
            .prop_map(|token| format!("identifier={token}")),
        token
            .clone()
            .prop_map(|token| format!("identifier:not={token}")),
        pick(&["male", "female", "male,unknown"]).prop_map(|gender| format!("gender={gender}")),
        pick(&["male", "female"]).prop_map(|gender| format!("gender:not={gender}")),
        (prefix, pick(&["1980", "1980-05", "1980-05-06", "1981"]))
            .prop_map(|(p, day)| format!("birthdate={p}{day}")),
        pick(&["birthdate", "gender", "name", "identifier"])
            .prop_map(|param| format!("{param}:missing=true")),
        token
            .clone()
            .prop_map(|token| format!("_has:Observation:patient:code={token}")),
        token
            .clone()
            .prop_map(|token| format!("_has:Observation:performer:code={token}")),
    ];
    let observation = prop_oneof![
        token.clone().prop_map(|token| format!("code={token}")),
        token
            .clone()
            .prop_map(|token| format!("code={token},8480-6")),
        token.clone().prop_map(|token| format!("code:not={token}")),
        token
            .clone()
            .prop_map(|token| format!("combo-code={token}")),
        pick(&["final", "amended"]).prop_map(|status| format!("status={status}")),
        (prefix2.clone(), pick(DAYS))
            .prop_map(|(p, day)| format!("date={p}{}", day.replace('+', "%2B"))),
        pick(&["date", "subject", "value-quantity"])
            .prop_map(|param| format!("{param}:missing=false")),
        (0_usize..6).prop_map(|index| format!("subject=Patient/#{index}")),
        (0_usize..6).prop_map(|index| format!("patient=#{index}")),
        (0_usize..6).prop_map(|index| format!("performer=Patient/#{index}")),
        pick(&["an", "bo"]).prop_map(|name| format!("subject:Patient.name={name}")),
        token
            .clone()
            .prop_map(|token| format!("patient.identifier={token}")),
        (
            prefix2.clone(),
            -2_i32..3,
            pick(&["mm[Hg]", "kPa", "made-up"])
        )
            .prop_map(|(p, value, unit)| format!(
                "value-quantity={p}{value}.5|http://unitsofmeasure.org|{unit}"
            )),
        (prefix2, -2_i32..3).prop_map(|(p, value)| format!("combo-value-quantity={p}{value}")),
        (token, -2_i32..3)
            .prop_map(|(token, value)| format!("code-value-quantity={token}$gt{value}")),
    ];
    let some = |one| prop::collection::vec(one, 0..3);
    prop_oneof![
        some(patient.boxed()).prop_map(|all| format!("Patient?{}", all.join("&"))),
        some(observation.boxed()).prop_map(|all| format!("Observation?{}", all.join("&"))),
    ]
}

fn sort() -> impl Strategy<Value = &'static str> {
    pick(&[
        "",
        "&_sort=-_lastUpdated",
        "&_sort=_id",
        "&_sort=-_id",
        "&_sort=_lastUpdated",
    ])
}

/// `#n` stands for the id of patient `n`.
fn with_ids(text: &str, ids: &[String]) -> String {
    let put = |text: String, (index, id): (usize, &String)| text.replace(&format!("#{index}"), id);
    ids.iter().enumerate().fold(text.to_owned(), put)
}

async fn check(
    test: &TestStore,
    patients: &[String],
    observations: &[String],
    searches: &[(String, &str, u32)],
) -> Result<(), TestCaseError> {
    let name = format!("t{}", uuid::Uuid::now_v7().simple());
    let caller = test.caller(test.tenant(name.get(..30).unwrap()).await);
    let (mut written, mut ids) = (Vec::new(), Vec::new());
    for text in patients {
        let created = test.create(&caller, text).await;
        ids.push(created.id.to_string());
        written.push(created.body);
    }
    for text in observations {
        written.push(test.create(&caller, &with_ids(text, &ids)).await.body);
    }
    let parse = |body: &bytes::Bytes| Doc::parse(body.to_vec(), &Limits::default()).unwrap();
    let source = Written(written.iter().map(parse).collect());
    for (text, sort, count) in searches {
        let text = with_ids(&format!("{text}{sort}&_count={count}"), &ids);
        let query = query(&text);
        let registry = ParamRegistry::official();
        let mut expected: Vec<String> = Vec::new();
        for doc in &source.0 {
            if matches(&registry, &query, &source, doc.root()).unwrap() {
                expected.push(doc.root().str("id").unwrap().to_owned());
            }
        }
        let mut found = match test.search(&caller, &text).await {
            Ok(found) => found,
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::TooCostly, "{}: {}", text, error);
                continue;
            }
        };
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected, "{}", text);
    }
    Ok(())
}

#[test]
fn the_store_finds_what_plain_evaluation_finds() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let test = runtime.block_on(TestStore::new());
    let cases = (
        prop::collection::vec(patient(), 6),
        prop::collection::vec(observation(), 0..16),
        prop::collection::vec((search(), sort(), 1_u32..9), 24),
    );
    let config = Config {
        cases: 24,
        max_shrink_iters: 60,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&cases, |(patients, observations, searches)| {
            runtime.block_on(check(&test, &patients, &observations, &searches))
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let _context = runtime.enter();
    drop(test);
}
