//! Deterministic damage: whatever is done to a search, it is read or refused, and what is read
//! can be printed and read again.

use mt_search::Handling;

use super::query_parse::parse_as;

const SEEDS: [&str; 8] = [
    r"Patient?name:exact=M\|x,b&identifier:of-type=http://t|MR|4&_id:not=3",
    "Observation?code-value-quantity=http://loinc.org|1$gt5.4|http://unitsofmeasure.org|mg",
    "Observation?subject:Patient.organization.name=x&date=ge2020-01-01T10:00:00Z",
    "Patient?_has:Observation:patient:_has:AuditEvent:entity:agent-name=x",
    "Observation?_include:iterate=Patient:organization:Organization&_sort=-date,_id&_elements=code",
    r#"Patient?_filter=(name co "pe\"t" or not (birthdate ge 2000)) and gender ne male"#,
    "Location?near=52.5|13.4|10|km&_summary=count&_count=5&_total=none",
    "?_type=Observation,Condition&code=x&_text=a b,c&_list=4",
];

const PIECES: [&str; 12] = [
    "\\",
    "|",
    "$",
    ",",
    ":",
    ".",
    "%",
    "(",
    "\"",
    "not",
    "é",
    "9999999999",
];

#[test]
fn damaged_searches_are_read_or_refused() {
    let (mut read, mut refused) = (0, 0);
    for seed in SEEDS {
        let cuts: Vec<usize> = seed.char_indices().map(|(at, _)| at).collect();
        let from = seed.find('?').expect("parameters") + 1;
        for at in cuts.into_iter().filter(|at| *at > from) {
            let (before, after) = seed.split_at(at);
            let shortened: String = after.chars().skip(1).collect();
            let inserted = PIECES.iter().map(|piece| format!("{before}{piece}{after}"));
            let variants = inserted.chain([before.to_owned(), format!("{before}{shortened}")]);
            for url in variants {
                match parse_as(Handling::Lenient, &url) {
                    Err(_) => refused += 1,
                    Ok(query) => {
                        read += 1;
                        let path = url.split_once('?').map_or("", |(path, _)| path);
                        let printed = format!("{path}?{}", query.applied_query());
                        let again = parse_as(Handling::Strict, &printed).expect(&printed);
                        assert_eq!(again.applied(), query.applied(), "{url}");
                    }
                }
            }
        }
    }
    assert!(
        read > 500 && refused > 500,
        "{read} read, {refused} refused"
    );
}
