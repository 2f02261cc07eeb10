//! Free times of a busy clinic, as whoever books asks for them.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use jiff::ToSpan;
use jiff::civil::Date;
use mt_access::{Authenticated, Grant, LaunchContext, Role};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{Actor, ActorKind, Assurance, OpCtx, PurposeOfUse, TenantId};
use mt_scheduling::domain::Availability;
use mt_scheduling::{Scheduling, SlotQuery};
use mt_store::{Action, Batch, Caller, Change, Content, Target};
use serde_json::{Value, json};
use uuid::Uuid;

use super::row::{Row, median};
use super::{Bench, new_tenant};
use crate::assembly::Installation;

const PEOPLE: usize = 20;
const DAYS: i64 = 60;
/// Appointments of each person on each day: half of it is taken.
const VISITS: i64 = 8;
const BATCH: usize = 240;
/// Longest that the search may take.
const BUDGET_MS: f64 = 50.0;

/// The search for slots over all of them.
pub(super) async fn measure(bench: &Bench<'_>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let installation = bench.open().await?;
    let tenant = new_tenant(&installation, "slots").await?;
    let scheduling = Scheduling::new(installation.store.clone());
    let now = installation.clock.now().timestamp();
    let first = now.to_zoned(jiff::tz::TimeZone::UTC).date().tomorrow()?;
    clinic(&installation, &scheduling, tenant, first).await?;
    let query = SlotQuery {
        actor: None,
        with: None,
        service: None,
        location: None,
        from: first,
        to: first.checked_add(DAYS.days())?,
        tz: None,
        minutes: Some(30),
        limit: Some(5_000),
    };
    let mut took = Vec::new();
    let mut found = 0;
    for _ in 0..bench.plan.rounds.max(1) * 10 {
        let started = Instant::now();
        found = scheduling.slots(tenant, &query).await?.slots.len();
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    installation.close().await;
    let middle = median(&mut took);
    let worst = took.last().copied().unwrap_or(f64::NAN);
    rows.push(Row::bound(
        format!("slots of {PEOPLE} practitioners over {DAYS} days, half of them taken"),
        format!("{middle:.1} ms, at most {worst:.1} ms, {found} found"),
        "≤ 50 ms",
        found > 0 && middle <= BUDGET_MS,
    ));
    Ok(())
}

/// People who see patients from eight to four, with appointments in every other slot.
async fn clinic(
    installation: &Installation,
    scheduling: &Scheduling,
    tenant: TenantId,
    first: Date,
) -> anyhow::Result<()> {
    let mut records = vec![json!({"resourceType": "Patient", "id": "p", "active": true})];
    for person in 0..PEOPLE {
        records.push(json!({"resourceType": "Practitioner", "id": format!("d{person}")}));
        for day in 0..DAYS {
            let date = first.checked_add(day.days())?;
            records.extend((0..VISITS).map(|visit| appointment(person, date, visit)));
        }
    }
    for some in records.chunks(BATCH) {
        let mut batch = Batch::new();
        for record in some {
            batch.push(put(record)?);
        }
        let system = ctx(installation, tenant, Actor::system("bench"));
        installation
            .store
            .commit(&Caller::unrestricted(system), batch)
            .await?;
    }
    let admin = administrator(installation, tenant);
    let hours: Availability = serde_json::from_value(json!({
        "timeZone": "UTC",
        "weekly": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": "08:00", "end": "16:00"}],
        "slotMinutes": 30,
    }))?;
    for person in 0..PEOPLE {
        let actor = format!("Practitioner/d{person}");
        scheduling
            .set_availability(&admin, &actor, None, hours.clone())
            .await?;
    }
    Ok(())
}

fn appointment(person: usize, date: Date, visit: i64) -> Value {
    let hour = 8 + visit;
    json!({
        "resourceType": "Appointment", "id": format!("a{person}-{date}-{visit}"), "status": "booked",
        "start": format!("{date}T{hour:02}:00:00Z"), "end": format!("{date}T{hour:02}:30:00Z"),
        "participant": [
            {"actor": {"reference": format!("Practitioner/d{person}")}, "status": "accepted"},
            {"actor": {"reference": "Patient/p"}, "status": "accepted"},
        ],
    })
}

fn put(record: &Value) -> anyhow::Result<Change> {
    let named = |field: &str| record.get(field).and_then(Value::as_str);
    let kind = named("resourceType").and_then(ResourceType::from_name);
    let content = Doc::parse(record.to_string(), &Limits::default())?;
    Ok(Change {
        resource_type: kind.context("a record has no type")?,
        full_url: None,
        action: Action::Update {
            target: Target::Id(named("id").context("a record has no id")?.to_owned()),
            content: Content::Own(Box::new(content)),
            if_match: None,
            upsert: true,
        },
    })
}

fn ctx(installation: &Installation, tenant: TenantId, actor: Actor) -> OpCtx {
    OpCtx {
        tenant,
        actor,
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now: installation.clock.now(),
    }
}

fn administrator(installation: &Installation, tenant: TenantId) -> mt_api::Caller {
    let role = Role::OrgAdmin;
    let actor = Actor {
        id: Arc::from("bench"),
        kind: ActorKind::User,
        roles: Arc::from([Arc::from(role.code())]),
        fhir_user: None,
        client_id: None,
        assurance: Assurance::Multi,
    };
    let who = Authenticated {
        tenant,
        actor: actor.clone(),
        grant: Grant::new(vec![role], None, Vec::new(), LaunchContext::default()),
        credential: [0; 32],
        client_key: 0,
    };
    mt_api::Caller {
        who: Arc::new(who),
        ctx: ctx(installation, tenant, actor),
    }
}
