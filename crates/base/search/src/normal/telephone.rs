//! Telephone numbers, however they are written.

/// Last digits that tell numbers apart; what stands before them (country, trunk prefix, area) is written or left out.
const TOLD: usize = 7;

/// What the ways to write a telephone number share: `*` and its last seven digits, as in `*5550142` for `+1 (202) 555-0142`
/// and `202.555.0142`. `None` for what is no number of so many digits, such as an address of e-mail.
///
/// The mark keeps the code apart from values: nobody who searches for a number is answered by its end.
#[must_use]
pub fn telephone_code(text: &str) -> Option<String> {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '+' | '-' | '.' | '/' | '(' | ')');
    let number = text.strip_prefix("tel:").unwrap_or(text);
    // What follows an extension is no part of the number.
    let number = number
        .split(['x', 'X', ';', ',', '#'])
        .next()
        .unwrap_or_default();
    if !number.chars().all(|c| c.is_ascii_digit() || is_mark(c)) {
        return None;
    }
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let told = digits.len().checked_sub(TOLD)?;
    Some(
        std::iter::once('*')
            .chain(digits[told..].iter().copied())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_number_has_one_code() {
        for text in [
            "+1 (202) 555-0142",
            "202.555.0142",
            "tel:+12025550142",
            "0012025550142",
            "555-0142",
            "202/5550142 x12",
        ] {
            assert_eq!(telephone_code(text).as_deref(), Some("*5550142"), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_short_has_none() {
        for text in [
            "",
            "911",
            "55-0142",
            "a5550142@example.org",
            "https://example.org/5550142",
            "x5550142",
        ] {
            assert_eq!(telephone_code(text), None, "{text}");
        }
    }
}
