//! The text filter of an expansion: every word typed must start a word of the name.

/// Words in lower case.
pub(super) struct TextFilter {
    words: Vec<String>,
}

impl TextFilter {
    pub(super) fn new(text: &str) -> Self {
        Self {
            words: text
                .to_lowercase()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Whether each word starts a word of `name`.
    pub(super) fn matches(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.words.iter().all(|word| {
            name.match_indices(word.as_str()).any(|(at, _)| {
                name[..at]
                    .chars()
                    .next_back()
                    .is_none_or(|before| !before.is_alphanumeric())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_match_at_the_start_of_words() {
        let filter = TextFilter::new("typ diab");
        assert!(
            filter.matches("Type 2 Diabetes mellitus") && !filter.matches("Prediabetes type 2")
        );
        assert!(TextFilter::new("E11").matches("E11.9") && TextFilter::new("").matches("anything"));
        assert!(TextFilter::new("MÉN").matches("Maladie de Ménière"));
    }
}
