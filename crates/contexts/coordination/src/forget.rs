//! What this context keeps about a patient goes when the patient's record is erased.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_kernel::{ErrorKind, Fault};

use crate::preauth::patient_token as joined;
use crate::timeline::patient_token as told;

/// Removes a patient's timeline and what waits for the patient's coverage; returns how many rows.
///
/// # Errors
/// When the keys are not at hand or the database refuses.
pub async fn forget_patient(tx: &TenantTx, keys: &TenantKeys, patient: &str) -> Result<u64, Fault> {
    let no_keys = |_| Fault::new(ErrorKind::Unavailable, "the keys are not at hand");
    let told = told(keys, patient).map_err(no_keys)?;
    let joined = joined(keys, patient).map_err(no_keys)?;
    let mut gone = 0;
    for (table, token) in [
        ("coordination.timeline", told),
        ("coordination.preauth_order", joined),
        ("coordination.preauth_coverage", joined),
    ] {
        let sql = format!("delete from {table} where tenant = $1 and patient = $2");
        gone += tx.execute(&sql, &[&tx.tenant().0, &token]).await?;
    }
    Ok(gone)
}
