//! The rows of timelines, read.

use std::sync::Arc;

use mt_crypto::{CryptoError, TenantKeys};
use mt_database::Database;
use mt_events::catalogue::{EventType, Value};
use mt_events::{EventError, Keys, SealedEvent};
use mt_kernel::{Fault, Instant, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

/// Newest first, behind a place.
const PAGE: &str = "select at, id, event, correlation, body from coordination.timeline \
    where tenant = $1 and patient = $2 and (at, id) < ($3, $4) and at >= $5 \
      and (cardinality($6::int2[]) = 0 or event = any($6)) \
    order by at desc, id desc limit $7";

/// Reads timelines.
#[derive(Clone)]
pub struct Timeline {
    database: Database,
    keys: Arc<dyn Keys>,
}

/// What of a timeline is asked for.
#[derive(Clone, Debug, Default)]
pub struct TimelineFilter {
    /// Which kinds; all when empty.
    pub kinds: Vec<&'static EventType>,
    /// From this moment on.
    pub from: Option<Instant>,
    /// Before this moment.
    pub to: Option<Instant>,
    /// Behind this one, in the order of the timeline.
    pub after: Option<(Instant, Uuid)>,
}

/// Something that happened to a patient.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When it was committed.
    pub at: Instant,
    /// Id of the event.
    pub id: Uuid,
    /// The event.
    pub kind: &'static EventType,
    /// Its fields.
    pub values: Vec<(String, Value)>,
}

impl Moment {
    /// A field of text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().find_map(|(known, value)| match value {
            Value::Text(text) if known == name => Some(text.as_str()),
            _ => None,
        })
    }
}

impl std::fmt::Debug for Timeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timeline").finish_non_exhaustive()
    }
}

impl Timeline {
    /// The timelines in this database.
    #[must_use]
    pub fn new(database: Database, keys: Arc<dyn Keys>) -> Self {
        Self { database, keys }
    }

    /// The keys of a tenant.
    ///
    /// # Errors
    /// When the tenant does not serve.
    pub async fn keys(&self, tenant: TenantId) -> Result<TenantKeys, Fault> {
        self.keys.of(tenant).await
    }

    /// Up to `limit` moments of a patient, newest first. Who asks is not this function's business.
    ///
    /// # Errors
    /// When the database does not answer or the tenant does not serve.
    pub async fn page(
        &self,
        tenant: TenantId,
        patient: &str,
        filter: &TimelineFilter,
        limit: i64,
    ) -> Result<Vec<Moment>, Fault> {
        let keys = self.keys.of(tenant).await?;
        let token = patient_token(&keys, patient).map_err(EventError::from)?;
        let to = filter.to.map_or(i64::MAX, |to| to.0);
        let (at, id) = match filter.after {
            Some((at, id)) if at.0 < to => (at.0, id),
            _ => (to, Uuid::nil()),
        };
        let from = filter.from.map_or(i64::MIN, |from| from.0);
        let kinds: Vec<i16> = filter.kinds.iter().map(|kind| kind.number).collect();
        let rows = self
            .database
            .readers()
            .query(
                tenant,
                PAGE,
                &[&tenant.0, &token, &at, &id, &from, &kinds, &limit],
            )
            .await
            .map_err(EventError::from)?;
        let mut moments = Vec::with_capacity(rows.len());
        for row in &rows {
            let sealed = sealed(tenant, row).map_err(EventError::from)?;
            let event = match sealed.open(&keys) {
                Ok(event) => event,
                // Written by a newer version: it will be shown by one.
                Err(EventError::UnknownEvent(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            let values = event.values()?;
            let moment = Moment {
                at: event.at,
                id: event.id,
                kind: event.kind,
                values,
            };
            // A hash may have a second meaning; what is sealed has not.
            if moment.text("patient_id") == Some(patient) {
                moments.push(moment);
            }
        }
        Ok(moments)
    }
}

fn sealed(tenant: TenantId, row: &Row) -> Result<SealedEvent, mt_database::Error> {
    Ok(SealedEvent {
        at: Instant(row.try_get(0)?),
        id: row.try_get(1)?,
        number: row.try_get(2)?,
        tenant,
        correlation: row.try_get(3)?,
        body: row.try_get(4)?,
    })
}

/// The keyed hash under which a patient's timeline lies.
pub(crate) fn patient_token(keys: &TenantKeys, patient: &str) -> Result<i64, CryptoError> {
    let index = keys.blind_index()?;
    Ok(index.scope(&["timeline"]).token(&[patient.as_bytes()]))
}
