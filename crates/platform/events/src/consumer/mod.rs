//! What takes events: each once in effect, events of one key in order, none lost.
//!
//! A consumer works in a transaction of the event's tenant. The runtime marks the event in the inbox in
//! the same transaction, so an event that comes again finds its mark. Events that are there together share a
//! transaction where the consumer allows it; when that fails, each of them has its own. One that cannot be taken is
//! tried again with growing pauses, holding back only its own key, and is then laid among the dead letters.

mod dead_letter;
mod desk;
mod lanes;
mod runtime;

use std::time::Duration;

use futures::future::BoxFuture;
use mt_database::TenantTx;

use crate::catalogue::{EventType, Topic};
use crate::event::Event;

pub(crate) use dead_letter::give_again;
pub use dead_letter::{DeadLetter, DeadLetterState, DeadLetters};
pub use runtime::Runtime;

/// Takes events of some topics.
pub trait Consumer: Send + Sync + 'static {
    /// Name of the group: all processes with this name share the work.
    fn name(&self) -> &'static str;

    /// What it reads.
    fn topics(&self) -> Vec<&'static Topic>;

    /// Whether it does anything with this kind of event.
    fn wants(&self, kind: &'static EventType) -> bool {
        let _ = kind;
        true
    }

    /// Whether events that are there together may share a transaction.
    fn transaction(&self) -> Transaction;

    /// Does what the event asks for, in `tx`. What lies outside of it may happen more than once. An open
    /// transaction holds the relay's horizon back, so nothing slow is waited for here.
    ///
    /// # Errors
    /// [`HandlerError`]; the transaction is undone.
    fn handle<'a>(
        &'a self,
        event: &'a Event,
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>>;

    /// Does what events ask for that share `tx`, in order: one after the other, unless the consumer knows how to do it with
    /// fewer statements.
    ///
    /// # Errors
    /// [`HandlerError`]; the transaction is undone.
    fn handle_all<'a>(
        &'a self,
        events: &'a [&'a Event],
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            for event in events {
                self.handle(event, tx).await?;
            }
            Ok(())
        })
    }
}

/// In which transaction a consumer takes an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// In one that other events of the tenant share: everything that the consumer does lies in it, and it reads there
    /// what it wrote. When one of the events fails, all are undone, and each is taken again in a transaction of its own.
    Shared,
    /// In one of its own: the consumer does something that undoing does not undo, such as a commit by the store.
    Own,
}

/// Why an event was not taken. The reason is a fixed word: it is stored and shown in the clear.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// It may work later.
    #[error("try again: {0}")]
    Retry(&'static str),
    /// It will never work.
    #[error("cannot be taken: {0}")]
    Poison(&'static str),
}

impl From<mt_database::Error> for HandlerError {
    fn from(error: mt_database::Error) -> Self {
        match error {
            mt_database::Error::Unique { .. } | mt_database::Error::Constraint { .. } => {
                Self::Poison("constraint")
            }
            _ => Self::Retry("database"),
        }
    }
}

/// How patient a consumer is.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerOptions {
    /// How often an event is tried before it is given up.
    pub attempts: u32,
    /// The first pause between two attempts, and the longest; it doubles in between.
    pub pause: (Duration, Duration),
    /// Shortest and longest pause between two looks for new events.
    pub poll: (Duration, Duration),
    /// Transactions that are worked on at the same time.
    pub parallel: usize,
    /// Events that share a transaction, at most.
    pub together: usize,
    /// Events in memory.
    pub buffered: usize,
}

impl Default for ConsumerOptions {
    fn default() -> Self {
        Self {
            attempts: 8,
            pause: (Duration::from_millis(100), Duration::from_secs(30)),
            poll: (Duration::from_millis(5), Duration::from_millis(100)),
            parallel: 8,
            together: 64,
            buffered: 1_000,
        }
    }
}

impl ConsumerOptions {
    /// The pause after the given attempt (counted from 1).
    pub(crate) fn pause_after(&self, attempt: u32) -> Duration {
        let (first, longest) = self.pause;
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
        first.saturating_mul(factor).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let options = ConsumerOptions::default();
        let pauses: Vec<u128> = [1, 2, 3, 9, 10, 4000]
            .map(|attempt| options.pause_after(attempt).as_millis())
            .to_vec();
        assert_eq!(pauses, [100, 200, 400, 25_600, 30_000, 30_000]);
    }
}
