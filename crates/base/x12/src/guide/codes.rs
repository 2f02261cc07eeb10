//! Code sets: short lists in the tables, and the shared ones that have a name.
//!
//! Codes only; the descriptions belong to the code sets' owners. Lists that change several times
//! a year (claim adjustment reasons, remarks, claim status) are checked by shape, so that a new
//! code is not refused before the next release of this crate.

use super::NotationError;

/// What may stand in an element.
#[derive(Debug, Clone)]
pub(crate) enum Codes {
    /// Any value of the data type.
    Any,
    /// One of these.
    List(Vec<&'static str>),
    /// A value for which this holds, with the name used in messages.
    Rule(&'static str, fn(&str) -> bool),
}

impl Codes {
    /// Reads `A,B,C` or `@name`.
    pub(super) fn parse(text: &'static str) -> Result<Self, NotationError> {
        let Some(name) = text.strip_prefix('@') else {
            return Ok(Self::List(text.split(',').collect()));
        };
        let rule: fn(&str) -> bool = match name {
            "state" => is_state,
            "country" => |value| two_letters(COUNTRIES, value),
            "currency" => |value| value.len() == 3 && value.bytes().all(|b| b.is_ascii_uppercase()),
            "zip" => is_postal_code,
            "zip9" => |value| is_postal_code(value) && !is_digits(value, 5),
            "pos" => is_place_of_service,
            "bill" => |value| is_digits(value, 2),
            "gender" => |value| matches!(value, "F" | "M" | "U"),
            "taxonomy" => {
                |value| value.len() == 10 && value.bytes().all(|b| b.is_ascii_alphanumeric())
            }
            "yn" => |value| matches!(value, "Y" | "N"),
            "carc" => is_adjustment_reason,
            "rarc" => is_remark,
            "category" => is_status_category,
            "status" => |value| is_digits(value, value.len()) && value.len() <= 4,
            "entity" => |value| {
                (2..=3).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_alphanumeric())
            },
            "batch-entity" => |value| listed(BATCH_ENTITIES, value),
            "provider-entity" => {
                |value| listed(BATCH_ENTITIES, value) || listed(PROVIDER_ENTITIES, value)
            }
            "claim-entity" => |value| listed(CLAIM_ENTITIES, value),
            "frequency" => |value| listed(DELIVERY_FREQUENCIES, value),
            "time" => |value| listed(DELIVERY_TIMES, value),
            "service" => is_service_type,
            // Four digits; some payers leave out the leading zero.
            "revenue" => |value| is_digits(value, 4) || is_digits(value, 3),
            "ein" => |value| is_digits(&value.replacen('-', "", 1), 9),
            "ssn" => |value| is_digits(value, 9),
            _ => return Err(NotationError::unknown("code set", name)),
        };
        Ok(Self::Rule(name, rule))
    }

    /// The set called `@name`, for rules.
    pub(crate) fn named(name: &'static str) -> Option<Self> {
        Self::parse(name).ok()
    }

    /// Whether `value` may stand here.
    pub(crate) fn allow(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::List(codes) => codes.contains(&value),
            Self::Rule(_, rule) => rule(value),
        }
    }
}

/// A national provider identifier: ten digits, the first 1 or 2, with a Luhn check digit computed
/// over the prefix 80840 and the number (45 CFR 162.406).
pub(crate) fn is_npi(value: &str) -> bool {
    if !is_digits(value, 10) || !value.starts_with(['1', '2']) {
        return false;
    }
    // The prefix 80840 contributes 24 to the sum.
    let sum: u32 = value
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            let doubled = if place % 2 == 1 { digit * 2 } else { digit };
            doubled / 10 + doubled % 10
        })
        .sum();
    (sum + 24).is_multiple_of(10)
}

