//! Operator commands are in the audit trail of the tenant that they touch.

use mt_audit::{Event, EventCode};
use mt_kernel::{Actor, OpCtx, PurposeOfUse, TenantId};
use uuid::Uuid;

use crate::assembly::Installation;

/// The context of an operator's command: who is signed in to this machine is named.
pub(super) fn operator(installation: &Installation, tenant: TenantId) -> OpCtx {
    let name = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    let name = name.ok().filter(|name| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
        (1..=64).contains(&name.len()) && name.bytes().all(plain)
    });
    let actor = name.map_or_else(|| "operator".to_owned(), |name| format!("operator:{name}"));
    OpCtx {
        tenant,
        actor: Actor::system(&actor),
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now: installation.clock.now(),
    }
}

/// Enters what an operator is about to do; what cannot be entered is not done.
pub(super) async fn enter(
    installation: &Installation,
    tenant: TenantId,
    code: EventCode,
    reason: &str,
) -> anyhow::Result<()> {
    // The trail seals with keys that a command may not have asked for yet.
    installation.store.tenants().keys(tenant).await?;
    let event = Event {
        reason: Some(reason),
        ..Event::done(code)
    };
    let ctx = operator(installation, tenant);
    Ok(installation.audit.record(&ctx, &event)?)
}
