//! The tamper-evident log behind the trail: how far it is, whether it is sound, and proofs.

use axum::Json;
use axum::extract::{Path, State};
use mt_api::{Caller, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{LogStanding, Privacy, Verification};

/// How the log stands: its newest checkpoint and the last verification.
#[utoipa::path(get, path = "/audit/log", tag = "audit",
    responses((status = 200, body = LogStanding)))]
pub(super) async fn panel(
    State(privacy): State<Privacy>,
    caller: Caller,
) -> Result<Json<LogStanding>, Problem> {
    Ok(Json(privacy.log_standing(&caller.ctx).await?))
}

/// Recomputes the whole log from its rows and compares it with every checkpoint.
#[utoipa::path(post, path = "/audit/log/verification", tag = "audit",
    responses((status = 200, body = Verification)))]
pub(super) async fn verify(
    State(privacy): State<Privacy>,
    caller: Caller,
) -> Result<Json<Verification>, Problem> {
    Ok(Json(privacy.verify_log(&caller.ctx).await?))
}

/// Proof that an entry is in the log, to be checked without this installation (RFC 6962, 2.1.1).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Proof {
    /// The key that verifies the checkpoint.
    key: String,
    /// The checkpoint, a signed note.
    checkpoint: String,
    /// Position of the leaf.
    index: u64,
    /// The canonical entry, base64: the leaf's hash is that of a zero byte and these bytes.
    entry: String,
    /// Hashes of the siblings, nearest first, base64.
    hashes: Vec<String>,
}

/// Proves that an entry is in the log.
#[utoipa::path(get, path = "/audit/entries/{seq}/proof", tag = "audit",
    params(("seq" = i64, Path, description = "Number of the entry")),
    responses((status = 200, body = Proof)))]
pub(super) async fn proof(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(seq): Path<i64>,
) -> Result<Json<Proof>, Problem> {
    let (key, proof) = privacy.prove(&caller.ctx, seq).await?;
    Ok(Json(Proof {
        key,
        checkpoint: proof.checkpoint,
        index: proof.index,
        entry: proof.entry,
        hashes: proof.hashes,
    }))
}
