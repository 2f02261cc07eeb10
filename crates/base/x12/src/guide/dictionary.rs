//! The base standard's directories that the guides refer to: data elements, composites, segments.
//!
//! Only numbers, types and lengths. A guide line such as `NM1 R1 1R=85 …` gets its data elements
//! from here, which keeps the guides short and every length in one place.

use super::notation::NotationError;

/// The data types of the standard that the guides use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// A string.
    An,
    /// A code.
    Id,
    /// A whole number, with this many implied decimals (only `N0` and `N2` occur).
    N,
    /// A decimal number.
    R,
    /// A date, YYMMDD or CCYYMMDD by length.
    Dt,
    /// A time, HHMM, HHMMSS or with decimals.
    Tm,
}

/// One entry of the data element dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataElement {
    /// The data element number, e.g. `1035`, as IK403 reports it.
    pub number: &'static str,
    /// What may stand in it.
    pub kind: DataType,
    /// Fewest characters (digits for numbers).
    pub min: usize,
    /// Most characters (digits for numbers).
    pub max: usize,
}

/// The directory entry of a data element number.
pub(super) fn data_element(number: &'static str) -> Result<DataElement, NotationError> {
    let missing = || NotationError::unknown("data element", number);
    let line = DATA_ELEMENTS
        .split(';')
        .map(str::trim)
        .find(|line| line.split(' ').next() == Some(number))
        .ok_or_else(missing)?;
    let mut words = line.split(' ').skip(1);
    let kind = match words.next() {
        Some("AN") => DataType::An,
        Some("ID") => DataType::Id,
        Some("N0" | "N2") => DataType::N,
        Some("R") => DataType::R,
        Some("DT") => DataType::Dt,
        Some("TM") => DataType::Tm,
        _ => return Err(missing()),
    };
    let mut length = || {
        words
            .next()
            .and_then(|word| word.parse().ok())
            .ok_or_else(missing)
    };
    Ok(DataElement {
        number,
        kind,
        min: length()?,
        max: length()?,
    })
}

/// The data elements and composites of a segment, in order.
pub(super) fn segment(id: &'static str) -> Result<Vec<&'static str>, NotationError> {
    entry(SEGMENTS, id).ok_or_else(|| NotationError::unknown("segment", id))
}

/// The data elements of a composite, in order; `None` for a simple data element number.
pub(super) fn composite(id: &str) -> Option<Vec<&'static str>> {
    id.starts_with('C').then(|| entry(COMPOSITES, id)).flatten()
}

fn entry(directory: &'static str, id: &str) -> Option<Vec<&'static str>> {
    directory.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        (words.next() == Some(id)).then(|| words.collect())
    })
}

