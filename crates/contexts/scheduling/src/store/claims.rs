//! Whose time is taken, and holds: time that is taken for a while before there is an appointment.

use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use mt_store::Binding;
use uuid::Uuid;

use super::{column, named, row_key};
use crate::Scheduling;
use crate::domain::Busy;
use crate::error::Result;
use crate::policy::{CLAIM, REFUSALS};

/// Time of an actor that is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// Row key of the actor.
    pub(crate) actor: Uuid,
    /// Row key of the appointment, or of the hold.
    pub(crate) appointment: Uuid,
    /// The time with its buffers.
    pub(crate) busy: Busy,
    /// Whether it is a hold.
    pub(crate) held: bool,
}

impl Scheduling {
    /// What is taken of the actors between two instants, in order of actor and start.
    pub(crate) async fn claims(
        &self,
        tenant: TenantId,
        actors: &[Uuid],
        (from, to): (Instant, Instant),
    ) -> Result<Vec<Claim>> {
        // No claim is longer than a day: an index on the start finds what reaches into the window.
        let sql = "select actor, appointment, lane, starts_at, ends_at, expires_at is not null \
             from scheduling.claim where tenant = $1 and actor = any($2) \
             and starts_at > $3 - 86400000000 and starts_at < $4 and ends_at > $3 \
             and lane is not null and (expires_at is null or expires_at > $5) \
             order by actor, starts_at";
        let readers = self.database().readers();
        let now = self.now().0;
        let rows = readers
            .query(tenant, sql, &[&tenant.0, &actors, &from.0, &to.0, &now])
            .await?;
        rows.iter().map(claim).collect()
    }

    /// The first claim of a hold that has not run out.
    pub(crate) async fn claim_of(&self, tenant: TenantId, hold: Uuid) -> Result<Option<Claim>> {
        let sql = "select actor, appointment, lane, starts_at, ends_at, true \
             from scheduling.claim where tenant = $1 and appointment = $2 and lane is not null \
             and expires_at > $3 limit 1";
        let readers = self.database().readers();
        let now = self.now().0;
        let rows = readers
            .query(tenant, sql, &[&tenant.0, &hold, &now])
            .await?;
        rows.first().map(claim).transpose()
    }

    /// The one hold of somebody who books in person. Its name is known to nobody else: whoever knows it may book by it.
    pub(crate) async fn own_hold(&self, tenant: TenantId, actor: &str) -> Result<Uuid> {
        let keys = self.keys(tenant).await?;
        let secret = row_key(
            &keys,
            ResourceType::APPOINTMENT,
            &format!("hold of {actor}"),
        )?;
        Ok(uuid::Builder::from_random_bytes(*secret.as_bytes()).into_uuid())
    }

    /// Holds the time of actors until `expires`, under this name and in place of what was held under it: both or none.
    pub(crate) async fn hold_time(
        &self,
        tenant: TenantId,
        hold: Uuid,
        actors: &[String],
        (start, end): (Instant, Instant),
        expires: Instant,
    ) -> Result<Uuid> {
        let own = (ResourceType::APPOINTMENT, hold.to_string());
        let mut resources = vec![own.clone(), own];
        let mut values = vec![self.now().0, start.0, end.0, expires.0, 0, 0];
        for actor in actors {
            let (kind, id) = named(actor, "actors")?;
            resources.push((kind, id.to_owned()));
            values.push(if matches!(kind.name(), "Location" | "HealthcareService") {
                2
            } else {
                1
            });
        }
        let binding = Binding {
            sql: CLAIM,
            resources,
            values,
            releases: false,
            refusals: REFUSALS,
        };
        self.store.bind(tenant, binding).await?;
        Ok(hold)
    }

    /// Gives a hold back; nothing happens when there is none of this name.
    pub(crate) async fn release_hold(&self, tenant: TenantId, hold: Uuid) -> Result<()> {
        let sql = "delete from scheduling.claim \
             where tenant = $1 and appointment = $2 and expires_at is not null";
        let tx = self.database().tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &hold]).await?;
        Ok(tx.commit().await?)
    }

    /// Removes holds that have run out.
    pub(crate) async fn remove_expired_holds(&self, tenant: TenantId) -> Result<()> {
        let sql = "delete from scheduling.claim where tenant = $1 and expires_at <= $2";
        let tx = self.database().tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &self.now().0]).await?;
        Ok(tx.commit().await?)
    }
}

fn claim(row: &tokio_postgres::Row) -> Result<Claim> {
    let lane: i16 = column(row, 2)?;
    Ok(Claim {
        actor: column(row, 0)?,
        appointment: column(row, 1)?,
        busy: Busy {
            start: Instant(column(row, 3)?),
            end: Instant(column(row, 4)?),
            lane: lane.unsigned_abs(),
        },
        held: column(row, 5)?,
    })
}
