//! A strict writer: it refuses data that would change the structure, and computes every count.
//!
//! X12 has no escape, so a delimiter inside data can only be refused. Counts and trailers follow
//! from what was written; nobody passes them in.

mod line;

use thiserror::Error;

pub use line::{Line, line};

use crate::syntax::Delimiters;
use crate::validate::{is_date, is_time};

/// Why something was not written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// Data holds a delimiter or a control character.
    #[error("{segment}{element:02} holds a delimiter or a control character")]
    Delimiter {
        /// The segment.
        segment: &'static str,
        /// The element, counted from 1.
        element: usize,
    },
    /// A segment would have no data at all.
    #[error("{segment} has no data")]
    Empty {
        /// The segment.
        segment: &'static str,
    },
    /// A value of an envelope does not fit its fixed form.
    #[error("the envelope value {field} does not fit")]
    Envelope {
        /// ISA or GS element.
        field: &'static str,
    },
    /// A transaction set was begun before a group.
    #[error("a transaction set needs a functional group around it")]
    NoGroup,
}

/// The interchange header. Dates are CCYYMMDD, times HHMM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterchangeHeader {
    /// ISA05 and ISA06: qualifier and identifier of at most 15 characters.
    pub sender: (String, String),
    /// ISA07 and ISA08.
    pub receiver: (String, String),
    /// CCYYMMDD; the ISA carries its last six digits.
    pub date: String,
    /// HHMM.
    pub time: String,
    /// ISA13, 1 to 999,999,999; allocated without gaps by the caller.
    pub control_number: u32,
    /// ISA14.
    pub request_acknowledgment: bool,
    /// ISA15.
    pub test: bool,
}

/// A functional group header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupHeader {
    /// GS01, e.g. `HC`.
    pub functional_code: String,
    /// GS02, at most 15 characters.
    pub sender: String,
    /// GS03, at most 15 characters.
    pub receiver: String,
    /// GS04, CCYYMMDD.
    pub date: String,
    /// GS05, HHMM.
    pub time: String,
    /// GS06, 1 to 999,999,999.
    pub control_number: u32,
    /// GS08, e.g. `005010X222A1`.
    pub version: String,
}

/// Writes one interchange.
#[derive(Debug)]
pub struct InterchangeWriter {
    out: String,
    delimiters: Delimiters,
    control_number: u32,
    groups: u32,
    group: Option<OpenGroup>,
}

#[derive(Debug)]
struct OpenGroup {
    control_number: u32,
    version: String,
    sets: u32,
}

impl InterchangeWriter {
    /// Begins an interchange.
    pub fn new(header: &InterchangeHeader, delimiters: Delimiters) -> Result<Self, WriteError> {
        let InterchangeHeader {
            sender,
            receiver,
            date,
            time,
            control_number,
            ..
        } = header;
        let clean = |text: &str, max: usize, field| {
            let good = text.len() <= max
                && !text.trim().is_empty()
                && text
                    .bytes()
                    .all(|b| (b' '..0x7f).contains(&b) && !delimiters.contains(b));
            if good {
                Ok(())
            } else {
                Err(WriteError::Envelope { field })
            }
        };
        clean(&sender.1, 15, "ISA06")?;
        clean(&receiver.1, 15, "ISA08")?;
        for (qualifier, field) in [(&sender.0, "ISA05"), (&receiver.0, "ISA07")] {
            clean(qualifier, 2, field)?;
            if qualifier.len() != 2 {
                return Err(WriteError::Envelope { field });
            }
        }
        if date.len() != 8 || !is_date(date) {
            return Err(WriteError::Envelope { field: "ISA09" });
        }
        if time.len() != 4 || !is_time(time) {
            return Err(WriteError::Envelope { field: "ISA10" });
        }
        if !(1..=999_999_999).contains(control_number) {
            return Err(WriteError::Envelope { field: "ISA13" });
        }
        let e = char::from(delimiters.element);
        let out = format!(
            "ISA{e}00{e}{:10}{e}00{e}{:10}{e}{}{e}{:15}{e}{}{e}{:15}{e}{}{e}{time}{e}{}{e}00501\
             {e}{control_number:09}{e}{}{e}{}{e}{}{}",
            "",
            "",
            sender.0,
            sender.1,
            receiver.0,
            receiver.1,
            &date[2..],
            char::from(delimiters.repetition.unwrap_or(b'^')),
            u8::from(header.request_acknowledgment),
            if header.test { 'T' } else { 'P' },
            char::from(delimiters.component),
            char::from(delimiters.segment),
        );
        Delimiters::from_header(out.as_bytes()).map_err(|_| WriteError::Envelope {
            field: "delimiters",
        })?;
        Ok(Self {
            out,
            delimiters,
            control_number: *control_number,
            groups: 0,
            group: None,
        })
    }

