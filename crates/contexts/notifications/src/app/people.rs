//! Who somebody is: the language they speak and where they are reached, from their own record.

use jiff::tz::TimeZone;
use mt_crypto::TenantKeys;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, Node, ResourceType};
use mt_kernel::ErrorKind;
use uuid::Uuid;

use super::Notifications;
use crate::domain::{LANGUAGES, Preferences, Recipient};
use crate::error::{NotificationError, Result};
use crate::ports::Organisation;
use crate::store;

/// A person who is told something.
pub(crate) struct Person {
    pub(crate) recipient: Recipient,
    pub(crate) organisation: Organisation,
    pub(crate) preferences: Preferences,
    pub(crate) language: String,
    pub(crate) zone: TimeZone,
    pub(crate) email: Option<String>,
    pub(crate) mobile: Option<String>,
}

/// What of a person's record matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    language: Option<String>,
    email: Option<String>,
    mobile: Option<String>,
}

impl Notifications {
    /// A person with everything that decides how they are told.
    pub(crate) async fn person(
        &self,
        keys: &TenantKeys,
        recipient: &Recipient,
        correlation: Uuid,
    ) -> Result<Person> {
        let tenant = keys.tenant();
        let organisation = self.parts.organisations.of(tenant).await?;
        let (_, preferences) = store::preferences::find(self.database(), keys, recipient).await?;
        let (kind, id) = recipient.split();
        let record = match ResourceType::from_name(kind) {
            Some(kind) => self.record(keys, kind, id, correlation).await?,
            None => None,
        };
        let known = record.map(|doc| known(doc.root())).unwrap_or_default();
        let spoken = [preferences.language.as_deref(), known.language.as_deref()];
        let language = spoken
            .into_iter()
            .flatten()
            .chain([organisation.language.as_str()])
            .find_map(spoken_here);
        let named = preferences.time_zone.as_deref();
        let zone = TimeZone::get(named.unwrap_or(&organisation.time_zone));
        Ok(Person {
            recipient: recipient.clone(),
            language: language.unwrap_or(LANGUAGES[0]).to_owned(),
            zone: zone.unwrap_or(TimeZone::UTC),
            email: known.email,
            mobile: known.mobile,
            preferences,
            organisation,
        })
    }

    /// A record as the context itself reads it; none when there is none any more.
    pub(crate) async fn record(
        &self,
        keys: &TenantKeys,
        kind: ResourceType,
        id: &str,
        correlation: Uuid,
    ) -> Result<Option<Doc>> {
        let caller = self.itself(keys.tenant(), correlation);
        let stored = match self.parts.store.read(&caller, kind, id).await {
            Ok(stored) => stored,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let doc = Doc::parse(stored.body.as_ref(), &Limits::default());
        doc.map(Some).map_err(|_| NotificationError::Unreadable)
    }
}

/// The language of a BCP 47 tag, when the product speaks it.
fn spoken_here(tag: &str) -> Option<&'static str> {
    let primary = tag.split('-').next().unwrap_or_default();
    let known = LANGUAGES
        .iter()
        .find(|one| one.eq_ignore_ascii_case(primary));
    known.copied()
}

fn known(record: Node<'_>) -> Known {
    Known {
        language: language(record),
        email: reached(record, |one| {
            let value = (one.str("system") == Some("email")).then(|| one.str("value"))??;
            is_mail_address(value).then(|| value.trim().to_owned())
        }),
        mobile: reached(record, |one| {
            let takes = match one.str("system") {
                Some("sms") => true,
                Some("phone") => one.str("use") == Some("mobile"),
                _ => false,
            };
            takes.then(|| number(one.str("value")?)).flatten()
        }),
    }
}

/// The language that a patient prefers, or else the first; a practitioner's `communication` has no preference.
fn language(record: Node<'_>) -> Option<String> {
    let all: Vec<Node<'_>> = record.get("communication")?.children().collect();
    let preferred = all
        .iter()
        .find(|one| one.get("preferred").and_then(Node::as_bool) == Some(true));
    let one = *preferred.or(all.first())?;
    let concept = one.get("language").unwrap_or(one);
    let mut codings = concept.get("coding")?.children();
    codings.find_map(|coding| coding.str("code").map(str::to_owned))
}

/// The contact point of the lowest rank that can be used and is not old.
fn reached(record: Node<'_>, read: impl Fn(Node<'_>) -> Option<String>) -> Option<String> {
    let points = record.get("telecom")?.children();
    let mut found: Vec<(u32, String)> = points
        .filter(|one| {
            let ended = one.get("period").and_then(|period| period.get("end"));
            one.str("use") != Some("old") && ended.is_none()
        })
        .filter_map(|one| {
            let rank = one.get("rank").and_then(Node::number_text);
            let rank = rank.and_then(|rank| rank.parse().ok()).unwrap_or(u32::MAX);
            Some((rank, read(one)?))
        })
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().next().map(|(_, value)| value)
}

/// Enough to refuse what no server takes; the rest is the server's to say.
pub(super) fn is_mail_address(text: &str) -> bool {
    let text = text.trim();
    let plain = |c: char| {
        !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';' | '"')
    };
    text.len() <= 254
        && text.chars().all(plain)
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !host.contains('@')
        })
}

/// E.164 (`+` and 8 to 15 digits); a number without its country could be anybody's.
pub(super) fn number(text: &str) -> Option<String> {
    let text = text.strip_prefix("tel:").unwrap_or(text).trim();
    let rest = text.strip_prefix('+')?;
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let only = rest
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')'));
    let fits = (8..=15).contains(&digits.len()) && !digits.starts_with('0');
    (only && fits).then(|| format!("+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &serde_json::Value) -> Known {
        let doc = Doc::parse(json.to_string(), &Limits::default()).unwrap();
        known(doc.root())
    }

    #[test]
    fn the_best_address_that_is_in_use_is_taken() {
        let found = of(&serde_json::json!({
            "resourceType": "Patient",
            "telecom": [
                {"system": "email", "value": "old@example.org", "use": "old", "rank": 1},
                {"system": "email", "value": "past@example.org", "period": {"end": "2020-01-01"}},
                {"system": "email", "value": "second@example.org"},
                {"system": "email", "value": "first@example.org", "rank": 2},
                {"system": "phone", "value": "+1 (555) 123-4567", "use": "home"},
                {"system": "phone", "value": "tel:+1-555-765-4321", "use": "mobile"},
            ],
            "communication": [
                {"language": {"coding": [{"code": "en-US"}]}},
                {"language": {"coding": [{"code": "es-MX"}]}, "preferred": true},
            ],
        }));
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            Known {
                language: text("es-MX"),
                email: text("first@example.org"),
                mobile: text("+15557654321"),
            }
        );
        assert_eq!(spoken_here("es-MX"), Some("es"));
        assert_eq!(spoken_here("de"), None);
    }

    #[test]
    fn what_is_no_address_is_none() {
        for bad in [
            "",
            "a",
            "a@b",
            "@b.c",
            "a b@c.d",
            "a@b.c\nBcc: x@y.z",
            "<a@b.c>",
            "a@b@c.d",
        ] {
            assert!(!is_mail_address(bad), "{bad:?}");
        }
        for bad in [
            "555 123 4567",
            "+1234",
            "+0123456789",
            "+1 555 CALL NOW",
            "",
            "+12345678901234567",
        ] {
            assert_eq!(number(bad), None, "{bad}");
        }
        assert_eq!(
            of(&serde_json::json!({"resourceType": "Patient"})),
            Known::default()
        );
    }
}