const DATA_ELEMENTS: &str = "
2 N0 1 6; 9 ID 2 3; 19 AN 2 30; 22 AN 1 30; 23 ID 1 1; 26 ID 2 3; 28 N0 1 9; 30 TM 4 4;
61 AN 1 30; 65 R 1 8; 66 ID 1 2; 67 AN 2 80; 81 R 1 10; 82 R 1 8; 93 AN 1 60; 96 N0 1 10;
97 N0 1 6; 98 ID 2 3; 100 ID 3 3; 102 ID 1 1; 107 ID 1 2; 116 ID 3 15; 118 R 1 9; 123 N0 1 6;
124 AN 2 15; 127 AN 1 50; 128 ID 2 3; 142 AN 2 15; 143 ID 3 3; 156 ID 2 2; 166 AN 1 55;
212 R 1 17; 234 AN 1 48; 235 ID 2 2; 236 ID 3 3; 280 R 4 10; 289 N0 1 2; 305 ID 1 2;
306 ID 1 2; 309 ID 1 2; 310 AN 1 30; 329 AN 4 9; 330 N0 1 6; 331 ID 2 2; 332 R 1 6; 337 TM 4 8;
338 R 1 6; 350 AN 1 20; 352 AN 1 80; 353 ID 2 2; 354 N0 1 6; 355 ID 2 2; 357 ID 2 2;
363 ID 3 3; 364 AN 1 256; 365 ID 2 2; 366 ID 2 2; 373 DT 8 8; 374 ID 3 3; 380 R 1 15;
426 ID 2 2; 429 AN 1 16; 443 AN 1 20; 447 AN 1 4; 449 AN 1 80; 455 ID 1 2; 478 ID 1 1; 479 ID 2 2;
480 AN 1 12; 481 ID 1 3; 482 ID 2 2; 499 AN 1 10; 506 ID 2 2; 507 AN 3 12; 508 AN 1 35;
509 AN 10 10; 510 AN 9 9; 522 ID 1 3; 554 N0 1 6; 559 ID 2 2; 569 ID 1 3; 584 ID 2 2;
591 ID 3 3; 594 ID 1 1; 609 N0 1 9; 610 N2 1 15; 615 ID 1 2; 616 N0 1 3; 618 ID 1 3;
620 ID 1 3; 621 ID 1 3; 623 ID 2 2; 639 ID 2 2; 640 ID 2 2; 648 ID 3 3; 649 R 1 10; 659 ID 1 2; 662 ID 1 1;
669 ID 3 3; 673 ID 2 2; 678 ID 1 2; 679 ID 1 1; 687 ID 2 2; 704 ID 1 2; 706 ID 2 2; 715 ID 1 1;
716 ID 1 3; 717 ID 1 1; 718 ID 1 3; 719 N0 1 10; 720 ID 1 3; 721 ID 2 3; 722 N0 1 2;
723 ID 1 3; 724 AN 1 99; 725 N0 1 4; 734 AN 1 12; 735 ID 1 2; 736 ID 1 1; 737 ID 2 2;
738 ID 1 3; 739 R 1 20; 740 R 1 20; 741 R 1 20; 751 AN 1 12; 752 ID 2 2; 754 AN 1 7;
755 ID 2 2; 756 ID 1 2; 757 N0 1 2; 782 R 1 18; 786 ID 2 2; 799 AN 1 30; 812 ID 1 10;
819 ID 2 3; 822 AN 1 15; 875 ID 3 3; 889 ID 1 1; 901 ID 2 2; 921 ID 2 2; 923 ID 1 1;
933 AN 1 264; 934 ID 2 2; 935 ID 2 2; 936 ID 2 2; 954 R 1 10;
1005 ID 4 4; 1018 R 1 15; 1028 AN 1 38; 1029 ID 1 2; 1032 ID 1 2; 1033 ID 1 2; 1034 ID 1 5;
1035 AN 1 60; 1036 AN 1 35; 1037 AN 1 25; 1038 AN 1 10; 1039 AN 1 10; 1048 ID 1 3;
1065 ID 1 1; 1066 ID 1 2; 1067 ID 1 1; 1068 ID 1 1; 1069 ID 2 2; 1073 ID 1 1; 1076 ID 1 1;
1109 ID 1 1; 1129 ID 1 2; 1136 ID 2 2; 1137 AN 1 15; 1138 ID 1 1; 1143 ID 1 1; 1146 ID 1 1;
1165 ID 1 1; 1166 ID 2 2; 1167 R 1 6; 1176 ID 2 3; 1179 ID 1 1; 1201 ID 1 1; 1202 ID 1 1;
1204 AN 1 50; 1203 ID 2 3; 1205 ID 2 3; 1207 ID 3 3; 1213 ID 1 2; 1214 AN 1 5; 1215 ID 1 1; 1216 ID 1 1;
1218 ID 1 1; 1219 ID 1 2; 1220 ID 1 1; 1221 ID 1 3; 1222 AN 1 3; 1223 ID 3 3; 1250 ID 2 3;
1251 AN 1 35; 1253 ID 3 6; 1254 ID 1 2; 1270 ID 1 3; 1271 AN 1 30; 1294 AN 1 3; 1314 ID 1 1;
1315 ID 1 1; 1316 ID 1 1; 1317 ID 1 1; 1318 ID 1 1; 1319 ID 1 2; 1320 ID 1 1; 1321 ID 2 3;
1322 ID 1 1; 1325 ID 1 1; 1327 ID 1 1; 1328 N0 1 2; 1329 ID 1 1; 1330 ID 2 2; 1331 AN 1 2;
1332 ID 1 2; 1333 ID 1 2; 1334 ID 1 1; 1335 ID 1 1; 1336 ID 1 3; 1337 ID 1 1; 1338 ID 1 3;
1339 AN 2 2; 1340 ID 1 2; 1341 AN 1 2; 1342 ID 1 1; 1343 ID 1 2; 1345 ID 1 1; 1351 ID 1 1;
1352 ID 1 2; 1354 ID 1 4; 1359 ID 1 1; 1360 ID 1 1; 1361 ID 1 3; 1363 ID 1 1; 1364 ID 1 2;
1365 ID 1 2; 1366 ID 2 3; 1367 ID 2 3; 1371 R 1 10; 1373 ID 2 4; 1382 ID 1 1; 1383 ID 2 2; 1384 ID 1 1;
1390 ID 1 2; 1348 ID 1 1; 1349 ID 1 1; 1358 ID 1 1; 1362 ID 2 3; 1369 ID 1 2; 1403 ID 1 1; 1404 ID 1 1;
1470 N0 1 9; 1473 ID 2 2; 1514 ID 1 2; 1525 ID 1 2; 1526 ID 1 2; 1527 ID 1 2; 1528 N0 1 2;
1595 ID 1 1; 1686 N0 1 4; 1705 AN 1 35; 1715 ID 1 3; 9998 AN 1 35; 9999 AN 1 35;
628 AN 1 12";

