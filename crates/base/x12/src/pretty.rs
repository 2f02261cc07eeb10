//! A printer for people: one segment per line, indented by envelope and loop.

use std::io::Read;

use crate::guide::Guide;
use crate::guide::walk::Walker;
use crate::syntax::{ReadError, Segment, SegmentReader};

/// Lays out an X12 file of any size, line by line: envelopes and loops indent, and loop
/// identifiers stand in the margin. Ends after the first error, which is whatever makes the rest
/// unreadable as X12.
pub fn pretty<R: Read>(input: R) -> impl Iterator<Item = Result<String, ReadError>> {
    Lines {
        reader: Some(SegmentReader::new(input)),
        printer: Printer::default(),
    }
}

struct Lines<R> {
    /// Absent after an error.
    reader: Option<SegmentReader<R>>,
    printer: Printer,
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Result<String, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.as_mut()?.next_segment() {
            Ok(segment) => Some(Ok(self.printer.line(&segment?))),
            Err(error) => {
                self.reader = None;
                Some(Err(error))
            }
        }
    }
}

#[derive(Default)]
struct Printer {
    version: String,
    walker: Option<Walker>,
    last_loop: &'static str,
}

impl Printer {
    fn line(&mut self, segment: &Segment<'_>) -> String {
        let indent = match segment.id() {
            "ISA" | "IEA" | "TA1" => 0,
            "GS" => {
                segment.get(8).clone_into(&mut self.version);
                1
            }
            "GE" => 1,
            "ST" => {
                self.begin_set(segment);
                2
            }
            _ => 2,
        };
        let (margin, depth) = self.place(segment);
        if segment.id() == "SE" {
            self.walker = None;
        }
        let indent = 2 * (indent + depth);
        let text = visible(segment.text());
        format!("{margin:>7} {:indent$}{text}", "")
    }

    fn begin_set(&mut self, st: &Segment<'_>) {
        let version = if st.get(3).is_empty() {
            self.version.as_str()
        } else {
            st.get(3)
        };
        self.walker = Guide::find(version, st.get(1)).map(Walker::new);
        self.last_loop = "";
    }

    /// What stands in the margin, and how deep the segment is indented within its set.
    fn place(&mut self, segment: &Segment<'_>) -> (&'static str, usize) {
        let Some(walker) = &mut self.walker else {
            return ("", 0);
        };
        let review_answer = (segment.id(), segment.get(1), segment.get(2)) == ("BHT", "0007", "11");
        if let Some(guide) = Guide::review_response().filter(|_| review_answer) {
            walker.switch_to(guide);
        }
        walker.place(segment, &mut Vec::new());
        let loop_id = if walker.loop_id() == "set" {
            ""
        } else {
            walker.loop_id()
        };
        let opens = loop_id != self.last_loop || segment.id() == "HL";
        self.last_loop = loop_id;
        (if opens { loop_id } else { "" }, walker.depth() - 1)
    }
}

/// Control characters must not reach a terminal.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_indent_and_are_named_in_the_margin() {
        let text = include_str!("../tests/data/270.edi");
        let lines: Result<Vec<_>, _> = pretty(text.as_bytes()).collect();
        let lines = lines.expect("readable");
        for line in [
            "  2000C           HL*3*2*22*0",
            "  2100C             NM1*IL*1*ROE*RICHARD****MI*MBR0001",
        ] {
            assert!(lines.iter().any(|found| found == line), "{lines:#?}");
        }
    }

    #[test]
    fn nothing_follows_an_error() {
        let text = include_str!("../tests/data/270.edi").replace("GS*", &"X".repeat(20_000));
        let mut lines = pretty(text.as_bytes());
        assert!(lines.by_ref().any(|line| line.is_err()));
        assert!(lines.next().is_none());
    }
}
