//! What happens to keys, in the audit trail of their tenant.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mt_audit::{Audit, Event, EventCode};
use mt_crypto::{KeyObserver, KeyUse, LogKeyUse};
use mt_kernel::{Actor, Clock, ErrorKind, Fault, OpCtx, PurposeOfUse, TenantId};
use uuid::Uuid;

/// How soon what happened is entered: keys that are loaded together are one entry.
const EVERY: Duration = Duration::from_millis(500);
/// Uses that wait at most; those beyond are in the log alone.
const MOST: usize = 10_000;

/// Takes note of what happens to keys. The trail itself is sealed with keys, so it is entered a moment later.
#[derive(Default)]
pub(crate) struct KeyTrail {
    waiting: Mutex<Vec<KeyUse>>,
}

impl KeyObserver for KeyTrail {
    fn observe(&self, key_use: KeyUse) {
        LogKeyUse.observe(key_use);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST {
            waiting.push(key_use);
        }
    }
}

impl KeyTrail {
    /// Enters what has happened since the last time.
    pub(crate) fn enter(&self, audit: &Audit, clock: &dyn Clock) {
        let waiting =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut told: BTreeMap<(i32, &str, bool), Vec<String>> = BTreeMap::new();
        for one in waiting {
            let key = match one.key {
                Some((purpose, id)) => format!("{} {}", purpose.name(), id.0),
                None => "kek".to_owned(),
            };
            let kind = (one.tenant.0, one.action.code(), one.succeeded);
            told.entry(kind).or_default().push(key);
        }
        for ((tenant, action, succeeded), keys) in told {
            let reason = format!("{action}: {}", keys.join(", "));
            let refusal = Fault::new(ErrorKind::Unavailable, "the key provider refused");
            let event = Event {
                reason: Some(&reason),
                refusal: (!succeeded).then_some(&refusal),
                ..Event::done(EventCode::KeyLife)
            };
            // Of a tenant whose keys are destroyed nothing can be sealed any more.
            if let Err(error) = audit.record(&context(TenantId(tenant), clock), &event) {
                tracing::warn!(tenant, action, %error, "what happened to a key is not in the trail");
            }
        }
    }

    /// Enters it again and again.
    pub(crate) async fn follow(self: Arc<Self>, audit: Arc<Audit>, clock: Arc<dyn Clock>) {
        let mut interval = tokio::time::interval(EVERY);
        loop {
            interval.tick().await;
            self.enter(&audit, &*clock);
        }
    }
}

fn context(tenant: TenantId, clock: &dyn Clock) -> OpCtx {
    OpCtx {
        tenant,
        actor: Actor::system("keys"),
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now: clock.now(),
    }
}
