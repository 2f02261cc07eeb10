//! RabbitMQ keeps the contract of every bus.

mt_events_contract::contract!(crate::broker::Shared);
