//! Putting the parts together: database, keys, store, identity, audit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use mt_charting::{Charting, Cosigning};
use mt_crypto::{FileKeyring, KeyObserver, KeyService, LogKeyUse};
use mt_database::{Cluster, ClusterOptions, Database, Endpoint, Sizes, migrate, selfcheck};
use mt_fhir::Node;
use mt_http::{Quota, RateLimits};
use mt_identity::Identity;
use mt_identity::administration::{Administration, Standing};
use mt_identity::oauth::Provider;
use mt_identity::oauth::people::Residents;
use mt_identity::people::{Hashing, People, PeopleParts};
use mt_kernel::{Clock, ErrorKind, Fault, OpCtx, SystemClock};
use mt_mail::{Smtp, Tls};
use mt_outbound::Guard;
use mt_patients::{Numbering, Patients};
use mt_store::{Hooks, PolicyRegistry, ResourceValidator, Store, StoreOptions, StoreParts};
use mt_subscriptions::SubscriptionPolicy;
use mt_terminology::{Catalog, Scope};
use mt_validator::{Level, Options, Profiles, Validator};

use crate::catalog;
use crate::config::{self, Config};
use crate::wiring::keys::KeyTrail;
use crate::wiring::limits::Limits;
use crate::wiring::notifications::Telling;
use crate::wiring::outbound::{Outbound, guard};
use crate::wiring::privacy::Office;

/// A data directory with its database, opened.
pub(crate) struct Ground {
    /// The private cluster; `None` with a database of the operator's own.
    pub(crate) cluster: Option<Cluster>,
    /// As the application role.
    pub(crate) app: Endpoint,
    /// As the role that owns the schemas; `None` when only the application role is configured.
    pub(crate) owner: Option<Endpoint>,
}

impl Ground {
    /// Starts or joins the database of `data_dir`, or uses the configured one.
    pub(crate) async fn open(config: &Config, data_dir: &Path) -> anyhow::Result<Self> {
        let Some(url) = &config.database.url else {
            let cluster = Cluster::start_or_join(data_dir, ClusterOptions::default()).await?;
            let (app, owner) = (cluster.app()?, Some(cluster.owner()?));
            return Ok(Self {
                cluster: Some(cluster),
                app,
                owner,
            });
        };
        let app = mt_database::external::endpoint(&url.secret()).context("database.url")?;
        let owner = config.database.owner_url.as_ref();
        let owner = owner
            .map(|url| mt_database::external::endpoint(&url.secret()))
            .transpose();
        Ok(Self {
            cluster: None,
            app,
            owner: owner.context("database.owner_url")?,
        })
    }

    /// Brings the schemas up to date; without the owner's role it only checks that they are.
    pub(crate) async fn migrate(&self) -> anyhow::Result<usize> {
        let schemas = catalog::schemas();
        match &self.owner {
            Some(owner) => Ok(migrate::migrate(owner, &schemas).await?),
            None => {
                migrate::verify(&self.app, &schemas).await?;
                Ok(0)
            }
        }
    }

    /// Leaves the database; the last process to leave a private cluster stops it.
    pub(crate) async fn close(self) {
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
    }
}

/// How soon a running server sees a code system that was loaded.
const TERMINOLOGY_INTERVAL: std::time::Duration = std::time::Duration::from_secs(2);

/// The running product.
pub(crate) struct Installation {
    pub(crate) ground: Ground,
    pub(crate) store: Store,
    pub(crate) identity: Arc<Identity>,
    pub(crate) administration: Administration,
    /// What organisations may use.
    pub(crate) limits: Limits,
    pub(crate) people: Arc<People>,
    /// The tenants' authorization servers.
    pub(crate) provider: Arc<Provider>,
    /// Webhooks and subscriptions.
    pub(crate) outbound: Outbound,
    /// Notifications.
    pub(crate) telling: Telling,
    pub(crate) database: Database,
    pub(crate) audit: Arc<mt_audit::Audit>,
    pub(crate) office: Office,
    pub(crate) patients: Patients,
    pub(crate) charting: Charting,
    pub(crate) validator: Arc<Validator>,
    pub(crate) terminology: Arc<Catalog>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Where keys, journals and a private database lie.
    pub(crate) data_dir: PathBuf,
    key_trail: Arc<KeyTrail>,
    following: [tokio::task::JoinHandle<()>; 4],
}

