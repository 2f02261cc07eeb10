//! Doors of the process: the listener, its routes and its stop.

mod doors;
mod health;
mod system;
mod web;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use mt_database::Pace;
use mt_fhir_api::{ApiLimits, FhirApi, ImportSources, Sessions, operations};
use mt_http::{BodyLimits, ServeLimits, TrustedProxies};
use mt_identity::people;
use mt_scheduling::telehealth::Provider;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::system::System;
use crate::assembly::{Installation, origin, rates};
use crate::config::{Config, ForwardedHeader, Http};
use crate::telemetry::Telemetry;
use crate::wiring::addresses;
use crate::wiring::archive::Vault;
use crate::wiring::bus::Eventually;
use crate::wiring::deletion;
use crate::wiring::events::{self, Events};
use crate::wiring::live::Live;
use crate::wiring::notifications::Busy;
use crate::wiring::outbound::Carrying;
use crate::wiring::telehealth;

pub(crate) use web::{BASE as WEB_BASE, is_built as web_is_built};

/// A server that accepts connections.
pub(crate) struct Server {
    pub(crate) address: std::net::SocketAddr,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    /// Jobs of all tenants, their own search parameters, and the privacy rules.
    background: [tokio::task::JoinHandle<()>; 3],
    mail: tokio::task::JoinHandle<()>,
    events: Events,
    live: Live,
    carrying: Carrying,
    telling: Busy,
}

impl Server {
    /// Binds the listener and serves `installation` on it.
    pub(crate) async fn start(
        config: &Config,
        installation: &Installation,
        telemetry: &Telemetry,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.server.listen)
            .await
            .with_context(|| format!("{} cannot be listened on", config.server.listen))?;
        let address = listener.local_addr()?;
        installation.limits.begin().await?;
        let api = Arc::new(api(config, installation)?);
        let bus = events::bus(config, installation)?;
        let live = Live::start(
            origin(config),
            (&installation.store, installation.administration.clone()),
            doors::gatekeeper(installation),
            Box::new(Eventually::open(Arc::clone(&bus)).await),
        );
        let video = telehealth::provider(config)?;
        let system = System::new(config, installation, telemetry, Arc::clone(&bus));
        let proxies = proxies(&config.http)?;
        let proxies = axum::middleware::from_fn_with_state(proxies, mt_http::behind_proxies);
        let router = router(
            config,
            &api,
            (installation, &system),
            telemetry,
            (&live, &video),
        )
        .layer(axum::middleware::from_fn(addresses::known))
        .layer(proxies);
        let limits = ServeLimits {
            max_connections: config.server.max_connections,
            ..ServeLimits::default()
        };
        let stop = CancellationToken::new();
        tokio::spawn(installation.limits.clone().follow(stop.clone()));
        tokio::spawn(deletion::run(
            installation.administration.clone(),
            installation.office.privacy.clone(),
            stop.clone(),
        ));
        tokio::spawn(crate::wiring::patients::follow(
            installation.patients.clone(),
            installation.store.clone(),
            stop.clone(),
        ));
        tokio::spawn(crate::wiring::charting::follow(
            installation.charting.clone(),
            installation.store.clone(),
            stop.clone(),
        ));
        tokio::spawn(crate::wiring::scheduling::work(
            installation.store.clone(),
            stop.clone(),
        ));
        tokio::spawn(crate::wiring::coordination::work(
            crate::wiring::coordination::preauthorization(installation),
            installation.store.clone(),
            stop.clone(),
        ));
        let task = tokio::spawn(mt_http::serve(listener, router, limits, stop.clone()));
        let background = [
            tokio::spawn(mt_fhir_api::work(api, stop.clone())),
            tokio::spawn(installation.store.clone().follow_params()),
            tokio::spawn(installation.office.watch(stop.clone())),
        ];
        if let Some(vault) = Vault::open(&config.archive)? {
            let (store, audit) = (installation.store.clone(), Arc::clone(&installation.audit));
            tokio::spawn(vault.keep_all(store, audit, stop.clone()));
        }
        let letters = Arc::clone(&installation.people);
        let mail = tokio::spawn(async move { letters.deliver_mail().await });
        Ok(Self {
            address,
            stop,
            task,
            background,
            mail,
            events: Events::start(installation, bus),
            live,
            carrying: installation.outbound.start(),
            telling: installation.telling.start(),
        })
    }

    /// Lets running requests finish and closes the listener.
    pub(crate) async fn stop(self) {
        self.live.stop();
        self.stop.cancel();
        self.mail.abort();
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the listener ended unexpectedly");
        }
        let [jobs, params, rules] = self.background;
        params.abort();
        rules.abort();
        if let Err(error) = jobs.await {
            tracing::warn!(%error, "the worker ended unexpectedly");
        }
        drop(self.carrying);
        drop(self.telling);
        self.events.stop().await;
    }
}