fn is_digits(value: &str, length: usize) -> bool {
    length > 0 && value.len() == length && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// A US ZIP code of five or nine digits, or a Canadian postal code without its space.
fn is_postal_code(value: &str) -> bool {
    let canadian = value.len() == 6
        && value.bytes().enumerate().all(|(at, byte)| {
            if at % 2 == 0 {
                byte.is_ascii_uppercase()
            } else {
                byte.is_ascii_digit()
            }
        });
    is_digits(value, 5) || is_digits(value, 9) || canadian
}

/// Whether `value` is one of the two-letter codes in `list`, which one blank separates.
fn two_letters(list: &str, value: &str) -> bool {
    value.len() == 2
        && list
            .as_bytes()
            .chunks(3)
            .any(|code| code.starts_with(value.as_bytes()))
}

/// Whether `value` is one of the codes in `list`, which blanks separate.
fn listed(list: &str, value: &str) -> bool {
    list.split_ascii_whitespace().any(|code| code == value)
}

fn is_state(value: &str) -> bool {
    two_letters(STATES, value)
}

fn is_place_of_service(value: &str) -> bool {
    listed(PLACES_OF_SERVICE, value)
}

fn is_service_type(value: &str) -> bool {
    is_digits(value, value.len()) && value.len() <= 3 || listed(SERVICE_TYPES, value)
}

fn is_adjustment_reason(value: &str) -> bool {
    let digits = value.trim_start_matches(|c: char| c.is_ascii_uppercase());
    value.len() - digits.len() <= 1 && digits.len() <= 3 && is_digits(digits, digits.len())
}

fn is_remark(value: &str) -> bool {
    let digits = value.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let letters = value.len() - digits.len();
    (1..=2).contains(&letters) && digits.len() <= 4 && is_digits(digits, digits.len())
}

fn is_status_category(value: &str) -> bool {
    matches!(value.as_bytes(), [b'A' | b'D' | b'E' | b'F' | b'P' | b'R', rest @ ..]
        if (1..=2).contains(&rest.len()) && rest.iter().all(u8::is_ascii_alphanumeric))
}

/// States, territories, military addresses and Canadian provinces.
const STATES: &str = concat!(
    "AL AK AS AZ AR CA CO CT DE DC FM FL GA GU HI ID IL IN IA KS KY LA ME MH MD MA MI MN MS ",
    "MO MT NE NV NH NJ NM NY NC ND MP OH OK OR PW PA PR RI SC SD TN TX UT VT VI VA WA WV WI ",
    "WY AA AE AP AB BC MB NB NL NS NT NU ON PE QC SK YT",
);

/// The two-letter codes of ISO 3166-1.
const COUNTRIES: &str = concat!(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO ",
    "BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ ",
    "DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP ",
    "GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG ",
    "KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML ",
    "MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE ",
    "PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL ",
    "SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM ",
    "US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW",
);

const PLACES_OF_SERVICE: &str = concat!(
    "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 31 32 ",
    "33 34 41 42 49 50 51 52 53 54 55 56 57 58 60 61 62 65 66 71 72 81 99",
);

/// Whom the status of a batch of claims may concern.
const BATCH_ENTITIES: &str = "36 40 41 AY PR";

/// Whom the status of a provider's claims may concern besides.
const PROVIDER_ENTITIES: &str = "77 82 85 87";

/// Whom the status of a claim or line may concern in a claim acknowledgment.
const CLAIM_ENTITIES: &str = concat!(
    "03 1P 1Z 40 41 71 72 73 77 82 85 87 DK DN DQ FA GB HK IL LI MSC PR PRP QB QC QD SEP TL ",
    "TTP TU",
);

/// Ship, delivery or calendar patterns (HSD07).
const DELIVERY_FREQUENCIES: &str =
    "1 2 3 4 5 6 7 8 9 A B C D E F G H J K L M N O P Q R S SG SL SP SX SY SZ T U V W X Y";

/// Ship, delivery or calendar times (HSD08).
const DELIVERY_TIMES: &str = "A B C D E F G Y";

const SERVICE_TYPES: &str = concat!(
    "A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 AA AB AC AD AE AF AG AH AI AJ AK AL AM AN AO AQ AR B1 B2 ",
    "B3 BA BB BC BD BE BF BG BH BI BJ BK BL BM BN BP BQ BR BS BT BU BV BW BX BY BZ C1 CA CB ",
    "CC CD CE CF CG CH CI CJ CK CL CM CN CO CP CQ DG DM DS GF GN GY IC MH NI ON PT PU RN RT ",
    "TC TN UC",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_npi_needs_its_luhn_check_digit() {
        for good in ["1234567893", "1245319599", "1497758544"] {
            assert!(is_npi(good), "{good}");
        }
        for bad in [
            "1234567890",
            "1234567894",
            "3234567893",
            "123456789",
            "12345678933",
            "123456789X",
        ] {
            assert!(!is_npi(bad), "{bad}");
        }
    }

    #[test]
    fn code_shapes_accept_published_codes_and_refuse_others() {
        let allow = |set: &'static str, value: &str| Codes::parse(set).expect("a set").allow(value);
        for (set, good, bad) in [
            ("@carc", "45", "4X"),
            ("@carc", "B7", "BB7"),
            ("@rarc", "MA130", "130"),
            ("@rarc", "N1", "N"),
            ("@category", "A7", "ZZ"),
            ("@category", "F2", "F"),
            ("@zip", "44113", "4411"),
            ("@zip9", "441131234", "44113"),
            ("@zip", "K1A0B1", "K1A 0B1"),
            ("@state", "OH", "ZZ"),
            ("@pos", "11", "98"),
            ("@service", "30", "Z9"),
            ("@country", "MX", "XX"),
            ("@currency", "USD", "US$"),
            ("@batch-entity", "AY", "85"),
            ("@provider-entity", "85", "QC"),
            ("@claim-entity", "QC", "36"),
            ("@frequency", "SX", "SB"),
            ("@time", "Y", "H"),
            ("A,B", "B", "C"),
        ] {
            assert!(allow(set, good), "{set} {good}");
            assert!(!allow(set, bad), "{set} {bad}");
        }
    }
}
