//! The built-in profile: what the standard requires of every sender, version by version alike.

use super::DataType;
use super::DataType::{Dtm, Nm, Si, Tm};
use super::profile::{Binding, FieldRule, Profile, SegmentRule, Usage};
use super::tables::{self, Table};

/// Segment, field, usage, type, table.
type Row = (&'static str, u16, Usage, Option<DataType>, Option<Table>);

use Usage::{O, R};

/// Field rules, grouped by segment.
const ROWS: &[Row] = &[
    ("MSH", 7, O, Some(Dtm), None),
    ("MSH", 9, R, None, None),
    ("MSH", 10, R, None, None),
    ("MSH", 11, R, None, Some(tables::PROCESSING)),
    ("MSH", 12, R, None, None),
    ("MSH", 13, O, Some(Nm), None),
    ("MSH", 15, O, None, Some(tables::ACKNOWLEDGE)),
    ("MSH", 16, O, None, Some(tables::ACKNOWLEDGE)),
    ("MSA", 1, R, None, Some(tables::ACKNOWLEDGEMENT)),
    ("MSA", 2, R, None, None),
    ("EVN", 2, R, Some(Dtm), None),
    ("PID", 1, O, Some(Si), None),
    ("PID", 3, R, None, None),
    ("PID", 5, R, None, None),
    ("PID", 7, O, Some(Dtm), None),
    ("PID", 8, O, None, Some(tables::SEX)),
    ("PID", 24, O, None, Some(tables::YES_NO)),
    ("PID", 29, O, Some(Dtm), None),
    ("PID", 30, O, None, Some(tables::YES_NO)),
    ("MRG", 1, R, None, None),
    ("PV1", 1, O, Some(Si), None),
    ("PV1", 2, R, None, Some(tables::PATIENT_CLASS)),
    ("PV1", 44, O, Some(Dtm), None),
    ("PV1", 45, O, Some(Dtm), None),
    ("AL1", 3, R, None, None),
    ("NTE", 1, O, Some(Si), None),
    ("ORC", 1, R, None, Some(tables::ORDER_CONTROL)),
    ("ORC", 9, O, Some(Dtm), None),
    ("OBR", 1, O, Some(Si), None),
    ("OBR", 4, R, None, None),
    ("OBR", 7, O, Some(Dtm), None),
    ("OBR", 22, O, Some(Dtm), None),
    ("OBR", 25, O, None, Some(tables::ORDER_RESULT_STATUS)),
    ("OBX", 1, O, Some(Si), None),
    ("OBX", 2, O, None, Some(tables::VALUE_TYPE)),
    ("OBX", 3, R, None, None),
    ("OBX", 5, O, None, None),
    ("OBX", 11, R, None, Some(tables::RESULT_STATUS)),
    ("OBX", 14, O, Some(Dtm), None),
    ("TQ1", 4, O, Some(Tm), None),
    ("TQ1", 7, O, Some(Dtm), None),
    ("TQ1", 8, O, Some(Dtm), None),
    ("SCH", 6, R, None, None),
    ("RGS", 1, R, Some(Si), None),
    ("RGS", 2, O, None, Some(tables::ACTION)),
    ("AIS", 3, R, None, None),
    ("AIS", 4, O, Some(Dtm), None),
    ("TXA", 2, R, None, None),
    ("TXA", 4, O, Some(Dtm), None),
    ("TXA", 12, R, None, None),
    ("TXA", 17, R, None, None),
    ("RXE", 2, R, None, None),
    ("RXE", 3, R, Some(Nm), None),
    ("RXE", 5, R, None, None),
    ("RXD", 1, R, Some(Nm), None),
    ("RXD", 2, R, None, None),
    ("RXD", 3, R, Some(Dtm), None),
    ("RXD", 4, R, Some(Nm), None),
    ("RXA", 3, R, Some(Dtm), None),
    ("RXA", 5, R, None, None),
    ("RXA", 6, R, Some(Nm), None),
    ("RXA", 20, O, None, Some(tables::COMPLETION)),
    ("RXR", 1, R, None, None),
    ("FT1", 4, R, Some(Dtm), None),
    ("FT1", 6, R, None, Some(tables::TRANSACTION)),
    ("FT1", 7, R, None, None),
    ("FT1", 10, O, Some(Nm), None),
    ("DG1", 1, R, Some(Si), None),
    ("IN1", 2, R, None, None),
    ("IN1", 3, R, None, None),
];

/// Segments that a message of a type cannot do without.
const REQUIRED: &[(&str, &[&str])] = &[
    ("ADT", &["EVN", "PID"]),
    ("ORM", &["ORC"]),
    ("OML", &["ORC"]),
    ("OMG", &["ORC", "OBR"]),
    ("ORU", &["OBR"]),
    ("SIU", &["SCH"]),
    ("MDM", &["EVN", "PID", "TXA"]),
    ("VXU", &["PID", "RXA"]),
    ("RDE", &["ORC", "RXE"]),
    ("RDS", &["ORC", "RXD"]),
    ("DFT", &["EVN", "PID", "FT1"]),
    ("ACK", &["MSA"]),
];

impl Profile {
    /// What the standard requires of a message with this code in MSH-9.1.
    #[must_use]
    pub fn standard(message_code: &str) -> Self {
        let mut profile = Self {
            name: format!("HL7 v2 {message_code}"),
            segments: Vec::new(),
        };
        for (segment, field, usage, data_type, table) in ROWS {
            let rule = FieldRule {
                field: *field,
                usage: *usage,
                data_type: *data_type,
                value_set: table.as_ref().map(codes).unwrap_or_default(),
                binding: table.as_ref().map(binding).unwrap_or_default(),
                ..FieldRule::default()
            };
            profile.rule(segment).fields.push(rule);
        }
        let required = REQUIRED.iter().find(|(code, _)| *code == message_code);
        for segment in required.map_or(&[][..], |(_, segments)| segments) {
            profile.rule(segment).usage = R;
        }
        profile
    }

    /// The rule for `segment`, added when there is none.
    fn rule(&mut self, segment: &str) -> &mut SegmentRule {
        let at = self
            .segments
            .iter()
            .position(|rule| rule.segment == segment);
        let at = at.unwrap_or_else(|| {
            self.segments.push(SegmentRule {
                segment: segment.to_owned(),
                ..SegmentRule::default()
            });
            self.segments.len() - 1
        });
        &mut self.segments[at]
    }
}

fn codes(table: &Table) -> Vec<String> {
    table.codes.iter().map(|code| (*code).to_owned()).collect()
}

fn binding(table: &Table) -> Binding {
    if table.extensible {
        Binding::Extensible
    } else {
        Binding::Required
    }
}