impl Installation {
    /// Opens everything below the doors: migrations, self-check, keys, store, audit, identity.
    pub(crate) async fn open(config: &Config, data_dir: &Path) -> anyhow::Result<Self> {
        let ground = Ground::open(config, data_dir).await?;
        ground.migrate().await?;
        let warnings = selfcheck::self_check(&ground.app).await?.enforce()?;
        for warning in warnings {
            tracing::warn!(%warning, "database self-check");
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let database = Database::open(&ground.app, Sizes::default()).await?;
        let keyring = FileKeyring::open(key_directory(config, data_dir))?;
        let key_trail = Arc::new(KeyTrail::default());
        let observer = Arc::clone(&key_trail) as Arc<dyn KeyObserver>;
        let keys = KeyService::new(Arc::new(keyring), observer);
        let terminology = Arc::new(Catalog::new());
        let validator = Arc::new(official_validator(&terminology));
        let audit = mt_audit::Audit::open(&data_dir.join("audit"), database.clone()).await?;
        let audit = Arc::new(audit);
        let numbering = Numbering::default();
        let cosigning = Cosigning::default();
        let hooks = Hooks {
            validator: Arc::new(WriteRules(Arc::clone(&validator))),
            policies: policies(guard(config)?, &numbering, &cosigning),
            terminology: Some(Arc::new(Scope::new(Arc::clone(&terminology)))),
            scanner: crate::wiring::scanner::open(&config.files)?,
            audit: Arc::clone(&audit) as Arc<dyn mt_store::AuditSink>,
        };
        let parts = StoreParts {
            database: database.clone(),
            keys,
            hooks,
            clock: Arc::clone(&clock),
        };
        let options = StoreOptions {
            cache_bytes: config.store.cache_mib << 20,
            shared: crate::wiring::cache::open(&config.cache)?,
            ..StoreOptions::default()
        };
        let store = Store::open(parts, options).await?;
        audit.announce_by(Arc::new(mt_privacy::TrailEvents));
        audit.follow(&store);
        let patients = Patients::new(store.clone(), numbering);
        let charting = Charting::new(store.clone(), cosigning);
        let origin = origin(config);
        let identity = Identity::new(
            database.clone(),
            store.tenants().clone(),
            Arc::clone(&clock),
            &origin,
        );
        let administration = Administration::new(store.clone(), Arc::clone(&audit));
        let office = Office::open(&database, &audit, &store, &clock, &administration);
        let limits = Limits::new(administration.clone(), store.clone(), usual_quota(config));
        let people = people(config, &administration, &store, &audit)?;
        let identity = Arc::new(identity);
        let residents = Residents::new(&identity, people.sessions().clone());
        let provider = Arc::new(Provider::new(
            Arc::clone(&identity),
            store.clone(),
            Arc::clone(&audit),
            Arc::new(residents),
            rates(config, &limits),
        ));
        let outbound = Outbound::open(
            config,
            (&store, &audit, &clock),
            (&provider, &administration),
        )?;
        let telling = Telling::open(
            (config, data_dir),
            (&store, &audit, &clock),
            &administration,
        )?;
        let following = [
            tokio::spawn(follow_terminology(
                database.clone(),
                Arc::clone(&terminology),
            )),
            tokio::spawn(Arc::clone(&key_trail).follow(Arc::clone(&audit), Arc::clone(&clock))),
            tokio::spawn(Arc::clone(&provider).sweep_forever()),
            tokio::spawn(Arc::clone(&provider).tell_of_ends_forever(people.sessions().clone())),
        ];
        Ok(Self {
            ground,
            store,
            administration,
            limits,
            identity,
            people: Arc::new(people),
            provider,
            outbound,
            telling,
            database,
            audit,
            office,
            patients,
            charting,
            validator,
            terminology,
            clock,
            key_trail,
            data_dir: data_dir.to_owned(),
            following,
        })
    }

    /// Who presents a credential, with the standing that they have now: the authenticator of every
    /// door is wrapped in this.
    pub(crate) fn standing(
        &self,
        credentials: Arc<dyn mt_access::Authenticator>,
    ) -> Arc<dyn mt_access::Authenticator> {
        Arc::new(Standing::new(credentials, self.administration.clone()))
    }

    /// Writes what is still pending and leaves the database.
    pub(crate) async fn close(self) {
        self.following
            .iter()
            .for_each(tokio::task::JoinHandle::abort);
        self.key_trail.enter(&self.audit, &*self.clock);
        self.audit.close().await;
        self.store.close();
        self.ground.close().await;
    }
}

/// A second store on the same records whose commits say nothing of what they mean: for measuring what that costs.
pub(crate) async fn silent_store(
    config: &Config,
    data_dir: &Path,
    installation: &Installation,
) -> anyhow::Result<Store> {
    let keyring = FileKeyring::open(key_directory(config, data_dir))?;
    let mut policies = PolicyRegistry::new();
    mt_patients::register(&mut policies, &Numbering::default());
    let hooks = Hooks {
        validator: Arc::new(WriteRules(Arc::clone(&installation.validator))),
        policies,
        terminology: Some(Arc::new(Scope::new(Arc::clone(&installation.terminology)))),
        scanner: None,
        audit: Arc::clone(&installation.audit) as Arc<dyn mt_store::AuditSink>,
    };
    let parts = StoreParts {
        database: installation.database.clone(),
        keys: KeyService::new(Arc::new(keyring), Arc::new(LogKeyUse)),
        hooks,
        clock: Arc::clone(&installation.clock),
    };
    Ok(Store::open(parts, StoreOptions::default()).await?)
}

/// The rules of the contexts for the resource types that they own.
fn policies(guard: Guard, numbering: &Numbering, cosigning: &Cosigning) -> PolicyRegistry {
    let mut policies = PolicyRegistry::new();
    let trail = Arc::new(mt_audit::TrailIsReadOnly);
    policies.register(mt_fhir::ResourceType::AUDIT_EVENT, trail);
    let subscriptions = Arc::new(SubscriptionPolicy::new(guard));
    policies.register(mt_fhir::ResourceType::SUBSCRIPTION, subscriptions);
    mt_coordination::announce::announce(&mut policies);
    mt_patients::register(&mut policies, numbering);
    mt_scheduling::register(&mut policies);
    mt_charting::register(&mut policies, cosigning);
    let restrictions = Arc::new(mt_privacy::RestrictionsAreTheOffices);
    policies.register(mt_fhir::ResourceType::CONSENT, restrictions);
    policies
}

fn people(
    config: &Config,
    administration: &Administration,
    store: &Store,
    audit: &Arc<mt_audit::Audit>,
) -> anyhow::Result<People> {
    Ok(People::new(PeopleParts {
        database: store.database().clone(),
        tenants: store.tenants().clone(),
        audit: Arc::clone(audit),
        clock: Arc::clone(store.clock()),
        origin: origin(config),
        hashing: Hashing::for_this_machine(),
        organisation: Arc::new(administration.clone()),
        smtp: smtp(&config.mail)?,
    }))
}

/// The mail server, when one is configured.
pub(crate) fn smtp(mail: &config::Mail) -> anyhow::Result<Option<Smtp>> {
    let Some(host) = &mail.host else {
        return Ok(None);
    };
    let from = mail.from.as_deref().context("mail.from is missing")?;
    let (tls, port) = match mail.tls {
        config::MailTls::StartTls => (Tls::StartTls, 587),
        config::MailTls::Implicit => (Tls::Implicit, 465),
        config::MailTls::None => (Tls::None, 25),
    };
    let password = mail.password.as_ref().map(config::Hidden::secret);
    let login = mail.user.clone().zip(password);
    let server = (host.as_str(), mail.port.unwrap_or(port));
    Smtp::new(server, tls, login, from)
        .context("mail")
        .map(Some)
}

/// Buckets of one door; those of organisations with a limit are shared by all doors.
pub(crate) fn rates(config: &Config, limits: &Limits) -> RateLimits {
    let client = Quota {
        per_second: config.limits.client_per_second,
        burst: config.limits.client_burst,
    };
    RateLimits::new(usual_quota(config), client).with_own(limits.quotas())
}

/// The quota of an organisation without a limit of its own.
fn usual_quota(config: &Config) -> Quota {
    Quota {
        per_second: config.limits.tenant_per_second,
        burst: config.limits.tenant_burst,
    }
}

/// Directory of the key-encryption keys.
pub(crate) fn key_directory(config: &Config, data_dir: &Path) -> PathBuf {
    config
        .keys
        .directory
        .clone()
        .unwrap_or_else(|| data_dir.join("keys"))
}

/// Where a server without `server.public_url` is found by default.
const DEFAULT_ORIGIN: &str = "http://localhost:3000";

/// URL of the installation without a trailing slash.
///
/// It names the issuer of tokens, which every command of the installation must agree on; the
/// address that one process listens on is no such thing.
pub(crate) fn origin(config: &Config) -> String {
    match &config.server.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => DEFAULT_ORIGIN.to_owned(),
    }
}

