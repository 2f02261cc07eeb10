//! Launches from the EHR (SMART App Launch 2.2): our own application mints a `launch` value for an app,
//! a patient and an encounter; the app brings it back with its authorization request.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use mt_audit::EventCode;
use mt_crypto::TenantKeys;
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::Provider;
use super::error::{OAuthError, no_store};
use super::events::person_actor;
use super::family::{open, seal};
use super::place::{At, Own};
use super::userinfo;
use crate::IdentityError;

/// An app has so long to bring a launch back, seconds.
const LIVES: i64 = 300;
/// Largest request to mint one.
const LARGEST: usize = 8 << 10;

/// What a launch says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Launch {
    /// Who launched: nobody else can bring it back.
    pub(crate) account: String,
    pub(crate) patient: Option<String>,
    pub(crate) encounter: Option<String>,
    pub(crate) intent: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    client_id: String,
    #[serde(default)]
    patient: Option<String>,
    #[serde(default)]
    encounter: Option<String>,
    #[serde(default)]
    intent: Option<String>,
}

/// `POST /oauth2/launch` with a user's access token: `{"client_id", "patient", "encounter", "intent"}` →
/// `{"launch", "url", "expires_in"}`
pub(super) async fn mint(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    request: Request,
) -> Result<Response, OAuthError> {
    let (parts, body) = request.into_parts();
    let (who, _) = userinfo::presented(&provider, &at, userinfo::head_of(&parts)).await?;
    let body = axum::body::to_bytes(body, LARGEST).await;
    let body = body.map_err(|_| OAuthError::request("the body is too long"))?;
    let asked: Asked = serde_json::from_slice(&body)
        .map_err(|_| OAuthError::request("the body must be JSON with client_id"))?;
    let named = [&asked.patient, &asked.encounter];
    if named.into_iter().flatten().any(|id| !is_id(id)) {
        return Err(OAuthError::request(
            "patient and encounter are ids of resources",
        ));
    }
    let client = provider.clients.find(at.tenant, &asked.client_id).await?;
    let client = client.ok_or_else(|| OAuthError::request("the client is not known"))?;
    let launch = Launch {
        account: who.actor.id.to_string(),
        patient: asked.patient,
        encounter: asked.encounter,
        intent: asked.intent,
    };
    let value = provider.launch(&at, client.id, &launch).await?;
    let actor = person_actor(&launch.account, Some(&client));
    provider.note(&at, actor, EventCode::Token, "launch")?;
    let url = client.metadata.initiate_login_uri.as_deref();
    let url = url
        .and_then(|uri| url::Url::parse(uri).ok())
        .map(|mut url| {
            let base = provider.identity.origin.tenant_fhir_base(&at.name);
            url.query_pairs_mut()
                .append_pair("iss", &base)
                .append_pair("launch", &value);
            url.to_string()
        });
    let answer = json!({ "launch": value, "url": url, "expires_in": LIVES });
    let mut response = Json(answer).into_response();
    no_store(response.headers_mut());
    Ok(response)
}

/// R4 `id`.
fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

impl Provider {
    /// Stores a launch of an app; its value.
    pub(super) async fn launch(
        &self,
        at: &At,
        client: Uuid,
        launch: &Launch,
    ) -> Result<String, IdentityError> {
        let keys = self.identity.tenants.keys(at.tenant).await?;
        let value = mt_crypto::random_token(32)?;
        let digest = mt_crypto::sha256(value.as_bytes());
        let sealed = seal(&keys, &digest, launch)?;
        let until = self.identity.clock.now().plus_seconds(LIVES);
        let sql = "insert into oauth.launch (tenant, digest, client, expires_at, sealed) \
                   values ($1, $2, $3, $4, $5)";
        let digest = digest.as_slice();
        let tx = self.identity.database.tenant(at.tenant).await?;
        tx.execute(sql, &[&at.tenant.0, &digest, &client, &until.0, &sealed])
            .await?;
        tx.commit().await?;
        Ok(value)
    }
}

/// The launch of this value, once.
pub(super) async fn take(
    provider: &Provider,
    at: &At,
    keys: &TenantKeys,
    client: Uuid,
    value: &str,
    now: Instant,
) -> Result<Option<Launch>, OAuthError> {
    let digest = mt_crypto::sha256(value.as_bytes());
    let sql = "delete from oauth.launch where tenant = $1 and digest = $2 and client = $3 \
               and expires_at > $4 returning sealed";
    let tx = provider.identity.database.tenant(at.tenant).await?;
    let row = tx
        .query_opt(sql, &[&at.tenant.0, &digest.as_slice(), &client, &now.0])
        .await?;
    tx.commit().await?;
    Ok(row.map(|row| open(keys, &digest, row.get(0))).transpose()?)
}
