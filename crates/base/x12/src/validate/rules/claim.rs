//! Rules of the professional and institutional claim (837P, 837I).

use rust_decimal::Decimal;

use super::coordination::Coordination;
use super::{Rules, amount, dependent_missing};
use crate::syntax::Segment;
use crate::validate::{ElementFault, Mark, SegmentFault, Sink};

/// State of the rules: the subscriber, the open claim and the open line.
#[derive(Debug)]
pub(super) struct ClaimRules {
    institutional: bool,
    subscriber: Subscriber,
    claim: Option<Claim>,
    coordination: Coordination,
}

#[derive(Debug, Default)]
struct Subscriber {
    hl: Option<Mark>,
    sbr: Option<Mark>,
    /// SBR02 is 18.
    is_patient: bool,
    payer_responsibility: String,
    has_address: bool,
    has_demographics: bool,
    claims: u32,
    dependents: u32,
}

#[derive(Debug)]
struct Claim {
    mark: Mark,
    charge: Decimal,
    lines_charge: Decimal,
    lines: u64,
    diagnoses: usize,
    /// Whether the first diagnosis list is ICD-10.
    icd10: Option<bool>,
    /// CLM05-3 says that the claim replaces or voids an earlier one.
    corrects: bool,
    payer_control_number: bool,
    accident: bool,
    accident_date: bool,
    inpatient: bool,
    admission_date: bool,
}

impl ClaimRules {
    pub(super) fn professional() -> Self {
        Self {
            institutional: false,
            subscriber: Subscriber::default(),
            claim: None,
            coordination: Coordination::default(),
        }
    }

    pub(super) fn institutional() -> Self {
        Self {
            institutional: true,
            ..Self::professional()
        }
    }

    fn subscriber_segment(&mut self, segment: &Segment<'_>, mark: Mark) {
        let subscriber = &mut self.subscriber;
        match (mark.loop_id, segment.id()) {
            ("2000B", "HL") => {
                *subscriber = Subscriber {
                    hl: Some(mark),
                    ..Subscriber::default()
                }
            }
            ("2000B", "SBR") => {
                subscriber.sbr = Some(mark);
                subscriber.is_patient = segment.get(2) == "18";
                subscriber.payer_responsibility = segment.get(1).to_owned();
            }
            ("2010BA", "N4") => subscriber.has_address = true,
            ("2010BA", "DMG") => subscriber.has_demographics = true,
            ("2000C", "HL") => subscriber.dependents += 1,
            _ => {}
        }
    }

    fn begin_claim(&mut self, clm: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        self.coordination
            .begin_claim(&self.subscriber.payer_responsibility, amount(clm.get(2)));
        if self.subscriber.dependents == 0 {
            self.subscriber.claims += 1;
        }
        let causes = [clm.component(11, 1), clm.component(11, 2)];
        if causes.contains(&"AA") && [4, 5].map(|part| clm.component(11, part)) == ["", ""] {
            let message = "a car accident needs the state or country where it happened";
            let fault = ElementFault::ConditionalMissing;
            sink.element(mark.component(11, 4), fault, "accident-place", message);
        }
        let bill_type = clm.component(5, 1);
        self.claim = Some(Claim {
            mark,
            charge: amount(clm.get(2)),
            lines_charge: Decimal::ZERO,
            lines: 0,
            diagnoses: 0,
            icd10: None,
            corrects: matches!(clm.component(5, 3), "7" | "8"),
            payer_control_number: false,
            accident: causes.contains(&"AA") || causes.contains(&"OA"),
            accident_date: false,
            inpatient: self.institutional && matches!(bill_type, "11" | "12" | "18" | "21"),
            admission_date: false,
        });
    }
}

impl Rules for ClaimRules {
    fn segment(&mut self, segment: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        match segment.id() {
            "CLM" => self.begin_claim(segment, mark, sink),
            "NM1" => check_person_identifier(segment, mark, sink),
            "N4" if mark.loop_id == "2010AA" => warn_short_zip(segment, mark, sink),
            _ => {}
        }
        self.subscriber_segment(segment, mark);
        let Some(claim) = &mut self.claim else { return };
        match (mark.loop_id, segment.id()) {
            ("2300", "HI") => claim.diagnosis_codes(segment, mark, sink),
            ("2300", "REF") => claim.payer_control_number |= segment.get(1) == "F8",
            ("2300", "DTP") => {
                claim.accident_date |= segment.get(1) == "439";
                claim.admission_date |= segment.get(1) == "435";
            }
            ("2330B", "REF") => claim.payer_control_number |= segment.get(1) == "F8",
            ("2400", "LX") => claim.line_number(segment, mark, sink),
            ("2400", "SV1") => {
                claim.lines_charge += amount(segment.get(2));
                claim.pointers(segment, mark, sink);
            }
            ("2400", "SV2") => claim.lines_charge += amount(segment.get(3)),
            _ => {}
        }
        self.coordination.segment(segment, mark, sink);
    }

    fn leave(&mut self, loop_id: &'static str, sink: &mut Sink) {
        match loop_id {
            "2300" => {
                if let Some(claim) = self.claim.take() {
                    claim.check(self.institutional, sink);
                }
                self.coordination.leave(loop_id, sink);
            }
            "2000B" => self.subscriber.check(sink),
            _ => self.coordination.leave(loop_id, sink),
        }
    }
}

