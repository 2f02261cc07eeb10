//! `meditrack export`: a tenant's records as NDJSON, one file a type.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use mt_audit::EventCode;
use mt_fhir::ResourceType;
use mt_search::{ParseOptions, Query, Scope};
use mt_store::Caller;

use super::tenant::existing;
use super::trail::{enter, operator};
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Tenant
    #[arg(long)]
    tenant: String,
    /// New folder for the files
    into: PathBuf,
    /// Only this type; may be given several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Also what consents and restrictions keep from everybody: to move or keep the whole organisation
    #[arg(long)]
    everything: bool,
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let config = common.load()?;
    let telemetry = telemetry::init(&config.log)?;
    let installation = Installation::open(&config, &common.data_dir()).await?;
    let done = write(&installation, &args).await;
    installation.close().await;
    telemetry.flush();
    let n = done?;
    say(format_args!("{n} resources in {}", args.into.display()));
    Ok(ExitCode::SUCCESS)
}

async fn write(installation: &Installation, args: &Args) -> anyhow::Result<u64> {
    let tenant = existing(installation, &args.tenant).await?.id;
    std::fs::create_dir(&args.into)
        .with_context(|| format!("{} cannot be made", args.into.display()))?;
    let reason = if args.everything {
        "operator command: export of everything, whatever consents keep back"
    } else {
        "operator command: export"
    };
    enter(installation, tenant, EventCode::Export, reason).await?;
    let ctx = operator(installation, tenant);
    let registry = installation.store.tenants().params(tenant).await?;
    let mut caller = Caller::unrestricted(ctx.clone());
    if !args.everything {
        let withheld = installation.store.withheld(&ctx, &[]).await?;
        if !withheld.is_empty() {
            say("consents keep records back; --everything exports them, too");
        }
        caller = caller.without(&withheld, &registry);
    }
    // What is written meanwhile is in no file, instead of in some.
    let snapshot = installation.store.snapshot(tenant).await?;
    let mut n = 0;
    for kind in chosen(&args.types)? {
        let options = ParseOptions::at(ctx.now);
        let pairs = [("_count".to_owned(), "1000".to_owned())];
        let query = Query::parse(&registry, Scope::resource(kind), &pairs, &options)?;
        let mut file: Option<BufWriter<File>> = None;
        let mut cursor: Option<String> = None;
        loop {
            let store = &installation.store;
            let page = store
                .search_at(&snapshot, &caller, &query, cursor.as_deref())
                .await?;
            for entry in &page.entries {
                let out = match &mut file {
                    Some(file) => file,
                    None => {
                        let path = args.into.join(format!("{}.ndjson", kind.name()));
                        file.insert(BufWriter::new(File::create_new(path)?))
                    }
                };
                out.write_all(&entry.resource.body)?;
                out.write_all(b"\n")?;
                n += 1;
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        if let Some(mut file) = file {
            file.flush()?;
        }
    }
    Ok(n)
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<ResourceType>> {
    if names.is_empty() {
        return Ok(ResourceType::all().collect());
    }
    let known = |name: &String| {
        ResourceType::from_name(name).with_context(|| format!("{name} is no resource type of R4"))
    };
    names.iter().map(known).collect()
}
