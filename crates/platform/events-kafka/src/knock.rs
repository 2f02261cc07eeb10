//! The first word with a cluster, so that a refusal is called what it is.
//!
//! The library goes on trying when the cluster refuses the password or nobody trusts its certificate, and in the end says
//! only that time ran out. It tells the reason aside, to whoever listens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mt_events::{EventError, Result};
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::options::KafkaOptions;
use crate::subscription::refused;
use crate::topics::PATIENCE;

/// How long one question may take.
const QUESTION: Duration = Duration::from_millis(500);

/// Pieces of news that are listened to after it, and the silence that ends them.
const NEWS: usize = 20;
const NEWS_PAUSE: Duration = Duration::from_millis(20);

/// Why the cluster does not let us in.
#[derive(Clone, Default)]
struct Refusal(Arc<Mutex<Option<&'static str>>>);

impl Refusal {
    fn heard(&self) -> Option<&'static str> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Refusal {
    fn error(&self, error: KafkaError, reason: &str) {
        let what = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::Authentication) => "kafka refuses the name or the password",
            Some(RDKafkaErrorCode::SSL) => {
                "the certificate of kafka is not trusted, or it wants no TLS"
            }
            _ => return,
        };
        tracing::warn!(%error, reason, "{what}");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }
}

impl ConsumerContext for Refusal {}

/// Asks the cluster who it is; waits for the answer, so it is called aside.
pub(crate) fn knock(options: &KafkaOptions) -> Result<()> {
    let config = options.base();
    let config = config.map_err(|_| EventError::Bus("the settings of kafka cannot be used"))?;
    let refusal = Refusal::default();
    let client: BaseConsumer<Refusal> = config
        .create_with_context(refusal.clone())
        .map_err(|error| refused(&error, "the settings of kafka cannot be used"))?;
    let end = Instant::now() + PATIENCE;
    loop {
        let Err(error) = client.fetch_metadata(None, QUESTION) else {
            return Ok(());
        };
        // What went wrong is heard while polling, among other things.
        for _ in 0..NEWS {
            if client.poll(NEWS_PAUSE).is_none() || refusal.heard().is_some() {
                break;
            }
        }
        if let Some(what) = refusal.heard() {
            return Err(EventError::Bus(what));
        }
        if Instant::now() > end {
            return Err(refused(&error, "kafka does not answer"));
        }
    }
}
