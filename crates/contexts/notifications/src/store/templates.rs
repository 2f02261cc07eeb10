//! Wordings of an organisation, each change a version of its own.

use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use tokio_postgres::Row;

use super::column;
use crate::domain::{Intent, Wording};
use crate::error::{NotificationError, Result};

const LATEST: &str = "select distinct on (intent, language) intent, language, version, body \
    from notifications.template where tenant = $1 order by intent, language, version desc";
const ONE: &str = "select intent, language, version, body from notifications.template \
    where tenant = $1 and intent = $2 and language = $3 order by version desc limit 1";
const ADD: &str = "insert into notifications.template (tenant, intent, language, version, created_at, body) \
    values ($1, $2, $3, $4, $5, $6)";

/// The latest word of an organisation on an intent; without a wording the shipped one is in force again.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) intent: Intent,
    pub(crate) language: String,
    pub(crate) version: i32,
    pub(crate) wording: Option<Wording>,
}

fn own(row: &Row) -> Result<Own> {
    let body: Option<String> = column(row, 3)?;
    let wording = body.map(|body| serde_json::from_str(&body)).transpose();
    Ok(Own {
        intent: Intent::of(column(row, 0)?).ok_or(NotificationError::Unreadable)?,
        language: column(row, 1)?,
        version: column(row, 2)?,
        wording: wording.map_err(|_| NotificationError::Unreadable)?,
    })
}

pub(crate) async fn list(database: &Database, tenant: TenantId) -> Result<Vec<Own>> {
    let rows = database
        .readers()
        .query(tenant, LATEST, &[&tenant.0])
        .await?;
    rows.iter().map(own).collect()
}

pub(crate) async fn find(
    database: &Database,
    tenant: TenantId,
    intent: Intent,
    language: &str,
) -> Result<Option<Own>> {
    let params: mt_database::Params<'_> = &[&tenant.0, &intent.number(), &language];
    let rows = database.readers().query(tenant, ONE, params).await?;
    rows.first().map(own).transpose()
}

/// Adds a version; a version that somebody else took meanwhile is a conflict of the key.
pub(crate) async fn add(tx: &TenantTx, own: &Own, now: Instant) -> Result<()> {
    let body = own.wording.as_ref().map(serde_json::to_string).transpose();
    let body = body.map_err(|_| NotificationError::Unreadable)?;
    let params: mt_database::Params<'_> = &[
        &tx.tenant().0,
        &own.intent.number(),
        &own.language,
        &own.version,
        &now.0,
        &body,
    ];
    tx.execute(ADD, params).await?;
    Ok(())
}