    /// Begins a functional group, ending the one before.
    pub fn group(&mut self, header: &GroupHeader) -> Result<(), WriteError> {
        self.end_group()?;
        let GroupHeader {
            functional_code,
            sender,
            receiver,
            date,
            time,
            ..
        } = header;
        if date.len() != 8 || !is_date(date) || !is_time(time) {
            return Err(WriteError::Envelope { field: "GS04" });
        }
        if !(1..=999_999_999).contains(&header.control_number) {
            return Err(WriteError::Envelope { field: "GS06" });
        }
        if sender.len() > 15 || receiver.len() > 15 {
            return Err(WriteError::Envelope { field: "GS02" });
        }
        let gs = line("GS")
            .e(functional_code)
            .e(sender)
            .e(receiver)
            .e(date)
            .e(time)
            .e(header.control_number.to_string())
            .e("X")
            .e(&header.version);
        gs.render(self.delimiters, &mut self.out)?;
        self.groups += 1;
        let (control_number, version) = (header.control_number, header.version.clone());
        self.group = Some(OpenGroup {
            control_number,
            version,
            sets: 0,
        });
        Ok(())
    }

    /// Writes one transaction set; ST and SE are added around what `body` puts.
    pub fn set(
        &mut self,
        id: &'static str,
        body: impl FnOnce(&mut SetWriter<'_>),
    ) -> Result<(), WriteError> {
        let group = self.group.as_mut().ok_or(WriteError::NoGroup)?;
        group.sets += 1;
        let number = format!("{:04}", group.sets);
        // The 835 guide leaves ST03 out.
        let version = if id == "835" {
            ""
        } else {
            group.version.as_str()
        };
        let header = line("ST").e(id).e(&number).e(version);
        let mut set = SetWriter {
            out: &mut self.out,
            delimiters: self.delimiters,
            segments: 0,
            levels: 0,
            error: None,
        };
        set.put(header);
        body(&mut set);
        let count = set.segments + 1;
        set.put(line("SE").e(count.to_string()).e(&number));
        set.error.map_or(Ok(()), Err)
    }

    /// Adds a TA1, which stands outside every group and so before the first.
    pub fn interchange_acknowledgment(&mut self, ta1: Line) -> Result<(), WriteError> {
        ta1.render(self.delimiters, &mut self.out)
    }

    /// Ends the interchange and gives its text.
    pub fn finish(mut self) -> Result<String, WriteError> {
        self.end_group()?;
        let number = format!("{:09}", self.control_number);
        let iea = line("IEA").e(self.groups.to_string()).e(number);
        iea.render(self.delimiters, &mut self.out)?;
        Ok(self.out)
    }

    fn end_group(&mut self) -> Result<(), WriteError> {
        let Some(group) = self.group.take() else {
            return Ok(());
        };
        let ge = line("GE")
            .e(group.sets.to_string())
            .e(group.control_number.to_string());
        ge.render(self.delimiters, &mut self.out)
    }
}

/// Takes the segments of one transaction set.
#[derive(Debug)]
pub struct SetWriter<'a> {
    out: &'a mut String,
    delimiters: Delimiters,
    segments: u64,
    levels: u64,
    error: Option<WriteError>,
}

