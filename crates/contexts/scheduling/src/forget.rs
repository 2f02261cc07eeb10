//! What this context keeps about a patient goes when the patient's record is erased.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_fhir::ResourceType;

use crate::error::Result;

/// The appointments that take the patient's time, and those with a room, over or called off as they may be.
const VISITS: &str = "select appointment from scheduling.claim where tenant = $1 and actor = $2 \
    union select appointment from scheduling.room where tenant = $1 and patient = $2";

/// Gives back the time that was taken for a patient, and removes the rooms of the patient's video visits with what was
/// said in them; returns how many rows.
///
/// # Errors
/// When the keys are not at hand or the database refuses.
pub async fn forget_patient(tx: &TenantTx, keys: &TenantKeys, patient: &str) -> Result<u64> {
    let tenant = tx.tenant().0;
    let patient = keys
        .resource_ids()?
        .key_of(ResourceType::PATIENT.number(), patient);
    let mut gone = 0;
    // The rooms last but one: the claims say which they are, too.
    for table in ["scheduling.signal", "scheduling.room", "scheduling.claim"] {
        let sql = format!("delete from {table} where tenant = $1 and appointment in ({VISITS})");
        gone += tx.execute(&sql, &[&tenant, &patient]).await?;
    }
    let sql = "delete from scheduling.inactive where tenant = $1 and actor = $2";
    gone += tx.execute(sql, &[&tenant, &patient]).await?;
    Ok(gone)
}
