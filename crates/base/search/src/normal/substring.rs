//! Prefix and trigram tokens of folded strings: how a blind index answers "starts with" and
//! "contains".
//!
//! # Prefixes
//! For each folded string the index holds its prefixes of the [`PREFIX_LENGTHS`] (in characters)
//! that it is long enough for, and the whole string when it is at most as long as the greatest of
//! them. A search looks up one token: its own text when that is of such a length, otherwise the
//! longest listed prefix of it, and then checks the candidates after opening them
//! ([`PrefixProbe::exact`] is false). The value is one unit: a search matches at its start, not at
//! each word; names and addresses are indexed part by part.
//!
//! # Trigrams
//! For `:contains` the index holds every distinct run of three characters. A string longer than
//! [`MAX_TRIGRAM_CHARS`] is not cut into trigrams but marked with one token that every
//! `:contains` search accepts as well, so that long text costs little and is never missed.
//! Candidates are always checked after opening.

/// Lengths, in characters, of the prefixes that an index holds.
pub const PREFIX_LENGTHS: [usize; 10] = [1, 2, 3, 4, 5, 6, 8, 12, 16, 24];

/// Longest folded string, in characters, whose trigrams an index holds.
pub const MAX_TRIGRAM_CHARS: usize = 96;

/// The prefixes of `folded` that the index holds, shortest first.
pub fn prefixes(folded: &str) -> impl Iterator<Item = &str> {
    PREFIX_LENGTHS
        .iter()
        .map_while(|length| char_prefix(folded, *length))
}

/// The one prefix token to look up for a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixProbe<'a> {
    /// The token.
    pub token: &'a str,
    /// True when every string that holds the token matches; otherwise candidates must be checked.
    pub exact: bool,
}

/// What to look up for strings that start with `folded`; `None` for the empty string, with which
/// every string starts.
#[must_use]
pub fn prefix_probe(folded: &str) -> Option<PrefixProbe<'_>> {
    let token = prefixes(folded).last()?;
    let exact = token.len() == folded.len();
    Some(PrefixProbe { token, exact })
}

/// The first `length` characters, when there are as many.
fn char_prefix(text: &str, length: usize) -> Option<&str> {
    let mut ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
    ends.nth(length.checked_sub(1)?).map(|end| &text[..end])
}

/// The distinct trigrams of `folded`, sorted; `None` when it is too long and must be marked
/// instead.
#[must_use]
pub fn trigrams(folded: &str) -> Option<Vec<&str>> {
    let starts: Vec<usize> = folded
        .char_indices()
        .map(|(start, _)| start)
        .chain([folded.len()])
        .take(MAX_TRIGRAM_CHARS + 2)
        .collect();
    if starts.len() > MAX_TRIGRAM_CHARS + 1 {
        return None;
    }
    let mut out: Vec<&str> = starts.windows(4).map(|w| &folded[w[0]..w[3]]).collect();
    out.sort_unstable();
    out.dedup();
    Some(out)
}

/// The trigrams that a string must hold to contain `folded`; empty when it is too short for one.
/// Of a long text the first [`MAX_TRIGRAM_CHARS`] characters are enough to find candidates.
#[must_use]
pub fn trigram_probe(folded: &str) -> Vec<&str> {
    let bounded = char_prefix(folded, MAX_TRIGRAM_CHARS).unwrap_or(folded);
    trigrams(bounded).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_search_needs_no_check_and_a_long_one_does() {
        let held: Vec<_> = prefixes("müller-lüdenscheidt").collect();
        assert_eq!(held[..3], ["m", "mü", "mül"]);
        assert_eq!(held.last().map(|p| p.chars().count()), Some(16));
        let probe = |text| prefix_probe(text).map(|p| (p.token, p.exact));
        assert_eq!(probe("mül"), Some(("mül", true)));
        assert_eq!(probe("müller-"), Some(("müller", false)));
        assert_eq!(probe(""), None);
    }

    #[test]
    fn long_strings_are_marked_and_not_cut() {
        assert_eq!(trigrams("abcd"), Some(vec!["abc", "bcd"]));
        assert_eq!(trigrams("ab"), Some(vec![]));
        assert!(trigrams(&"a".repeat(MAX_TRIGRAM_CHARS)).is_some());
        assert!(trigrams(&"a".repeat(MAX_TRIGRAM_CHARS + 1)).is_none());
        assert!(trigram_probe("ab").is_empty());
    }

    proptest! {
        #[test]
        fn whatever_starts_with_the_search_holds_its_token(text in "\\PC{1,40}", cut in 1usize..40) {
            let search: String = text.chars().take(cut).collect();
            let probe = prefix_probe(&search).expect("not empty");
            prop_assert!(prefixes(&text).any(|held| held == probe.token));
            if probe.exact {
                prop_assert!(text.starts_with(probe.token));
            }
        }

        #[test]
        fn whatever_contains_the_search_holds_its_trigrams(
            text in "[abc ]{0,120}", from in 0usize..100, length in 3usize..30,
        ) {
            let search: String = text.chars().skip(from).take(length).collect();
            if let Some(held) = trigrams(&text) {
                for token in trigram_probe(&search) {
                    prop_assert!(held.contains(&token));
                }
            }
        }
    }
}
