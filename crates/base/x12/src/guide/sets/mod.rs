//! The tables, one module per transaction set, in the order of the guides.
//!
//! Structure and codes only: the guides' names, notes and descriptions are not reproduced.

mod acknowledgment;
mod claim;
mod claim_institutional;
mod claim_professional;
mod eligibility;
mod remittance;
mod review;
mod status;

use super::Guide;
use super::notation::{Heading, NotationError, compile};

/// Compiles every table.
pub(super) fn compile_all() -> Result<Vec<Guide>, NotationError> {
    TABLES
        .iter()
        .map(|(heading, text, shared)| compile(heading, text, shared))
        .collect()
}

/// The heading, the lines, and the definitions that the lines may use.
type Table = (Heading, &'static str, &'static str);

const TABLES: &[Table] = &[
    (
        heading("270", "005010X279A1", "270", "HS"),
        eligibility::INQUIRY,
        eligibility::SHARED,
    ),
    (
        heading("271", "005010X279A1", "271", "HB"),
        eligibility::RESPONSE,
        eligibility::SHARED,
    ),
    (
        heading("276", "005010X212", "276", "HR"),
        status::REQUEST,
        status::SHARED,
    ),
    (
        heading("277", "005010X212", "277", "HN"),
        status::RESPONSE,
        status::SHARED,
    ),
    (
        heading("277CA", "005010X214", "277", "HN"),
        status::CLAIM_ACKNOWLEDGMENT,
        status::SHARED,
    ),
    (
        heading("278 request", "005010X217", "278", "HI"),
        review::REQUEST,
        review::SHARED,
    ),
    (
        heading("278 response", "005010X217", "278", "HI"),
        review::RESPONSE,
        review::SHARED,
    ),
    (
        heading("835", "005010X221A1", "835", "HP"),
        remittance::ADVICE,
        "",
    ),
    (
        heading("837P", "005010X222A1", "837", "HC"),
        claim_professional::CLAIM,
        claim::SHARED,
    ),
    (
        heading("837I", "005010X223A2", "837", "HC"),
        claim_institutional::CLAIM,
        claim::SHARED,
    ),
    (
        heading("999", "005010X231A1", "999", "FA"),
        acknowledgment::IMPLEMENTATION,
        "",
    ),
];

const fn heading(
    name: &'static str,
    version: &'static str,
    set: &'static str,
    group: &'static str,
) -> Heading {
    Heading {
        name,
        version,
        set,
        group,
    }
}
