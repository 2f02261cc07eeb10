//! What this context keeps about a patient goes when the patient's record is erased.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_fhir::ResourceType;

use crate::error::Result;

/// Forgets who looked into a patient's chart last, what somebody typed about the patient, and which allergies stand;
/// returns how many rows.
///
/// # Errors
/// When the keys are not at hand or the database refuses.
pub async fn forget_patient(tx: &TenantTx, keys: &TenantKeys, patient: &str) -> Result<u64> {
    let ids = keys.resource_ids().map_err(mt_store::StoreError::from)?;
    let key = ids.key_of(ResourceType::PATIENT.number(), patient);
    let mut gone = 0;
    for sql in [
        "delete from charting.looked where tenant = $1 and patient = $2",
        "delete from charting.draft where tenant = $1 and patient = $2",
        "delete from charting.allergy where tenant = $1 and patient = $2",
    ] {
        gone += tx.execute(sql, &[&tx.tenant().0, &key]).await?;
    }
    Ok(gone)
}
