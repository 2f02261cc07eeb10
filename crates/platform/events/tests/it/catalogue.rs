//! The catalogue: consistent in itself, compatible with what was ever released, printed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema_compatibility::SchemaCompatibility;
use apache_avro::writer::datum::GenericDatumWriter;
use mt_events::catalogue::{EVENTS, EventType, FieldKind, Phi, TOPICS, Value, decode, encode};
use proptest::prelude::*;

#[test]
fn numbers_and_names_are_unique_and_names_carry_a_version() {
    let numbers: HashSet<i16> = EVENTS.iter().map(|event| event.number).collect();
    let names: HashSet<&str> = EVENTS.iter().map(|event| event.name).collect();
    assert_eq!((numbers.len(), names.len()), (EVENTS.len(), EVENTS.len()));
    let topics: HashSet<i16> = TOPICS.iter().map(|topic| topic.number).collect();
    assert_eq!(topics.len(), TOPICS.len());
    for event in &EVENTS {
        let (_, version) = event.name.rsplit_once(".v").unwrap();
        assert!(
            version.parse::<u32>().is_ok_and(|version| version > 0),
            "{}",
            event.name
        );
        let mut fields = HashSet::new();
        assert!(
            event.all_fields().all(|field| fields.insert(field.name)),
            "{}",
            event.name
        );
    }
}

/// `FULL_TRANSITIVE`: with each revision that was ever released, in both directions. A new revision is
/// added with `MEDITRACK_WRITE_DOCS=1`, and only when it is compatible.
#[test]
fn every_schema_is_compatible_with_all_its_revisions() {
    let write = std::env::var_os("MEDITRACK_WRITE_DOCS").is_some();
    let mut known = HashSet::new();
    for event in &EVENTS {
        let file = revisions().join(format!("{}.json", event.name));
        known.insert(file.clone());
        let mut released: Vec<serde_json::Value> = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
            Err(_) => Vec::new(),
        };
        let present = event.schema();
        let schema = Schema::parse(&present).unwrap();
        for revision in &released {
            let old = Schema::parse(revision).unwrap();
            for (writer, reader) in [(&old, &schema), (&schema, &old)] {
                let outcome = SchemaCompatibility::can_read(writer, reader);
                assert!(
                    outcome.is_ok(),
                    "{} breaks a released revision: {outcome:?}",
                    event.name
                );
            }
        }
        if released.last() != Some(&present) {
            assert!(
                write,
                "{} is not released: run with MEDITRACK_WRITE_DOCS=1",
                event.name
            );
            released.push(present);
            let text = serde_json::to_string_pretty(&released).unwrap() + "\n";
            std::fs::create_dir_all(revisions()).unwrap();
            std::fs::write(&file, text).unwrap();
        }
    }
    for entry in std::fs::read_dir(revisions()).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            known.contains(&path),
            "{} was released and is gone",
            path.display()
        );
    }
}

#[test]
fn the_reference_page_says_what_the_catalogue_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/events.md");
    let page = page();
    if std::env::var_os("MEDITRACK_WRITE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let printed = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(printed, page, "run with MEDITRACK_WRITE_DOCS=1");
}

