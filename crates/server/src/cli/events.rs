//! `meditrack events status|replay|dead-letters`: where events stand, and giving them again.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use mt_audit::EventCode;
use mt_events::catalogue::EventType;
use mt_events::{Consumer, DeadLetters, EventBus, Operations, Past};
use mt_fhir::datetime::DateTime;
use mt_kernel::Instant;
use uuid::Uuid;

use super::tenant::existing;
use super::trail::enter;
use super::{Common, Outcome, say};
use crate::assembly::Installation;
use crate::config::Config;
use crate::telemetry;
use crate::wiring::events::{bus, consumers, keys};

/// Letters that are listed or given again at once.
const LETTERS: i64 = 10_000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// Say where relay and groups stand and what lies among the dead letters; exit code 1 when letters wait or the bus does not answer
    Status,
    /// Give events of the past to a consumer again
    Replay {
        /// Tenant
        #[arg(long)]
        tenant: String,
        /// Who is to take them
        #[arg(long)]
        consumer: String,
        /// Kinds of event, such as patient.admitted.v1; all that the consumer takes when absent
        #[arg(long = "event", value_name = "NAME")]
        events: Vec<String>,
        /// From this moment on, such as 2026-03-01T00:00:00Z
        #[arg(long, value_name = "TIME")]
        from: String,
        /// Before this moment; until now when absent
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
        /// Continue the replay of this id
        #[arg(long, value_name = "ID")]
        run: Option<Uuid>,
        /// Why: entered in the audit trail
        #[arg(long)]
        reason: String,
    },
    /// Look at events that a consumer could not take, and give them again
    #[command(subcommand)]
    DeadLetters(Letters),
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Letters {
    /// Print those that wait
    List {
        /// Tenant
        #[arg(long)]
        tenant: String,
        /// Whose
        #[arg(long)]
        consumer: String,
    },
    /// Give those that wait to their consumer again
    Replay {
        /// Tenant
        #[arg(long)]
        tenant: String,
        /// Whose
        #[arg(long)]
        consumer: String,
        /// Why: entered in the audit trail
        #[arg(long)]
        reason: String,
    },
    /// Give one up for good
    Discard {
        /// Tenant
        #[arg(long)]
        tenant: String,
        /// Whose
        #[arg(long)]
        consumer: String,
        /// Id of the event
        id: Uuid,
        /// Why: entered in the audit trail
        #[arg(long)]
        reason: String,
    },
}

pub(super) async fn run(common: &Common, args: Args) -> Outcome {
    let config = common.load()?;
    let telemetry = telemetry::init(&config.log)?;
    let installation = Installation::open(&config, &common.data_dir()).await?;
    let outcome = act(&config, &installation, args).await;
    installation.close().await;
    telemetry.flush();
    outcome
}

async fn act(config: &Config, installation: &Installation, args: Args) -> Outcome {
    let operations = Operations::new(installation.database.clone(), keys(installation));
    match args {
        Args::Status => status(bus(config, installation)?.as_ref(), &operations).await,
        Args::Replay {
            tenant,
            consumer,
            events,
            from,
            to,
            run,
            reason,
        } => {
            let tenant = existing(installation, &tenant).await?.id;
            let consumer = named(installation, &consumer)?;
            let past = Past {
                tenant,
                kinds: kinds(&events)?,
                from: moment(&from)?,
                to: to.map_or(Ok(installation.clock.now()), |to| moment(&to))?,
            };
            let run = run.unwrap_or_else(Uuid::now_v7);
            let act = format!("events replayed to {}: {reason}", consumer.name());
            enter(installation, tenant, EventCode::Configuration, &act).await?;
            let replayed = operations.replay(consumer.as_ref(), &past, run).await?;
            say(format_args!(
                "replay {run}: {} events were taken, {} were not",
                replayed.taken, replayed.failed
            ));
            Ok(done(replayed.failed == 0))
        }
        Args::DeadLetters(letters) => dead_letters(installation, letters).await,
    }
}

