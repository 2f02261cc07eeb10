//! Group commit: independent single changes of one tenant share a database transaction.
//!
//! No timer is waited for: a lane takes what has queued up while its previous transaction was on its way,
//! and further lanes open when many wait. Few wait for the one that is on its way, as their flush of the
//! WAL would have to anyway.
//! A change that is refused by the database takes nobody with it: the group is then tried one by one.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use mt_database::Database;
use mt_kernel::TenantId;
use tokio::sync::oneshot;

use super::persist::{PersistError, persist};
use super::unit::Unit;

/// Transactions of one tenant that may be under way at once.
const LANES: usize = 3;
/// Changes that wait, for each lane that is open, before another opens: a transaction of its own for each
/// change that comes first would be most of the work.
const CROWD: usize = 8;
/// Most changes in one transaction.
const GROUP: usize = 128;

type Answer = oneshot::Sender<Result<Unit, PersistError>>;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Unit, Answer)>,
    lanes: usize,
}

/// Queues of single changes by tenant.
#[derive(Clone)]
pub(crate) struct GroupCommit {
    database: Database,
    queues: Arc<Mutex<HashMap<TenantId, Queue>>>,
}

impl GroupCommit {
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            queues: Arc::default(),
        }
    }

    /// Commits `unit` and returns it; after this the change is durable.
    pub(crate) async fn commit(&self, tenant: TenantId, unit: Unit) -> Result<Unit, PersistError> {
        let (answer, answered) = oneshot::channel();
        let new_lane = {
            let mut queues = self.queues();
            let queue = queues.entry(tenant).or_default();
            queue.waiting.push_back((unit, answer));
            let free = queue.lanes < LANES && queue.waiting.len() >= queue.lanes * CROWD;
            queue.lanes += usize::from(free);
            free
        };
        if new_lane {
            tokio::spawn(self.clone().run_lane(tenant));
        }
        answered.await.unwrap_or(Err(PersistError::Interrupted))
    }

    async fn run_lane(self, tenant: TenantId) {
        while let Some((units, answers)) = self.take(tenant) {
            metrics::histogram!("store_group_size").record(units.len() as f64);
            match persist(&self.database, tenant, &units, false).await {
                Ok(()) => answer_all(units, answers),
                Err(error) if units.len() == 1 => refuse_all(answers, &error),
                Err(error) if !error.is_refusal() => refuse_all(answers, &error),
                Err(_) => self.one_by_one(tenant, units, answers).await,
            }
        }
    }

    async fn one_by_one(&self, tenant: TenantId, units: Vec<Unit>, answers: Vec<Answer>) {
        metrics::counter!("store_group_split_total").increment(1);
        for (unit, answer) in units.into_iter().zip(answers) {
            let outcome = persist(&self.database, tenant, std::slice::from_ref(&unit), false).await;
            // The caller may have gone; its change stands all the same.
            let _ = answer.send(outcome.map(|()| unit));
        }
    }

    /// What has queued up, each resource at most once; `None` closes the lane.
    fn take(&self, tenant: TenantId) -> Option<(Vec<Unit>, Vec<Answer>)> {
        let mut queues = self.queues();
        let queue = queues.get_mut(&tenant)?;
        let mut taken = HashSet::new();
        let (mut units, mut answers, mut left) = (Vec::new(), Vec::new(), VecDeque::new());
        while let Some((unit, answer)) = queue.waiting.pop_front() {
            if units.len() < GROUP && unit.keys().all(|key| taken.insert(key)) {
                units.push(unit);
                answers.push(answer);
            } else {
                left.push_back((unit, answer));
            }
            if units.len() == GROUP {
                break;
            }
        }
        left.append(&mut queue.waiting);
        queue.waiting = left;
        if units.is_empty() {
            queue.lanes -= 1;
            if queue.lanes == 0 {
                queues.remove(&tenant);
            }
            return None;
        }
        Some((units, answers))
    }

    fn queues(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer_all(units: Vec<Unit>, answers: Vec<Answer>) {
    for (unit, answer) in units.into_iter().zip(answers) {
        let _ = answer.send(Ok(unit));
    }
}

fn refuse_all(answers: Vec<Answer>, error: &PersistError) {
    for answer in answers {
        let _ = answer.send(Err(error.clone()));
    }
}

impl std::fmt::Debug for GroupCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupCommit").finish_non_exhaustive()
    }
}
