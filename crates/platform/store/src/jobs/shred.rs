//! The end of keys that nothing needs any more: what was copied under them can then be opened by nobody.

use mt_crypto::{KeyState, Purpose};
use mt_kernel::{ErrorKind, TenantId};

use crate::tenants::{column, read_keys, write_keys};
use crate::{Result, Store, StoreError};

/// Whether a body is still sealed under a key: its number stands behind the format of the header.
const NEEDED: &str = "select exists (select from records.res where tenant = $1 and substring(body from 2 for 4) = $2) \
    or exists (select from records.res_h where tenant = $1 and substring(body from 2 for 4) = $2)";

impl Store {
    /// Destroys the retired body keys and every older version of the key-encryption key, under which backups hold
    /// them wrapped; returns how many body keys. Bodies in backups made before the last rotation are then closed
    /// for good, **all** of them: a backup from before cannot be restored any more.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] while a stored body needs such a key: [`Store::rotate_body_key`] first; when the
    /// database or the key provider does not answer: calling it again goes on.
    pub async fn destroy_old_keys(&self, tenant: TenantId) -> Result<u64> {
        let service = self.tenants().service();
        let tx = self.database().tenant(tenant).await?;
        let mut keys = read_keys(&tx).await?;
        let mut destroyed = 0;
        let retired = |key: &&mut mt_crypto::WrappedKey| {
            key.purpose == Purpose::Body && key.state == KeyState::Retired
        };
        for key in keys.iter_mut().filter(retired) {
            let id = key.id.0.to_be_bytes().to_vec();
            let row = tx.query_one(NEEDED, &[&tenant.0, &id]).await?;
            if column(&row, 0)? {
                let text = format!("bodies are still sealed with key {}: rotate first", key.id);
                return Err(StoreError::refused(ErrorKind::Conflict, text));
            }
            *key = service.destroy(key);
            destroyed += 1;
        }
        let now = self.clock().now();
        write_keys(&tx, &keys, now).await?;
        let rewrapped = service.rotate_kek(tenant, &keys).await?;
        write_keys(&tx, &rewrapped, now).await?;
        tx.commit().await?;
        let tx = self.database().tenant(tenant).await?;
        let stored = read_keys(&tx).await?;
        tx.rollback().await;
        service.drop_old_keks(tenant, &stored).await?;
        Ok(destroyed)
    }
}
