//! What a Subscription asks for, read from the resource and checked once.
//!
//! R4 puts the search criteria into `criteria`; the backport (Subscriptions R5 Backport 1.1) puts a topic there and the
//! rest into extensions. Whatever cannot be served is refused when it is asked for, never silently left out.

use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_search::{Handling, ParamRegistry, ParseOptions, Query};
use serde_json::Value;

use super::topics::topic;

const BACKPORT: &str = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";
/// The channel of those who come by WebSocket.
const SOCKET: &str = "websocket";
/// Longest URL, header and criteria, bytes.
const LONGEST: usize = 2_048;
/// Headers of one channel.
const MOST_HEADERS: usize = 20;
/// Shortest time between two signs of life, seconds.
const SHORTEST_HEARTBEAT: u64 = 30;
/// Media types in which records are sent.
const JSON: [&str; 2] = ["application/fhir+json", "application/json"];
/// Headers that the request has by itself, or that would change where it goes.
const OWN_HEADERS: [&str; 5] = [
    "host",
    "content-length",
    "content-type",
    "connection",
    "transfer-encoding",
];

/// How much is told of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// That something happened.
    Empty,
    /// And to which records.
    IdOnly,
    /// And the records.
    Full,
}

impl Content {
    /// The content with this code.
    pub(crate) fn of(code: &str) -> Option<Self> {
        match code {
            "empty" => Some(Self::Empty),
            "id-only" => Some(Self::IdOnly),
            "full-resource" => Some(Self::Full),
            _ => None,
        }
    }
}

/// How it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// As R4 has it: an empty `POST`, or the record by `PUT`.
    Plain,
    /// As the backport has it: a Bundle that begins with the status.
    Backport {
        /// Canonical URL.
        topic: String,
    },
}

/// Changes of one type that are told, as criteria that all hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) kind: ResourceType,
    /// Search parameters, `a=b&c=d`.
    pub(crate) parameters: String,
}

/// Where a rest-hook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    pub(crate) endpoint: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Longest wait for an answer, seconds.
    pub(crate) timeout: u64,
}

/// What a Subscription asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) channel: Channel,
    /// Where to send; nowhere when the subscriber comes by WebSocket.
    pub(crate) hook: Option<Hook>,
    pub(crate) content: Content,
    pub(crate) triggers: Vec<Trigger>,
    /// Seconds between signs of life.
    pub(crate) heartbeat: Option<u64>,
    pub(crate) end: Option<Instant>,
}

fn invalid(message: &'static str, at: &'static str) -> Fault {
    Fault::new(ErrorKind::Invalid, message).at(at)
}

impl Asked {
    /// Reads a Subscription; `now` is the present for relative dates.
    ///
    /// # Errors
    /// A [`Fault`] of kind `Invalid` or `Unsupported`, with the place that is wrong.
    pub(crate) fn read(resource: &Value, now: Instant) -> Result<Self, Fault> {
        let channel = &resource["channel"];
        let hook = match channel["type"].as_str() {
            Some("rest-hook") => Some(hook(channel)?),
            Some(SOCKET) => {
                if channel.get("header").is_some() {
                    return Err(invalid(
                        "a websocket takes no headers",
                        "Subscription.channel.header",
                    ));
                }
                None
            }
            _ => {
                let message = "the channels rest-hook and websocket are served, and no other";
                let fault = Fault::new(ErrorKind::Unsupported, message);
                return Err(fault.at("Subscription.channel.type"));
            }
        };
        let criteria = resource["criteria"].as_str().unwrap_or_default();
        let (style, content, triggers) = match topic(criteria) {
            Some(topic) => {
                let filters = filters(resource)?;
                let triggers = of_topic(topic.triggers, &filters, now)?;
                let style = Channel::Backport {
                    topic: topic.url.to_owned(),
                };
                (style, content_of(channel)?, triggers)
            }
            None => {
                let content = match channel["payload"].as_str() {
                    None => Content::Empty,
                    Some(_) => Content::Full,
                };
                (Channel::Plain, content, vec![trigger(criteria, now)?])
            }
        };
        if channel["payload"]
            .as_str()
            .is_some_and(|media| !JSON.contains(&media))
        {
            return Err(invalid(
                "records are sent as application/fhir+json",
                "Subscription.channel.payload",
            ));
        }
        let heartbeat = extension(channel, "backport-heartbeat-period", "valueUnsignedInt");
        let heartbeat = heartbeat
            .and_then(Value::as_u64)
            .filter(|seconds| *seconds > 0);
        Ok(Self {
            channel: style,
            hook,
            content,
            triggers,
            heartbeat: heartbeat.map(|seconds| seconds.max(SHORTEST_HEARTBEAT)),
            end: end(resource)?,
        })
    }

    /// The topic, of a subscription of the backport.
    pub(crate) fn topic(&self) -> Option<&str> {
        match &self.channel {
            Channel::Plain => None,
            Channel::Backport { topic } => Some(topic),
        }
    }

