//! The envelopes: headers, trailers, control numbers and counts, with TA1, AK905 and IK502 codes.

use super::set::SetValidator;
use super::{Fault, GroupReport, InterchangeReport, Mark, SetReport, Validator, dates};
use crate::syntax::Segment;

/// Interchange identifier qualifiers (ISA05, ISA07) of the guides.
const QUALIFIERS: [&str; 9] = ["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"];

impl Validator {
    pub(super) fn begin_interchange(&mut self, isa: &Segment<'_>) {
        if self.in_interchange {
            self.end_interchange(None);
        }
        self.in_interchange = true;
        self.groups_seen.clear();
        self.envelopes += 1;
        self.sink.numbers.interchange = isa.get(13).to_owned();
        let identity = |qualifier, id| {
            (
                isa.get(qualifier).to_owned(),
                isa.get(id).trim_end().to_owned(),
            )
        };
        self.report.interchanges.push(InterchangeReport {
            sender: identity(5, 6),
            receiver: identity(7, 8),
            timestamp: (isa.get(9).to_owned(), isa.get(10).to_owned()),
            version: isa.get(12).to_owned(),
            control_number: isa.get(13).to_owned(),
            acknowledgment_requested: isa.get(14) == "1",
            test: isa.get(15) == "T",
            ..InterchangeReport::default()
        });
        self.check_header(isa);
    }

