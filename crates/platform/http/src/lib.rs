#![doc = include_str!("../README.md")]

mod address;
mod assets;
mod body;
mod correlation;
mod observe;
mod problem;
mod proxies;
mod rate;
mod serve;

pub use address::is_public;
pub use assets::{Asset, application};
pub use body::{BodyError, BodyLimits, read_body};
pub use correlation::{CorrelationId, correlate};
pub use observe::{RouteName, observe};
pub use problem::Problem;
pub use proxies::{ForwardedBy, Network, NetworkError, TrustedProxies, behind_proxies};
pub use rate::{OwnQuotas, Quota, RateLimits, Throttled};
pub use serve::{PeerAddress, ServeLimits, serve};
