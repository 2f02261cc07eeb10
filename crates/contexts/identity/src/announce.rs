//! What this context tells others, as events of the topic `audit-events`.
//!
//! Each is said in the transaction that makes it true. Sign-ins are told when their entries become part of the audit log,
//! because a failed one changes nothing here.

use mt_events::EventError;
use mt_events::catalogue::{EventType, Value, encode};
use mt_store::DomainEvent;
use uuid::Uuid;

/// Whose permissions changed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose<'a> {
    /// Those of one account.
    Account(&'a str),
    /// Those of everybody who holds this derived role.
    Role(&'a str),
}

/// Roles, proxies or emergency access were given or taken back, or an account was changed.
pub(crate) fn permission_changed(whose: Whose<'_>, actor: &str) -> Result<DomainEvent, EventError> {
    let subject = match whose {
        Whose::Account(id) => ("Account", id),
        Whose::Role(code) => ("Role", code),
    };
    event(
        "security.permission.changed.v1",
        subject,
        &[("actor_id", actor.into())],
    )
}

/// A code or refresh token came a second time.
pub(crate) fn token_reused(account: Uuid, client: Uuid) -> Result<DomainEvent, EventError> {
    event(
        "security.token.reused.v1",
        ("Account", &account.to_string()),
        &[("client_id", client.to_string().as_str().into())],
    )
}

/// A session ended, or every session of an account.
pub(crate) fn session_ended(subject: &str, id: Uuid) -> Result<DomainEvent, EventError> {
    let subject = (subject, &*id.to_string());
    event("security.session.ended.v1", subject, &[])
}

/// The key that signs tokens has a successor.
pub(crate) fn signing_key_rotated(kid: Uuid) -> Result<DomainEvent, EventError> {
    event(
        "security.key.rotated.v1",
        ("Key", &kid.to_string()),
        &[("purpose", "token-signing".into())],
    )
}

fn event(
    name: &'static str,
    (subject, id): (&str, &str),
    fields: &[(&'static str, Value)],
) -> Result<DomainEvent, EventError> {
    let kind = EventType::named(name).ok_or(EventError::Damaged("name"))?;
    let mut values = vec![
        ("subject_type", Value::from(subject)),
        ("subject_id", id.into()),
        ("subject_version", Value::Whole(0)),
    ];
    values.extend_from_slice(fields);
    Ok(DomainEvent {
        name: kind.name,
        key: id.to_owned(),
        payload: encode(kind, &values)?,
    })
}

#[cfg(test)]
mod tests {
    use mt_events::catalogue::decode;

    use super::*;

    #[test]
    fn every_event_fits_the_catalogue_and_says_whom_it_is_about() {
        let id = Uuid::from_u128(7);
        let text = id.to_string();
        for (event, subject, about) in [
            (permission_changed(Whose::Account("a"), "b"), "Account", "a"),
            (permission_changed(Whose::Role("r"), "b"), "Role", "r"),
            (token_reused(id, id), "Account", text.as_str()),
            (session_ended("Session", id), "Session", &text),
            (signing_key_rotated(id), "Key", &text),
        ] {
            let event = event.unwrap();
            let kind = EventType::named(event.name).unwrap();
            assert_eq!(kind.topic.name, "audit-events");
            let values = decode(kind, &event.payload).unwrap();
            assert_eq!(values[0].1, subject.into());
            assert_eq!(values[1].1, about.into());
            assert_eq!(event.key, about);
        }
    }
}
