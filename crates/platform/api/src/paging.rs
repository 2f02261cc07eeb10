//! Lists come in pages: a limit, and a sealed cursor to what follows.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_crypto::{Purpose, TenantKeys};
use mt_http::Problem;
use mt_kernel::{ErrorKind, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Caller;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 1_000;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `?limit=…&cursor=…`
#[derive(Clone, Debug, PartialEq, Eq, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Items on a page: 1 to 1,000, by default 50.
    pub limit: u32,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<u32>,
    cursor: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let malformed = || Fault::new(ErrorKind::Malformed, "limit is a number").at("limit");
        let Query(asked) = Query::<Asked>::try_from_uri(&parts.uri).map_err(|_| malformed())?;
        let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let fault = Fault::new(ErrorKind::Invalid, "limit lies between 1 and 1,000");
            return Err(fault.at("limit").into());
        }
        Ok(Self {
            limit,
            cursor: asked.cursor,
        })
    }
}

/// Where a list goes on, as bytes of the context that owns it.
///
/// A cursor is bound to the tenant (by its keys), the caller and the list, so that it is nothing in
/// other hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position(pub Vec<u8>);

impl Position {
    /// The cursor of this position in `list`.
    ///
    /// # Errors
    /// A fault of kind `Internal` when the keys do not seal.
    pub fn seal(&self, keys: &TenantKeys, caller: &Caller, list: &str) -> Result<String, Fault> {
        let sealed = mt_crypto::seal(keys, Purpose::Cursor, &place(caller, list), &self.0);
        let sealed =
            sealed.map_err(|_| Fault::new(ErrorKind::Internal, "a cursor cannot be sealed"))?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The position that a cursor of `list` holds.
    ///
    /// # Errors
    /// A fault when the cursor was forged, or made for another caller or list.
    pub fn open(
        cursor: &str,
        keys: &TenantKeys,
        caller: &Caller,
        list: &str,
    ) -> Result<Self, Fault> {
        let refused = || Fault::new(ErrorKind::Malformed, "the cursor is not of this list");
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let opened = mt_crypto::open(keys, Purpose::Cursor, &place(caller, list), &sealed);
        opened.map(Self).map_err(|_| refused().at("cursor"))
    }
}

/// Hashes have a fixed length, so no two places share their bytes.
fn place(caller: &Caller, list: &str) -> Vec<u8> {
    let actor = mt_crypto::sha256(caller.ctx.actor.id.as_bytes());
    [&actor[..], &mt_crypto::sha256(list.as_bytes())].concat()
}
