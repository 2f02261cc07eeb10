//! Extends the logs: audit rows become leaves, in batches, each with a signed checkpoint.
//!
//! Only rows of transactions below the horizon are taken, so that no earlier row can still appear.

use std::collections::HashMap;
use std::sync::Arc;

use mt_crypto::{Purpose, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{Clock, Instant, SystemClock, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::leaf::{Leaf, signed};
use super::mention::Mentions;
use super::note::Checkpoint;
use super::signer::{Signer, column, signer_fetch};
use super::tiles::Tree;
use super::witness::Witness;
use crate::announce::{Announced, Announcer};
use crate::audit::Keyring;
use crate::detail::{Detail, Kind, decode};
use crate::tree::{Edge, Hash, Tile};
use crate::{AuditError, Result, place};

/// Rows in one batch.
const BATCH: i64 = 1024;
/// Serialises the extension of a tenant's log: the lock's first half.
const LOCK: i32 = 0x6d74_6c67;

const LAST: &str = "select size, root, last_xid::text, last_seq from audit.checkpoint \
    where tenant = $1 order by size desc limit 1";

/// The order is by column, not by the text that is handed out.
const WINDOW: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail, a.xid::text \
    from records.audit a \
    where a.tenant = $1 and (a.xid, a.seq) > ($2::text::xid8, $3::int8) \
      and a.xid < pg_snapshot_xmin(pg_current_snapshot()) \
    order by a.xid, a.seq limit $4";

const CHECKPOINT: &str = "insert into audit.checkpoint \
    (tenant, first, size, at, last_xid, last_seq, low, high, seqs, root, note) \
    values ($1, $2, $3, $4, $5::text::xid8, $6, $7, $8, $9, $10, $11)";

const TILES: &str = "insert into audit.tile (tenant, level, n, hashes) \
    select $1, t.* from unnest($2::int2[], $3::int8[], $4::bytea[]) t";

const MENTIONS: &str = "insert into audit.mention (tenant, token, at, seq) \
    select $1, m.* from unnest($2::int8[], $3::int8[], $4::int8[]) m";

/// Extends the logs of all tenants.
pub(crate) struct Sequencer {
    database: Database,
    keyring: Arc<dyn Keyring>,
    witness: Witness,
    announcer: Option<Arc<dyn Announcer>>,
    logs: HashMap<TenantId, Log>,
}

/// A tenant's log, ready to grow.
struct Log {
    edge: Edge,
    signer: Signer,
    history_at: Instant,
}

/// How far a log has come.
struct Last {
    size: u64,
    root: Hash,
    xid: String,
    seq: i64,
}

/// A row with its sealed detail.
struct Fresh {
    leaf: Leaf,
    sealed: Vec<u8>,
    xid: String,
}

impl Sequencer {
    pub(crate) fn new(
        database: Database,
        keyring: Arc<dyn Keyring>,
        witness: Witness,
        announcer: Option<Arc<dyn Announcer>>,
    ) -> Self {
        Self {
            database,
            keyring,
            witness,
            announcer,
            logs: HashMap::new(),
        }
    }

    /// Extends a tenant's log by everything that is there; returns by how many leaves.
    pub(crate) async fn extend(&mut self, tenant: TenantId) -> Result<usize> {
        let Ok(keys) = self.keyring.keys(tenant).await else {
            self.logs.remove(&tenant);
            return Err(AuditError::TenantInactive);
        };
        let mut total = 0;
        loop {
            let turn = self.database.pace().turn().await;
            let added = self.extend_once(tenant, &keys).await;
            drop(turn);
            if added.is_err() {
                self.logs.remove(&tenant);
            }
            let added = added?;
            total += added;
            if signed(added as u64) < BATCH {
                return Ok(total);
            }
        }
    }

    async fn extend_once(&mut self, tenant: TenantId, keys: &TenantKeys) -> Result<usize> {
        let tx = self.database.tenant(tenant).await?;
        let lock = "select pg_try_advisory_xact_lock($1, $2)";
        if !column::<bool>(&tx.query_one(lock, &[&LOCK, &tenant.0]).await?, 0)? {
            return Ok(0); // another process is at it
        }
        let last = last(&tx).await?;
        let rows = window(&tx, &last).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let now = SystemClock.now();
        let mut log = match self
            .logs
            .remove(&tenant)
            .filter(|log| log.edge.size() == last.size)
        {
            Some(log) => log,
            None => self.open(&tx, keys, &last, now).await?,
        };
        let note = write(&tx, &mut log, &last, &rows, now).await?;
        let opened = opened(keys, &rows);
        write_mentions(&tx, keys, &opened).await?;
        if let Some(announcer) = &self.announcer {
            let events: Vec<_> = opened
                .iter()
                .filter_map(announced)
                .flat_map(|entry| announcer.events(&entry))
                .collect();
            mt_store::say(&tx, keys, (Uuid::now_v7(), now), &events).await?;
        }
        tx.commit().await?;
        metrics::counter!("audit_leaves").increment(rows.len() as u64);
        self.witness.keep(
            tenant,
            &log.signer.verifier,
            &note,
            (now, &mut log.history_at),
        )?;
        self.logs.insert(tenant, log);
        Ok(rows.len())
    }

    /// Reads the edge of a log and makes sure that it may be extended.
    async fn open(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        last: &Last,
        now: Instant,
    ) -> Result<Log> {
        let mut tree = Tree::new(tx, last.size);
        let edge = tree.edge().await?;
        if edge.root() != last.root {
            let reason = format!("rows or tiles do not give the root at size {}", last.size);
            return Err(AuditError::Damaged(reason));
        }
        let signer = signer_fetch(tx, keys, now).await?;
        if let Some(seen) = self.witness.latest(tx.tenant())? {
            if seen.size > last.size {
                let reason = format!(
                    "the database ends at leaf {} and the witness has seen {}: was it restored from a backup?",
                    last.size, seen.size
                );
                return Err(AuditError::Damaged(reason));
            }
            if seen.origin != signer.verifier.name() || tree.root_at(seen.size).await? != seen.root
            {
                let reason = format!("the witness has seen another log at size {}", seen.size);
                return Err(AuditError::Damaged(reason));
            }
        }
        Ok(Log {
            edge,
            signer,
            history_at: Instant(0),
        })
    }
}

async fn last(tx: &TenantTx) -> Result<Last> {
    let Some(row) = tx.query_opt(LAST, &[&tx.tenant().0]).await? else {
        return Ok(Last {
            size: 0,
            root: Hash::empty(),
            xid: "0".to_owned(),
            seq: 0,
        });
    };
    let root = Hash::from_bytes(column(&row, 1)?);
    Ok(Last {
        size: column::<i64>(&row, 0)?.cast_unsigned(),
        root: root.ok_or_else(|| AuditError::Damaged("a root is not a hash".to_owned()))?,
        xid: column(&row, 2)?,
        seq: column(&row, 3)?,
    })
}

async fn window(tx: &TenantTx, last: &Last) -> Result<Vec<Fresh>> {
    let rows = tx
        .query(WINDOW, &[&tx.tenant().0, &last.xid, &last.seq, &BATCH])
        .await?;
    rows.iter().map(|row| fresh(tx.tenant(), row)).collect()
}

fn fresh(tenant: TenantId, row: &Row) -> Result<Fresh> {
    let sealed: Vec<u8> = column(row, 4)?;
    let leaf = Leaf {
        tenant,
        seq: column(row, 0)?,
        at: Instant(column(row, 1)?),
        kind: column(row, 2)?,
        correlation: column::<Uuid>(row, 3)?,
        detail_digest: mt_crypto::sha256(&sealed),
    };
    Ok(Fresh {
        leaf,
        sealed,
        xid: column(row, 5)?,
    })
}

/// Writes a batch: leaves in order of row inside the batch, full tiles, checkpoint.
async fn write(
    tx: &TenantTx,
    log: &mut Log,
    last: &Last,
    rows: &[Fresh],
    now: Instant,
) -> Result<String> {
    let Some(end) = rows.last() else {
        return Ok(String::new());
    };
    let mut leaves: Vec<&Leaf> = rows.iter().map(|row| &row.leaf).collect();
    leaves.sort_by_key(|leaf| leaf.seq);
    let mut full = Vec::new();
    leaves
        .iter()
        .for_each(|leaf| log.edge.push(leaf.hash(), &mut full));
    let seqs: Vec<i64> = leaves.iter().map(|leaf| leaf.seq).collect();
    let (low, high) = (seqs.first().copied(), seqs.last().copied());
    let root = log.edge.root();
    let size = log.edge.size();
    let checkpoint = Checkpoint {
        origin: log.signer.verifier.name().to_owned(),
        size,
        root,
    };
    let note = checkpoint.signed(&log.signer.verifier, &log.signer.key)?;
    tx.execute(
        CHECKPOINT,
        &[
            &tx.tenant().0,
            &signed(last.size),
            &signed(size),
            &now.0,
            &end.xid,
            &end.leaf.seq,
            &low,
            &high,
            &seqs,
            &&root.0[..],
            &note,
        ],
    )
    .await?;
    write_tiles(tx, &full).await?;
    Ok(note)
}

async fn write_tiles(tx: &TenantTx, full: &[Tile]) -> Result<()> {
    if full.is_empty() {
        return Ok(());
    }
    let levels: Vec<i16> = full
        .iter()
        .map(|tile| i16::try_from(tile.level).unwrap_or(i16::MAX))
        .collect();
    let positions: Vec<i64> = full.iter().map(|tile| signed(tile.n)).collect();
    let hashes: Vec<Vec<u8>> = full.iter().map(Tile::bytes).collect();
    tx.execute(TILES, &[&tx.tenant().0, &levels, &positions, &hashes])
        .await?;
    Ok(())
}

/// A detail that does not open mentions and says nothing; verification reports it.
fn opened<'a>(keys: &TenantKeys, rows: &'a [Fresh]) -> Vec<(&'a Leaf, Detail)> {
    rows.iter()
        .filter_map(|row| Some((&row.leaf, open(keys, &row.leaf, &row.sealed).ok()?)))
        .collect()
}

fn announced<'a>((leaf, detail): &'a (&'a Leaf, Detail)) -> Option<Announced<'a>> {
    Some(Announced {
        kind: Kind::from_number(leaf.kind)?,
        at: leaf.at,
        correlation: leaf.correlation,
        detail,
    })
}

async fn write_mentions(
    tx: &TenantTx,
    keys: &TenantKeys,
    opened: &[(&Leaf, Detail)],
) -> Result<()> {
    let mentions = Mentions::new(keys)?;
    let patients = mentions
        .patients(tx, opened.iter().map(|(_, detail)| detail))
        .await?;
    let of = |(leaf, detail): &(&Leaf, Detail)| {
        let (at, seq) = (leaf.at.0, leaf.seq);
        let tokens = mentions.of(detail, &patients).into_iter();
        tokens.map(move |token| (token, at, seq))
    };
    let mut found: Vec<(i64, i64, i64)> = opened.iter().flat_map(of).collect();
    // In the order of the index: what names the same person or record is written side by side.
    found.sort_unstable();
    let tokens: Vec<i64> = found.iter().map(|one| one.0).collect();
    let times: Vec<i64> = found.iter().map(|one| one.1).collect();
    let seqs: Vec<i64> = found.iter().map(|one| one.2).collect();
    tx.execute(MENTIONS, &[&tx.tenant().0, &tokens, &times, &seqs])
        .await?;
    Ok(())
}

/// Opens the detail of a row.
pub(crate) fn open(keys: &TenantKeys, leaf: &Leaf, sealed: &[u8]) -> Result<Detail> {
    let place = place(leaf.at, leaf.correlation);
    let bytes = mt_crypto::open(keys, Purpose::Audit, &place, sealed)?;
    decode(&bytes).ok_or_else(|| AuditError::Damaged(format!("detail of row {}", leaf.seq)))
}
