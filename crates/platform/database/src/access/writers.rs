//! Shared pipelined connections for whole transactions sent in one flush.
//!
//! `begin`, the tenant, every statement and `commit` leave together and cost one round trip. Tasks
//! on one connection queue behind each other's commit; several connections commit as a group.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures::future::{BoxFuture, FutureExt, MaybeDone, maybe_done};
use mt_kernel::TenantId;

use super::Params;
use super::link::{Link, Outcome};
use super::shared::{Shared, SharedGauges};
use crate::{Endpoint, Error};

/// One statement of a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Text; prepared once per connection, so it comes from a fixed set.
    pub sql: &'a str,
    /// Values of `$1`, `$2`, ….
    pub params: Params<'a>,
}

/// Shared connections for one-flush transactions. Cloning shares them.
#[derive(Clone)]
pub struct Writers {
    shared: Arc<Shared>,
}

impl fmt::Debug for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Writers").field(&self.gauges()).finish()
    }
}

type Answer<'a> = Pin<Box<MaybeDone<BoxFuture<'a, Result<Outcome, Error>>>>>;

impl Writers {
    /// `size` connections to `endpoint`.
    #[must_use]
    pub fn new(endpoint: Endpoint, size: usize) -> Self {
        Self {
            shared: Arc::new(Shared::new(&endpoint, size)),
        }
    }

    /// Gives the connections up.
    pub(crate) fn close(&self) {
        self.shared.close();
    }

    /// How busy they are.
    #[must_use]
    pub fn gauges(&self) -> SharedGauges {
        self.shared.gauges()
    }

    /// Runs `steps` for `tenant` as one transaction; the first that fails undoes all. No step sees
    /// the result of another in time to decide on it: a condition belongs in the SQL, as
    /// `select meditrack.require(…, 'reason')`.
    ///
    /// Once this future has been polled the transaction runs to its end even if it is dropped.
    ///
    /// # Errors
    /// The error of the first step that failed; [`Error::CommitUnknown`] when the connection broke
    /// and nobody can say whether the transaction took effect.
    pub async fn commit(
        &self,
        tenant: TenantId,
        steps: &[Step<'_>],
    ) -> Result<Vec<Outcome>, Error> {
        let link = self.shared.pick().await?;
        let request = link.begin_request();
        let outcome = send(&link, tenant, steps).await;
        request.finish();
        if let Err(error) = &outcome {
            link.forget_if_stale(error);
        }
        outcome
    }
}

async fn send(link: &Link, tenant: TenantId, steps: &[Step<'_>]) -> Result<Vec<Outcome>, Error> {
    let mut statements = Vec::with_capacity(steps.len());
    for step in steps {
        statements.push(link.prepare(step.sql).await?);
    }
    let opening = format!(
        "begin; select set_config('app.tenant', '{}', true)",
        tenant.0
    );
    let mut answers: Vec<Answer<'_>> = Vec::with_capacity(steps.len() + 2);
    answers.push(boxed(batch(link, &opening)));
    for (step, statement) in steps.iter().zip(&statements) {
        answers.push(boxed(link.run(statement, step.params)));
    }
    let sent = poll_fn(|context| {
        let _turn = link.turn();
        let mut unfinished = Unfinished(Some(link));
        for answer in &mut answers {
            let _ = answer.as_mut().poll(context);
        }
        let failed = |answer: &Answer<'_>| matches!(**answer, MaybeDone::Done(Err(_)));
        let sent = !answers.first().is_some_and(failed);
        // A step whose values cannot be encoded fails here, without having been sent: the server
        // does not know of it and would commit the rest.
        let complete = !answers.iter().any(failed);
        let closing = if complete { "commit" } else { "rollback" };
        let mut closing = boxed(batch(link, closing));
        let _ = closing.as_mut().poll(context);
        answers.push(closing);
        unfinished.0 = None;
        Poll::Ready(sent)
    })
    .await;
    let outcome = collect(answers).await;
    if sent {
        outcome.map_err(Error::during_commit)
    } else {
        outcome
    }
}

/// Closes the connection when the encoding of a value panics half-way, so that neither the open
/// transaction nor the half-written message meets what is sent next.
struct Unfinished<'a>(Option<&'a Link>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.0 {
            link.sever();
        }
    }
}

fn boxed<'a, F>(answer: F) -> Answer<'a>
where
    F: Future<Output = Result<Outcome, Error>> + Send + 'a,
{
    Box::pin(maybe_done(answer.boxed()))
}

fn batch<'a>(
    link: &'a Link,
    sql: &str,
) -> impl Future<Output = Result<Outcome, Error>> + Send + 'a {
    let sql = sql.to_owned();
    async move {
        link.client.batch_execute(&sql).await?;
        Ok(Outcome::default())
    }
}

/// Waits for all answers; the first refusal counts, since the rest only follow from it.
async fn collect(mut answers: Vec<Answer<'_>>) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::with_capacity(answers.len());
    let mut failure = None;
    for answer in &mut answers {
        answer.as_mut().await;
        match answer.as_mut().take_output() {
            Some(Ok(outcome)) => outcomes.push(outcome),
            Some(Err(error)) => failure = failure.or(Some(error)),
            None => failure = failure.or(Some(Error::unavailable("an answer is missing"))),
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    outcomes.pop();
    outcomes.remove(0);
    Ok(outcomes)
}
