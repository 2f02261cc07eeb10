//! An answer as it is kept: sealed, because it may be health information.

use axum::body::Body;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use mt_crypto::{Purpose, TenantKeys};
use mt_kernel::Fault;
use serde::{Deserialize, Serialize};

use super::{unavailable, whole};

/// Headers that belong to the answer itself and not to the moment.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    pub(super) async fn of(response: Response) -> Result<Self, Fault> {
        let (parts, body) = response.into_parts();
        let kept = KEPT.iter().filter_map(|name| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        });
        Ok(Self {
            status: parts.status.as_u16(),
            headers: kept.collect(),
            body: STANDARD.encode(whole(body).await?),
        })
    }

    pub(super) fn seal(&self, keys: &TenantKeys, place: &[u8; 32]) -> Result<Vec<u8>, Fault> {
        let plain = serde_json::to_vec(self).map_err(unavailable)?;
        mt_crypto::seal(keys, Purpose::Cache, place, &plain).map_err(unavailable)
    }

    pub(super) fn open(sealed: &[u8], keys: &TenantKeys, place: &[u8; 32]) -> Result<Self, Fault> {
        let plain = mt_crypto::open(keys, Purpose::Cache, place, sealed).map_err(unavailable)?;
        serde_json::from_slice(&plain).map_err(unavailable)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let body = STANDARD.decode(&self.body).unwrap_or_default();
        let mut response = Response::new(Body::from(Bytes::from(body)));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), value.parse()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
