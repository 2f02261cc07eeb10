#![doc = include_str!("../README.md")]

pub mod access;
pub mod backup;
pub mod cluster;
mod digest;
mod endpoint;
mod error;
pub mod external;
pub mod health;
pub mod migrate;
mod pace;
pub mod roles;
pub mod selfcheck;
#[cfg(feature = "testing")]
pub mod testing;

pub use access::{
    AdminTx, AsDatabaseError, Database, Isolation, Outcome, Params, Readers, Sizes, Step, TenantTx,
    TxOptions, Writers,
};
pub use cluster::{Cluster, ClusterError, ClusterOptions};
pub use endpoint::{Endpoint, SessionSettings};
pub use error::{Error, REFUSED};
pub use migrate::{Migration, MigrationError, Migrations};
pub use pace::{Pace, Request, Turn};
