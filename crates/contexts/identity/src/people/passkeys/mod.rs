//! Passkeys of people: registered, used, renamed and removed.
//!
//! A ceremony begins with a challenge that is the secret of a row in `people.pending`; the answer takes the
//! row, so each challenge is good once, for what it was made for, at the browser that asked for it.

mod ceremony;
mod store;

use mt_audit::EventCode;
use mt_kernel::{ErrorKind, Fault, Instant, OpCtx, TenantId};
use uuid::Uuid;

pub(crate) use ceremony::{Ceremony, Intent};
pub(crate) use store::Passkeys;

use super::{Account, People};
use crate::IdentityError;
use store::Row;

/// Most passkeys of one account.
const MOST: usize = 20;
/// Longest name, characters.
const LONGEST_NAME: usize = 60;

/// A passkey as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Id.
    pub id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// When it was registered.
    pub created_at: Instant,
    /// When it was last used.
    pub used_at: Option<Instant>,
    /// Whether it may be copied to other devices of its owner.
    pub synced: bool,
    /// Whether it has been.
    pub backed_up: bool,
}

impl From<Row> for Passkey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            synced: row.content.credential.backup_eligible,
            name: row.content.name,
            created_at: row.created_at,
            used_at: row.used_at,
            backed_up: row.last.backed_up,
        }
    }
}

impl People {
    /// The passkeys of an account, oldest first.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer or a row does not open.
    pub async fn passkeys(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> Result<Vec<Passkey>, IdentityError> {
        let rows = self.passkeys.of(tenant, account).await?;
        Ok(rows.into_iter().map(Passkey::from).collect())
    }

    /// Gives a passkey another name; returns whether the account has it.
    ///
    /// # Errors
    /// A refusal when the name is empty or too long.
    pub async fn rename_passkey(
        &self,
        ctx: &OpCtx,
        (account, passkey): (Uuid, Uuid),
        name: &str,
    ) -> Result<bool, IdentityError> {
        let name = checked_name(name)?;
        let renamed = self
            .passkeys
            .rename(ctx.tenant, (account, passkey), name)
            .await?;
        if renamed {
            let text = format!("passkey {passkey} of account {account} renamed");
            self.note(ctx, EventCode::SecondFactorChange, None, &text)?;
        }
        Ok(renamed)
    }

    /// Removes a passkey; returns whether the account had it.
    ///
    /// # Errors
    /// A refusal when it is the last second factor of somebody who must have one.
    pub async fn remove_passkey(
        &self,
        ctx: &OpCtx,
        account: &Account,
        passkey: Uuid,
    ) -> Result<bool, IdentityError> {
        let ids = (account.id, passkey);
        let rules = self.rules(ctx.tenant).await?;
        let needed = rules.needs_second_factor(account);
        let removed = self.passkeys.remove(ctx.tenant, ids, needed).await?;
        if removed {
            let text = format!("passkey {passkey} of account {} removed", account.id);
            self.note(ctx, EventCode::SecondFactorChange, None, &text)?;
        }
        Ok(removed)
    }
}

fn checked_name(name: &str) -> Result<&str, IdentityError> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        let text = "a passkey's name has 1 to 60 characters";
        return Err(Fault::new(ErrorKind::Invalid, text).at("name").into());
    }
    Ok(name)
}
