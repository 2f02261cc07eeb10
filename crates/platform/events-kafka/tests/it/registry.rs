//! A schema registry of the tests: the Confluent REST paths that the client uses, checked as a real one does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

/// Schemas by number.
type Schemas = Arc<Mutex<HashMap<String, u32>>>;

/// Starts a registry; its URL.
pub(crate) async fn start() -> String {
    let router = Router::new()
        .route("/config/{subject}", put(configure))
        .route("/subjects/{subject}/versions", post(register))
        .with_state(Schemas::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn configure(Path(subject): Path<String>, body: String) -> (StatusCode, Json<Value>) {
    let asked: Value = serde_json::from_str(&body).unwrap();
    assert!(subject.contains("-events-meditrack.events."), "{subject}");
    assert_eq!(asked["compatibility"], "FULL_TRANSITIVE");
    (StatusCode::OK, Json(asked))
}

async fn register(
    State(schemas): State<Schemas>,
    Path(subject): Path<String>,
    body: String,
) -> (StatusCode, Json<Value>) {
    let asked: Value = serde_json::from_str(&body).unwrap();
    let schema: Value = serde_json::from_str(asked["schema"].as_str().unwrap()).unwrap();
    if asked["schemaType"] != "AVRO" || schema["type"] != "record" {
        let error = json!({ "error_code": 42201, "message": "Invalid schema" });
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(error));
    }
    let mut schemas = schemas.lock().unwrap();
    let next = u32::try_from(schemas.len()).unwrap() + 1;
    let id = *schemas.entry(subject).or_insert(next);
    (StatusCode::OK, Json(json!({ "id": id })))
}