/// Reads the loaded code systems, and those that are loaded later, without holding up the start.
async fn follow_terminology(database: Database, catalog: Arc<Catalog>) {
    let mut interval = tokio::time::interval(TERMINOLOGY_INTERVAL);
    loop {
        interval.tick().await;
        if let Err(error) = mt_terminology::storage::refresh(&database, &catalog).await {
            tracing::warn!(%error, "the loaded code systems cannot be read");
        }
    }
}

/// A validator with the official definitions.
pub(crate) fn official_validator(terminology: &Arc<Catalog>) -> Validator {
    let scope = Scope::new(Arc::clone(terminology));
    Validator::new(Arc::new(Profiles::core()), Arc::new(scope))
}

/// The rules that every write must keep.
struct WriteRules(Arc<Validator>);

impl ResourceValidator for WriteRules {
    fn validate(&self, ctx: &OpCtx, resource: Node<'_>) -> Result<(), Vec<Fault>> {
        let options = Options {
            level: Level::Write,
            profiles: &[],
            now: ctx.now,
        };
        let issues = self.0.validate(resource, &options);
        let faults: Vec<Fault> = issues
            .into_iter()
            .filter(mt_fhir::outcome::Issue::is_error)
            .map(|issue| {
                let fault = Fault::new(ErrorKind::Invalid, issue.diagnostics);
                match issue.expression {
                    Some(expression) => fault.at(expression),
                    None => fault,
                }
            })
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }
}
