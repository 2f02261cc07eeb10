//! Logs, traces and metrics of the process.

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Level;
use tracing_subscriber::filter::{Directive, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{Log, LogFormat};

/// Latency buckets, seconds.
const BUCKETS: [f64; 14] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
];

/// What must be told when the process ends.
pub(crate) struct Telemetry {
    /// Renders `/metrics`.
    pub(crate) metrics: PrometheusHandle,
    traces: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends what is still buffered.
    pub(crate) fn flush(&self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

/// Sets up logging to standard error, trace export and the metrics registry.
pub(crate) fn init(log: &Log) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&log.level).context("log.level is not a valid filter")?;
    // Spans are for export alone: a log line says by itself what it is about.
    let no_spans = "trace=off".parse::<Directive>();
    let filter = filter.add_directive(no_spans.context("the filter is not usable")?);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(true);
    let lines = match log.format {
        LogFormat::Text => lines.compact().boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let traces = log.otlp.as_deref().map(exporter).transpose()?;
    let spans = traces
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("meditrack")))
        .map(|layer| layer.with_filter(Targets::new().with_target("trace", Level::INFO)));
    tracing_subscriber::registry()
        .with(spans)
        .with(lines.with_filter(filter))
        .try_init()
        .context("logging is set up already")?;
    let metrics = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .context("the buckets are not usable")?
        .install_recorder()
        .context("metrics are set up already")?;
    Ok(Telemetry { metrics, traces })
}

fn exporter(endpoint: &str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()
        .context("log.otlp cannot be used")?;
    let resource = opentelemetry_sdk::Resource::builder()
        .with_service_name("meditrack")
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}
