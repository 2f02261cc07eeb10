//! What this context keeps about a patient goes when the patient's record is erased.
//!
//! The account with which the patient signed in names them and is for nothing else; who was proxy for them or broke the
//! glass over their record stays known, and over whose does not.

use mt_access::Role;
use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_kernel::{Fault, Instant};
use uuid::Uuid;

use crate::announce::{self, Whose};
use crate::{IdentityError, administration, oauth, people};

/// Who did it, in what is told of it.
const ERASURE: &str = "erasure";

/// Removes the account of a patient with everything by which it signs in, and whom the rows of proxies and broken glass
/// are about; returns how many rows. Somebody who is more than this patient, such as proxy for another or employee,
/// keeps the account without the patient in it. Clients that hold tokens are told as of every account that ends.
///
/// # Errors
/// When the keys are not at hand or the database refuses.
pub async fn forget_patient(
    tx: &TenantTx,
    keys: &TenantKeys,
    patient: &str,
    now: Instant,
) -> Result<u64, Fault> {
    let mut gone = administration::forget_patient(tx, keys, patient, now).await?;
    gone += forget_accounts(tx, keys, patient, now).await?;
    Ok(gone)
}

async fn forget_accounts(
    tx: &TenantTx,
    keys: &TenantKeys,
    patient: &str,
    now: Instant,
) -> Result<u64, IdentityError> {
    let mut gone = 0;
    let own = format!("Patient/{patient}");
    for mut account in people::accounts_of(tx, keys, &own).await? {
        let id = account.id.to_string();
        let is_patient = |role: &str| role == Role::Patient.code();
        account.profile.roles.retain(|held| !is_patient(&held.role));
        let stands = administration::stands(tx, keys, &id, now).await;
        if stands.map_err(Fault::from)? || !account.profile.roles.is_empty() {
            account.profile.fhir_user = None;
            people::reseal_account(tx, keys, &account).await?;
        } else {
            gone += people::remove_account(tx, account.id, now).await?;
        }
        gone += oauth::forget_account(tx, keys, account.id, now).await?;
        let event = announce::permission_changed(Whose::Account(&id), ERASURE)?;
        mt_store::say(tx, keys, (Uuid::now_v7(), now), &[event]).await?;
    }
    Ok(gone)
}
