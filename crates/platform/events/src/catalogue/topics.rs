//! The topics with their partitions and retention.

use super::{Poison, Topic};

const fn topic(
    number: i16,
    name: &'static str,
    partitions: u16,
    retention_days: u16,
    poison: Poison,
) -> Topic {
    Topic {
        number,
        name,
        partitions,
        retention_days,
        poison,
    }
}

pub(super) static PATIENT: Topic = topic(1, "patient-events", 12, 30, Poison::ParkKey);
pub(super) static LAB: Topic = topic(2, "lab-events", 8, 90, Poison::ParkKey);
pub(super) static INSURANCE: Topic = topic(3, "insurance-events", 6, 365, Poison::ParkKey);
pub(super) static PHARMACY: Topic = topic(4, "pharmacy-events", 8, 90, Poison::ParkKey);
pub(super) static AUDIT: Topic = topic(5, "audit-events", 4, 2555, Poison::GoOn);
pub(super) static NOTIFICATION: Topic = topic(6, "notification-events", 4, 7, Poison::GoOn);
pub(super) static DLQ: Topic = topic(7, "dlq-events", 2, 30, Poison::GoOn);
pub(super) static CARE: Topic = topic(8, "care-coordination-events", 6, 90, Poison::ParkKey);
pub(super) static SCHEDULING: Topic = topic(9, "scheduling-events", 8, 90, Poison::ParkKey);
pub(super) static BILLING: Topic = topic(10, "billing-events", 6, 365, Poison::ParkKey);
pub(super) static RECORD: Topic = topic(11, "record-events", 8, 7, Poison::GoOn);

/// All topics.
pub static TOPICS: [&Topic; 11] = [
    &PATIENT,
    &LAB,
    &INSURANCE,
    &PHARMACY,
    &AUDIT,
    &NOTIFICATION,
    &DLQ,
    &CARE,
    &SCHEDULING,
    &BILLING,
    &RECORD,
];
