//! What standing says about a patient whose record is erased.

use mt_access::Role;
use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_kernel::Instant;

use super::error::Result;
use super::rows::{COLUMNS, Row, What, opened, sealed, subject_key};

/// Ends every proxy for the patient, and takes out of proxies and broken glass over whom they were; returns how many.
/// Who held them stays: rows of standing are never deleted.
pub(crate) async fn forget_patient(
    tx: &TenantTx,
    keys: &TenantKeys,
    patient: &str,
    now: Instant,
) -> Result<u64> {
    let sql =
        format!("select {COLUMNS} from administration.standing where tenant = $1 and kind > 1");
    let mut gone = 0;
    for row in tx.query(&sql, &[&tx.tenant().0]).await? {
        let mut row = opened(keys, &row)?;
        if !is_about(&mut row, patient) {
            continue;
        }
        let sql = "update administration.standing set sealed = $3, open_review = false, \
                   ended_at = coalesce(ended_at, $4) where tenant = $1 and id = $2";
        gone += tx
            .execute(
                sql,
                &[&tx.tenant().0, &row.id, &sealed(keys, &row)?, &now.0],
            )
            .await?;
    }
    Ok(gone)
}

/// Whether a row is about the patient; it is not any more after that.
fn is_about(row: &mut Row, patient: &str) -> bool {
    let (about, why) = match &mut row.what {
        What::Role { .. } => return false,
        What::Proxy { patient, .. } => (patient, None),
        What::Glass {
            patient, reason, ..
        } => (patient, Some(reason)),
    };
    let found = about == patient;
    if found {
        about.clear();
        why.into_iter().for_each(String::clear);
    }
    found
}

/// Whether a subject holds anything now but the role of a patient.
pub(crate) async fn stands(
    tx: &TenantTx,
    keys: &TenantKeys,
    subject: &str,
    now: Instant,
) -> Result<bool> {
    let sql =
        format!("select {COLUMNS} from administration.standing where tenant = $1 and subject = $2");
    let subject = subject_key(keys, subject)?;
    for row in tx.query(&sql, &[&tx.tenant().0, &subject]).await? {
        let row = opened(keys, &row)?;
        let is_patient =
            matches!(&row.what, What::Role { role, .. } if role == Role::Patient.code());
        if row.holds_at(now) && !is_patient {
            return Ok(true);
        }
    }
    Ok(false)
}
