//! Codes of tokens.

use std::borrow::Cow;

/// The code system of UCUM units.
pub const UCUM: &str = "http://unitsofmeasure.org";

/// The code as index and query compare it.
///
/// R4 advises to compare codes without regard to case when in doubt, because showing too much is
/// less dangerous than hiding something. UCUM is known to depend on case (`Pa`, `pA`), so codes
/// that are asked for together with its system do; without system they do not.
#[must_use]
pub fn token_code<'a>(system: Option<&str>, code: &'a str) -> Cow<'a, str> {
    if system == Some(UCUM) || !code.chars().any(char::is_uppercase) {
        Cow::Borrowed(code)
    } else {
        Cow::Owned(code.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_matters_in_ucum_alone() {
        assert_eq!(token_code(None, "FEMALE"), "female");
        assert_eq!(token_code(Some("http://loinc.org"), "LP1"), "lp1");
        assert_eq!(token_code(Some(UCUM), "Pa"), "Pa");
        assert_eq!(token_code(None, "Pa"), "pa");
    }
}
