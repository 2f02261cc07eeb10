//! One fault at a time: every mutant of a good document is refused, and the right place is named.

use mt_x12::{Options, Severity, validate};

use crate::documents;

/// A single change to a document. Segments are found by how they begin.
#[derive(Debug)]
enum Edit {
    /// In the first such segment, replaces a part of its text.
    Change(&'static str, &'static str, &'static str),
    /// Removes the first such segment.
    Delete(&'static str),
    /// Adds a segment after the first such segment.
    Insert(&'static str, &'static str),
}
use Edit::{Change, Delete, Insert};

impl Edit {
    /// Applies the change; SE01 is kept right, so that the count is not a second fault.
    fn apply(&self, text: &str) -> String {
        let mut segments: Vec<String> = text.split_terminator('~').map(str::to_owned).collect();
        let (&Change(start, ..) | &Delete(start) | &Insert(start, _)) = &self;
        let at = segments
            .iter()
            .position(|segment| segment.starts_with(start));
        let at = at.unwrap_or_else(|| panic!("no segment {start} in {text}"));
        match self {
            Change(_, from, to) => {
                assert!(segments[at].contains(from), "{self:?} in {}", segments[at]);
                segments[at] = segments[at].replacen(from, to, 1);
            }
            Delete(_) => {
                segments.remove(at);
            }
            Insert(_, segment) => segments.insert(at + 1, (*segment).to_owned()),
        }
        if !matches!(self, Change("SE*", ..)) {
            let st = segments
                .iter()
                .position(|one| one.starts_with("ST*"))
                .expect("ST");
            let se = segments
                .iter()
                .position(|one| one.starts_with("SE*"))
                .expect("SE");
            segments[se] = format!("SE*{}*0001", se - st + 1);
        }
        segments
            .iter()
            .map(|segment| format!("{segment}~"))
            .collect()
    }
}

/// What changes, where the first error must stand, and its acknowledgement code.
type Mutant = (Edit, &'static str, &'static str, &'static str);

fn check(document: &str, mutants: &[Mutant]) {
    let (_, text) = documents::all()
        .into_iter()
        .find(|(name, _)| *name == document)
        .expect("a document of this name");
    for (edit, loop_id, reference, code) in mutants {
        let broken = edit.apply(&text);
        let report = validate(broken.as_bytes(), Options::default()).expect("readable");
        let found: Vec<_> = report
            .issues()
            .filter(|issue| issue.severity == Severity::Error)
            .collect();
        let places: Vec<_> = found
            .iter()
            .map(|issue| {
                (
                    issue.location.loop_id,
                    issue.location.reference(),
                    issue.fault.code(),
                )
            })
            .collect();
        let expected = (*loop_id, (*reference).to_owned(), *code);
        assert!(
            places.contains(&expected),
            "{document} {edit:?}: {expected:?} not in {places:?}"
        );
        // Without the segment that opens a loop, its other segments have no place either.
        let most = if matches!(edit, Delete(_)) { 8 } else { 4 };
        assert!(
            places.len() <= most,
            "{document} {edit:?}: one fault, many errors: {places:?}"
        );
    }
}

/// Faults of the envelopes, the same for every transaction set.
const ENVELOPE: &[Mutant] = &[
    (Change("SE*", "SE*", "SE*9"), "", "SE01", "4"),
    (Change("SE*", "*0001", "*0002"), "", "SE02", "3"),
    (Change("GE*", "GE*1", "GE*2"), "", "GE01", "5"),
    (Change("GE*", "*905", "*906"), "", "GE02", "4"),
    (Change("IEA*", "IEA*1", "IEA*2"), "", "IEA01", "021"),
    (
        Change("IEA*", "*000000905", "*000000906"),
        "",
        "IEA02",
        "001",
    ),
    (Change("ISA*", "*260601*", "*260631*"), "", "ISA09", "014"),
    (Delete("GE*"), "", "GE", "3"),
    (Delete("IEA*"), "", "IEA", "023"),
    (Insert("BHT*", "ZZZ*1"), "set", "ZZZ", "1"),
];

#[test]
fn every_envelope_fault_is_refused_at_its_element() {
    for document in [
        "270",
        "271",
        "276",
        "277",
        "277CA",
        "278 request",
        "837P",
        "837I",
    ] {
        check(document, ENVELOPE);
    }
    check("835", &ENVELOPE[..9]);
}

#[test]
fn every_professional_claim_mutant_is_refused_at_its_element() {
    check(
        "837P",
        &[
            (
                Change("NM1*85", "1234567893", "1234567890"),
                "2010AA",
                "NM109",
                "7",
            ),
            (
                Change("NM1*82", "1245319599", "1245319598"),
                "2310B",
                "NM109",
                "7",
            ),
            (Change("SV1*", "**1:2", "**1:3"), "2400", "SV107-2", "7"),
            (Change("SV1*", "**1:2", "**0:2"), "2400", "SV107-1", "7"),
            (
                Change("CLM*", "*199.5*", "*199.49*"),
                "2300",
                "CLM02",
                "I12",
            ),
            (Change("HL*2", "HL*2*1", "HL*2*2"), "2000B", "HL02", "7"),
            (Change("HL*2", "HL*2*", "HL*3*"), "2000B", "HL01", "7"),
            (Change("HL*2", "*0", "*1"), "2000B", "HL04", "7"),
            (Delete("BHT"), "set", "BHT", "3"),
            (Delete("PER*IC"), "1000A", "PER", "3"),
            (Delete("NM1*40"), "1000B", "NM1", "3"),
            (Delete("N3*100 MAIN"), "2010AA", "N3", "3"),
            (Delete("N4*COLUMBUS"), "2010AA", "N4", "3"),
            (Delete("REF*EI"), "2010AA", "REF", "3"),
            (Delete("SBR"), "2000B", "SBR", "3"),
            (Delete("NM1*PR"), "2010BB", "NM1", "3"),
            (Delete("DMG"), "2010BA", "DMG", "I6"),
            (Delete("HI*"), "2300", "HI", "3"),
            (Delete("SV1*"), "2400", "SV1", "3"),
            (Delete("DTP*472"), "2400", "DTP", "3"),
            (
                Change("DTP*472", "20260520", "20260230"),
                "2400",
                "DTP03",
                "8",
            ),
            (
                Change("DMG", "19850515", "19851315"),
                "2010BA",
                "DMG02",
                "8",
            ),
            (Change("DMG", "*F", "*X"), "2010BA", "DMG03", "7"),
            (
                Change("CLM*", "*11:B:1*", "*98:B:1*"),
                "2300",
                "CLM05-1",
                "7",
            ),
            (
                Change("CLM*", "*11:B:1*", "*11>B>1*"),
                "2300",
                "CLM05-2",
                "1",
            ),
            (Change("CLM*", "*11:B:1*", "*11:B:7*"), "2300", "REF", "I6"),
            (Change("N4*COLUMBUS", "*OH*", "*ZZ*"), "2010AA", "N402", "7"),
            (Change("SV1*", "*150*", "*15O*"), "2400", "SV102", "6"),
            (
                Change("NM1*IL", "JANE", "JANEJANEJANEJANEJANEJANEJANEJANEJANEJANE"),
                "2010BA",
                "NM104",
                "5",
            ),
            (Change("REF*6R", "L1", "L1\u{7}"), "2400", "REF02", "6"),
            (Change("LX*2", "LX*2", "LX*3"), "2400", "LX01", "7"),
            (Change("HI*", "ABF:I10", "BF:4019"), "2300", "HI02-1", "7"),
            (Change("SBR*", "*18*", "**"), "2000B", "SBR02", "2"),
            (
                Change("PER*IC", "*TE*5551234567", "*TE"),
                "1000A",
                "PER04",
                "1",
            ),
            (
                Change("N4*COLUMBUS", "432151234", "4321512"),
                "2010AA",
                "N403",
                "7",
            ),
            (
                Change("PRV*BI", "207Q00000X", "207Q"),
                "2000A",
                "PRV03",
                "7",
            ),
            (Change("HI*", "J209", "J20.9"), "2300", "HI01-2", "7"),
            (Change("SV1*", "99213", "9921"), "2400", "SV101-2", "7"),
            (
                Change("CLM*", "*A*Y*Y", "*A*Y*Y**AA"),
                "2300",
                "CLM11-4",
                "2",
            ),
            (Insert("CLM*", "PWK*OZ*AB"), "2300", "PWK02", "7"),
            (Insert("CLM*", "DTP*999*D8*20260520"), "2300", "DTP01", "7"),
            (Insert("DTP*472", "DTP*472*D8*20260520"), "2400", "DTP", "5"),
            (Insert("BHT*", "SV1*HC:99213*1*UN*1***1"), "set", "SV1", "2"),
        ],
    );
}

#[test]
fn mutants_of_a_claim_with_dependent_and_other_payer_are_refused() {
    check(
        "837P child",
        &[
            (Change("HL*3", "HL*3*2", "HL*3*1"), "2000C", "HL02", "7"),
            (Change("HL*2", "*1*22*1", "*1*22*0"), "2000B", "HL04", "7"),
            (Change("SBR*S", "SBR*S*", "SBR*S*18"), "2000B", "SBR02", "7"),
            (Change("SBR*P", "SBR*P", "SBR*S"), "2320", "SBR01", "7"),
            (Delete("PAT"), "2000C", "PAT", "3"),
            (Delete("OI*"), "2320", "OI", "3"),
            (Insert("SBR*P", "CAS*PR*1*100"), "2320", "AMT02", "I12"),
            (Change("PAT", "*19", "*18"), "2000C", "PAT01", "7"),
            (
                Insert("REF*6R", "SVD*PAYER99*150*HC:99213**1"),
                "2430",
                "SVD01",
                "7",
            ),
        ],
    );
}

#[test]
fn every_institutional_claim_mutant_is_refused_at_its_element() {
    check(
        "837I",
        &[
            (
                Change("NM1*85", "1234567893", "1234567890"),
                "2010AA",
                "NM109",
                "7",
            ),
            (
                Change("NM1*71", "1245319599", "1245319591"),
                "2310A",
                "NM109",
                "7",
            ),
            (
                Change("CLM*", "*1580.25*", "*1580.26*"),
                "2300",
                "CLM02",
                "I12",
            ),
            (Change("HL*2", "HL*2*1", "HL*2*2"), "2000B", "HL02", "7"),
            (Change("CLM*", "11:A:1", "111:A:1"), "2300", "CLM05-1", "5"),
            (Change("CLM*", "11:A:1", "11:B:1"), "2300", "CLM05-2", "7"),
            (Change("CLM*", "11:A:1", "11:A:8"), "2300", "REF", "I6"),
            (Delete("DTP*434"), "2300", "DTP", "3"),
            (Delete("DTP*435"), "2300", "DTP", "I6"),
            (Delete("CL1"), "2300", "CL1", "3"),
            (Delete("HI*ABK"), "2300", "HI", "3"),
            (Delete("SV2"), "2400", "SV2", "3"),
            (
                Change("DTP*434", "20260520-20260525", "20260525-20260520"),
                "2300",
                "DTP03",
                "8",
            ),
            (
                Change("DTP*435", "202605201200", "202605202500"),
                "2300",
                "DTP03",
                "9",
            ),
            (Change("SV2*", "*DA*", "*MJ*"), "2400", "SV204", "7"),
            (Change("SV2*", "SV2*0120", "SV2*12A0"), "2400", "SV201", "7"),
            (Change("SV2*", "*1500*", "*15 00*"), "2400", "SV203", "6"),
            (Change("HI*ABK", "Y", "Q"), "2300", "HI01-9", "7"),
            (Change("NM1*IL", "MBR0001", ""), "2010BA", "NM109", "2"),
            (
                Change("SBR*", "******CI", "**12****CI"),
                "2000B",
                "SBR05",
                "I10",
            ),
            (Change("HI*BBR", ":D8:20260521", ""), "2300", "HI01-3", "1"),
            (
                Insert("DTP*434", "SV1*HC:99213*1*UN*1***1"),
                "2300",
                "SV1",
                "1",
            ),
        ],
    );
}

#[test]
fn every_remittance_mutant_is_refused_at_its_element() {
    check(
        "835",
        &[
            (
                Change("BPR*", "*445.25*", "*445.26*"),
                "set",
                "BPR02",
                "I12",
            ),
            (Change("CLP*", "*450*", "*449*"), "2100", "CLP04", "I12"),
            (Change("SVC*", "*250*", "*251*"), "2110", "SVC03", "I12"),
            (Change("CAS*", "*45*30", "*45*31"), "2110", "SVC03", "I12"),
            (Change("PLB*", "*4.75", "*4.76"), "set", "BPR02", "I12"),
            (
                Change("N1*PE", "1234567893", "1234567894"),
                "1000B",
                "N104",
                "7",
            ),
            (Change("CLP*", "*1*500", "*9*500"), "2100", "CLP02", "7"),
            (Change("CAS*CO", "CAS*CO", "CAS*XX"), "2110", "CAS01", "7"),
            (Change("CAS*CO", "*45*", "*4X5*"), "2110", "CAS02", "7"),
            (Delete("TRN"), "set", "TRN", "3"),
            (Delete("N1*PE"), "1000B", "N1", "3"),
            (Delete("PER*BL"), "1000A", "PER", "3"),
            (Delete("NM1*QC"), "2100", "NM1", "3"),
            (
                Change("BPR*", "*20260601", "*20260631"),
                "set",
                "BPR16",
                "8",
            ),
            (Change("BPR*", "*987654321*", "**"), "set", "BPR09", "2"),
            (
                Change("TRN*", "*1512345678", "*151234567"),
                "set",
                "TRN03",
                "4",
            ),
            (Change("LQ*", "N130", "130"), "2110", "LQ02", "7"),
            (
                Change("SVC*", "HC:99213", "ZZ:99213"),
                "2110",
                "SVC01-1",
                "7",
            ),
        ],
    );
}

#[test]
fn every_eligibility_mutant_is_refused_at_its_element() {
    check(
        "270",
        &[
            (
                Change("NM1*1P", "1234567893", "1234567894"),
                "2100B",
                "NM109",
                "7",
            ),
            (Change("HL*3", "HL*3*2", "HL*3*1"), "2000C", "HL02", "7"),
            (Change("HL*2", "HL*2*1", "HL*2*9"), "2000B", "HL02", "7"),
            (Change("HL*3", "*22*", "*29*"), "2000C", "HL03", "7"),
            (Change("HL*3", "*0", "*1"), "2000C", "HL04", "7"),
            (Change("EQ*30", "EQ*30", "EQ*Z9"), "2110C", "EQ01", "7"),
            (Change("EQ*30", "EQ*30^98", "EQ"), "2110C", "EQ01", "2"),
            (Delete("NM1*PR"), "2100A", "NM1", "3"),
            (Delete("NM1*IL"), "2100C", "NM1", "3"),
            (Change("DMG", "19850515", "19850532"), "2100C", "DMG02", "8"),
            (Change("DTP*291", "D8", "RD8"), "2100C", "DTP03", "8"),
            (Change("BHT*", "*13*", "*15*"), "set", "BHT02", "7"),
            (
                Change("NM1*PR", "*EXAMPLE HEALTH PLAN", "*"),
                "2100A",
                "NM103",
                "1",
            ),
            (
                Change("NM1*1P", "CLINIC*", "CLINIC*ANNA"),
                "2100B",
                "NM104",
                "I10",
            ),
            (Insert("NM1*IL", "REF*SY*1~REF*SY*2"), "2100C", "REF01", "7"),
            (Change("TRN*", "*9MEDITRACK", "*MED"), "2000C", "TRN03", "4"),
            (
                Change("NM1*PR", "*PI*PAYER01", "*PI"),
                "2100A",
                "NM109",
                "1",
            ),
        ],
    );
    check(
        "271",
        &[
            (Change("EB*B", "*25.5*", "**"), "2110C", "EB07", "2"),
            (Change("EB*A", "*0.2", "*20"), "2110C", "EB08", "I12"),
            (Change("EB*1", "EB*1", "EB*9"), "2110C", "EB01", "7"),
            (Delete("LE*"), "2110C", "LE", "I6"),
            (Delete("LS*"), "2120C", "LS", "I6"),
            (Insert("NM1*IL", "REF*SY*1~REF*SY*2"), "2100C", "REF01", "7"),
        ],
    );
    check(
        "271 not found",
        &[
            (Change("AAA", "*75*", "*99*"), "2100C", "AAA03", "7"),
            // A code for dependents, on the subscriber.
            (Change("AAA", "*75*", "*67*"), "2100C", "AAA03", "7"),
            (Delete("AAA"), "2000C", "EB", "I6"),
        ],
    );
}

#[test]
fn every_status_mutant_is_refused_at_its_element() {
    check(
        "276",
        &[
            (
                Change("NM1*1P", "1234567893", "1234567894"),
                "2100C",
                "NM109",
                "7",
            ),
            (Change("HL*4", "HL*4*3", "HL*4*2"), "2000D", "HL02", "7"),
            (Delete("DMG"), "2000D", "DMG", "I6"),
            (Delete("NM1*41"), "2100B", "NM1", "3"),
            (Change("AMT*T3", "150", "1x0"), "2200D", "AMT02", "6"),
        ],
    );
    check(
        "277",
        &[
            (Change("SVC*", "****1", ""), "2220D", "SVC07", "1"),
            (
                Change("STC*F1:65*", "F1:65*", "F1:65::RZ*"),
                "2200D",
                "STC01-4",
                "7",
            ),
            (Change("TRN*", "TRN*2", "TRN*3"), "2200D", "TRN01", "7"),
            (
                Change("SE*", "SE*", "HL*5*3*22*0~NM1*IL*1*ROE*ANN****MI*MBR2~SE*"),
                "2000D",
                "STC",
                "I6",
            ),
        ],
    );
    check(
        "277CA",
        &[
            (
                Change("STC*A1:20*", "*250", "*251"),
                "2200B",
                "STC04",
                "I12",
            ),
            (
                Change("STC*A7", "STC*A7", "STC*F1"),
                "2200D",
                "STC01-1",
                "7",
            ),
            (Change("STC*A2", "*WQ*", "*XX*"), "2200D", "STC03", "7"),
            (
                Change("STC*A7:562", "A7:562", "A7:562:36"),
                "2200D",
                "STC01-3",
                "7",
            ),
            (Delete("DTP*050"), "2200A", "DTP", "3"),
        ],
    );
}

#[test]
fn every_review_mutant_is_refused_at_its_element() {
    check(
        "278 request",
        &[
            (
                Change("NM1*1P", "1234567893", "1234567894"),
                "2010B",
                "NM109",
                "7",
            ),
            (Change("HL*5", "HL*5*4", "HL*5*3"), "2000F", "HL02", "7"),
            (Change("HL*4", "HL*4*3", "HL*4*1"), "2000E", "HL02", "7"),
            (Change("HL*4", "*EV*1", "*EV*0"), "2000E", "HL04", "7"),
            (Delete("UM*"), "2000E", "UM", "3"),
            (Delete("NM1*IL"), "2010C", "NM1", "3"),
            (Change("BHT*", "BHT*0007", "BHT*0078"), "set", "BHT01", "7"),
            (Change("UM*", "UM*HS", "UM*XX"), "2000E", "UM01", "7"),
            (
                Change("DTP*AAH", "20260610", "20260631"),
                "2000E",
                "DTP03",
                "8",
            ),
            (Change("DMG", "*F", "*Q"), "2010C", "DMG03", "7"),
            (Change("HI*", "ABK", "XYZ"), "2000E", "HI01-1", "7"),
            (Change("HI*", "M545", "M54.5"), "2000E", "HI01-2", "7"),
        ],
    );
    check(
        "278 response",
        &[
            (Change("HCR*", "HCR*A1", "HCR*Z1"), "2000E", "HCR01", "7"),
            (Change("HCR*", "*AUTH777", ""), "2000E", "HCR02", "2"),
            (Change("BHT*", "*18", "*17"), "set", "BHT06", "7"),
        ],
    );
}
