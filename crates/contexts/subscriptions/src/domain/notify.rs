//! A notification of the backport: a Bundle that begins with the status
//! (<http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html>).

use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Content;

const STATUS: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4";

/// Why somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The subscription begins.
    Handshake,
    /// Nothing happened, and the server lives.
    Heartbeat,
    /// Something happened.
    Event,
    /// Somebody asks how a subscription stands.
    Status,
    /// Somebody asks what happened.
    Events,
}

impl Kind {
    const fn code(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Heartbeat => "heartbeat",
            Self::Event => "event-notification",
            Self::Status => "query-status",
            Self::Events => "query-event",
        }
    }
}

/// A record that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Focus {
    /// Type.
    pub(crate) kind: String,
    /// Literal id.
    pub(crate) id: String,
    /// Version that was found.
    pub(crate) version: u32,
}

/// One notification's occasion.
#[derive(Clone, Debug)]
pub(crate) struct Occurred {
    pub(crate) number: i64,
    pub(crate) at: Instant,
    /// What changed, with the record where it may be read and is wanted.
    pub(crate) focus: Vec<(Focus, Option<Value>)>,
}

/// One notification to be told.
#[derive(Clone, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) kind: Kind,
    /// FHIR base of the tenant.
    pub(crate) base: &'a str,
    /// Id of the Subscription.
    pub(crate) subscription: &'a str,
    pub(crate) status: &'a str,
    /// Canonical URL; a plain subscription has none.
    pub(crate) topic: Option<&'a str>,
    pub(crate) content: Content,
    /// Notifications since the subscription began.
    pub(crate) events: i64,
    pub(crate) now: Instant,
    /// What happened: one for a notification, some for an answer.
    pub(crate) occurred: &'a [Occurred],
}

/// The Bundle of a notification, and of the answer to `$events`.
pub(crate) fn bundle(told: &Told<'_>) -> Value {
    let url = format!("{}/Subscription/{}/$status", told.base, told.subscription);
    let mut entries = vec![json!({
        "fullUrl": format!("urn:uuid:{}", Uuid::now_v7()),
        "resource": status(told),
        "request": {"method": "GET", "url": url},
        "response": {"status": "200"},
    })];
    if told.content != Content::Empty {
        let all = told.occurred.iter().flat_map(|one| &one.focus);
        entries.extend(all.map(|(focus, record)| entry(told, focus, record.as_ref())));
    }
    json!({
        "resourceType": "Bundle",
        "id": Uuid::now_v7(),
        "type": "history",
        "timestamp": told.now.to_fhir(),
        "entry": entries,
    })
}

/// The Bundle that answers `$status`.
pub(crate) fn answer(told: &Told<'_>) -> Value {
    json!({
        "resourceType": "Bundle",
        "id": Uuid::now_v7(),
        "type": "searchset",
        "timestamp": told.now.to_fhir(),
        "total": 1,
        "entry": [{
            "fullUrl": format!("urn:uuid:{}", Uuid::now_v7()),
            "resource": status(told),
            "search": {"mode": "match"},
        }],
    })
}

fn status(told: &Told<'_>) -> Value {
    let reference = format!("{}/Subscription/{}", told.base, told.subscription);
    let mut parameters =
        vec![json!({"name": "subscription", "valueReference": {"reference": reference}})];
    parameters.extend(
        told.topic
            .map(|topic| json!({"name": "topic", "valueCanonical": topic})),
    );
    parameters.extend([
        json!({"name": "status", "valueCode": told.status}),
        json!({"name": "type", "valueCode": told.kind.code()}),
        json!({"name": "eventsSinceSubscriptionStart", "valueString": told.events.to_string()}),
    ]);
    for one in told.occurred {
        let mut parts = vec![
            json!({"name": "eventNumber", "valueString": one.number.to_string()}),
            json!({"name": "timestamp", "valueInstant": one.at.to_fhir()}),
        ];
        if told.content != Content::Empty {
            parts.extend(one.focus.iter().map(|(focus, _)| {
                json!({"name": "focus", "valueReference": {"reference": url(told, focus)}})
            }));
        }
        parameters.push(json!({"name": "notificationEvent", "part": parts}));
    }
    json!({
        "resourceType": "Parameters",
        "id": Uuid::now_v7(),
        "meta": {"profile": [STATUS]},
        "parameter": parameters,
    })
}

fn entry(told: &Told<'_>, focus: &Focus, record: Option<&Value>) -> Value {
    let (method, status) = if focus.version == 1 {
        ("POST", "201")
    } else {
        ("PUT", "200")
    };
    let relative = if focus.version == 1 {
        focus.kind.clone()
    } else {
        format!("{}/{}", focus.kind, focus.id)
    };
    let mut entry = json!({
        "fullUrl": url(told, focus),
        "request": {"method": method, "url": relative},
        "response": {"status": status},
    });
    if let (Content::Full, Some(record)) = (told.content, record) {
        entry["resource"] = record.clone();
    }
    entry
}

fn url(told: &Told<'_>, focus: &Focus) -> String {
    format!("{}/{}/{}", told.base, focus.kind, focus.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: Kind, content: Content) -> Value {
        let focus = Focus {
            kind: "Observation".to_owned(),
            id: "o1".to_owned(),
            version: 2,
        };
        let record = json!({"resourceType": "Observation", "id": "o1"});
        let occurred = [Occurred {
            number: 7,
            at: Instant(0),
            focus: vec![(focus, Some(record))],
        }];
        bundle(&Told {
            kind,
            base: "https://ehr.example.org/t/north/fhir/R4",
            subscription: "s1",
            status: "active",
            topic: Some("http://example.org/topic"),
            content,
            events: 7,
            now: Instant(0),
            occurred: if kind == Kind::Event {
                &occurred[..]
            } else {
                &[]
            },
        })
    }

    #[test]
    fn a_notification_tells_as_much_as_was_asked_for() {
        for (content, entries, records, foci) in [
            (Content::Empty, 1, 0, 0),
            (Content::IdOnly, 2, 0, 1),
            (Content::Full, 2, 1, 1),
        ] {
            let bundle = told(Kind::Event, content);
            let all = bundle["entry"].as_array().unwrap();
            assert_eq!(all.len(), entries, "{content:?}");
            let with_record = all[1..]
                .iter()
                .filter(|entry| entry.get("resource").is_some());
            assert_eq!(with_record.count(), records, "{content:?}");
            let text = all[0].to_string();
            assert_eq!(text.matches("\"focus\"").count(), foci, "{content:?}");
            assert!(text.contains("\"eventNumber\""));
        }
    }

    #[test]
    fn a_handshake_and_a_heartbeat_name_no_event() {
        for (kind, code) in [
            (Kind::Handshake, "handshake"),
            (Kind::Heartbeat, "heartbeat"),
        ] {
            let bundle = told(kind, Content::Full);
            assert_eq!(bundle["entry"].as_array().unwrap().len(), 1);
            let text = bundle.to_string();
            assert!(text.contains(code) && !text.contains("notificationEvent"));
        }
    }
}
