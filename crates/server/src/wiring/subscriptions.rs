//! As whom subscribers are told: who asked, with what they may do now.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_access::{
    Authenticated, Authentication, AuthenticationError, Authenticator, Grant, LaunchContext, Role,
    Scopes,
};
use mt_identity::administration::{Administration, Standing};
use mt_identity::oauth::Provider;
use mt_kernel::{Actor, ActorKind, Assurance, Fault, TenantId};
use mt_subscriptions::{Owner, Subscribers};
use serde::{Deserialize, Serialize};

/// Tokens of operators name this client; their roles alone decide.
const OPERATOR: &str = "operator";

/// Subscribers as the administration knows them.
pub(super) struct Known(Standing);

impl Known {
    pub(super) fn new(provider: Arc<Provider>, administration: Administration) -> Self {
        let remembered = Arc::new(Remembered { provider });
        Self(Standing::new(remembered, administration))
    }
}

impl Subscribers for Known {
    fn standing<'a>(
        &'a self,
        tenant: TenantId,
        owner: &'a Owner,
    ) -> BoxFuture<'a, Result<Option<Arc<Authenticated>>, Fault>> {
        Box::pin(async move {
            let asked = AskedFor {
                tenant: tenant.0,
                owner: owner.clone(),
            };
            let key = serde_json::to_string(&asked).unwrap_or_default();
            match self.0.authenticate(&key).await {
                Ok(who) => Ok(Some(who)),
                Err(error @ AuthenticationError::Unavailable) => {
                    Err(Fault::new(error.kind(), error.to_string()))
                }
                Err(_) => Ok(None),
            }
        })
    }
}

/// A subscriber as a key: it never leaves the process and is taken from nobody else.
#[derive(Serialize, Deserialize)]
struct AskedFor {
    tenant: i32,
    owner: Owner,
}

/// Who a subscriber was when they asked, cut to what their client may do now. [`Standing`] cuts it further, to what they hold now.
struct Remembered {
    provider: Arc<Provider>,
}

impl Remembered {
    /// The scopes of the client through which somebody asked; none apply to our own pages and operators.
    async fn scopes(
        &self,
        tenant: TenantId,
        client: Option<&str>,
    ) -> Result<Option<Scopes>, AuthenticationError> {
        let Some(client) = client.filter(|client| *client != OPERATOR) else {
            return Ok(None);
        };
        let clients = self.provider.clients(tenant).await;
        let clients = clients.map_err(|_| AuthenticationError::Unavailable)?;
        let known = clients.into_iter().find(|one| one.id.to_string() == client);
        let known = known.ok_or(AuthenticationError::Invalid)?;
        let scopes = Scopes::parse(&known.metadata.scope);
        scopes.map(Some).map_err(|_| AuthenticationError::Invalid)
    }

    async fn remember(&self, key: &str) -> Result<Arc<Authenticated>, AuthenticationError> {
        let asked: AskedFor =
            serde_json::from_str(key).map_err(|_| AuthenticationError::Invalid)?;
        let (tenant, owner) = (TenantId(asked.tenant), asked.owner);
        let scopes = self.scopes(tenant, owner.client.as_deref()).await?;
        let roles = owner.roles.iter().filter_map(|code| Role::from_code(code));
        let roles: Vec<Role> = roles.collect();
        let own = owner.fhir_user.as_deref();
        let own = own.and_then(|user| user.strip_prefix("Patient/"));
        let own = own.into_iter().map(Arc::from).collect();
        let is_service = roles.contains(&Role::Service);
        let shared = |text: &String| Arc::<str>::from(text.as_str());
        Ok(Arc::new(Authenticated {
            tenant,
            actor: Actor {
                id: shared(&owner.actor),
                kind: if is_service {
                    ActorKind::Service
                } else {
                    ActorKind::User
                },
                roles: owner.roles.iter().map(shared).collect(),
                fhir_user: owner.fhir_user.as_ref().map(shared),
                client_id: owner.client.as_ref().map(shared),
                assurance: Assurance::Single,
            },
            grant: Grant::new(roles, scopes, own, LaunchContext::default()),
            credential: mt_crypto::sha256(key.as_bytes()),
            client_key: 0,
        }))
    }
}

impl Authenticator for Remembered {
    fn authenticate<'a>(&'a self, key: &'a str) -> Authentication<'a> {
        Box::pin(self.remember(key))
    }
}
