//! What this context keeps about a patient goes when the patient's record is erased.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;

use crate::domain::Recipient;
use crate::error::Result;
use crate::store::{person_token, reminders};

/// Removes what a patient was told, how, and the devices on which, and reminders to come; returns how many rows. What
/// others were told of the patient is forgotten by its own time.
///
/// # Errors
/// When the keys are not at hand or the database refuses.
pub async fn forget_patient(tx: &TenantTx, keys: &TenantKeys, patient: &str) -> Result<u64> {
    let person = person_token(keys, &Recipient::patient(patient))?;
    let mut gone = reminders::forget(tx, keys, patient).await?;
    for (table, column) in [
        ("notifications.message", "recipient"),
        ("notifications.delivery", "recipient"),
        ("notifications.preference", "person"),
        ("notifications.push", "person"),
    ] {
        let sql = format!("delete from {table} where tenant = $1 and {column} = $2");
        gone += tx.execute(&sql, &[&tx.tenant().0, &person]).await?;
    }
    Ok(gone)
}