impl Claim {
    /// Diagnosis lists: count what SV107 may point at, and keep to one revision of the ICD.
    fn diagnosis_codes(&mut self, hi: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        let icd10 = match hi.component(1, 1) {
            "ABK" | "ABF" | "ABJ" | "ABN" | "APR" => true,
            "BK" | "BF" | "BJ" | "BN" | "PR" => false,
            _ => return,
        };
        if matches!(hi.component(1, 1), "ABK" | "BK") {
            self.diagnoses = hi.elements().filter(|element| !element.is_empty()).count();
        }
        for (index, element) in hi
            .elements()
            .enumerate()
            .filter(|(_, code)| !code.is_empty())
        {
            let this = element.component(1).len() == 3 || element.component(1) == "APR";
            if *self.icd10.get_or_insert(icd10) != this {
                let message = "one claim uses one revision of the ICD, not two";
                let at = mark.component(index + 1, 1);
                sink.element(at, ElementFault::InvalidValue, "icd-revision", message);
            }
        }
    }

    /// LX01 counts the lines of the claim from 1.
    fn line_number(&mut self, lx: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        self.lines += 1;
        if lx.get(1).parse() != Ok(self.lines) {
            let message = "the service lines of a claim are numbered from 1 without gaps";
            sink.element(
                mark.element(1),
                ElementFault::InvalidValue,
                "line-number",
                message,
            );
        }
    }

    /// SV107 points at diagnoses that the claim has.
    fn pointers(&mut self, sv1: &Segment<'_>, mark: Mark, sink: &mut Sink) {
        for (index, pointer) in sv1.element(7).components().enumerate() {
            let dangling = match pointer.parse::<usize>() {
                Ok(number) => number == 0 || number > self.diagnoses,
                Err(_) => false,
            };
            if dangling {
                let message = "the pointer names a diagnosis that the claim does not have";
                let at = mark.component(7, index + 1);
                sink.element(at, ElementFault::InvalidValue, "diagnosis-pointer", message);
            }
        }
    }

    fn check(&self, institutional: bool, sink: &mut Sink) {
        if self.charge != self.lines_charge && self.lines > 0 {
            let message = "the claim charge is not the sum of its line charges";
            sink.element(
                self.mark.element(2),
                ElementFault::Pattern,
                "claim-total",
                message,
            );
        }
        if self.corrects && !self.payer_control_number {
            let why = "a replacement or void needs the payer's claim number (REF*F8)";
            dependent_missing(self.mark, "REF", "payer-control-number", why, sink);
        }
        if self.accident && !self.accident_date && !institutional {
            let why = "a claim related to an accident needs the accident date (DTP*439)";
            dependent_missing(self.mark, "DTP", "accident-date", why, sink);
        }
        if self.inpatient && !self.admission_date {
            let why = "an inpatient claim needs the admission date (DTP*435)";
            dependent_missing(self.mark, "DTP", "admission-date", why, sink);
        }
    }
}

impl Subscriber {
    /// Either the subscriber is the patient (SBR02 = 18) and described as such, or dependents are.
    fn check(&self, sink: &mut Sink) {
        let (Some(hl), Some(sbr)) = (self.hl, self.sbr) else {
            return;
        };
        if !self.is_patient && self.claims > 0 {
            let message = "the subscriber has claims, so that the relationship must be 18 (self)";
            let fault = ElementFault::ConditionalMissing;
            sink.element(sbr.element(2), fault, "subscriber-is-patient", message);
        }
        if !self.is_patient && self.claims == 0 && self.dependents == 0 {
            let why = "the patient loop is missing: the subscriber is not the patient";
            let at = Mark::new(hl.position, "HL", "2000C");
            sink.segment(at, SegmentFault::DependentMissing, "patient-loop", why);
        }
        if self.is_patient && self.dependents > 0 {
            let message = "the subscriber is the patient, and yet a dependent follows";
            sink.element(
                sbr.element(2),
                ElementFault::InvalidValue,
                "subscriber-is-patient",
                message,
            );
        }
        for (present, segment) in [(self.has_address, "N4"), (self.has_demographics, "DMG")] {
            if self.is_patient && !present {
                let why = "a subscriber who is the patient needs an address, birth date and gender";
                let at = Mark::new(sbr.position, segment, "2010BA");
                dependent_missing(at, segment, "patient-demographics", why, sink);
            }
        }
    }
}

/// A subscriber who is a person has a member identifier.
fn check_person_identifier(nm1: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    if nm1.get(1) == "IL" && nm1.get(2) == "1" && nm1.get(9).is_empty() {
        let message = "a subscriber who is a person needs a member identifier";
        sink.element(
            mark.element(9),
            ElementFault::ConditionalMissing,
            "member-id",
            message,
        );
    }
}

/// The billing provider's ZIP code has nine digits; many payers still take five.
fn warn_short_zip(n4: &Segment<'_>, mark: Mark, sink: &mut Sink) {
    if n4.get(3).len() == 5 && matches!(n4.get(4), "" | "US") {
        let message = "the billing provider's ZIP code should have nine digits";
        sink.warn(mark.element(3), "billing-zip", message);
    }
}
