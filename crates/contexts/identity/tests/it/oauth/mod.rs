//! The authorization server through HTTP: what it does, and above all what it refuses.

mod backend;
mod browser;
pub(crate) mod clients;
mod code;
mod discovery;
mod external;
mod farewell;
mod jwt;
mod keycloak;
mod launch;
mod lists;
mod proof;
mod registration;
mod world;
