//! A store that keeps messages in memory and does what a test tells it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use mt_mllp::{MessageKey, MessageStore, Received, Stored, Unavailable};

#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<State>);

#[derive(Default)]
struct State {
    by_key: Mutex<HashMap<MessageKey, Received>>,
    order: Mutex<Vec<Received>>,
    unavailable: AtomicBool,
    refusal: Mutex<Option<Stored>>,
}

impl Memory {
    pub(crate) fn received(&self) -> Vec<Received> {
        self.0.order.lock().unwrap().clone()
    }

    pub(crate) fn control_ids(&self) -> Vec<String> {
        let text = |received: &Received| String::from_utf8(received.key.control_id.to_vec());
        self.received().iter().map(|r| text(r).unwrap()).collect()
    }

    pub(crate) fn set_unavailable(&self, unavailable: bool) {
        self.0.unavailable.store(unavailable, Ordering::SeqCst);
    }

    pub(crate) fn refuse_next(&self, refusal: Stored) {
        *self.0.refusal.lock().unwrap() = Some(refusal);
    }
}

impl MessageStore for Memory {
    async fn store(&self, received: Received) -> Result<Stored, Unavailable> {
        if self.0.unavailable.load(Ordering::SeqCst) {
            return Err(Unavailable);
        }
        if let Some(refusal) = self.0.refusal.lock().unwrap().take() {
            return Ok(refusal);
        }
        let mut by_key = self.0.by_key.lock().unwrap();
        if let Some(known) = by_key.get(&received.key) {
            return Ok(if known.digest == received.digest {
                Stored::Duplicate {
                    ack: known.ack.clone(),
                }
            } else {
                Stored::Conflict
            });
        }
        by_key.insert(received.key.clone(), received.clone());
        self.0.order.lock().unwrap().push(received);
        Ok(Stored::New)
    }
}
