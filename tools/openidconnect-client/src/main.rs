//! Signs in at our provider with the crate `openidconnect`, and tries what it must not accept.
//!
//! Reads one JSON object ([`World`]) from standard input, so that secrets are in no list of processes. Prints `ok`
//! when the crate is content with the provider; otherwise says why not and fails.

use std::error::Error;
use std::process::ExitCode;

use openidconnect::core::{CoreAuthenticationFlow, CoreErrorResponseType, CoreJsonWebKeySet};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, ClientId, CsrfToken, IssuerUrl,
    Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RefreshToken,
    RequestTokenError, Scope, StandardErrorResponse, SubjectIdentifier, TokenIntrospectionResponse,
    TokenResponse,
};
use serde::Deserialize;

use smart::{App, Metadata, Person, SmartIdToken, Tokens};
use transport::Transport;

mod browser;
mod smart;
mod transport;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where the provider is, who its clients are, and the cookie of somebody who is signed in.
#[derive(Deserialize)]
pub struct World {
    issuer: String,
    fhir: String,
    callback: String,
    cookie: String,
    public: String,
    confidential: String,
    secret: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => {
            println!("ok");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let world: World = serde_json::from_reader(std::io::stdin())?;
    let http = Transport::new()?;
    let issuer = IssuerUrl::new(world.issuer.clone())?;
    let metadata = Metadata::discover(&issuer, &http)?;
    let secret = Some(world.secret.as_str());
    let own = smart::app(&metadata, &world.confidential, secret, &world.callback)?;
    let public = smart::app(&metadata, &world.public, None, &world.callback)?;
    let stage = Stage {
        world,
        http,
        metadata,
    };

    let (tokens, nonce) = stage.sign_in(&own)?;
    stage.tells_the_truth(&own, &tokens, &nonce)?;
    let (other, _) = stage.sign_in(&own)?;
    stage.forgeries_are_refused(&own, &public, (&tokens, &nonce), &other)?;
    stage.rotates(&own, &tokens)?;
    stage.revokes(&own, &other)?;
    stage.codes_are_bound_and_good_once(&own)?;
    let (tokens, nonce) = stage.sign_in(&public)?;
    stage.tells_the_truth(&public, &tokens, &nonce)?;
    stage.service(&own)
}

struct Stage {
    world: World,
    http: Transport,
    metadata: Metadata,
}

impl Stage {
    /// A code for `app`, and what it is redeemed and checked with.
    fn code(&self, app: &App) -> Outcome<(AuthorizationCode, PkceCodeVerifier, Nonce)> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (flow, state) = (
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
        );
        let mut request = app.authorize_url(flow, state, Nonce::new_random);
        for scope in [
            "fhirUser",
            "launch/patient",
            "patient/*.rs",
            "offline_access",
        ] {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        let request = request.add_extra_param("aud", &self.world.fhir);
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        let mut back = browser::consent(self.http.plain(), &self.world, url)?;
        expect(back.get("state") == Some(state.secret()), "state")?;
        expect(
            back.get("iss") == Some(&self.world.issuer),
            "iss of the response",
        )?;
        let code = back.remove("code").ok_or("no code came back")?;
        Ok((AuthorizationCode::new(code), verifier, nonce))
    }

    fn sign_in(&self, app: &App) -> Outcome<(Tokens, Nonce)> {
        let (code, verifier, nonce) = self.code(app)?;
        let request = app.exchange_code(code)?.set_pkce_verifier(verifier);
        Ok((request.request(&self.http)?, nonce))
    }

    /// The ID token, the launch context and userinfo agree.
    fn tells_the_truth(&self, app: &App, tokens: &Tokens, nonce: &Nonce) -> Outcome<()> {
        let (verifier, id) = (app.id_token_verifier(), id_token(tokens)?);
        let claims = id.claims(&verifier, nonce)?;
        if let Some(said) = claims.access_token_hash() {
            let key = id.signing_key(&verifier)?;
            let hash = AccessTokenHash::from_token(tokens.access_token(), id.signing_alg()?, key)?;
            expect(hash == *said, "at_hash")?;
        }
        expect(
            tokens.extra_fields().extra_fields().patient.as_deref() == Some("p1"),
            "patient",
        )?;
        let user = claims.additional_claims().fhir_user.as_deref();
        expect(
            user.is_some_and(|user| user.ends_with("/Patient/p1")),
            "fhirUser",
        )?;
        let subject = claims.subject().clone();
        let ask = |subject| app.user_info(tokens.access_token().clone(), Some(subject));
        let person: Person = ask(subject)?.request(&self.http)?;
        expect(
            person.additional_claims().fhir_user.as_deref() == user,
            "userinfo",
        )?;
        let another = SubjectIdentifier::new("somebody-else".to_owned());
        let person: Result<Person, _> = ask(another)?.request(&self.http);
        expect(person.is_err(), "userinfo of another subject")
    }

