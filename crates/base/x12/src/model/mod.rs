//! Typed transaction sets: plain structs that write themselves, and views that read what came.
//!
//! The structs hold what a biller or a payer simulation fills in; loops, qualifiers, HL numbers
//! and counts follow from them. Dates are `CCYYMMDD` text, periods `CCYYMMDD-CCYYMMDD`, money an
//! exact decimal. Reading is tolerant (an absent value is empty), writing is strict.

mod claim;
mod claim_acknowledgment;
mod eligibility;
mod institutional;
mod party;
mod professional;
mod remittance;
mod review;
mod status;

pub use claim::{
    BillingProvider, ClaimBody, ClaimSubmission, OtherPayer, Patient, PatientClaims, Subscriber,
};
pub use claim_acknowledgment::{AcknowledgedClaim, AcknowledgedProvider, ClaimAcknowledgment};
pub use eligibility::{
    Benefit, EligibilityInquiry, EligibilityResponse, Member, MemberAnswer, Question, Rejection,
    SubscriberAnswer,
};
pub use institutional::{InstitutionalClaim, InstitutionalLine, ValueCode};
pub use party::{Address, Contact, Demographics, Party, Procedure, Reference, Trace};
pub use professional::{ProfessionalClaim, ProfessionalLine};
pub use remittance::{
    Adjustment, ClaimPayment, Payee, Payer, Payment, ProviderAdjustment, Remittance, ServicePayment,
};
pub use review::{Decision, ReviewEvent, ReviewRequest, ReviewResponse, ReviewService};
pub use status::{ClaimQuery, ClaimStatus, LineStatus, Status, StatusRequest, StatusResponse};

use rust_decimal::Decimal;

use crate::syntax::Delimiters;
use crate::write::{GroupHeader, InterchangeHeader, InterchangeWriter, SetWriter, WriteError};

/// A transaction set that can write itself.
pub trait Document {
    /// ST01.
    const SET: &'static str;
    /// GS01.
    const FUNCTIONAL_CODE: &'static str;
    /// GS08 and ST03.
    const VERSION: &'static str;

    /// Writes the segments between ST and SE.
    fn write(&self, out: &mut SetWriter<'_>);
}

/// Writes documents of one kind as one interchange with one group.
///
/// The group takes its identifiers and date from the interchange; its control number is the
/// interchange's.
pub fn build<D: Document>(
    documents: &[D],
    header: &InterchangeHeader,
) -> Result<String, WriteError> {
    let mut writer = InterchangeWriter::new(header, Delimiters::USUAL)?;
    writer.group(&GroupHeader {
        functional_code: D::FUNCTIONAL_CODE.to_owned(),
        sender: header.sender.1.clone(),
        receiver: header.receiver.1.clone(),
        date: header.date.clone(),
        time: header.time.clone(),
        control_number: header.control_number,
        version: D::VERSION.to_owned(),
    })?;
    for document in documents {
        writer.set(D::SET, |set| document.write(set))?;
    }
    writer.finish()
}

/// Money or a quantity as the standard writes it: no trailing zeros, no leading plus.
fn number(value: Decimal) -> String {
    value.normalize().to_string()
}

/// An optional number; empty text leaves the element out.
fn optional(value: Option<Decimal>) -> String {
    value.map(number).unwrap_or_default()
}

/// A number that was sent, or `None`. The standard's numbers have at most 18 digits; longer ones
/// are not numbers here, which also keeps every sum exact.
fn parse(text: &str) -> Option<Decimal> {
    if text.len() > 20 {
        None
    } else {
        text.parse().ok()
    }
}

/// A sum that cannot overflow.
fn total(amounts: impl Iterator<Item = Decimal>) -> Decimal {
    amounts.fold(Decimal::ZERO, Decimal::saturating_add)
}

/// `D8` for one day, `RD8` for a period.
fn date_format(value: &str) -> &'static str {
    if value.contains('-') { "RD8" } else { "D8" }
}
