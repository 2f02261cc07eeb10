//! The crate's types with what SMART App Launch adds to them, and its client for our provider.

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, ClientId, ClientSecret, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, ExtraTokenFields, IdToken, IdTokenFields, IntrospectionUrl,
    ProviderMetadata, RedirectUrl, RevocationUrl, StandardErrorResponse, StandardTokenResponse,
    UserInfoClaims,
};
use serde::{Deserialize, Serialize};

/// Claims of an ID token.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Smart {
    pub fhir_user: Option<String>,
}

/// Context beside an access token.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Launch {
    pub patient: Option<String>,
}

/// What discovery says beyond the crate's own type.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Endpoints {
    introspection_endpoint: String,
    revocation_endpoint: String,
}

impl AdditionalClaims for Smart {}
impl ExtraTokenFields for Launch {}
impl AdditionalProviderMetadata for Endpoints {}

type Encryption = CoreJweContentEncryptionAlgorithm;
type Signing = CoreJwsSigningAlgorithm;
pub type SmartIdToken = IdToken<Smart, CoreGenderClaim, Encryption, Signing>;
pub type Person = UserInfoClaims<Smart, CoreGenderClaim>;
pub type Tokens = StandardTokenResponse<
    IdTokenFields<Smart, Launch, CoreGenderClaim, Encryption, Signing>,
    CoreTokenType,
>;
pub type Metadata = ProviderMetadata<
    Endpoints,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    Encryption,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
type Unset = EndpointNotSet;
type Client<Introspection, Revocation, Token> = openidconnect::Client<
    Smart,
    CoreAuthDisplay,
    CoreGenderClaim,
    Encryption,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    Unset,
    Introspection,
    Revocation,
    Token,
    Token,
>;
pub type App = Client<EndpointSet, EndpointSet, EndpointMaybeSet>;

/// The client of this id for the discovered provider; public without a secret.
pub fn app(
    metadata: &Metadata,
    id: &str,
    secret: Option<&str>,
    callback: &str,
) -> crate::Outcome<App> {
    let also = metadata.additional_metadata();
    let introspection = IntrospectionUrl::new(also.introspection_endpoint.clone())?;
    let revocation = RevocationUrl::new(crate::transport::secured(&also.revocation_endpoint))?;
    let secret = secret.map(|secret| ClientSecret::new(secret.to_owned()));
    let client: Client<Unset, Unset, EndpointMaybeSet> =
        Client::from_provider_metadata(metadata.clone(), ClientId::new(id.to_owned()), secret);
    Ok(client
        .set_introspection_url(introspection)
        .set_revocation_url(revocation)
        .set_redirect_uri(RedirectUrl::new(callback.to_owned())?))
}
