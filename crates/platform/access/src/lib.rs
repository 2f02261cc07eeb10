#![doc = include_str!("../README.md")]

mod authenticate;
mod derived;
mod grant;
mod matrix;
mod record;
mod scope;
mod token;

pub use authenticate::{
    Authenticated, Authentication, AuthenticationError, Authenticator, RequestHead,
    STEP_UP_CHALLENGE,
};
pub use derived::{DerivationError, DerivedRole, Mask};
pub use grant::{Compartment, Confinement, Decision, Grant, HeldRole, LaunchContext, Proxy, Reach};
pub use matrix::{
    AMENDED, AUTHORSHIP, Condition, Extent, Interaction, Interactions, Operation, Role, Rule,
    SIGNED, held_by, printed, types_named,
};
pub use record::GrantRecord;
pub use scope::{Scope, ScopeContext, ScopeError, Scopes};
pub use token::{
    AccessClaims, Confirmation, Signer, TokenError, Verified, Verifier, VerifyingKey, key_id,
};