fn api(config: &Config, installation: &Installation) -> anyhow::Result<FhirApi> {
    let limits = &config.limits;
    let body = BodyLimits {
        received: limits.body_mib << 20,
        inflated: limits.body_mib << 20,
        time: Duration::from_secs(60),
    };
    let public_origin = config.server.public_url.as_ref().map(|_| origin(config));
    let imports = ImportSources::new(&config.import.hosts).context("TLS cannot be set up")?;
    Ok(FhirApi {
        store: installation.store.clone(),
        authenticator: doors::gatekeeper(installation),
        services: operations::Services {
            validator: Arc::clone(&installation.validator),
            terminology: Arc::clone(&installation.terminology),
            notifications: installation.outbound.notifications(),
        },
        audit: Arc::clone(&installation.audit),
        imports,
        rates: rates(config, &installation.limits),
        clock: Arc::clone(&installation.clock),
        limits: ApiLimits {
            body,
            ..ApiLimits::default()
        },
        public_origin,
        sessions: Sessions::default(),
    })
}

fn router(
    config: &Config,
    api: &Arc<FhirApi>,
    (installation, system): (&Installation, &System),
    telemetry: &Telemetry,
    (live, video): (&Live, &Arc<dyn Provider>),
) -> Router {
    let gate = doors::gate(rates(config, &installation.limits), installation);
    let provider = Arc::clone(&installation.provider);
    // Pages of apps call FHIR from their own origins.
    let origins = axum::middleware::from_fn_with_state(
        Arc::clone(&provider),
        mt_identity::oauth::registered_origins,
    );
    Router::new()
        .merge(mt_fhir_api::router(Arc::clone(api)).layer(origins))
        .merge(mt_identity::oauth::router(provider))
        .merge(doors::routes(installation, system, &live.hub, video).serve(gate))
        .merge(people::pages::router(Arc::clone(&installation.people)))
        .layer(axum::middleware::from_fn_with_state(
            installation.database.pace().clone(),
            count,
        ))
        // What follows is asked for by programs, or waits for news.
        .merge(mt_live::socket_io(live.hub.clone()))
        .merge(health::router(
            &installation.store,
            telemetry.metrics.clone(),
        ))
        .merge(web::router(installation))
        .layer(axum::middleware::from_fn(mt_http::observe))
        .layer(axum::middleware::from_fn(mt_http::correlate))
}

/// Lets other work give way while a request is answered.
async fn count(State(pace): State<Pace>, request: Request, next: Next) -> Response {
    let _request = pace.request();
    next.run(request).await
}

/// Finds out who asks when reverse proxies stand in between.
fn proxies(http: &Http) -> anyhow::Result<Arc<TrustedProxies>> {
    let networks = http.trusted_proxies.iter().map(|text| text.parse());
    let networks: Result<_, mt_http::NetworkError> = networks.collect();
    let header = match http.forwarded_by {
        ForwardedHeader::XForwardedFor => mt_http::ForwardedBy::XForwardedFor,
        ForwardedHeader::Forwarded => mt_http::ForwardedBy::Forwarded,
    };
    let networks = networks.context("http.trusted_proxies")?;
    Ok(Arc::new(TrustedProxies { networks, header }))
}

/// Resolves when the process is asked to stop (SIGINT, SIGTERM).
pub(crate) async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