#[test]
fn what_does_not_fit_is_refused() {
    let event = EventType::named("patient.merged.v1").unwrap();
    let subject = [
        ("subject_type", Value::from("Patient")),
        ("subject_id", Value::from("a")),
        ("subject_version", Value::Whole(1)),
    ];
    let with = |more: (&'static str, Value)| encode(event, &[&subject[..], &[more]].concat());
    assert!(with(("merged_id", "b".into())).is_ok());
    let refused = [
        encode(event, &subject).unwrap_err().to_string(),
        with(("merged_id", Value::Whole(1)))
            .unwrap_err()
            .to_string(),
        with(("name", "Ada".into())).unwrap_err().to_string(),
    ];
    assert_eq!(
        refused,
        [
            "patient.merged.v1: merged_id is missing",
            "patient.merged.v1: merged_id has another type",
            "patient.merged.v1: it has no field name",
        ]
    );
    assert!(decode(event, b"\x02").is_err());
}

proptest! {
    #[test]
    fn values_survive_their_bytes(number in 0..EVENTS.len(), texts in prop::collection::vec(".*", 0..4), whole: i64, flag: bool, absent: bool) {
        let event = &EVENTS[number];
        let mut values = Vec::new();
        for field in event.all_fields().filter(|field| !(field.optional && absent)) {
            let value = match field.kind {
                FieldKind::Text => Value::Text(texts.concat()),
                FieldKind::Whole | FieldKind::Instant => Value::Whole(whole),
                FieldKind::Flag => Value::Flag(flag),
                FieldKind::Texts => Value::Texts(texts.clone()),
                FieldKind::Wholes => Value::Wholes(vec![whole; texts.len()]),
            };
            values.push((field.name, value));
        }
        let bytes = encode(event, &values).unwrap();
        let read = decode(event, &bytes).unwrap();
        let read: Vec<(&str, Value)> = read.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        prop_assert_eq!(read, values);
        // Another reader of Avro sees the same, to the last byte.
        let schema = Schema::parse(&event.schema()).unwrap();
        let reader = GenericDatumReader::builder(&schema).build().unwrap();
        let mut rest = bytes.as_slice();
        let datum = reader.read_value(&mut rest).unwrap();
        prop_assert!(rest.is_empty());
        let writer = GenericDatumWriter::builder(&schema).build().unwrap();
        prop_assert_eq!(writer.write_value_to_vec(datum).unwrap(), bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(number in 0..EVENTS.len(), bytes: Vec<u8>) {
        let event = &EVENTS[number];
        if let Ok(values) = decode(event, &bytes) {
            let values: Vec<(&str, Value)> = values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            prop_assert!(encode(event, &values).is_ok());
        }
    }
}

/// A field is added at the end and may be absent: what was written before is still read.
#[test]
fn a_payload_that_ends_before_the_optional_fields_is_read_without_them() {
    let event = EventType::named("care.task.assigned.v1").unwrap();
    let last = event.all_fields().last().unwrap();
    assert!(last.optional, "the test needs an event that ends with one");
    let mut values = Vec::new();
    for field in event.all_fields().filter(|field| !field.optional) {
        let value = match field.kind {
            FieldKind::Text => Value::from("x"),
            FieldKind::Whole | FieldKind::Instant => Value::Whole(1),
            FieldKind::Flag => Value::Flag(true),
            FieldKind::Texts => Value::Texts(Vec::new()),
            FieldKind::Wholes => Value::Wholes(Vec::new()),
        };
        values.push((field.name, value));
    }
    let bytes = encode(event, &values).unwrap();
    let cut = &bytes[..bytes.len() - 1];
    assert_eq!(decode(event, cut).unwrap(), decode(event, &bytes).unwrap());
}

/// What an event of class `Thin` may say: whoever adds a field decides here that it tells nothing of a person's health.
const THIN: [&str; 33] = [
    "subject_type",
    "subject_id",
    "subject_version",
    "patient_id",
    // Which records changed, and how.
    "types",
    "keys",
    "versions",
    "actions",
    "changed",
    "merged_id",
    "order_id",
    "coverage_id",
    "encounter_id",
    // Where a process stands, and why it went there, as a code of the process.
    "status",
    "reason_code",
    "priority",
    "requires_preauth",
    // Who, where, when.
    "actor_id",
    "actor_roles",
    "client_id",
    "fhir_user",
    "signer_id",
    "owner_id",
    "practitioner_id",
    "location_id",
    "class_code",
    "start",
    "end",
    "expires",
    "minutes_before",
    "valid_until",
    // What was sent, to whom.
    "message_id",
    "destination",
];
/// The same in events that have no patient, or whose business they are.
const THIN_IN: [(&str, &[&str]); 7] = [
    ("inventory.updated.v1", &["provider_id"]),
    ("notification.requested.v1", &["intent", "recipient_id"]),
    ("notification.delivered.v1", &["channel"]),
    ("notification.failed.v1", &["channel"]),
    ("phi.", &["interaction", "purpose", "rule", "incident_id"]),
    ("security.login.succeeded.v1", &["method"]),
    ("security.key.rotated.v1", &["purpose"]),
];

#[test]
fn an_event_in_the_clear_says_nothing_of_health() {
    for event in EVENTS.iter().filter(|event| event.phi == Phi::Thin) {
        for field in event.all_fields() {
            let own = THIN_IN
                .iter()
                .filter(|(name, _)| event.name.starts_with(name))
                .any(|(_, fields)| fields.contains(&field.name));
            assert!(
                own || THIN.contains(&field.name),
                "{} says {}: is it of class Sealed?",
                event.name,
                field.name
            );
        }
    }
}

fn class(phi: Phi) -> &'static str {
    match phi {
        Phi::Thin => "thin",
        Phi::Sealed => "sealed",
    }
}

fn revisions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue")
}

fn page() -> String {
    let mut out = String::from(
        "# Events\n\nPrinted from the catalogue (`crates/platform/events`). Payloads are Avro records: first \
         `subject_type`, `subject_id`, `subject_version` and, optionally, `patient_id`, then the fields below (`?` may be absent).\n\n\
         Everything lies and travels under its tenant's seal. An event of class *thin* says ids, codes of processes and versions, and \
         is also given to others in the clear (Avro on Kafka); one of class *sealed* says something of a person's health and is not.\n",
    );
    for topic in TOPICS {
        let events: Vec<&EventType> = EVENTS.iter().filter(|event| event.topic == topic).collect();
        out.push_str(&format!(
            "\n## {}\n\n{} partitions, kept {} days.\n",
            topic.name, topic.partitions, topic.retention_days
        ));
        if events.is_empty() {
            continue;
        }
        out.push_str("\n| event | number | key | owner | class | what happened | fields |\n|---|---|---|---|---|---|---|\n");
        for event in events {
            let fields: Vec<String> = event
                .fields
                .iter()
                .map(|field| format!("`{}`{}", field.name, if field.optional { "?" } else { "" }))
                .collect();
            out.push_str(&format!(
                "| `{}` | {} | {:?} | {} | {} | {} | {} |\n",
                event.name,
                event.number,
                event.key,
                event.owner,
                class(event.phi),
                event.says,
                fields.join(", ")
            ));
        }
    }
    out
}
