//! Decisions as pure functions: rules, clocks, workflows, consent, de-identification.

pub(crate) mod announce;
pub(crate) mod clocks;
pub(crate) mod consent;
pub(crate) mod deidentify;
pub(crate) mod disclosure;
pub(crate) mod erasure;
pub(crate) mod hold;
pub(crate) mod incident;
pub(crate) mod restriction;
pub(crate) mod retention;
pub(crate) mod rules;
