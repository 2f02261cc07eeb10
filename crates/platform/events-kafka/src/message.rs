//! An event as a Kafka message, and back.

use mt_events::catalogue::Phi;
use mt_events::{Event, Outgoing, SealedEvent};
use mt_kernel::{Instant, TenantId};
use rdkafka::message::{Header, Headers, OwnedHeaders};
use uuid::Uuid;

/// The value: `0x00`, the schema's number (big-endian), the Avro record; nothing for what is not thin.
pub(crate) fn value(event: &Event, schema: u32) -> Option<Vec<u8>> {
    if event.kind.phi != Phi::Thin {
        return None;
    }
    let mut value = Vec::with_capacity(5 + event.payload.len());
    value.push(0);
    value.extend_from_slice(&schema.to_be_bytes());
    value.extend_from_slice(&event.payload);
    Some(value)
}

/// The headers of a message.
pub(crate) fn headers(outgoing: &Outgoing) -> OwnedHeaders {
    let Outgoing { event, sealed } = outgoing;
    let texts = [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", event.id.to_string()),
        ("ce_type", event.kind.name.to_owned()),
        ("ce_source", format!("/tenants/{}", event.tenant.0)),
        ("mt-number", event.kind.number.to_string()),
        ("mt-tenant", event.tenant.0.to_string()),
        ("mt-at", event.at.0.to_string()),
        ("mt-correlation", event.correlation.to_string()),
    ];
    let mut headers = OwnedHeaders::new_with_capacity(texts.len() + 1);
    for (key, value) in &texts {
        headers = headers.insert(Header {
            key,
            value: Some(value.as_bytes()),
        });
    }
    headers.insert(Header {
        key: "mt-sealed",
        value: Some(&sealed.body),
    })
}

/// The event that a message carries; `None` when it is none of ours.
pub(crate) fn sealed<H: Headers>(headers: Option<&H>) -> Option<SealedEvent> {
    let headers = headers?;
    let bytes = |name: &str| {
        let found = headers.iter().find(|header| header.key == name)?;
        found.value
    };
    let text = |name: &str| std::str::from_utf8(bytes(name)?).ok();
    Some(SealedEvent {
        id: Uuid::parse_str(text("ce_id")?).ok()?,
        number: text("mt-number")?.parse().ok()?,
        tenant: TenantId(text("mt-tenant")?.parse().ok()?),
        at: Instant(text("mt-at")?.parse().ok()?),
        correlation: Uuid::parse_str(text("mt-correlation")?).ok()?,
        body: bytes("mt-sealed")?.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mt_events::catalogue::EventType;

    use super::*;

    fn event() -> Event {
        Event {
            id: Uuid::from_u128(7),
            kind: EventType::named("patient.registered.v1").unwrap(),
            tenant: TenantId(3),
            at: Instant(1_763_835_644_123_456),
            correlation: Uuid::from_u128(8),
            key: Arc::from("p1"),
            payload: vec![1, 2, 3],
        }
    }

    #[test]
    fn a_message_carries_the_event_and_what_is_damaged_is_none() {
        let event = event();
        let sealed_event = SealedEvent {
            id: event.id,
            number: event.kind.number,
            tenant: event.tenant,
            at: event.at,
            correlation: event.correlation,
            body: vec![9, 9],
        };
        let all = headers(&Outgoing {
            event,
            sealed: sealed_event.clone(),
        });
        assert_eq!(sealed(Some(&all)), Some(sealed_event));
        let foreign = OwnedHeaders::new().insert(Header {
            key: "ce_id",
            value: Some("no uuid"),
        });
        assert_eq!(sealed(Some(&foreign)), None);
        assert_eq!(sealed::<OwnedHeaders>(None), None);
    }

    #[test]
    fn the_value_is_in_the_confluent_wire_format() {
        assert_eq!(
            value(&event(), 0x0102_0304),
            Some(vec![0, 1, 2, 3, 4, 1, 2, 3])
        );
    }
}
