//! The claim acknowledgment, 277CA: which claims of a batch the payer takes in.

use rust_decimal::Decimal;

use super::{Document, Party, Reference, Status, date_format, number, parse};
use crate::syntax::TransactionSet;
use crate::tree::Loop;
use crate::write::{SetWriter, line};

/// A 277CA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimAcknowledgment {
    /// BHT03.
    pub reference: String,
    /// BHT04, CCYYMMDD.
    pub date: String,
    /// BHT05, HHMM.
    pub time: String,
    /// The payer (2100A).
    pub payer: Party,
    /// TRN02 of the payer's level.
    pub payer_trace: String,
    /// When the batch was received, CCYYMMDD.
    pub received: String,
    /// When it was processed, CCYYMMDD.
    pub processed: String,
    /// The submitter of the batch (2100B).
    pub receiver: Party,
    /// BHT03 of the batch.
    pub batch: String,
    /// The status of the batch.
    pub statuses: Vec<Status>,
    /// How many claims were accepted, and their charges.
    pub accepted: Option<(u64, Decimal)>,
    /// How many claims were rejected, and their charges.
    pub rejected: Option<(u64, Decimal)>,
    /// The claims by provider.
    pub providers: Vec<AcknowledgedProvider>,
}

/// The claims of one billing provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcknowledgedProvider {
    /// The billing provider (2100C).
    pub provider: Party,
    /// TRN02 of the provider's level; `0` is written when there is none.
    pub trace: String,
    /// Statuses of the provider as a whole.
    pub statuses: Vec<Status>,
    /// The claims.
    pub claims: Vec<AcknowledgedClaim>,
}

/// One claim (2200D).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcknowledgedClaim {
    /// The patient.
    pub patient: Party,
    /// CLM01 of the claim.
    pub claim_id: String,
    /// The statuses: category `A1`/`A2` accepted, `A3`, `A6`, `A7`, `A8` rejected.
    pub statuses: Vec<Status>,
    /// References: `1K` payer claim number, `D9` clearing house, `BLT` bill type.
    pub references: Vec<Reference>,
    /// The day or period of service.
    pub service_date: String,
}

impl AcknowledgedClaim {
    /// Whether the payer takes the claim into adjudication.
    pub fn is_accepted(&self) -> bool {
        !self.statuses.is_empty()
            && self
                .statuses
                .iter()
                .all(|status| matches!(status.category.as_str(), "A0" | "A1" | "A2" | "A5"))
    }

    /// The payer's claim number, empty when not assigned.
    pub fn payer_claim_number(&self) -> &str {
        let found = self
            .references
            .iter()
            .find(|reference| reference.qualifier == "1K");
        found
            .map(|reference| reference.value.as_str())
            .unwrap_or_default()
    }
}

impl Document for ClaimAcknowledgment {
    const SET: &'static str = "277";
    const FUNCTIONAL_CODE: &'static str = "HN";
    const VERSION: &'static str = "005010X214";

    fn write(&self, out: &mut SetWriter<'_>) {
        let Self {
            reference,
            date,
            time,
            ..
        } = self;
        out.put(
            line("BHT")
                .e("0085")
                .e("08")
                .e(reference)
                .e(date)
                .e(time)
                .e("TH"),
        );
        let payer = out.level(None, "20", Some(true));
        out.put(self.payer.line("PR"));
        out.put(line("TRN").e("1").e(&self.payer_trace));
        out.put(line("DTP").e("050").e("D8").e(&self.received));
        out.put(line("DTP").e("009").e("D8").e(&self.processed));
        let receiver = out.level(Some(payer), "21", Some(!self.providers.is_empty()));
        out.put(self.receiver.line("41"));
        out.put(line("TRN").e("2").e(&self.batch));
        self.statuses
            .iter()
            .for_each(|status| out.put(status.line()));
        for (code, total) in [("90", &self.accepted), ("AA", &self.rejected)] {
            if let Some((count, _)) = total {
                out.put(line("QTY").e(code).e(count.to_string()));
            }
        }
        for (code, total) in [("YU", &self.accepted), ("YY", &self.rejected)] {
            if let Some((_, amount)) = total {
                out.put(line("AMT").e(code).e(number(*amount)));
            }
        }
        for provider in &self.providers {
            let level = out.level(Some(receiver), "19", Some(!provider.claims.is_empty()));
            out.put(provider.provider.line("85"));
            let trace = if provider.trace.is_empty() {
                "0"
            } else {
                provider.trace.as_str()
            };
            out.put(line("TRN").e("1").e(trace));
            provider
                .statuses
                .iter()
                .for_each(|status| out.put(status.line()));
            for claim in &provider.claims {
                out.level(Some(level), "PT", None);
                claim.write(out);
            }
        }
    }
}

