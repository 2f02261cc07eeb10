//! `meditrack audit verify|prove|compare|witness|accept|archive|prune`: proof of what was done.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use mt_audit::{Archive, Audit, AuditError, Folder};
use mt_kernel::TenantId;

use super::tenant::existing;
use super::trail::operator;
use super::{Common, Outcome, files, say};
use crate::assembly::Installation;
use crate::config::Config;
use crate::telemetry;
use crate::wiring::archive::{self, Vault};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Tenant
    #[arg(long, global = true, default_value = "")]
    tenant: String,
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Recompute the whole log and compare; exit code 1 when something was changed
    Verify {
        /// Folder with the archive, for rows that left the database; otherwise the configured bucket
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Prove that an entry is in the log
    Prove {
        /// Number of the entry
        seq: i64,
    },
    /// Prove that the log only grew since a checkpoint that you kept; exit code 1 when it did not
    Compare {
        /// File with what `witness` printed, or with the checkpoint alone; `-` for standard input
        checkpoint: PathBuf,
    },
    /// Print the verifier key and the newest checkpoint, to be kept by somebody else
    Witness,
    /// Let a log grow again that ends before the last checkpoint kept in the data directory, because its database was
    /// restored from a backup: the explanation is entered
    Accept {
        /// Why the end of the log is missing
        #[arg(long)]
        reason: String,
    },
    /// Bring the archive of the log up to date: the configured bucket, or a folder
    Archive {
        /// Folder to archive to instead of the bucket
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// Remove rows from the database that the archive holds whole: each is read back and compared first
    Prune {
        /// Only rows older than this
        #[arg(long, value_name = "DAYS")]
        older_than: u32,
        /// Folder with the archive instead of the bucket
        #[arg(long)]
        from: Option<PathBuf>,
    },
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let config = common.load()?;
    let telemetry = telemetry::init(&config.log)?;
    let installation = Installation::open(&config, &common.data_dir()).await?;
    let outcome = act(&config, &installation, &args).await;
    installation.close().await;
    telemetry.flush();
    outcome
}

async fn act(config: &Config, installation: &Installation, args: &Args) -> Outcome {
    let tenant: TenantId = existing(installation, &args.tenant)
        .await
        .context("--tenant")?
        .id;
    let audit = &installation.audit;
    match &args.act {
        Act::Verify { from } => {
            let vault = Vault::open(&config.archive)?;
            let archive = chosen(from.as_ref(), vault.as_ref(), tenant);
            let report = audit.verify_with(tenant, archive.as_deref()).await?;
            say(&report);
            return Ok(if report.is_sound() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            });
        }
        Act::Prove { seq } => {
            say(serde_json::to_string_pretty(
                &audit.prove(tenant, *seq).await?,
            )?);
        }
        Act::Compare { checkpoint } => {
            let kept = String::from_utf8(files::read(checkpoint)?)?;
            return compare(audit, tenant, &kept).await;
        }
        Act::Witness => {
            let key = audit
                .verifier_key(tenant)
                .await?
                .context("the log is still empty")?;
            let checkpoint = audit
                .checkpoint(tenant)
                .await?
                .context("the log is still empty")?;
            say(format_args!("{key}\n\n{checkpoint}"));
        }
        Act::Accept { reason } => {
            installation.store.tenants().keys(tenant).await?;
            let aside = audit.accept_rollback(&operator(installation, tenant), reason)?;
            say(format_args!(
                "the log grows again; the checkpoints seen before are in {}",
                aside.display()
            ));
        }
        Act::Archive { to } => {
            let archived = match to {
                Some(folder) => {
                    let archived = audit.archive(tenant, &Folder(folder.clone())).await?;
                    archive::enter(audit, tenant, &archived)?;
                    archived
                }
                None => {
                    let vault = Vault::open(&config.archive)?;
                    let vault =
                        vault.context("no archive is configured; name a folder with --to")?;
                    vault.keep(audit, tenant).await?
                }
            };
            let (leaves, files) = (archived.leaves, archived.files);
            say(format_args!(
                "{leaves} leaves are archived, {files} files written"
            ));
        }
        Act::Prune { older_than, from } => {
            let vault = Vault::open(&config.archive)?;
            let archive = chosen(from.as_ref(), vault.as_ref(), tenant);
            let archive = archive.context("no archive is configured; name a folder with --from")?;
            let pruned = archive::prune(audit, tenant, &*archive, *older_than).await?;
            let (rows, leaves) = (pruned.rows, pruned.leaves);
            say(format_args!(
                "{rows} rows left the database; the rows of {leaves} leaves are in the archive alone"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares the log with a checkpoint that was kept, and its key with the key that was kept beside it, if one was.
async fn compare(audit: &Audit, tenant: TenantId, kept: &str) -> Outcome {
    let kept = kept.trim();
    let (key, old) = match kept.split_once("\n\n") {
        // A checkpoint begins with three lines.
        Some((first, rest)) if !first.contains('\n') => (Some(first), rest.trim()),
        _ => (None, kept),
    };
    let now = audit
        .verifier_key(tenant)
        .await?
        .context("the log is empty")?;
    if key.is_some_and(|key| key != now.to_string()) {
        say("the log is signed with another key than the one that was kept");
        return Ok(ExitCode::from(1));
    }
    match audit.compare(tenant, &format!("{old}\n")).await {
        Ok(proof) => {
            say(serde_json::to_string_pretty(&proof)?);
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ AuditError::Damaged(_)) => {
            say(error);
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(error.into()),
    }
}

/// The archive to read: the folder that was named, or else the configured bucket.
fn chosen<'a>(
    folder: Option<&PathBuf>,
    vault: Option<&'a Vault>,
    tenant: TenantId,
) -> Option<Box<dyn Archive + 'a>> {
    match (folder, vault) {
        (Some(folder), _) => Some(Box::new(Folder(folder.clone()))),
        (None, Some(vault)) => Some(Box::new(vault.shelf(tenant))),
        (None, None) => None,
    }
}
