//! Shared pipelined connections for reads.
//!
//! Each read is the pair `set_config('app.tenant', …)` and query, sent together. If the first of
//! the pair fails, the second may have run for another tenant; its rows are then thrown away.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use futures::future::maybe_done;
use mt_kernel::TenantId;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::Params;
use super::link::Link;
use super::shared::{Shared, SharedGauges};
use crate::{Endpoint, Error, SessionSettings};

const SET_TENANT: &str = "select set_config('app.tenant', $1, false)";
/// A read that met a broken connection or an outdated statement is repeated once.
const ATTEMPTS: u32 = 2;

/// Shared connections for reads. Cloning shares them.
#[derive(Clone)]
pub struct Readers {
    shared: Arc<Shared>,
    /// For statements that are planned once.
    planned: Arc<Shared>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Readers").field(&self.gauges()).finish()
    }
}

impl Readers {
    /// `size` connections of each kind to `endpoint`, whose session should be read-only.
    #[must_use]
    pub fn new(endpoint: Endpoint, size: usize) -> Self {
        let once = SessionSettings {
            planned_once: true,
            ..endpoint.session_settings().clone()
        };
        Self {
            shared: Arc::new(Shared::new(&endpoint, size)),
            planned: Arc::new(Shared::new(&endpoint.settings(once), size)),
        }
    }

    /// Gives the connections up.
    pub(crate) fn close(&self) {
        self.shared.close();
        self.planned.close();
    }

    /// How busy they are.
    #[must_use]
    pub fn gauges(&self) -> SharedGauges {
        let (one, other) = (self.shared.gauges(), self.planned.gauges());
        SharedGauges {
            size: one.size + other.size,
            connected: one.connected + other.connected,
            in_flight: one.in_flight + other.in_flight,
        }
    }

    /// Reads rows of `tenant` by a statement that is prepared once per connection: for a fixed set
    /// of texts, such as a read by key.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn query(
        &self,
        tenant: TenantId,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Vec<Row>, Error> {
        self.read(tenant, Read::Prepared(sql, params)).await
    }

    /// Reads rows of `tenant` by a statement that is planned for these very values and not kept: for
    /// searches whose plans depend on the values.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn query_typed(
        &self,
        tenant: TenantId,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Error> {
        self.read(tenant, Read::Typed(sql, params)).await
    }

    /// Reads rows of `tenant` by a statement that is prepared and planned once per connection, with the types
    /// of its parameters: for texts that are put together from a few parts, in which a parameter may be used
    /// nowhere, and which leave the planner one good plan.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn query_shaped(
        &self,
        tenant: TenantId,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Error> {
        self.read(tenant, Read::Shaped(sql, params)).await
    }

    async fn read(&self, tenant: TenantId, read: Read<'_>) -> Result<Vec<Row>, Error> {
        let mut attempt = 1;
        loop {
            let link = match read {
                Read::Shaped(..) => self.planned.pick().await?,
                Read::Prepared(..) | Read::Typed(..) => self.shared.pick().await?,
            };
            let request = link.begin_request();
            let outcome = read.run(&link, tenant).await;
            request.finish();
            match outcome {
                Err(error)
                    if attempt < ATTEMPTS && (error.is_disconnect() || error.is_retryable()) =>
                {
                    link.forget_if_stale(&error);
                    attempt += 1;
                }
                settled => return settled,
            }
        }
    }
}

/// The ways of running a query.
#[derive(Clone, Copy)]
enum Read<'a> {
    Prepared(&'a str, Params<'a>),
    Typed(&'a str, &'a [(&'a (dyn ToSql + Sync), Type)]),
    Shaped(&'a str, &'a [(&'a (dyn ToSql + Sync), Type)]),
}

impl Read<'_> {
    async fn run(self, link: &Link, tenant: TenantId) -> Result<Vec<Row>, Error> {
        match self {
            Self::Prepared(sql, params) => {
                let statement = link.prepare(sql).await?;
                let query = link.client.query(&statement, params);
                paired(link, tenant, query).await
            }
            Self::Typed(sql, params) => {
                let query = link.client.query_typed(sql, params);
                paired(link, tenant, query).await
            }
            Self::Shaped(sql, params) => {
                let types: Vec<Type> = params.iter().map(|(_, of)| of.clone()).collect();
                let values: Vec<_> = params.iter().map(|(value, _)| *value).collect();
                let statement = link.prepare_typed(sql, &types).await?;
                let query = link.client.query(&statement, &values);
                paired(link, tenant, query).await
            }
        }
    }
}

/// Sends the tenant and the query without a gap and waits for both answers.
async fn paired<F>(link: &Link, tenant: TenantId, query: F) -> Result<Vec<Row>, Error>
where
    F: Future<Output = Result<Vec<Row>, tokio_postgres::Error>>,
{
    let set_tenant = link.prepare(SET_TENANT).await?;
    let tenant = tenant.0.to_string();
    let values: [&(dyn ToSql + Sync); 1] = [&tenant];
    let mut setting = pin!(maybe_done(link.client.execute(&set_tenant, &values)));
    let mut query = pin!(maybe_done(query));
    poll_fn(|context| {
        let _turn = link.turn();
        let _ = setting.as_mut().poll(context);
        query.as_mut().poll(context)
    })
    .await;
    setting.as_mut().await;
    settle(setting.take_output())?;
    settle(query.take_output())
}

/// The answer of a finished request.
fn settle<T>(output: Option<Result<T, tokio_postgres::Error>>) -> Result<T, Error> {
    match output {
        Some(answer) => Ok(answer?),
        None => Err(Error::unavailable("a request ended without an answer")),
    }
}