async fn status(bus: &dyn EventBus, operations: &Operations) -> Outcome {
    let relay = operations.relay().await?;
    let held = if relay.held { "held" } else { "free" };
    say(format_args!(
        "relay  {held}, {} changes of hands, {} rows wait{}",
        relay.token,
        relay.waiting,
        relay
            .oldest
            .map_or_else(String::new, |at| format!(" since {}", at.to_fhir()))
    ));
    let groups = bus.groups().await;
    let state = if groups.is_ok() {
        "answers"
    } else {
        "does not answer"
    };
    say(format_args!("bus    {}, {state}", bus.name()));
    for group in groups.iter().flatten() {
        let topic = group.topic.map_or("unknown", |topic| topic.name);
        say(format_args!(
            "group  {} {topic}: {} behind",
            group.consumer, group.behind
        ));
    }
    let letters = operations.letters().await?;
    for kind in &letters {
        let name = kind.kind.map_or("unknown", |kind| kind.name);
        say(format_args!(
            "dead   tenant {} {} {name}: {} ({})",
            kind.tenant, kind.consumer, kind.count, kind.reason
        ));
    }
    Ok(done(letters.is_empty() && groups.is_ok()))
}

async fn dead_letters(installation: &Installation, letters: Letters) -> Outcome {
    let desk = DeadLetters::new(installation.database.clone(), keys(installation));
    match letters {
        Letters::List { tenant, consumer } => {
            let tenant = existing(installation, &tenant).await?.id;
            let waiting = desk.list(tenant, &consumer, LETTERS).await?;
            for letter in &waiting {
                let name = letter.kind.map_or("unknown", |kind| kind.name);
                say(format_args!(
                    "{} {name} {} {:?} {} attempts ({})",
                    letter.id,
                    letter.at.to_fhir(),
                    letter.state,
                    letter.attempts,
                    letter.reason
                ));
            }
            Ok(done(waiting.is_empty()))
        }
        Letters::Replay {
            tenant,
            consumer,
            reason,
        } => {
            let tenant = existing(installation, &tenant).await?.id;
            let consumer = named(installation, &consumer)?;
            let act = format!("dead letters of {} replayed: {reason}", consumer.name());
            enter(installation, tenant, EventCode::Configuration, &act).await?;
            let (taken, waiting) = desk.replay(tenant, consumer.as_ref(), LETTERS).await?;
            say(format_args!("{taken} were taken, {waiting} still wait"));
            Ok(done(waiting == 0))
        }
        Letters::Discard {
            tenant,
            consumer,
            id,
            reason,
        } => {
            let tenant = existing(installation, &tenant).await?.id;
            let act = format!("dead letter {id} of {consumer} given up: {reason}");
            enter(installation, tenant, EventCode::Configuration, &act).await?;
            desk.discard(tenant, &consumer, id).await?;
            say("given up");
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn done(wholly: bool) -> ExitCode {
    if wholly {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

/// The consumer of this name.
fn named(installation: &Installation, name: &str) -> anyhow::Result<Arc<dyn Consumer>> {
    let all = consumers(installation);
    let names: Vec<&str> = all.iter().map(|consumer| consumer.name()).collect();
    let Some(found) = all.iter().find(|consumer| consumer.name() == name) else {
        bail!(
            "there is no consumer {name}; there are {}",
            names.join(", ")
        );
    };
    Ok(Arc::clone(found))
}

fn kinds(names: &[String]) -> anyhow::Result<Vec<&'static EventType>> {
    let kind =
        |name: &String| EventType::named(name).with_context(|| format!("there is no event {name}"));
    names.iter().map(kind).collect()
}

fn moment(text: &str) -> anyhow::Result<Instant> {
    let parsed = DateTime::parse_date_time(text);
    let parsed = parsed.with_context(|| format!("{text} is no FHIR dateTime"))?;
    Ok(Instant(parsed.start()))
}