impl SetWriter<'_> {
    /// Writes one segment. The first refusal is kept and given when the set ends.
    pub fn put(&mut self, line: Line) {
        self.segments += 1;
        if let Err(error) = line.render(self.delimiters, self.out) {
            self.error.get_or_insert(error);
        }
    }

    /// Writes one segment when `present`.
    pub fn put_if(&mut self, present: bool, line: Line) {
        if present {
            self.put(line);
        }
    }

    /// Writes an HL segment numbered one higher than the last, and gives its number.
    pub fn level(&mut self, parent: Option<u64>, code: &str, children: Option<bool>) -> u64 {
        self.levels += 1;
        let parent = parent.map(|number| number.to_string()).unwrap_or_default();
        let children = children
            .map(|any| if any { "1" } else { "0" })
            .unwrap_or_default();
        self.put(
            line("HL")
                .e(self.levels.to_string())
                .e(parent)
                .e(code)
                .e(children),
        );
        self.levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> InterchangeHeader {
        InterchangeHeader {
            sender: ("ZZ".to_owned(), "SENDER".to_owned()),
            receiver: ("ZZ".to_owned(), "RECEIVER".to_owned()),
            date: "20260601".to_owned(),
            time: "1200".to_owned(),
            control_number: 7,
            request_acknowledgment: true,
            test: true,
        }
    }

    fn group() -> GroupHeader {
        GroupHeader {
            functional_code: "HS".to_owned(),
            sender: "SENDER".to_owned(),
            receiver: "RECEIVER".to_owned(),
            date: "20260601".to_owned(),
            time: "1200".to_owned(),
            control_number: 3,
            version: "005010X279A1".to_owned(),
        }
    }

    #[test]
    fn counts_and_control_numbers_follow_from_what_was_written() {
        let mut writer = InterchangeWriter::new(&header(), Delimiters::USUAL).expect("a header");
        writer.group(&group()).expect("a group");
        writer
            .set("270", |set| set.put(line("BHT").e("0022")))
            .expect("a set");
        let text = writer.finish().expect("an end");
        assert!(text.ends_with(
            "GS*HS*SENDER*RECEIVER*20260601*1200*3*X*005010X279A1~\
             ST*270*0001*005010X279A1~BHT*0022~SE*3*0001~GE*1*3~IEA*1*000000007~"
        ));
    }

    #[test]
    fn delimiters_and_control_characters_in_data_are_refused() {
        for bad in ["A*B", "A:B", "A~B", "A^B", "A\nB"] {
            let mut writer =
                InterchangeWriter::new(&header(), Delimiters::USUAL).expect("a header");
            writer.group(&group()).expect("a group");
            let outcome = writer.set("270", |set| set.put(line("N3").e("X").e(bad)));
            assert_eq!(
                outcome,
                Err(WriteError::Delimiter {
                    segment: "N3",
                    element: 2
                }),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn envelope_values_that_do_not_fit_are_refused() {
        let long = InterchangeHeader {
            sender: ("ZZ".to_owned(), "X".repeat(16)),
            ..header()
        };
        let zero = InterchangeHeader {
            control_number: 0,
            ..header()
        };
        let date = InterchangeHeader {
            date: "20260231".to_owned(),
            ..header()
        };
        for (bad, field) in [(long, "ISA06"), (zero, "ISA13"), (date, "ISA09")] {
            let outcome = InterchangeWriter::new(&bad, Delimiters::USUAL).map(|_| ());
            assert_eq!(outcome, Err(WriteError::Envelope { field }));
        }
    }

    #[test]
    fn a_set_outside_a_group_is_refused() {
        let mut writer = InterchangeWriter::new(&header(), Delimiters::USUAL).expect("a header");
        assert_eq!(writer.set("270", |_| ()), Err(WriteError::NoGroup));
    }
}
