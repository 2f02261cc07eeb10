//! Every event of the catalogue is said by the context that owns it, or stands here with the reason why not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mt_events::catalogue::EVENTS;

/// Where the words of each owner are written down. A name in a file that only hears events is no emission.
const WORDS: [(&str, &[&str]); 12] = [
    (
        "records",
        &[
            "platform/events/src/relay",
            "contexts/coordination/src/announce",
        ],
    ),
    ("subscriptions", &["contexts/subscriptions/src/policy.rs"]),
    ("patients", &["contexts/coordination/src/announce"]),
    (
        "privacy",
        &[
            "contexts/privacy/src/domain/announce.rs",
            "contexts/privacy/src/domain/erasure.rs",
            "contexts/coordination/src/announce",
        ],
    ),
    (
        "identity",
        &[
            "contexts/identity/src/announce.rs",
            "contexts/privacy/src/domain/announce.rs",
        ],
    ),
    (
        "scheduling",
        &[
            "contexts/scheduling/src/policy.rs",
            "contexts/scheduling/src/telehealth/ring.rs",
            "contexts/coordination/src/announce",
            "contexts/notifications/src/app/due.rs",
        ],
    ),
    ("labs", &["contexts/coordination/src/announce"]),
    (
        "pharmacy",
        &[
            "contexts/coordination/src/announce",
            "contexts/webhooks/src/suppliers.rs",
        ],
    ),
    (
        "insurance",
        &[
            "contexts/coordination/src/announce",
            "contexts/coordination/src/preauth",
        ],
    ),
    ("billing", &["contexts/coordination/src/announce"]),
    (
        "automation",
        &[
            "contexts/coordination/src/announce",
            "contexts/coordination/src/care",
        ],
    ),
    ("notifications", &["contexts/notifications/src/app"]),
];

/// Events whose cause does not exist yet in the product. They stand in the catalogue because the systems that MediTrack
/// replaces send them, and numbers are given once.
const WITHOUT_CAUSE: [(&str, &str); 6] = [
    (
        "drug.interaction.detected.v1",
        "no check of interactions exists that could find one",
    ),
    (
        "insurance.claim.acknowledged.v1",
        "a 999 or 277CA is read as a file and changes no stored claim",
    ),
    ("payment.failed.v1", "no payment is taken"),
    ("payment.received.v1", "no payment is taken"),
    (
        "prescription.safety.flagged.v1",
        "no check of prescriptions exists that could find one unsafe",
    ),
    (
        "prescription.sent.v1",
        "no network of pharmacies is connected",
    ),
];

#[test]
fn every_event_is_said_by_its_owner_or_has_a_reason_not_to_be() {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for (owner, places) in WORDS {
        let text = texts.entry(owner).or_default();
        for place in places {
            let before = text.len();
            collect(&crates().join(place), text);
            assert!(text.len() > before, "{place} has no words");
        }
    }
    let silent: Vec<&str> = EVENTS
        .iter()
        .filter(|event| !texts[event.owner].contains(&format!("\"{}\"", event.name)))
        .map(|event| event.name)
        .collect();
    let mut reasoned: Vec<&str> = WITHOUT_CAUSE.iter().map(|(name, _)| *name).collect();
    let mut found = silent.clone();
    found.sort_unstable();
    reasoned.sort_unstable();
    assert_eq!(
        found, reasoned,
        "said by nobody, against those that need not be"
    );
    let audit = EVENTS.iter().filter(|one| one.topic.name == "audit-events");
    for event in audit {
        assert!(
            !silent.contains(&event.name),
            "{} is said by nobody",
            event.name
        );
    }
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Adds the code of a file, or of all files of a folder, without its tests.
fn collect(path: &Path, out: &mut String) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), out);
        }
    } else if path.file_name().is_some_and(|name| name != "tests.rs") {
        let text = std::fs::read_to_string(path).unwrap();
        out.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
    }
}
