//! Acknowledgements: the TA1 for an interchange and the 999 for a functional group, made from a
//! validation report, written, and read back.

mod implementation;
mod interchange;

pub use implementation::{
    Disposition, ElementNote, ImplementationAcknowledgment, SegmentNote, SetAcknowledgment,
};
pub use interchange::{InterchangeAcknowledgment, InterchangeDisposition};

use crate::syntax::Delimiters;
use crate::validate::{InterchangeReport, Report};
use crate::write::{GroupHeader, InterchangeHeader, InterchangeWriter, WriteError};

/// When and under which control number an acknowledgement goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// CCYYMMDD.
    pub date: String,
    /// HHMM.
    pub time: String,
    /// ISA13 of the interchange that carries it; also used as GS06.
    pub control_number: u32,
}

/// Answers each interchange of a report with one interchange: a TA1 when it was asked for or the
/// envelope is not accepted, and a 999 for each group. Groups that are acknowledgements themselves
/// (GS01 `FA`) are never acknowledged. Control numbers count up from the stamp's.
///
/// # Errors
/// When the sender's identifiers cannot be written back, e.g. because they hold a delimiter.
pub fn acknowledge(report: &Report, stamp: &Stamp) -> Result<Vec<String>, WriteError> {
    let mut answers = Vec::new();
    for interchange in &report.interchanges {
        let number = stamp.control_number.saturating_add(answers.len() as u32);
        let stamp = Stamp {
            control_number: number,
            ..stamp.clone()
        };
        answers.extend(answer(interchange, &stamp)?);
    }
    Ok(answers)
}

fn answer(report: &InterchangeReport, stamp: &Stamp) -> Result<Option<String>, WriteError> {
    let groups: Vec<_> = match report.is_valid() {
        true => report
            .groups
            .iter()
            .filter(|group| group.functional_code != "FA")
            .collect(),
        false => Vec::new(),
    };
    let ta1 = (report.acknowledgment_requested || !report.is_valid())
        .then(|| InterchangeAcknowledgment::of(report));
    if ta1.is_none() && groups.is_empty() {
        return Ok(None);
    }
    let header = InterchangeHeader {
        sender: report.receiver.clone(),
        receiver: report.sender.clone(),
        date: stamp.date.clone(),
        time: stamp.time.clone(),
        control_number: stamp.control_number,
        request_acknowledgment: false,
        test: report.test,
    };
    let mut writer = InterchangeWriter::new(&header, Delimiters::USUAL)?;
    if let Some(ta1) = ta1 {
        writer.interchange_acknowledgment(ta1.line())?;
    }
    for (index, group) in groups.into_iter().enumerate() {
        writer.group(&GroupHeader {
            functional_code: "FA".to_owned(),
            sender: group.receiver.clone(),
            receiver: group.sender.clone(),
            date: stamp.date.clone(),
            time: stamp.time.clone(),
            control_number: stamp.control_number.saturating_add(index as u32),
            version: "005010X231A1".to_owned(),
        })?;
        let acknowledgment = ImplementationAcknowledgment::of(group);
        writer.set("999", |set| acknowledgment.write(set))?;
    }
    writer.finish().map(Some)
}
