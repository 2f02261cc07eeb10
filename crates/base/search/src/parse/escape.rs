//! Escapes of search values: `\,` `\|` `\$` `\\`
//! (<http://hl7.org/fhir/R4/search.html#escaping>).

/// Splits at unescaped `separator`; escapes stay in the pieces.
pub(crate) fn split(text: &str, separator: char) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (index, character) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == separator {
            pieces.push(&text[start..index]);
            start = index + character.len_utf8();
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Resolves escapes; `None` when a backslash stands before anything but `,` `|` `$` `\`.
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            match characters.next() {
                Some(escaped @ (',' | '|' | '$' | '\\')) => out.push(escaped),
                _ => return None,
            }
        } else {
            out.push(character);
        }
    }
    Some(out)
}

/// Escapes what has a meaning in a search value.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, &mut out);
    out
}

/// Appends `text` with what has a meaning in a search value escaped.
pub(crate) fn escape_into(text: &str, out: &mut String) {
    for character in text.chars() {
        if matches!(character, ',' | '|' | '$' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_escaped_separator_does_not_separate() {
        assert_eq!(split(r"a,b\,c,", ','), ["a", r"b\,c", ""]);
        assert_eq!(split(r"a\\,b", ','), [r"a\\", "b"]);
        assert_eq!(split("", ','), [""]);
    }

    #[test]
    fn a_stray_backslash_is_refused() {
        assert_eq!(unescape(r"a\,b\\").as_deref(), Some(r"a,b\"));
        assert_eq!(unescape(r"a\n"), None);
        assert_eq!(unescape("a\\"), None);
    }

    proptest! {
        #[test]
        fn escaping_is_undone_and_never_splits(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert_eq!(unescape(&escaped), Some(text));
            for separator in [',', '|', '$'] {
                prop_assert_eq!(split(&escaped, separator).len(), 1);
            }
        }
    }
}