impl ClaimAcknowledgment {
    /// Reads a 277CA; `None` when the set is not one.
    pub fn read(set: &TransactionSet<'_>) -> Option<Self> {
        let tree = Loop::of(set).filter(|tree| tree.get("BHT", 1) == "0085")?;
        let source = tree.inner("2000A")?;
        let level = source.inner("2000B")?;
        let batch = level.inner("2200B")?;
        let trace = source.inner("2200A");
        let payer_text = |id, code, element| {
            trace
                .map(|found| found.coded(id, code, element))
                .unwrap_or_default()
                .to_owned()
        };
        let total = |quantity, amount| {
            let count = batch.coded("QTY", quantity, 2).parse().ok()?;
            Some((
                count,
                parse(batch.coded("AMT", amount, 2)).unwrap_or_default(),
            ))
        };
        Some(Self {
            reference: tree.get("BHT", 3).to_owned(),
            date: tree.get("BHT", 4).to_owned(),
            time: tree.get("BHT", 5).to_owned(),
            payer: source.inner("2100A").map(Party::of).unwrap_or_default(),
            payer_trace: payer_text("TRN", "1", 2),
            received: payer_text("DTP", "050", 3),
            processed: payer_text("DTP", "009", 3),
            receiver: level.inner("2100B").map(Party::of).unwrap_or_default(),
            batch: batch.get("TRN", 2).to_owned(),
            statuses: Status::all(batch),
            accepted: total("90", "YU"),
            rejected: total("AA", "YY"),
            providers: level.all("2000C").map(AcknowledgedProvider::read).collect(),
        })
    }
}

impl AcknowledgedProvider {
    fn read(found: &Loop<'_>) -> Self {
        let claims = found.all("2000D").flat_map(|patient| {
            let party = patient.inner("2100D").map(Party::of).unwrap_or_default();
            patient
                .all("2200D")
                .map(move |claim| AcknowledgedClaim::read(claim, &party))
        });
        let inner = found.inner("2200C");
        Self {
            provider: found.inner("2100C").map(Party::of).unwrap_or_default(),
            trace: inner
                .map(|inner| inner.get("TRN", 2))
                .unwrap_or_default()
                .to_owned(),
            statuses: inner.map(Status::all).unwrap_or_default(),
            claims: claims.collect(),
        }
    }
}

impl AcknowledgedClaim {
    fn read(found: &Loop<'_>, patient: &Party) -> Self {
        Self {
            patient: patient.clone(),
            claim_id: found.get("TRN", 2).to_owned(),
            statuses: Status::all(found),
            references: Reference::all(found),
            service_date: found.coded("DTP", "472", 3).to_owned(),
        }
    }

    fn write(&self, out: &mut SetWriter<'_>) {
        out.put(self.patient.line("QC"));
        out.put(line("TRN").e("2").e(&self.claim_id));
        self.statuses
            .iter()
            .for_each(|status| out.put(status.line()));
        self.references
            .iter()
            .for_each(|reference| out.put(reference.line()));
        let date = &self.service_date;
        out.put_if(
            !date.is_empty(),
            line("DTP").e("472").e(date_format(date)).e(date),
        );
    }
}
