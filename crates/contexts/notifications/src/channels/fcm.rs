//! Push to devices through Firebase Cloud Messaging, HTTP v1.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use mt_crypto::RsaSigningKey;
use mt_kernel::{Clock, Instant};
use mt_outbound::{Answer, Guard, Outgoing};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::form_urlencoded::Serializer;

use super::{PATIENCE, meaning, misdirected, unanswered};
use crate::ports::{Address, Dispatch, Sent, Transport};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// How long a token is asked for, and how long before its end it is not used any more, seconds.
const LIFE: i64 = 3_600;
const MARGIN: i64 = 60;
/// Longest life of a message at FCM, seconds.
const LONGEST: u64 = 28 * 86_400;

/// Why a service account cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FcmError {
    /// It is no service account of Google.
    #[error("the service account cannot be read")]
    Account,
    /// Its private key is no RSA key in PKCS #8.
    #[error("the private key of the service account cannot be read")]
    Key,
}

/// A service account, as Google's console hands it out.
#[derive(Clone, Deserialize)]
pub struct FcmAccount {
    project_id: String,
    client_email: String,
    private_key_id: String,
    private_key: String,
    token_uri: String,
}

impl std::fmt::Debug for FcmAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FcmAccount({})", self.project_id)
    }
}

impl FcmAccount {
    /// Reads the JSON file of a service account.
    ///
    /// # Errors
    /// [`FcmError::Account`].
    pub fn parse(json: &str) -> Result<Self, FcmError> {
        serde_json::from_str(json).map_err(|_| FcmError::Account)
    }
}

/// A token and its end, in seconds since 1970.
struct Token {
    value: HeaderValue,
    until: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

/// Firebase Cloud Messaging.
pub struct Fcm {
    guard: Guard,
    base: String,
    account: FcmAccount,
    key: RsaSigningKey,
    clock: Arc<dyn Clock>,
    token: Mutex<Option<Token>>,
}

impl std::fmt::Debug for Fcm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fcm").finish_non_exhaustive()
    }
}

impl Fcm {
    /// Push through a service account; `base` is `https://fcm.googleapis.com`, without a slash at its end.
    ///
    /// # Errors
    /// [`FcmError::Key`].
    pub fn new(
        guard: Guard,
        base: String,
        account: FcmAccount,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, FcmError> {
        let body: String = account
            .private_key
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .map(str::trim)
            .collect();
        let der = STANDARD.decode(body).map_err(|_| FcmError::Key)?;
        let key = RsaSigningKey::from_pkcs8(&der).map_err(|_| FcmError::Key)?;
        Ok(Self {
            guard,
            base,
            account,
            key,
            clock,
            token: Mutex::new(None),
        })
    }

    async fn deliver(&self, dispatch: &Dispatch) -> Sent {
        let Address::Fcm { token } = &dispatch.address else {
            return misdirected();
        };
        let bearer = match self.bearer().await {
            Ok(bearer) => bearer,
            Err(sent) => return sent,
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, bearer);
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        let project = &self.account.project_id;
        let outgoing = Outgoing {
            method: Method::POST,
            url: format!("{}/v1/projects/{project}/messages:send", self.base),
            headers,
            body: message(dispatch, token).to_string().into(),
            timeout: PATIENCE,
        };
        let answer = match self.guard.send(outgoing).await {
            Ok(answer) => answer,
            Err(error) => return unanswered(&error),
        };
        if answer.status == 401 {
            *self.token.lock().await = None;
        }
        verdict(&answer)
    }

    /// The token in force, or a new one.
    async fn bearer(&self) -> Result<HeaderValue, Sent> {
        let mut held = self.token.lock().await;
        let now = self.clock.now();
        if let Some(token) = held
            .as_ref()
            .filter(|token| now.unix_seconds() < token.until)
        {
            return Ok(token.value.clone());
        }
        let granted = self.ask(now).await?;
        let value = HeaderValue::from_str(&format!("Bearer {}", granted.access_token));
        let mut value = value.map_err(|_| unreadable())?;
        value.set_sensitive(true);
        let until = now.unix_seconds() + granted.expires_in.clamp(0, LIFE) - MARGIN;
        *held = Some(Token {
            value: value.clone(),
            until,
        });
        Ok(value)
    }

    /// Asks for a token with a signed assertion (RFC 7523).
    async fn ask(&self, now: Instant) -> Result<Granted, Sent> {
        let assertion = self.assertion(now).ok_or_else(unreadable)?;
        let body = Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &assertion)
            .finish();
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form);
        let outgoing = Outgoing {
            method: Method::POST,
            url: self.account.token_uri.clone(),
            headers,
            body: body.into(),
            timeout: PATIENCE,
        };
        let answer = self.guard.send(outgoing).await;
        let answer = answer.map_err(|error| unanswered(&error))?;
        if answer.status != 200 {
            return Err(Sent::Later {
                reason: "credentials",
                status: Some(answer.status),
                wish: answer.retry_after,
            });
        }
        serde_json::from_slice(&answer.body).map_err(|_| unreadable())
    }

    fn assertion(&self, now: Instant) -> Option<String> {
        let account = &self.account;
        let head = json!({"alg": "RS256", "typ": "JWT", "kid": account.private_key_id});
        let claims = json!({
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": account.token_uri,
            "iat": now.unix_seconds(),
            "exp": now.unix_seconds() + LIFE,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = self.key.sign(signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

const fn unreadable() -> Sent {
    Sent::Later {
        reason: "unreadable-answer",
        status: None,
        wish: None,
    }
}

/// The message: open words, and where to read more.
fn message(dispatch: &Dispatch, token: &str) -> Value {
    let (android, apple) = if dispatch.urgent {
        ("HIGH", "10")
    } else {
        ("NORMAL", "5")
    };
    let life = dispatch
        .lifetime
        .min(Duration::from_secs(LONGEST))
        .as_secs();
    json!({"message": {
        "token": token,
        "notification": {"title": dispatch.subject.as_str(), "body": dispatch.text.as_str()},
        "data": {"url": dispatch.link, "id": dispatch.delivery.to_string()},
        "android": {"priority": android, "ttl": format!("{life}s")},
        "apns": {"headers": {"apns-priority": apple}},
    }})
}

/// What FCM's answer means: a token that is not registered any more is forgotten.
fn verdict(answer: &Answer) -> Sent {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let details = said["error"]["details"].as_array();
    let code = |code: &str| {
        let mut all = details.into_iter().flatten();
        all.any(|detail| detail["errorCode"] == code)
    };
    if answer.status == 404 || code("UNREGISTERED") {
        return Sent::Gone {
            reason: "unregistered",
            status: Some(answer.status),
        };
    }
    meaning(answer)
}

impl Transport for Fcm {
    fn send<'a>(&'a self, dispatch: &'a Dispatch) -> BoxFuture<'a, Sent> {
        Box::pin(self.deliver(dispatch))
    }
}
