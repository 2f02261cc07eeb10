//! Opaque page cursors: sealed, bound to the tenant and to the question they continue.
//!
//! A cursor of another tenant or another query does not open.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_crypto::Purpose;
use mt_kernel::ErrorKind;

use crate::tenants::Tenant;
use crate::{Result, StoreError};

/// Longest cursor that is looked at.
const MAX: usize = 4096;

/// Seals `state` as the continuation of `question`.
pub(crate) fn seal_cursor(tenant: &Tenant, question: &[u8], state: &[u8]) -> Result<String> {
    let sealed = mt_crypto::seal(&tenant.keys, Purpose::Cursor, question, state)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// Opens a cursor that continues `question`.
pub(crate) fn open_cursor(tenant: &Tenant, question: &[u8], cursor: &str) -> Result<Vec<u8>> {
    let refused = || StoreError::refused(ErrorKind::Malformed, "the page cursor is not valid");
    if cursor.len() > MAX {
        return Err(refused());
    }
    let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    mt_crypto::open(&tenant.keys, Purpose::Cursor, question, &sealed).map_err(|_| refused())
}
