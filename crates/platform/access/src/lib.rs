#![doc = include_str!("../README.md")]

mod authenticate;
mod grant;
mod matrix;
mod record;
mod scope;
mod token;

pub use authenticate::{
    Authenticated, Authentication, AuthenticationError, Authenticator, RequestHead,
};
pub use grant::{Compartment, Decision, Grant, LaunchContext, Reach};
pub use matrix::{
    Extent, Interaction, Interactions, Operation, Role, Rule, StateCondition, printed,
};
pub use record::GrantRecord;
pub use scope::{Scope, ScopeContext, ScopeError, Scopes};
pub use token::{AccessClaims, Signer, TokenError, Verified, Verifier, VerifyingKey, key_id};
