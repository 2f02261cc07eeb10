//! Extends the logs: audit rows become leaves, in batches, each with a signed checkpoint.
//!
//! Only rows of transactions below the horizon are taken, so that no earlier row can still appear.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use mt_crypto::{Purpose, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{Clock, Instant, SystemClock, TenantId};
use mt_store::DomainEvent;
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
/// Mentions in one batch, unless a single row has more: while they are written the transaction has an id, and nothing that
/// is committed later can be relayed.
const MENTIONED: usize = 2048;
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

/// A row.
struct Fresh {
    leaf: Leaf,
    /// None when it does not open: it mentions and says nothing then; verification reports it.
    detail: Option<Detail>,
    xid: String,
}

/// What one batch did.
#[derive(Default)]
struct Extended {
    /// Leaves.
    added: usize,
    /// Whether there may be more rows.
    more: bool,
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
            let extended = self.extend_once(tenant, &keys).await;
            drop(turn);
            if extended.is_err() {
                self.logs.remove(&tenant);
            }
            let Extended { added, more } = extended?;
            total += added;
            if !more {
                return Ok(total);
            }
        }
    }

    async fn extend_once(&mut self, tenant: TenantId, keys: &TenantKeys) -> Result<Extended> {
        let tx = self.database.tenant(tenant).await?;
        let lock = "select pg_try_advisory_xact_lock($1, $2)";
        if !column::<bool>(&tx.query_one(lock, &[&LOCK, &tenant.0]).await?, 0)? {
            return Ok(Extended::default()); // another process is at it
        }
        let last = last(&tx).await?;
        let mut rows = window(&tx, keys, &last).await?;
        // What takes long comes before the first statement that writes and so gives the transaction its id.
        let is_full = signed(rows.len() as u64) >= BATCH;
        let named = named(&tx, keys, &rows).await?;
        let more = is_full || named.len() < rows.len();
        rows.truncate(named.len());
        if rows.is_empty() {
            return Ok(Extended::default());
        }
        let events = self.announced(&rows);
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
        write_mentions(&tx, &rows, &named).await?;
        mt_store::say(&tx, keys, (Uuid::now_v7(), now), &events).await?;
        tx.commit().await?;
        metrics::counter!("audit_leaves").increment(rows.len() as u64);
        self.witness.keep(
            tenant,
            &log.signer.verifier,
            &note,
            (now, &mut log.history_at),
        )?;
        self.logs.insert(tenant, log);
        Ok(Extended {
            added: rows.len(),
            more,
        })
    }

    /// What the entries mean in events.
    fn announced(&self, rows: &[Fresh]) -> Vec<DomainEvent> {
        let Some(announcer) = &self.announcer else {
            return Vec::new();
        };
        rows.iter()
            .filter_map(announced)
            .flat_map(|entry| announcer.events(&entry))
            .collect()
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

async fn window(tx: &TenantTx, keys: &TenantKeys, last: &Last) -> Result<Vec<Fresh>> {
    let rows = tx
        .query(WINDOW, &[&tx.tenant().0, &last.xid, &last.seq, &BATCH])
        .await?;
    rows.iter()
        .map(|row| fresh(tx.tenant(), keys, row))
        .collect()
}

fn fresh(tenant: TenantId, keys: &TenantKeys, row: &Row) -> Result<Fresh> {
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
        detail: open(keys, &leaf, &sealed).ok(),
        leaf,
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

fn announced(row: &Fresh) -> Option<Announced<'_>> {
    Some(Announced {
        kind: Kind::from_number(row.leaf.kind)?,
        at: row.leaf.at,
        correlation: row.leaf.correlation,
        detail: row.detail.as_ref()?,
    })
}

/// What the first rows mention: as many rows as have [`MENTIONED`] tokens in all, one at least.
async fn named(tx: &TenantTx, keys: &TenantKeys, rows: &[Fresh]) -> Result<Vec<BTreeSet<i64>>> {
    let mentions = Mentions::new(keys)?;
    let details = rows.iter().filter_map(|row| row.detail.as_ref());
    let patients = mentions.patients(tx, details).await?;
    let (mut named, mut count) = (Vec::with_capacity(rows.len()), 0);
    for row in rows {
        let of = |detail| mentions.of(detail, &patients);
        let tokens = row.detail.as_ref().map(of).unwrap_or_default();
        count += tokens.len();
        if count > MENTIONED && !named.is_empty() {
            break;
        }
        named.push(tokens);
    }
    Ok(named)
}

async fn write_mentions(tx: &TenantTx, rows: &[Fresh], named: &[BTreeSet<i64>]) -> Result<()> {
    let of = |(row, tokens): (&Fresh, &BTreeSet<i64>)| -> Vec<(i64, i64, i64)> {
        let (at, seq) = (row.leaf.at.0, row.leaf.seq);
        tokens.iter().map(|token| (*token, at, seq)).collect()
    };
    let mut found: Vec<(i64, i64, i64)> = rows.iter().zip(named).flat_map(of).collect();
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
