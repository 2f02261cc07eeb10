//! `private_key_jwt`: an assertion that the client signed (RFC 7523, SMART App Launch 2.2 *Client
//! Authentication: Asymmetric*).

use mt_crypto::Algorithm;
use serde::Deserialize;

use super::authenticate::{Authenticating, refused};
use super::{AuthMethod, Client, SharedClient};
use crate::oauth::error::OAuthError;
use crate::oauth::jose::{self, Audience, Jws};

/// What SMART asks for, and what FAPI 2 does.
pub(crate) const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Rs384,
    Algorithm::Es384,
    Algorithm::Es256,
    Algorithm::Ps256,
];

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion may expire at most so far ahead.
const LONGEST: i64 = 300;
/// The client's clock may run ahead of ours by so much.
const SKEW: i64 = 10;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    #[serde(default)]
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    jti: String,
}

/// The client that signed `text`.
pub(super) async fn check(
    request: &Authenticating<'_>,
    text: &str,
) -> Result<SharedClient, OAuthError> {
    if request.params.get("client_assertion_type") != Some(KIND) {
        return Err(OAuthError::client(
            "client_assertion_type is not jwt-bearer",
        ));
    }
    let jws = Jws::parse(text).ok_or_else(|| OAuthError::client("the assertion is no JWT"))?;
    let typ = jws.header.typ.as_deref().unwrap_or("JWT");
    if !typ.eq_ignore_ascii_case("JWT") && !typ.eq_ignore_ascii_case("client-authentication+jwt") {
        return Err(OAuthError::client("the assertion is of another type"));
    }
    let claimed: Claims = jws
        .unverified()
        .ok_or_else(|| OAuthError::client("iss, sub, aud, exp or jti is missing"))?;
    let client = request
        .provider
        .clients
        .find(request.at.tenant, &claimed.iss)
        .await?
        .filter(|client| client.metadata.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt)
        .ok_or_else(refused)?;
    let named = request.params.get("client_id");
    if claimed.sub != claimed.iss || named.is_some_and(|named| named != claimed.iss) {
        return Err(OAuthError::client(
            "iss, sub and client_id must be the same",
        ));
    }
    let claims = verified(request, &client, &jws).await?;
    within(&claims, request)?;
    let until = mt_kernel::Instant((claims.exp + SKEW) * 1_000_000);
    let issuer = format!("assertion {}", client.id);
    let replay = &request.provider.identity.replay;
    let first = replay.is_first(request.at.tenant, &issuer, &claims.jti, until);
    if first.await? {
        Ok(client)
    } else {
        Err(OAuthError::client("the assertion was used before"))
    }
}

async fn verified(
    request: &Authenticating<'_>,
    client: &Client,
    jws: &Jws<'_>,
) -> Result<Claims, OAuthError> {
    let algorithm = jws
        .algorithm(&ALGORITHMS)
        .ok_or_else(|| OAuthError::client("the algorithm must be RS384, ES384, ES256 or PS256"))?;
    let kid = jws.header.kid.as_deref();
    let kid = kid.ok_or_else(|| OAuthError::client("the header lacks kid"))?;
    if jws.header.jku.is_some() && jws.header.jku != client.metadata.jwks_uri {
        return Err(OAuthError::client("jku is not the registered jwks_uri"));
    }
    let no_key = || OAuthError::client("no registered key, or more than one, has this kid");
    let outbound = &request.provider.identity.externals.outbound;
    let key = match (&client.metadata.jwks, &client.metadata.jwks_uri) {
        (Some(set), _) => jose::find(&jose::key_set(set), Some(kid), algorithm).cloned(),
        (None, Some(uri)) => outbound
            .key(uri, Some(kid), algorithm)
            .await
            .map_err(|error| {
                tracing::info!(client = %client.id, %error, "the keys of a client cannot be fetched");
                OAuthError::client("the keys at jwks_uri cannot be fetched")
            })?,
        (None, None) => None,
    };
    jws.verified(algorithm, &key.ok_or_else(no_key)?.key)
        .ok_or_else(|| OAuthError::client("the signature is not good"))
}

fn within(claims: &Claims, request: &Authenticating<'_>) -> Result<(), OAuthError> {
    let now = request.provider.identity.clock.now().unix_seconds();
    let ours = request.at.audiences();
    if !claims
        .aud
        .names(|name| ours.iter().any(|ours| ours == name))
    {
        return Err(OAuthError::client(
            "aud must be the token endpoint or the issuer",
        ));
    }
    if claims.exp <= now {
        return Err(OAuthError::client("the assertion has expired"));
    }
    if claims.exp > now + LONGEST + SKEW {
        return Err(OAuthError::client("exp is more than five minutes ahead"));
    }
    if [claims.nbf, claims.iat]
        .into_iter()
        .flatten()
        .any(|at| at > now + SKEW)
    {
        return Err(OAuthError::client("the assertion is not valid yet"));
    }
    if claims.jti.is_empty() || claims.jti.len() > 255 {
        return Err(OAuthError::client("jti must be 1 to 255 characters"));
    }
    Ok(())
}
