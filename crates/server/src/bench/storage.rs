//! Bytes on disk per resource, all indexes, against a jsonb heap of the same resources.

use anyhow::Context;
use futures::{SinkExt, pin_mut};
use mt_fhir::ResourceType;
use mt_kernel::{Actor, OpCtx, PurposeOfUse, TenantId};
use mt_search::{ParseOptions, Query, Scope};
use mt_store::Caller;
use uuid::Uuid;

use super::Row;
use crate::assembly::Installation;

pub(super) async fn measure(
    installation: &Installation,
    tenant: TenantId,
    rows: &mut Vec<Row>,
) -> anyhow::Result<()> {
    let cluster = installation
        .ground
        .cluster
        .as_ref()
        .context("the bench needs the private database")?;
    let (client, driver) = cluster.admin()?.connect().await?;
    let sizes = "vacuum records.res, records.aux; ";
    client.batch_execute(sizes).await?;
    let row = client
        .query_one(
            "select (pg_total_relation_size('records.res') + pg_total_relation_size('records.aux'))::float8 \
                    / (select greatest(count(*), 1) from records.res)",
            &[],
        )
        .await?;
    let ours: f64 = row.get(0);
    client
        .batch_execute("drop table if exists bench.doc; create table bench.doc (doc jsonb)")
        .await?;
    let sink = client
        .copy_in::<_, bytes::Bytes>(
            "copy bench.doc from stdin (format csv, quote e'\\x01', delimiter e'\\x02')",
        )
        .await?;
    pin_mut!(sink);
    for kind in ResourceType::all() {
        for body in bodies(installation, tenant, kind).await? {
            sink.send(body).await?;
            sink.send(bytes::Bytes::from_static(b"\n")).await?;
        }
    }
    sink.finish().await?;
    let row = client
        .query_one("select pg_total_relation_size('bench.doc')::float8 / (select greatest(count(*), 1) from bench.doc)", &[])
        .await?;
    let jsonb: f64 = row.get(0);
    client.batch_execute("drop table bench.doc").await?;
    driver.abort();
    rows.push(Row {
        work: "storage per resource, all indexes".into(),
        figure: format!("{ours:.0} B"),
        reference: format!("jsonb heap: {jsonb:.0} B"),
        ratio: Some(ours / jsonb),
        at_least: "≤ 0.6",
    });
    Ok(())
}

/// Resources of a type as stored, up to ten thousand.
async fn bodies(
    installation: &Installation,
    tenant: TenantId,
    kind: ResourceType,
) -> anyhow::Result<Vec<bytes::Bytes>> {
    let now = installation.clock.now();
    let registry = installation.store.tenants().params(tenant).await?;
    let pairs = [("_count".to_owned(), "1000".to_owned())];
    let query = Query::parse(
        &registry,
        Scope::resource(kind),
        &pairs,
        &ParseOptions::at(now),
    )?;
    let ctx = OpCtx {
        tenant,
        actor: Actor::system("bench"),
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now,
    };
    let (mut bodies, mut cursor) = (Vec::new(), None::<String>);
    while bodies.len() < 10_000 {
        let caller = Caller::unrestricted(ctx.clone());
        let page = installation
            .store
            .search(&caller, &query, cursor.as_deref())
            .await?;
        bodies.extend(page.entries.into_iter().map(|entry| entry.resource.body));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(bodies)
}
