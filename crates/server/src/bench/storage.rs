//! Bytes on disk per resource, all indexes, against a jsonb heap of the same resources.

use anyhow::Context;
use futures::{SinkExt, pin_mut};
use mt_fhir::ResourceType;
use mt_kernel::TenantId;

use super::row::{Limit, Row};
use super::search::search;
use crate::assembly::Installation;

/// Rows and their indexes, side rows and theirs. Superseded versions, of which a load makes none, the log
/// and the audit are not the resource.
const OURS: &str = "select (pg_total_relation_size('records.res') \
    + pg_total_relation_size('records.aux'))::float8, (select count(*) from records.res)";

const PARTS: &str = "select c.relname::text, pg_relation_size(c.oid)::float8 \
    from pg_class c join pg_namespace n on n.oid = c.relnamespace \
    where n.nspname = 'records' and c.relname ~ '^(res|aux)' and c.relname !~ '^res_h' \
    and c.relkind in ('r', 'i') order by 2 desc";

const JSONB: &str = "select pg_total_relation_size('bench.doc')::float8 / greatest(count(*), 1) \
    from bench.doc";

/// Our bytes per resource now, against `jsonb` bytes.
pub(super) async fn row(installation: &Installation, jsonb: f64) -> anyhow::Result<Row> {
    let (client, driver) = cluster(installation)?.admin()?.connect().await?;
    let row = client.query_one(OURS, &[]).await?;
    let (bytes, count): (f64, i64) = (row.get(0), row.get(1));
    let each = |bytes: f64| bytes / count.max(1) as f64;
    let mut parts = Vec::new();
    for part in client.query(PARTS, &[]).await? {
        let (name, bytes): (String, f64) = (part.get(0), part.get(1));
        parts.push(format!("{name} {:.0}", each(bytes)));
    }
    driver.abort();
    let ours = each(bytes);
    Ok(Row::ratio(
        format!("storage per resource, all indexes, {count} resources"),
        format!("{ours:.0} B ({})", parts.join(", ")),
        format!("jsonb heap: {jsonb:.0} B"),
        ours / jsonb,
        Limit::AtMost(0.6),
    ))
}

/// Bytes per resource of a heap with every resource of the tenant as jsonb.
pub(super) async fn jsonb(installation: &Installation, tenant: TenantId) -> anyhow::Result<f64> {
    let (client, driver) = cluster(installation)?.admin()?.connect().await?;
    client
        .batch_execute(
            "create schema if not exists bench; drop table if exists bench.doc; \
             create table bench.doc (doc jsonb)",
        )
        .await?;
    let sink = client
        .copy_in::<_, bytes::Bytes>(
            "copy bench.doc from stdin (format csv, quote e'\\x01', delimiter e'\\x02')",
        )
        .await?;
    pin_mut!(sink);
    for kind in ResourceType::all() {
        let mut cursor: Option<String> = None;
        loop {
            let text = "_count=1000";
            let page = search(installation, tenant, kind, text, cursor.as_deref()).await?;
            for entry in page.entries {
                sink.send(entry.resource.body).await?;
                sink.send(bytes::Bytes::from_static(b"\n")).await?;
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
    }
    sink.finish().await?;
    let jsonb = client.query_one(JSONB, &[]).await?.get(0);
    client.batch_execute("drop schema bench cascade").await?;
    driver.abort();
    Ok(jsonb)
}

fn cluster(installation: &Installation) -> anyhow::Result<&mt_database::Cluster> {
    let cluster = installation.ground.cluster.as_ref();
    cluster.context("the bench needs the private database")
}
