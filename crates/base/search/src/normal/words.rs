//! Words of running text, for `_text` and `_content`.

use super::fold;

/// Characters of a word that count; the rest of a longer one is ignored on both sides.
pub const MAX_WORD_CHARS: usize = 32;

/// Calls `found` with each folded word of `text`: runs of letters, digits and marks.
pub fn words(text: &str, mut found: impl FnMut(&str)) {
    let folded = fold(text);
    for word in folded.split(|c: char| !is_word_character(c)) {
        if !word.is_empty() {
            let end = word
                .char_indices()
                .nth(MAX_WORD_CHARS)
                .map_or(word.len(), |(at, _)| at);
            found(&word[..end]);
        }
    }
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_cut_at_the_limit() {
        let mut found = Vec::new();
        words("Große  Übelkeit; 38.5°C (x)", |word| {
            found.push(word.to_owned())
        });
        assert_eq!(found, ["grosse", "ubelkeit", "38", "5", "c", "x"]);
        let long = "w".repeat(40);
        words(&long, |word| assert_eq!(word.len(), MAX_WORD_CHARS));
    }
}
