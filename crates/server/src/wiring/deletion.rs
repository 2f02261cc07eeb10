//! Organisations that are deleted when their time to think again is over, unless a legal hold stands.

use std::time::Duration;

use anyhow::bail;
use mt_identity::administration::Administration;
use mt_kernel::TenantId;
use mt_privacy::Privacy;
use tokio_util::sync::CancellationToken;

/// How often what is due is looked for.
const EVERY: Duration = Duration::from_secs(3600);

/// Deletes what is due, again and again, until `stop`.
pub(crate) async fn run(administration: Administration, privacy: Privacy, stop: CancellationToken) {
    let mut interval = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        if let Err(error) = delete_due(&administration, &privacy).await {
            tracing::error!(
                error = format!("{error:#}"),
                "organisations that are due cannot be deleted"
            );
        }
    }
}

/// Deletes what is due and not held; returns what is gone.
pub(crate) async fn delete_due(
    administration: &Administration,
    privacy: &Privacy,
) -> anyhow::Result<Vec<TenantId>> {
    let mut gone = Vec::new();
    for organisation in administration.due().await? {
        match delete(administration, privacy, organisation).await {
            Ok(_) => {
                tracing::info!(%organisation, "an organisation is deleted");
                gone.push(organisation);
            }
            Err(error) => {
                tracing::error!(%organisation, error = format!("{error:#}"), "an organisation cannot be deleted");
            }
        }
    }
    Ok(gone)
}

/// Destroys the keys of an organisation and removes its rows; returns how many.
pub(crate) async fn delete(
    administration: &Administration,
    privacy: &Privacy,
    organisation: TenantId,
) -> anyhow::Result<u64> {
    if privacy.is_held(organisation).await? {
        bail!("a legal hold forbids to destroy the records of the organisation");
    }
    Ok(administration.delete(organisation).await?)
}
