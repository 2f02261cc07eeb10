//! The store's schemas, and what must hold before it serves.

use mt_database::{Database, Migration, Migrations};
use mt_kernel::ErrorKind;

use crate::tenants::column;
use crate::{Result, StoreError};

/// The schemas of the store, in order.
pub const MIGRATIONS: [Migrations; 2] = [
    Migrations {
        schema: "tenancy",
        files: &[
            Migration::new(
                1,
                "tenants",
                include_str!("../../migrations/tenancy/0001_tenants.sql"),
            ),
            Migration::new(
                2,
                "params",
                include_str!("../../migrations/tenancy/0002_params.sql"),
            ),
        ],
    },
    Migrations {
        schema: "records",
        files: &[
            Migration::new(
                1,
                "records",
                include_str!("../../migrations/records/0001_records.sql"),
            ),
            Migration::new(
                2,
                "access",
                include_str!("../../migrations/records/0002_access.sql"),
            ),
            Migration::new(
                3,
                "jobs",
                include_str!("../../migrations/records/0003_jobs.sql"),
            ),
            Migration::new(
                4,
                "work",
                include_str!("../../migrations/records/0004_work.sql"),
            ),
            Migration::new(
                5,
                "layout",
                include_str!("../../migrations/records/0005_layout.sql"),
            ),
            Migration::new(
                6,
                "planner",
                include_str!("../../migrations/records/0006_planner.sql"),
            ),
            Migration::new(
                7,
                "outbox",
                include_str!("../../migrations/records/0007_outbox.sql"),
            ),
            Migration::new(
                8,
                "usage",
                include_str!("../../migrations/records/0008_usage.sql"),
            ),
            Migration::new(
                9,
                "merging",
                include_str!("../../migrations/records/0009_merging.sql"),
            ),
        ],
    },
];

/// Refuses a database in which tenants are not isolated or keyed search does not use its index on every kind of connection.
pub(crate) async fn check(database: &Database) -> Result<()> {
    let tx = database.admin().await?;
    let open = "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace \
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped \
        where n.nspname in ('records', 'tenancy') and c.relkind in ('r', 'p') \
        and not (c.relrowsecurity and c.relforcerowsecurity)";
    let unprotected = tx.query(open, &[]).await?;
    // As on the connections that want the order of an index.
    tx.execute("set local enable_bitmapscan = off", &[]).await?;
    let plan = tx.query("select * from records.keyed_plan()", &[]).await?;
    tx.rollback().await;
    if let Some(row) = unprotected.first() {
        let table: String = column(row, 0)?;
        let message = format!("row-level security is not forced on {table}");
        return Err(StoreError::refused(ErrorKind::Internal, message));
    }
    let mut lines = plan.iter().map(|row| column::<&str>(row, 0));
    if !lines.any(|line| line.is_ok_and(|line| line.contains("res_keys"))) {
        let message = "keyed search does not use the index res_keys";
        return Err(StoreError::refused(ErrorKind::Internal, message));
    }
    Ok(())
}
