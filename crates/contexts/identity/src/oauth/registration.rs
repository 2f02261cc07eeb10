//! Registration of clients through HTTP (RFC 7591, RFC 7592).
//!
//! An administrator registers with their access token and may give roles and trust. Without one,
//! registration is open only where the organisation has said so, and such a client always asks people.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use mt_access::Operation;
use mt_audit::EventCode;
use mt_kernel::Actor;
use serde_json::{Value, json};

use super::Provider;
use super::client::{Client, ClientMetadata, GrantType, Registered};
use super::error::{Code, OAuthError, no_store};
use super::events::client_actor;
use super::place::{At, Own};
use super::{external, scopes, userinfo};

/// Largest registration: a key set is the long part.
const LARGEST: usize = 64 << 10;

/// `POST /oauth2/register`
pub(super) async fn register(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    request: Request,
) -> Result<Response, OAuthError> {
    let (parts, body) = request.into_parts();
    let registrar = registrar(&provider, &at, &parts).await?;
    let metadata = read_metadata(body).await?;
    let metadata = match registrar {
        Some(_) => metadata,
        None => of_nobody(metadata)?,
    };
    metadata.check()?;
    let now = provider.identity.clock.now();
    let registered = provider.clients.register(at.tenant, metadata, now).await?;
    let actor = registrar.unwrap_or_else(|| client_actor(&registered.client));
    let reason = format!("client {} registered", registered.client.id);
    provider.note(&at, actor, EventCode::Configuration, &reason)?;
    Ok(answer(&at, &registered, StatusCode::CREATED))
}

/// `GET /oauth2/register/{client}`
pub(super) async fn read(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    Path(path): Path<Named>,
    headers: HeaderMap,
) -> Result<Response, OAuthError> {
    let client = own_client(&provider, &at, &path.client, &headers).await?;
    Ok(answer(&at, &unchanged(client), StatusCode::OK))
}

/// `PUT /oauth2/register/{client}`
pub(super) async fn replace(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    Path(path): Path<Named>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OAuthError> {
    let client = own_client(&provider, &at, &path.client, &headers).await?;
    let mut metadata = read_metadata(body).await?;
    // A client cannot give itself more than it was given.
    metadata.roles.clone_from(&client.metadata.roles);
    metadata.trusted = client.metadata.trusted;
    metadata.scope = scopes::granted(&metadata.scope, &client.metadata.scope)?;
    if metadata
        .grant_types
        .iter()
        .any(|grant| !client.metadata.may_use(*grant))
    {
        return Err(refuse("a client cannot add grant types"));
    }
    metadata.check()?;
    let registered = provider
        .clients
        .replace(at.tenant, &client, metadata)
        .await?;
    let reason = format!("client {} changed", client.id);
    provider.note(
        &at,
        client_actor(&client),
        EventCode::Configuration,
        &reason,
    )?;
    Ok(answer(&at, &registered, StatusCode::OK))
}

/// `DELETE /oauth2/register/{client}`
pub(super) async fn remove(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    Path(path): Path<Named>,
    headers: HeaderMap,
) -> Result<Response, OAuthError> {
    let client = own_client(&provider, &at, &path.client, &headers).await?;
    provider
        .remove_client(&at, &client, client_actor(&client))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The client in a path.
#[derive(serde::Deserialize)]
pub(super) struct Named {
    client: String,
}

impl Provider {
    /// Removes a client; its tokens are refused from now on.
    pub(super) async fn remove_client(
        &self,
        at: &At,
        client: &Client,
        actor: Actor,
    ) -> Result<(), OAuthError> {
        let now = self.identity.clock.now();
        // Longer than any of its access tokens lives.
        let until = now.plus_seconds(3600);
        self.identity
            .revocations
            .revoke(at.tenant, client.id, until)
            .await?;
        self.clients.remove(at.tenant, client.id, now).await?;
        self.identity.forget_sessions();
        let reason = format!("client {} removed", client.id);
        self.note(at, actor, EventCode::Configuration, &reason)
    }
}

/// The administrator who registers; `None` where registration is open.
async fn registrar(
    provider: &Provider,
    at: &At,
    parts: &Parts,
) -> Result<Option<Actor>, OAuthError> {
    let open = external::setting(
        &provider.identity.database,
        at.tenant,
        external::REGISTRATION,
    );
    let open = open.await?.as_deref() == Some("open");
    if open && !parts.headers.contains_key("authorization") {
        return Ok(None);
    }
    let (who, _) = userinfo::presented(provider, at, userinfo::head_of(parts)).await?;
    if !who.grant.allows(Operation::ManageUsers) {
        let error = OAuthError::new(
            Code::AccessDenied,
            "only an administrator registers clients",
        );
        provider.note_refusal(at, who.actor.clone(), &error);
        return Err(error);
    }
    Ok(Some(who.actor.clone()))
}

async fn read_metadata(body: Body) -> Result<ClientMetadata, OAuthError> {
    let bytes = axum::body::to_bytes(body, LARGEST).await;
    let bytes = bytes.map_err(|_| refuse("the registration is too long"))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| refuse(format!("the registration is not understood: {error}")))
}

/// What a client that nobody vouches for may register.
fn of_nobody(mut metadata: ClientMetadata) -> Result<ClientMetadata, OAuthError> {
    if metadata.may_use(GrantType::ClientCredentials) || scopes::has_system(&metadata.scope) {
        return Err(refuse(
            "an administrator must register a client that acts for itself",
        ));
    }
    metadata.roles.clear();
    metadata.trusted = false;
    if metadata.scope.is_empty() {
        "openid fhirUser profile launch launch/patient offline_access online_access patient/*.rs user/*.rs"
            .clone_into(&mut metadata.scope);
    }
    Ok(metadata)
}

/// The client whose registration access token is presented.
async fn own_client(
    provider: &Provider,
    at: &At,
    id: &str,
    headers: &HeaderMap,
) -> Result<Client, OAuthError> {
    let refused = || {
        OAuthError::new(
            Code::InvalidToken,
            "the registration access token is not good",
        )
        .challenged("Bearer")
    };
    let token = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(refused)?;
    let client = provider
        .clients
        .find(at.tenant, id)
        .await?
        .ok_or_else(refused)?;
    let given = mt_crypto::sha256(token.as_bytes());
    let known = client.registration.ok_or_else(refused)?;
    if mt_crypto::constant_time_eq(&known, &given) {
        Ok(Client::clone(&client))
    } else {
        Err(refused())
    }
}

fn unchanged(client: Client) -> Registered {
    Registered {
        client,
        secret: None,
        registration: None,
    }
}

fn refuse(text: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(Code::InvalidClientMetadata, text)
}

/// RFC 7591 §3.2.1
fn answer(at: &At, registered: &Registered, status: StatusCode) -> Response {
    let client = &registered.client;
    let mut body = serde_json::to_value(&client.metadata).unwrap_or_else(|_| json!({}));
    body["client_id"] = client.id.to_string().into();
    body["client_id_issued_at"] = client.created_at.unix_seconds().into();
    body["registration_client_uri"] = at.endpoint(&format!("register/{}", client.id)).into();
    let mut put = |name: &str, secret: Option<&mt_kernel::Secret<String>>| {
        if let Some(secret) = secret {
            body[name] = Value::from(secret.expose().as_str());
        }
    };
    put("client_secret", registered.secret.as_ref());
    put(
        "registration_access_token",
        registered.registration.as_ref(),
    );
    if registered.secret.is_some() {
        body["client_secret_expires_at"] = 0.into();
    }
    let mut response = (status, Json(body)).into_response();
    no_store(response.headers_mut());
    response
}