    /// The elements of the ISA, each with its own TA1 note.
    fn check_header(&mut self, isa: &Segment<'_>) {
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let checks: [(usize, bool, &'static str, &str); 10] = [
            (
                1,
                matches!(isa.get(1), "00" | "03"),
                "010",
                "the authorization qualifier is not 00 or 03",
            ),
            (
                3,
                matches!(isa.get(3), "00" | "01"),
                "012",
                "the security qualifier is not 00 or 01",
            ),
            (
                5,
                QUALIFIERS.contains(&isa.get(5)),
                "005",
                "the sender qualifier is not one of the guides'",
            ),
            (
                6,
                !isa.get(6).trim().is_empty(),
                "006",
                "the sender is blank",
            ),
            (
                7,
                QUALIFIERS.contains(&isa.get(7)),
                "007",
                "the receiver qualifier is not one of the guides'",
            ),
            (
                8,
                !isa.get(8).trim().is_empty(),
                "008",
                "the receiver is blank",
            ),
            (
                9,
                dates::is_date(isa.get(9)),
                "014",
                "the interchange date does not exist",
            ),
            (
                10,
                dates::is_time(isa.get(10)),
                "015",
                "the interchange time does not exist",
            ),
            (
                13,
                numeric(isa.get(13)),
                "018",
                "the control number is not nine digits",
            ),
            (
                14,
                matches!(isa.get(14), "0" | "1"),
                "019",
                "the acknowledgment request is not 0 or 1",
            ),
        ];
        for (element, good, note, message) in checks {
            if !good {
                let mark = Mark::new(0, "ISA", "").element(element);
                self.sink
                    .envelope(mark, Fault::Interchange(note), "isa", message);
            }
        }
        if !matches!(isa.get(15), "P" | "T") {
            let mark = Mark::new(0, "ISA", "").element(15);
            let message = "the usage indicator is not P or T";
            self.sink
                .envelope(mark, Fault::Interchange("020"), "isa", message);
        }
        if !matches!(isa.get(12), "00501" | "00401") {
            let mark = Mark::new(0, "ISA", "").element(12);
            let message = "the interchange version is not 00501 (00401 is only split)";
            self.sink
                .envelope(mark, Fault::Interchange("017"), "isa-version", message);
        }
        self.keep_interchange_issues();
    }

    pub(super) fn end_interchange(&mut self, iea: Option<&Segment<'_>>) {
        if !self.in_interchange {
            return;
        }
        if self.in_group {
            self.end_group(None);
        }
        let groups = self
            .report
            .interchanges
            .last()
            .map_or(0, |found| found.groups.len());
        let mark = Mark::new(0, "IEA", "");
        match iea {
            None => {
                let message = "the interchange trailer is missing";
                self.sink
                    .envelope(mark, Fault::Interchange("023"), "iea-missing", message);
            }
            Some(iea) => {
                if iea.get(1).parse() != Ok(groups) {
                    let message = "the number of groups is not what the interchange holds";
                    let fault = Fault::Interchange("021");
                    self.sink
                        .envelope(mark.element(1), fault, "group-count", message);
                }
                if iea.get(2) != self.sink.numbers.interchange {
                    let message = "the control number differs from ISA13";
                    let fault = Fault::Interchange("001");
                    self.sink
                        .envelope(mark.element(2), fault, "interchange-control", message);
                }
            }
        }
        self.keep_interchange_issues();
        self.in_interchange = false;
        self.sink.numbers.interchange.clear();
    }

    pub(super) fn begin_group(&mut self, gs: &Segment<'_>) {
        if self.in_group {
            self.end_group(None);
        }
        self.in_group = true;
        self.sets_seen.clear();
        self.envelopes += 1;
        self.sink.numbers.group = gs.get(6).to_owned();
        if let Some(interchange) = self.report.interchanges.last_mut() {
            interchange.groups.push(GroupReport {
                functional_code: gs.get(1).to_owned(),
                sender: gs.get(2).to_owned(),
                receiver: gs.get(3).to_owned(),
                control_number: gs.get(6).to_owned(),
                version: gs.get(8).to_owned(),
                ..GroupReport::default()
            });
        }
        let mark = Mark::new(0, "GS", "");
        let number = gs.get(6);
        if number.is_empty() || number.len() > 9 || !number.bytes().all(|b| b.is_ascii_digit()) {
            let message = "the control number is not one to nine digits";
            self.sink
                .envelope(mark.element(6), Fault::Group("6"), "group-control", message);
        } else if !self.groups_seen.insert(number.to_owned()) {
            let message = "the control number is not unique in the interchange";
            self.sink.envelope(
                mark.element(6),
                Fault::Group("19"),
                "group-control",
                message,
            );
        }
        let party = |id: &str| (2..=15).contains(&id.trim_end().len());
        for (element, good) in [
            (1, gs.get(1).len() == 2),
            (2, party(gs.get(2))),
            (3, party(gs.get(3))),
            (4, dates::is_date(gs.get(4))),
            (5, dates::is_time(gs.get(5))),
            (7, gs.get(7) == "X"),
            (8, (1..=12).contains(&gs.get(8).len())),
        ] {
            if !good {
                let message = "the value does not have the form that the group header needs";
                self.sink
                    .envelope(mark.element(element), Fault::Group("6"), "gs", message);
            }
        }
        self.keep_group_issues();
    }

    pub(super) fn end_group(&mut self, ge: Option<&Segment<'_>>) {
        if self.set.is_some() {
            self.end_set(None);
        }
        if !self.in_group {
            return self.loose("GE");
        }
        let number = self.sink.numbers.group.clone();
        let mark = Mark::new(0, "GE", "");
        let Some(group) = self
            .report
            .interchanges
            .last_mut()
            .and_then(|i| i.groups.last_mut())
        else {
            return;
        };
        match ge {
            None => {
                let message = "the group trailer is missing";
                self.sink
                    .envelope(mark, Fault::Group("3"), "ge-missing", message);
            }
            Some(ge) => {
                group.declared_sets = ge.get(1).parse().ok();
                if ge.get(1).parse() != Ok(group.sets.len()) {
                    let message = "the number of transaction sets is not what the group holds";
                    self.sink
                        .envelope(mark.element(1), Fault::Group("5"), "set-count", message);
                }
                if ge.get(2) != number {
                    let message = "the control number differs from GS06";
                    self.sink.envelope(
                        mark.element(2),
                        Fault::Group("4"),
                        "group-control",
                        message,
                    );
                }
            }
        }
        self.keep_group_issues();
        self.in_group = false;
        self.sink.numbers.group.clear();
    }

    pub(super) fn begin_set(&mut self, st: &Segment<'_>) {
        if self.set.is_some() {
            self.end_set(None);
        }
        self.sink.errors = 0;
        self.sink.numbers.set = st.get(2).to_owned();
        let group = self
            .report
            .interchanges
            .last()
            .and_then(|found| found.groups.last());
        let (group_version, group_code) =
            group.map_or(("", ""), |group| (&group.version, &group.functional_code));
        let mut set = SetValidator::begin(st, group_version, group_code, &mut self.sink);
        if !self.in_group {
            let mark = Mark::new(1, "ST", "");
            let message = "the transaction set stands outside every functional group";
            self.sink
                .envelope(mark, Fault::Set("6"), "st-outside", message);
        }
        if !self.sets_seen.insert(st.get(2).to_owned()) {
            let mark = Mark::new(1, "ST", "").element(2);
            let message = "the control number is not unique in the group";
            self.sink
                .envelope(mark, Fault::Set("23"), "set-control", message);
        }
        set.segment(st, &mut self.sink);
        self.set = Some(set);
        self.envelopes += 1;
    }

    pub(super) fn end_set(&mut self, se: Option<&Segment<'_>>) {
        let Some(mut set) = self.set.take() else {
            return self.loose("SE");
        };
        let number = self.sink.numbers.set.clone();
        match se {
            None => {
                let mark = Mark::new(set.report.segments, "SE", "");
                let message = "the transaction set trailer is missing";
                self.sink
                    .envelope(mark, Fault::Set("2"), "se-missing", message);
            }
            Some(se) => {
                set.segment(se, &mut self.sink);
                let mark = Mark::new(set.report.segments, "SE", "");
                if se.get(1).parse() != Ok(set.report.segments) {
                    let message = "the number of segments is not what the set holds";
                    let fault = Fault::Set("4");
                    self.sink
                        .envelope(mark.element(1), fault, "segment-count", message);
                }
                if se.get(2) != number {
                    let message = "the control number differs from ST02";
                    self.sink
                        .envelope(mark.element(2), Fault::Set("3"), "set-control", message);
                }
            }
        }
        let mut report: SetReport = set.finish(&mut self.sink);
        report.issues = std::mem::take(&mut self.sink.issues);
        report.dropped = std::mem::take(&mut self.sink.dropped);
        report.errors = std::mem::take(&mut self.sink.errors);
        self.issues_left = self.issues_left.saturating_sub(report.issues.len());
        self.sink.limit = self.options.issues_per_set.min(self.issues_left);
        self.sink.numbers.set.clear();
        let group = self.report.interchanges.last_mut().and_then(|found| {
            if found.groups.is_empty() {
                found.groups.push(GroupReport::default());
            }
            found.groups.last_mut()
        });
        if let Some(group) = group {
            group.sets.push(report);
        }
    }

    /// A segment outside a transaction set: an acknowledgement, or something that has no place.
    pub(super) fn loose(&mut self, id: &str) {
        match self.report.interchanges.last_mut() {
            Some(interchange) if id == "TA1" && !self.in_group => interchange.acknowledgments += 1,
            _ => {
                let mark = Mark::new(0, id, "");
                let message = "the segment stands outside every transaction set";
                self.sink
                    .envelope(mark, Fault::Interchange("022"), "loose-segment", message);
                self.keep_interchange_issues();
            }
        }
    }

    fn keep_interchange_issues(&mut self) {
        if let Some(interchange) = self.report.interchanges.last_mut() {
            let room = self
                .options
                .issues_per_set
                .saturating_sub(interchange.issues.len());
            self.sink.issues.truncate(room);
            interchange.issues.append(&mut self.sink.issues);
        }
        self.sink.issues.clear();
    }

    fn keep_group_issues(&mut self) {
        let group = self
            .report
            .interchanges
            .last_mut()
            .and_then(|found| found.groups.last_mut());
        if let Some(group) = group {
            group.issues.append(&mut self.sink.issues);
        }
        self.sink.issues.clear();
    }
}