    /// What the crate must not take for an answer to its request.
    fn forgeries_are_refused(
        &self,
        app: &App,
        public: &App,
        (tokens, nonce): (&Tokens, &Nonce),
        other: &Tokens,
    ) -> Outcome<()> {
        use ClaimsVerificationError as Refused;
        let (verifier, id) = (app.id_token_verifier(), id_token(tokens)?);
        let replayed = id.claims(&verifier, &Nonce::new_random());
        expect(
            matches!(replayed, Err(Refused::InvalidNonce(_))),
            "a wrong nonce",
        )?;
        let strange = id.claims(&public.id_token_verifier(), nonce);
        expect(
            matches!(strange, Err(Refused::InvalidAudience(_))),
            "a wrong audience",
        )?;
        let issuer = IssuerUrl::new(format!("{}2", self.world.issuer))?;
        let client = ClientId::new(self.world.confidential.clone());
        let keys = self.metadata.jwks().clone();
        let elsewhere =
            openidconnect::IdTokenVerifier::new_public_client(client.clone(), issuer, keys);
        let mixed = id.claims(&elsewhere, nonce);
        expect(
            matches!(mixed, Err(Refused::InvalidIssuer(_))),
            "a wrong issuer",
        )?;
        let no_keys = CoreJsonWebKeySet::new(Vec::new());
        let issuer = self.metadata.issuer().clone();
        let keyless = openidconnect::IdTokenVerifier::new_public_client(client, issuer, no_keys);
        let unknown = id.claims(&keyless, nonce);
        expect(
            matches!(unknown, Err(Refused::SignatureVerification(_))),
            "unknown keys",
        )?;
        let (own, foreign) = (id.to_string(), id_token(other)?.to_string());
        let parts = own.rsplit_once('.').zip(foreign.rsplit_once('.'));
        let ((said, _), (_, signature)) = parts.ok_or("an ID token has no signature")?;
        let forged: SmartIdToken = format!("{said}.{signature}").parse()?;
        let forged = forged.claims(&verifier, nonce);
        expect(
            matches!(forged, Err(Refused::SignatureVerification(_))),
            "another signature",
        )
    }

    /// A refresh token is good once; the second use ends everything that came of the consent.
    fn rotates(&self, app: &App, tokens: &Tokens) -> Outcome<()> {
        let first = tokens.refresh_token().ok_or("no refresh token")?;
        let renewed = self.refresh(app, first)?;
        let second = renewed.refresh_token().ok_or("no rotated token")?;
        expect(second.secret() != first.secret(), "rotation")?;
        if let Some(id) = renewed.id_token() {
            let any = |_: Option<&Nonce>| Ok(());
            let verifier = app.id_token_verifier();
            let subject = id.claims(&verifier, any)?.subject().clone();
            let before = id_token(tokens)?.claims(&verifier, any)?.subject();
            expect(subject == *before, "the same person")?;
        }
        expect(self.is_active(app, &renewed)?, "a token that was renewed")?;
        refused(self.refresh(app, first), "a refresh token that was used")?;
        refused(self.refresh(app, second), "its successor, after the theft")?;
        expect(
            !self.is_active(app, &renewed)?,
            "an access token after the theft",
        )
    }

    fn refresh(&self, app: &App, token: &RefreshToken) -> Answer {
        let request = app.exchange_refresh_token(token);
        let request = request.map_err(|error| RequestTokenError::Other(error.to_string()))?;
        request.request(&self.http)
    }

    fn is_active(&self, app: &App, tokens: &Tokens) -> Outcome<bool> {
        let seen = app.introspect(tokens.access_token()).request(&self.http)?;
        Ok(seen.active())
    }

    fn revokes(&self, app: &App, tokens: &Tokens) -> Outcome<()> {
        expect(self.is_active(app, tokens)?, "introspection")?;
        let token = tokens.refresh_token().ok_or("no refresh token")?;
        app.revoke_token(token.into())?.request(&self.http)?;
        refused(self.refresh(app, token), "a refresh token that was revoked")?;
        expect(
            !self.is_active(app, tokens)?,
            "an access token of a revoked consent",
        )
    }

    fn codes_are_bound_and_good_once(&self, app: &App) -> Outcome<()> {
        let (code, _, _) = self.code(app)?;
        let (_, other) = PkceCodeChallenge::new_random_sha256();
        let request = app.exchange_code(code)?.set_pkce_verifier(other);
        refused(request.request(&self.http), "another verifier")?;
        let (code, verifier, _) = self.code(app)?;
        let redeem = |verifier: &PkceCodeVerifier| {
            let verifier = PkceCodeVerifier::new(verifier.secret().clone());
            let request = app.exchange_code(code.clone())?.set_pkce_verifier(verifier);
            Ok::<_, Box<dyn Error>>(request.request(&self.http))
        };
        let tokens = redeem(&verifier)??;
        refused(redeem(&verifier)?, "a code that was used")?;
        expect(
            !self.is_active(app, &tokens)?,
            "what a code gave that came twice",
        )
    }

    /// Client credentials: a service without a person.
    fn service(&self, app: &App) -> Outcome<()> {
        let scope = Scope::new("system/*.rs".to_owned());
        let request = app.exchange_client_credentials()?.add_scope(scope);
        let tokens = request.request(&self.http)?;
        expect(tokens.id_token().is_none(), "a service is no person")?;
        expect(self.is_active(app, &tokens)?, "a token of a service")?;
        app.revoke_token(tokens.access_token().into())?
            .request(&self.http)?;
        expect(
            !self.is_active(app, &tokens)?,
            "a revoked token of a service",
        )
    }
}

/// What the token endpoint answers.
type Answer = Result<
    Tokens,
    RequestTokenError<
        <Transport as openidconnect::SyncHttpClient>::Error,
        StandardErrorResponse<CoreErrorResponseType>,
    >,
>;

fn id_token(tokens: &Tokens) -> Outcome<&SmartIdToken> {
    tokens.id_token().ok_or_else(|| "no ID token".into())
}

/// The provider says `invalid_grant`.
fn refused(answer: Answer, what: &str) -> Outcome<()> {
    let invalid = matches!(&answer, Err(RequestTokenError::ServerResponse(said))
        if *said.error() == CoreErrorResponseType::InvalidGrant);
    expect(invalid, what)
}

fn expect(condition: bool, what: &str) -> Outcome<()> {
    if condition { Ok(()) } else { Err(what.into()) }
}
