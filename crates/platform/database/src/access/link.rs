//! One connection with its prepared statements and its place in the sending order.
//!
//! A request is sent by the first poll of its future; holding `turn` over the first polls of several
//! futures keeps requests of other tasks from slipping between them.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::TryStreamExt;
use tokio::task::{AbortHandle, JoinHandle};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};

use super::Params;
use crate::Error;

/// Statements kept prepared per connection; the oldest gives way.
const STATEMENT_LIMIT: usize = 512;

/// What one statement did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows it returned.
    pub rows: Vec<Row>,
    /// Rows it inserted, updated, deleted or returned.
    pub affected: u64,
}

#[derive(Default)]
struct Statements {
    by_sql: HashMap<String, Statement>,
    order: VecDeque<String>,
}

/// A connection.
pub(crate) struct Link {
    pub(crate) client: Client,
    statements: Mutex<Statements>,
    turn: Mutex<()>,
    in_flight: AtomicUsize,
    abandoned: AtomicBool,
    broken: AtomicBool,
    driver: AbortHandle,
}

/// A request under way; one that is dropped before it finished marks its link.
pub(crate) struct InFlight<'a> {
    link: &'a Link,
    finished: bool,
}

impl InFlight<'_> {
    /// The answer is complete.
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.link.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.finished {
            self.link.abandoned.store(true, Ordering::Relaxed);
        }
    }
}

impl Link {
    /// A link over `client`, whose messages `driver` carries.
    pub(crate) fn new(client: Client, driver: &JoinHandle<()>) -> Self {
        Self {
            client,
            statements: Mutex::default(),
            turn: Mutex::new(()),
            in_flight: AtomicUsize::new(0),
            abandoned: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            driver: driver.abort_handle(),
        }
    }

    /// Whether requests can be sent.
    pub(crate) fn is_alive(&self) -> bool {
        !self.client.is_closed() && !self.broken.load(Ordering::SeqCst)
    }

    /// Closes the connection at once; the server rolls back what is open on it.
    pub(crate) fn sever(&self) {
        self.broken.store(true, Ordering::SeqCst);
        self.driver.abort();
    }

    /// Marks a request as under way.
    pub(crate) fn begin_request(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight {
            link: self,
            finished: false,
        }
    }

    /// Whether somebody stopped waiting for an answer, so that a statement may still run.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Requests under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// The right to send; held only while futures are polled once, never over an await.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn statements(&self) -> MutexGuard<'_, Statements> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The prepared statement of `sql`; prepares it when it is new on this connection.
    pub(crate) async fn prepare(&self, sql: &str) -> Result<Statement, Error> {
        self.prepare_typed(sql, &[]).await
    }

    /// The same with types for the parameters; what is not typed PostgreSQL infers.
    pub(crate) async fn prepare_typed(
        &self,
        sql: &str,
        types: &[Type],
    ) -> Result<Statement, Error> {
        if let Some(statement) = self.statements().by_sql.get(sql) {
            return Ok(statement.clone());
        }
        let mut preparing = pin!(self.client.prepare_typed(sql, types));
        let statement = poll_fn(|context| {
            let _turn = self.turn();
            preparing.as_mut().poll(context)
        })
        .await?;
        self.remember(sql, &statement);
        Ok(statement)
    }

    fn remember(&self, sql: &str, statement: &Statement) {
        let mut statements = self.statements();
        if statements
            .by_sql
            .insert(sql.to_owned(), statement.clone())
            .is_none()
        {
            statements.order.push_back(sql.to_owned());
        }
        if statements.order.len() > STATEMENT_LIMIT
            && let Some(oldest) = statements.order.pop_front()
        {
            statements.by_sql.remove(&oldest);
        }
    }

    /// Drops all prepared statements after one turned out to be out of date.
    pub(crate) fn forget_if_stale(&self, error: &Error) {
        if *error == Error::StaleStatement {
            *self.statements() = Statements::default();
        }
    }

    /// Runs a prepared statement to its end.
    pub(crate) async fn run(
        &self,
        statement: &Statement,
        params: Params<'_>,
    ) -> Result<Outcome, Error> {
        let mut stream = pin!(self.client.query_raw(statement, values(params)).await?);
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await? {
            rows.push(row);
        }
        let affected = stream.rows_affected().unwrap_or_default();
        Ok(Outcome { rows, affected })
    }
}

/// The values as `query_raw` takes them; a function of its own keeps the futures above `Send`.
fn values<'a>(params: Params<'a>) -> impl ExactSizeIterator<Item = &'a dyn ToSql> + 'a {
    params.iter().map(|value| *value as &dyn ToSql)
}