const COMPOSITES: &str = "
C001 355 1018 649 355 1018 649
C002 704
C003 235 234 1339 1339 1339 1339 352 234
C004 1328 1328 1328 1328
C005 1369 1369 1369 1369 1369
C006 1361 1361 1361 1361 1361
C022 1270 1271 1250 1251 782 380 799 1271 1073
C023 1331 1332 1325
C024 1362 1362 1362 156 26
C030 722 1528 1686
C035 1222 559 1073
C036 1271 1271 1271
C037 1271 1271 1271
C040 128 127 128 127 128 127
C042 426 127
C043 1271 1271 98 1270
C052 1218 1214
C056 1109 1270 1271
C998 9999 9998
C999 725 725
";

const SEGMENTS: &str = "
ST 143 329 1705
SE 96 329
BHT 1005 353 127 373 337 640
HL 628 734 735 736
NM1 98 1065 1035 1036 1037 1038 1039 66 67 706 98 1035
N1 98 93 66 67 706 98
N2 93 93
N3 166 166
N4 19 156 116 26 309 310 1715
PER 366 93 365 364 365 364 365 364 443
REF 128 127 352 C040
PRV 1221 128 127 156 C035 1223
SBR 1138 1069 127 93 1336 1143 1073 584 1032
PAT 1069 1384 584 1220 1250 1251 355 81 1073
DMG 1250 1251 1068 1067 C056 1066 26 659 380 1270 1271
CUR 98 100 280 98 100 669 374 373 337 374 373 337 374 373 337 374 373 337 374 373 337
DTP 374 1250 1251
DTM 374 373 337 623 1250 1251
CLM 1028 782 1032 1343 C023 1073 1359 1073 1363 1351 C024 1366 1073 1338 1073 1360 1029 1073 1383 1514
CL1 1315 1314 1352 1345
PWK 755 756 757 98 66 67 352 C002 1525
CN1 1166 782 332 127 338 799
AMT 522 782 478
K3 449 1333 C001
NTE 363 352
CR1 355 81 1316 1317 355 380 166 166 352 352
CR2 609 380 1367 1367 355 380 380 1342 1073 352 352 1073
CR3 1322 355 380 1335 352
CR5 1382 380 1348 1348 352 380 380 380 1349 1349 352 380 1382 380 380 1382 1348 1349
CR6 923 373 1250 1251 373 1073 1073 1322 373 235 1137 373 373 373 1384 373 373 373 373 373 373
CR8 1403 1404 373 373 799 799 799 799 1073
CRC 1136 1073 1321 1321 1321 1321 1321
HI C022 C022 C022 C022 C022 C022 C022 C022 C022 C022 C022 C022
HCP 1473 782 782 127 118 127 782 234 235 234 355 380 901 1526 1527
OI 1032 1383 1073 1351 1360 1363
MIA 380 782 380 782 127 782 782 782 782 782 782 782 782 782 380 782 782 782 782 127 127 127 127 782
MOA 954 782 127 127 127 127 127 782 782
LX 554
SV1 C003 782 355 380 1331 1365 C004 782 1073 1340 1073 1073 1364 1341 1327 1334 1073 127 116 1337 1360
SV2 234 C003 782 355 380 1371 782 1073 1345 1337
SV3 C003 782 1331 C006 1358 380 352 1327 1360 1365 C004
SV5 C003 355 380 782 782 594 923
SVD 67 782 C003 234 380 554
CAS 1033 1034 782 380 1034 782 380 1034 782 380 1034 782 380 1034 782 380 1034 782 380
QTY 673 380 C001 61
MEA 737 738 739 C001 740 741 935 936 752 1373 1270 1271
PS1 127 782 156
HSD 673 380 355 1167 615 616 678 679
LIN 350 235 234 235 234
CTP 687 236 212 380 C001 648 649 782 639 499 289
LQ 1270 1271
FRM 350 1073 127 373 332
LS 447
LE 447
BPR 305 782 478 591 812 506 507 569 508 509 510 506 507 569 508 373 1048 506 507 569 508
TRN 481 127 509 127
RDM 756 93 364 C040 C040
TS3 127 1331 373 380 782 782 782 782 782 782 782 782 782 782 782 782 782 782 782 782 782 782 380 782
TS2 782 782 782 782 782 380 782 782 782 782 782 782 380 782 782 782 782 380 782
CLP 1028 1029 782 782 782 1032 127 1331 1325 1352 1354 380 954 1073
SVC C003 782 782 234 380 C003 380
PLB 127 373 C042 782 C042 782 C042 782 C042 782 C042 782 C042 782
EQ 1365 C003 1207 1336 C004
III 1270 1271 1136 933 380 C001 752 752 752
INS 1073 1069 875 1203 1216 C052 1219 584 1220 1073 1250 1251 1165 19 156 26 1470
AAA 1073 559 901 889
EB 1390 1207 1365 1336 1204 615 782 954 673 380 1073 1073 C003 C004
MSG 933 934 1470
MPI 1201 584 1595 1176 1204 1250 1251
STC C043 373 306 782 782 373 591 373 429 C043 C043 933
UM 1525 1322 1365 C023 C024 1213 923 1073 1073 1514
HCR 306 127 901 1073
TOO 1270 1271 C005
AK1 479 28 480
AK2 143 329 1705
IK3 721 719 447 620
CTX C998 721 719 447 C030 C999
IK4 C030 725 621 724
IK5 717 618 618 618 618 618
AK9 715 97 123 2 716 716 716 716 716
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_named_by_a_segment_or_composite_is_in_the_directory() {
        for line in SEGMENTS.lines().chain(COMPOSITES.lines()) {
            for item in line.split_ascii_whitespace().skip(1) {
                assert!(
                    composite(item).is_some() || data_element(item).is_ok(),
                    "{item} of {line}"
                );
            }
        }
    }
}
