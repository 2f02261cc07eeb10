//! The schema registry: numbers for the schemas of the catalogue, over the Confluent REST paths.

use std::collections::HashMap;
use std::time::Duration;

use mt_events::catalogue::EventType;
use mt_events::{EventError, Result};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::options::RegistryOptions;

const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// Numbers that the registry gave.
pub(crate) struct Registry {
    options: RegistryOptions,
    http: reqwest::Client,
    known: Mutex<HashMap<i16, u32>>,
}

impl Registry {
    pub(crate) fn new(options: RegistryOptions) -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| EventError::Bus("the schema registry's client cannot be set up"))?;
        Ok(Self {
            options,
            http,
            known: Mutex::default(),
        })
    }

    /// The registry's number of an event's schema; it is registered when it is new there.
    pub(crate) async fn id(&self, kind: &'static EventType) -> Result<u32> {
        let mut known = self.known.lock().await;
        if let Some(id) = known.get(&kind.number) {
            return Ok(*id);
        }
        let subject = subject(kind);
        let compatibility = json!({ "compatibility": "FULL_TRANSITIVE" });
        self.send(
            reqwest::Method::PUT,
            &format!("config/{subject}"),
            &compatibility,
        )
        .await?;
        let schema = json!({ "schemaType": "AVRO", "schema": kind.schema().to_string() });
        let path = format!("subjects/{subject}/versions");
        let answer = self.send(reqwest::Method::POST, &path, &schema).await?;
        let id = answer["id"].as_u64().and_then(|id| u32::try_from(id).ok());
        let id = id.ok_or(EventError::Bus("the schema registry gave no number"))?;
        known.insert(kind.number, id);
        Ok(id)
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Result<Value> {
        const SILENT: EventError = EventError::Bus("the schema registry does not answer");
        let url = format!("{}/{path}", self.options.url.trim_end_matches('/'));
        let mut request = self
            .http
            .request(method, url)
            .header("content-type", MEDIA_TYPE)
            .header("accept", MEDIA_TYPE)
            .body(body.to_string());
        if let Some((name, password)) = &self.options.login {
            request = request.basic_auth(name, Some(password.expose()));
        }
        let response = request.send().await.map_err(|_| SILENT)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|_| SILENT)?;
        if status.as_u16() == 409 {
            return Err(EventError::Bus(
                "the schema registry finds a schema incompatible",
            ));
        }
        if !status.is_success() {
            return Err(EventError::Bus("the schema registry refuses"));
        }
        serde_json::from_slice(&bytes).map_err(|_| EventError::Bus("the schema registry's answer"))
    }
}

/// Topic and record name: an event of one kind may one day lie in another topic, too.
fn subject(kind: &EventType) -> String {
    let schema = kind.schema();
    let text = |name: &str| schema[name].as_str().unwrap_or_default().to_owned();
    format!("{}-{}.{}", kind.topic.name, text("namespace"), text("name"))
}
