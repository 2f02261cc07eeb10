//! What the process consists of: schemas in the order of their migration.
//!
//! Wiring is this table and [`crate::assembly`]; a context adds a line here.

use mt_database::Migrations;

/// Every schema that the binary owns.
pub(crate) fn schemas() -> Vec<Migrations> {
    let mut schemas: Vec<Migrations> = mt_store::MIGRATIONS.to_vec();
    schemas.push(mt_store::ERASURE);
    schemas.push(mt_terminology::storage::MIGRATIONS);
    schemas.push(mt_audit::MIGRATIONS);
    schemas.push(mt_identity::MIGRATIONS);
    schemas.push(mt_identity::people::MIGRATIONS);
    schemas.push(mt_identity::administration::MIGRATIONS);
    schemas.push(mt_identity::oauth::MIGRATIONS);
    schemas.push(mt_api::MIGRATIONS);
    schemas.push(mt_events::MIGRATIONS);
    schemas.push(mt_coordination::MIGRATIONS);
    schemas.push(mt_scheduling::MIGRATIONS);
    schemas.push(mt_patients::MIGRATIONS);
    schemas.push(mt_charting::MIGRATIONS);
    schemas.push(mt_privacy::MIGRATIONS);
    schemas.push(mt_outbound::MIGRATIONS);
    schemas.push(mt_webhooks::MIGRATIONS);
    schemas.push(mt_subscriptions::MIGRATIONS);
    schemas.push(mt_notifications::MIGRATIONS);
    schemas
}
