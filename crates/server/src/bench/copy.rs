//! Raw COPY: the same rows into a table without indexes, one connection, a transaction for every
//! 310 rows, synchronous commit.

use std::time::Instant;

use anyhow::Context;
use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt, pin_mut};
use mt_kernel::TenantId;

use crate::assembly::Installation;

/// Rows in a transaction: an average Bundle.
const ROWS: usize = 310;
/// Signature, flags and extension length of COPY's binary format.
const HEADER: usize = 19;
/// A field count of -1 ends the data.
const TRAILER: [u8; 2] = [0xff, 0xff];

/// Rows per second.
pub(super) async fn rate(installation: &Installation, tenant: TenantId) -> anyhow::Result<f64> {
    let cluster = installation.ground.cluster.as_ref();
    let admin = cluster
        .context("the bench needs the private database")?
        .admin()?;
    let (client, driver) = admin.connect().await?;
    client
        .batch_execute(
            "create schema if not exists bench; drop table if exists bench.raw; \
             create table bench.raw (like records.res)",
        )
        .await?;
    let select = format!(
        "copy (select * from records.res where tenant = {tenant}) to stdout (format binary)"
    );
    let data = read(&client, &select).await?;
    let chunks = chunks(&data)?;
    let header = data.slice(..HEADER);
    let rows: usize = chunks.iter().map(|(n, _)| n).sum();
    let started = Instant::now();
    for (_, chunk) in chunks {
        client.batch_execute("begin").await?;
        let sink = client
            .copy_in::<_, Bytes>("copy bench.raw from stdin (format binary)")
            .await?;
        pin_mut!(sink);
        sink.send(header.clone()).await?;
        sink.send(chunk).await?;
        sink.send(Bytes::from_static(&TRAILER)).await?;
        sink.finish().await?;
        client.batch_execute("commit").await?;
    }
    let rate = rows as f64 / started.elapsed().as_secs_f64();
    client.batch_execute("drop table bench.raw").await?;
    driver.abort();
    Ok(rate)
}

async fn read(client: &tokio_postgres::Client, sql: &str) -> anyhow::Result<Bytes> {
    let stream = client.copy_out(sql).await?;
    pin_mut!(stream);
    let mut data = BytesMut::new();
    while let Some(part) = stream.next().await {
        data.extend_from_slice(&part?);
    }
    Ok(data.freeze())
}

/// Groups of tuples, cut at tuple boundaries.
fn chunks(data: &Bytes) -> anyhow::Result<Vec<(usize, Bytes)>> {
    let int = |at: usize, n: usize| -> anyhow::Result<i32> {
        let bytes = data
            .get(at..at + n)
            .context("the copied data end too early")?;
        let value = bytes
            .iter()
            .fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
        Ok(if n == 2 {
            i32::from(value as i16)
        } else {
            value as i32
        })
    };
    let (mut at, mut start, mut rows) = (HEADER, HEADER, 0);
    let mut chunks = Vec::new();
    loop {
        let fields = int(at, 2)?;
        if fields < 0 || rows == ROWS {
            if rows > 0 {
                chunks.push((rows, data.slice(start..at)));
            }
            if fields < 0 {
                return Ok(chunks);
            }
            (start, rows) = (at, 0);
        }
        at += 2;
        for _ in 0..fields {
            at += 4 + usize::try_from(int(at, 4)?).unwrap_or(0);
        }
        rows += 1;
    }
}
