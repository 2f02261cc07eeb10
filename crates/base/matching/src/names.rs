//! How alike two words of names are.

use mt_search::normal::{fold, romanised, skeleton};

/// From here on two words are taken for writings of one name.
pub const ALIKE: f64 = 0.85;

/// What a word that only sounds the same is worth.
const SAME_SOUND: f64 = 0.86;

/// How alike two words are, from 0 to 1; it is symmetric, and 1 when they differ in case and marks alone.
#[must_use]
pub fn name_similarity(one: &str, other: &str) -> f64 {
    let latin = |word: &str| romanised(&fold(word));
    let (one, other) = (latin(one), latin(other));
    if one == other {
        return if one.is_empty() { 0.0 } else { 1.0 };
    }
    let (short, long) = if (one.len(), &one) <= (other.len(), &other) {
        (&one, &other)
    } else {
        (&other, &one)
    };
    let written = jaro_winkler(short, long).min(0.99);
    let (sound, same) = (skeleton(short), skeleton(long));
    // One consonant alone says little of a name.
    let sounds = sound.chars().count() > 1 && sound == same;
    if sounds {
        written.max(SAME_SOUND)
    } else {
        written
    }
}

/// The best similarity of `word` with any of `words`.
pub fn best<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> f64 {
    let all = words.into_iter().map(|other| name_similarity(word, other));
    all.fold(0.0, f64::max)
}

/// Winkler's bonus for up to four letters at the start, and how much each is worth.
const START: usize = 4;
const BONUS: f64 = 0.1;

fn jaro_winkler(short: &str, long: &str) -> f64 {
    let (short, long): (Vec<char>, Vec<char>) = (short.chars().collect(), long.chars().collect());
    let jaro = jaro(&short, &long);
    let pairs = short.iter().zip(&long).take(START);
    let start = pairs.take_while(|(a, b)| a == b).count();
    jaro + count(start) * BONUS * (1.0 - jaro)
}

fn jaro(short: &[char], long: &[char]) -> f64 {
    if short.is_empty() || long.is_empty() {
        return 0.0;
    }
    let reach = (long.len() / 2).saturating_sub(1);
    let mut taken = vec![false; long.len()];
    let mut matched = Vec::with_capacity(short.len());
    for (at, letter) in short.iter().enumerate() {
        let window = at.saturating_sub(reach)..(at + reach + 1).min(long.len());
        let found = window
            .into_iter()
            .find(|&i| !taken[i] && long[i] == *letter);
        if let Some(found) = found {
            taken[found] = true;
            matched.push(*letter);
        }
    }
    if matched.is_empty() {
        return 0.0;
    }
    let others = long.iter().zip(&taken).filter(|(_, taken)| **taken);
    let swapped = others.zip(&matched).filter(|((a, _), b)| a != b).count();
    let hits = count(matched.len());
    let swaps = count(swapped) / 2.0;
    (hits / count(short.len()) + hits / count(long.len()) + (hits - swaps) / hits) / 3.0
}

/// Words are short, so no count loses a digit.
fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_classic_examples_have_their_values() {
        for (one, other, expected) in [
            ("martha", "marhta", 0.961),
            ("dixon", "dicksonx", 0.813),
            ("dwayne", "duane", 0.840),
        ] {
            let (short, long) = if one.len() <= other.len() {
                (one, other)
            } else {
                (other, one)
            };
            let value = jaro_winkler(short, long);
            assert!((value - expected).abs() < 0.001, "{one} {other} {value}");
        }
    }

    #[test]
    fn other_scripts_and_sounds_count() {
        assert!((name_similarity("शर्मा", "Sharma") - 1.0).abs() < f64::EPSILON);
        assert!(name_similarity("Chowdhury", "Chaudhary") >= ALIKE);
        assert!(name_similarity("Lakshmi", "Laxmi") >= ALIKE);
        assert!(name_similarity("Ann", "Bob") < 0.1);
        assert!(name_similarity("", "").abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn similarity_is_symmetric_and_at_most_one(one in "\\PC{0,20}", other in "\\PC{0,20}") {
            let value = name_similarity(&one, &other);
            prop_assert!((0.0..=1.0).contains(&value));
            prop_assert_eq!(value.to_bits(), name_similarity(&other, &one).to_bits());
        }
    }
}
