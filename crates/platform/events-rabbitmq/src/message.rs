//! An event as an AMQP message, and back.

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use mt_events::{Outgoing, SealedEvent};
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

/// The message survives a restart of the broker.
const PERSISTENT: u8 = 2;

const CONTENT_TYPE: &str = "application/vnd.meditrack.sealed";

/// What accompanies the sealed content.
pub(crate) fn properties(outgoing: &Outgoing) -> BasicProperties {
    let Outgoing { event, sealed } = outgoing;
    let mut headers = FieldTable::default();
    headers.insert("mt-number".into(), AMQPValue::ShortInt(sealed.number));
    headers.insert("mt-tenant".into(), AMQPValue::LongInt(sealed.tenant.0));
    headers.insert("mt-at".into(), AMQPValue::LongLongInt(sealed.at.0));
    headers.insert(
        "mt-partition".into(),
        AMQPValue::ShortInt(event.partition()),
    );
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type(CONTENT_TYPE.into())
        .with_message_id(sealed.id.to_string().into())
        .with_correlation_id(sealed.correlation.to_string().into())
        .with_type(event.kind.name.into())
        .with_app_id("meditrack".into())
        .with_timestamp(u64::try_from(sealed.at.0 / 1_000_000).unwrap_or_default())
        .with_headers(headers)
}

/// The event that a message carries, with its partition; `None` when it is none of ours.
pub(crate) fn event(delivery: &Delivery) -> Option<(i16, SealedEvent)> {
    let properties = &delivery.properties;
    let headers = properties.headers().as_ref()?.inner();
    let whole = |name: &str| match headers.get(name)? {
        AMQPValue::ShortInt(value) => Some(i64::from(*value)),
        AMQPValue::LongInt(value) => Some(i64::from(*value)),
        AMQPValue::LongLongInt(value) => Some(*value),
        _ => None,
    };
    let id =
        |text: &Option<lapin::types::ShortString>| Uuid::parse_str(text.as_ref()?.as_str()).ok();
    let sealed = SealedEvent {
        id: id(properties.message_id())?,
        number: i16::try_from(whole("mt-number")?).ok()?,
        tenant: TenantId(i32::try_from(whole("mt-tenant")?).ok()?),
        at: Instant(whole("mt-at")?),
        correlation: id(properties.correlation_id())?,
        body: delivery.data.clone(),
    };
    Some((i16::try_from(whole("mt-partition")?).ok()?, sealed))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mt_events::Event;
    use mt_events::catalogue::EventType;

    use super::*;

    fn outgoing() -> Outgoing {
        let event = Event {
            id: Uuid::from_u128(7),
            kind: EventType::named("patient.registered.v1").unwrap(),
            tenant: TenantId(3),
            at: Instant(1_763_835_644_123_456),
            correlation: Uuid::from_u128(8),
            key: Arc::from("p1"),
            payload: vec![1, 2, 3],
        };
        let sealed = SealedEvent {
            id: event.id,
            number: event.kind.number,
            tenant: event.tenant,
            at: event.at,
            correlation: event.correlation,
            body: vec![9, 9],
        };
        Outgoing { event, sealed }
    }

    fn delivery(properties: BasicProperties, data: Vec<u8>) -> Delivery {
        let mut delivery = Delivery::mock(1, "e".into(), "0".into(), false, data);
        delivery.properties = properties;
        delivery
    }

    #[test]
    fn a_message_carries_the_sealed_event_and_nothing_else() {
        let outgoing = outgoing();
        let message = delivery(properties(&outgoing), outgoing.sealed.body.clone());
        let expected = (outgoing.event.partition(), outgoing.sealed.clone());
        assert_eq!(event(&message), Some(expected));
        let shown = format!("{:?}", message.properties);
        assert!(!shown.contains("p1"), "{shown}");
    }

    #[test]
    fn what_is_not_ours_is_no_event() {
        let good = properties(&outgoing());
        let mut headers = good.headers().clone().unwrap();
        headers.insert("mt-tenant".into(), AMQPValue::LongLongInt(i64::MAX));
        for properties in [
            BasicProperties::default(),
            good.clone().with_message_id("no uuid".into()),
            good.clone().with_headers(FieldTable::default()),
            good.with_headers(headers),
        ] {
            assert_eq!(event(&delivery(properties, vec![9])), None);
        }
    }
}
