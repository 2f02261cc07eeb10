//! What this context keeps about a patient goes when the patient's record is erased.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_fhir::ResourceType;

use crate::error::Result;

/// Gives back the time that was taken for a patient, and removes the rooms of the patient's video visits with what was
/// said in them; returns how many rows. What was taken for a cancelled appointment was given back when it was cancelled.
///
/// # Errors
/// When the keys are not at hand or the database refuses.
pub async fn forget_patient(tx: &TenantTx, keys: &TenantKeys, patient: &str) -> Result<u64> {
    let tenant = tx.tenant().0;
    let patient = keys
        .resource_ids()?
        .key_of(ResourceType::PATIENT.number(), patient);
    let visits = "appointment in (select appointment from scheduling.claim where tenant = $1 and actor = $2)";
    let mut gone = 0;
    for table in ["scheduling.signal", "scheduling.room", "scheduling.claim"] {
        let sql = format!("delete from {table} where tenant = $1 and {visits}");
        gone += tx.execute(&sql, &[&tenant, &patient]).await?;
    }
    let sql = "delete from scheduling.inactive where tenant = $1 and patient = $2";
    gone += tx.execute(sql, &[&tenant, &patient]).await?;
    Ok(gone)
}