    /// Numbers of the types whose changes may be told.
    pub(crate) fn types(&self) -> Vec<i16> {
        let numbers = self.triggers.iter().map(|trigger| trigger.kind.number());
        let mut numbers: Vec<i16> = numbers.filter_map(|n| i16::try_from(n).ok()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// Whether the subscriber of this Subscription comes by WebSocket.
pub(crate) fn by_socket(resource: &Value) -> bool {
    resource["channel"]["type"] == SOCKET
}

fn hook(channel: &Value) -> Result<Hook, Fault> {
    let timeout = extension(channel, "backport-timeout", "valueUnsignedInt");
    let timeout = timeout.and_then(Value::as_u64).unwrap_or(20);
    Ok(Hook {
        endpoint: endpoint(channel)?,
        headers: headers(channel)?,
        timeout: timeout.clamp(1, 60),
    })
}

fn endpoint(channel: &Value) -> Result<String, Fault> {
    let url = channel["endpoint"].as_str().unwrap_or_default();
    if url.is_empty() || url.len() > LONGEST {
        return Err(invalid(
            "a rest-hook has a URL",
            "Subscription.channel.endpoint",
        ));
    }
    Ok(url.to_owned())
}

fn headers(channel: &Value) -> Result<Vec<(String, String)>, Fault> {
    const AT: &str = "Subscription.channel.header";
    let given: Vec<&str> = channel["header"]
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if given.len() > MOST_HEADERS {
        return Err(invalid("a channel has at most 20 headers", AT));
    }
    let parsed = given.into_iter().map(|text| {
        let (name, value) = text.split_once(':')?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let plain = http::HeaderName::from_bytes(name.as_bytes()).is_ok()
            && http::HeaderValue::from_str(value).is_ok()
            && text.len() <= LONGEST
            && !OWN_HEADERS.contains(&name.as_str());
        plain.then(|| (name, value.to_owned()))
    });
    let parsed: Option<Vec<(String, String)>> = parsed.collect();
    parsed.ok_or_else(|| invalid("a header is written Name: value", AT))
}

fn end(resource: &Value) -> Result<Option<Instant>, Fault> {
    let Some(text) = resource["end"].as_str() else {
        return Ok(None);
    };
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let end = parsed.map_err(|_| invalid("the end is no instant", "Subscription.end"))?;
    Ok(Some(Instant(end.as_microsecond())))
}

/// The value of an extension of the backport.
fn extension<'a>(element: &'a Value, name: &str, value: &str) -> Option<&'a Value> {
    let mut all = element["extension"].as_array()?.iter();
    let found = all.find(|one| {
        one["url"]
            .as_str()
            .and_then(|url| url.strip_prefix(BACKPORT))
            == Some(name)
    });
    found.and_then(|one| one.get(value))
}

fn content_of(channel: &Value) -> Result<Content, Fault> {
    let code = extension(
        &channel["_payload"],
        "backport-payload-content",
        "valueCode",
    );
    let Some(code) = code.and_then(Value::as_str) else {
        return Ok(Content::Empty);
    };
    Content::of(code).ok_or_else(|| {
        invalid(
            "the content is empty, id-only or full-resource",
            "Subscription.channel.payload.extension",
        )
    })
}

/// The filters of a topic: `backport-filter-criteria`, each `Type?parameters`.
fn filters(resource: &Value) -> Result<Vec<(ResourceType, String)>, Fault> {
    const AT: &str = "Subscription.criteria.extension";
    let Some(all) = resource["_criteria"]["extension"].as_array() else {
        return Ok(Vec::new());
    };
    let name = format!("{BACKPORT}backport-filter-criteria");
    let texts = all.iter().filter(|one| one["url"] == name.as_str());
    texts
        .map(|one| {
            let text = one["valueString"].as_str().unwrap_or_default();
            let (kind, parameters) = text.split_once('?').unwrap_or((text, ""));
            let kind = ResourceType::from_name(kind);
            let kind =
                kind.ok_or_else(|| invalid("a filter is written Type?parameter=value", AT))?;
            Ok((kind, parameters.to_owned()))
        })
        .collect()
}

/// The triggers of a topic, narrowed to the filters: with filters, only the types that they name.
fn of_topic(
    criteria: &[&str],
    filters: &[(ResourceType, String)],
    now: Instant,
) -> Result<Vec<Trigger>, Fault> {
    let mut triggers = Vec::new();
    for one in criteria {
        let base = trigger(one, now)?;
        if filters.is_empty() {
            triggers.push(base);
            continue;
        }
        for (kind, parameters) in filters.iter().filter(|(kind, _)| *kind == base.kind) {
            let joined = [base.parameters.as_str(), parameters.as_str()];
            let joined: Vec<&str> = joined.into_iter().filter(|part| !part.is_empty()).collect();
            triggers.push(trigger(
                &format!("{}?{}", kind.name(), joined.join("&")),
                now,
            )?);
        }
    }
    if triggers.is_empty() {
        return Err(invalid(
            "no filter names a type of the topic",
            "Subscription.criteria.extension",
        ));
    }
    Ok(triggers)
}

/// One search as a trigger. Only what the record itself decides is taken: its outcome must not change without it.
fn trigger(criteria: &str, now: Instant) -> Result<Trigger, Fault> {
    const AT: &str = "Subscription.criteria";
    if criteria.len() > LONGEST {
        return Err(invalid("the criteria are too long", AT));
    }
    let options = ParseOptions {
        handling: Handling::Strict,
        ..ParseOptions::at(now)
    };
    Query::parse_criteria(&ParamRegistry::official(), criteria, &options)
        .map_err(|error| Fault::new(ErrorKind::Invalid, error.to_string()).at(AT))?;
    let (kind, parameters) = criteria.split_once('?').unwrap_or((criteria, ""));
    let kind = ResourceType::from_name(kind).ok_or_else(|| invalid("the type is not known", AT))?;
    Ok(Trigger {
        kind,
        parameters: parameters.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(criteria: &str) -> Value {
        json!({
            "resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": criteria,
            "channel": {"type": "rest-hook", "endpoint": "https://example.org/hook", "payload": "application/fhir+json",
                        "header": ["Authorization: Bearer x"]}
        })
    }

    pub(crate) fn backport(content: &str, filter: Option<&str>) -> Value {
        let mut asked = plain("http://hl7.org/fhir/us/core/SubscriptionTopic/patient-data-feed");
        asked["channel"]["extension"] = json!([
            {"url": format!("{BACKPORT}backport-heartbeat-period"), "valueUnsignedInt": 60},
            {"url": format!("{BACKPORT}backport-timeout"), "valueUnsignedInt": 7},
        ]);
        asked["channel"]["_payload"] = json!({"extension": [
            {"url": format!("{BACKPORT}backport-payload-content"), "valueCode": content}]});
        if let Some(filter) = filter {
            asked["_criteria"] = json!({"extension": [
                {"url": format!("{BACKPORT}backport-filter-criteria"), "valueString": filter}]});
        }
        asked
    }

    #[test]
    fn a_plain_subscription_is_one_search() {
        let asked = Asked::read(
            &plain("Observation?code=http://loinc.org|1975-2"),
            Instant(0),
        )
        .unwrap();
        assert_eq!(
            (asked.channel, asked.content),
            (Channel::Plain, Content::Full)
        );
        assert_eq!(asked.triggers[0].parameters, "code=http://loinc.org|1975-2");
        assert_eq!(
            asked.hook.unwrap().headers,
            [("authorization".to_owned(), "Bearer x".to_owned())]
        );
    }

    #[test]
    fn a_topic_is_narrowed_by_its_filters() {
        let asked = Asked::read(&backport("id-only", None), Instant(0)).unwrap();
        assert_eq!(
            (asked.content, asked.heartbeat),
            (Content::IdOnly, Some(60))
        );
        assert_eq!(asked.hook.map(|hook| hook.timeout), Some(7));
        assert!(asked.triggers.len() > 10);
        let filter = Some("Observation?patient=Patient/p1");
        let asked = Asked::read(&backport("full-resource", filter), Instant(0)).unwrap();
        let [trigger] = &asked.triggers[..] else {
            panic!("one type is left");
        };
        assert_eq!(trigger.parameters, "patient=Patient/p1");
        assert!(Asked::read(&backport("empty", Some("Slot?status=free")), Instant(0)).is_err());
    }

    #[test]
    fn a_websocket_needs_no_endpoint_and_takes_no_headers() {
        let mut socket = plain("Observation");
        socket["channel"] = json!({"type": "websocket"});
        assert!(by_socket(&socket));
        assert_eq!(Asked::read(&socket, Instant(0)).unwrap().hook, None);
        socket["channel"]["header"] = json!(["Authorization: Bearer x"]);
        assert!(Asked::read(&socket, Instant(0)).is_err());
    }

    #[test]
    fn what_cannot_be_served_is_refused_by_its_place() {
        let with = |path: &[&str], value: Value| {
            let mut asked = plain("Observation");
            let mut at = &mut asked;
            for step in path {
                at = &mut at[*step];
            }
            *at = value;
            Asked::read(&asked, Instant(0))
                .unwrap_err()
                .expression
                .unwrap()
        };
        for (path, value, place) in [
            (
                &["criteria"][..],
                json!("Nonsense?a=b"),
                "Subscription.criteria",
            ),
            (
                &["criteria"][..],
                json!("Observation?nonsense=1"),
                "Subscription.criteria",
            ),
            (
                &["criteria"][..],
                json!("http://example.org/topic"),
                "Subscription.criteria",
            ),
            (&["end"][..], json!("tomorrow"), "Subscription.end"),
            (
                &["channel", "type"][..],
                json!("sms"),
                "Subscription.channel.type",
            ),
            (
                &["channel", "payload"][..],
                json!("text/plain"),
                "Subscription.channel.payload",
            ),
            (
                &["channel", "endpoint"][..],
                json!(""),
                "Subscription.channel.endpoint",
            ),
            (
                &["channel", "header"][..],
                json!(["a\r\nb: c"]),
                "Subscription.channel.header",
            ),
            (
                &["channel", "header"][..],
                json!(["Host: inside"]),
                "Subscription.channel.header",
            ),
        ] {
            assert_eq!(with(path, value), place);
        }
    }
}
