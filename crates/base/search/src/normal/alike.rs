//! Names that are misspelt or written down by ear: codes that such writings share.
//!
//! An index that compares hashes cannot compute distances. What it can do is hold, for every word, codes of
//! which two words have one in common when they are alike: every spelling with one letter left out (so words at
//! one insertion, deletion, substitution or swap of neighbours meet), and the consonants as they sound in
//! Latin transcription. Candidates are compared properly once they are opened.

use super::{fold, words};

/// Letters of a spelling that count.
const SPELT: usize = 10;
/// Letters of a word that are looked at.
const LETTERS: usize = 24;

/// The codes that words which are alike share; sorted, each once. Words are those of [`words`].
///
/// ```
/// use mt_search::normal::alike_codes;
///
/// let meet = |one, other| alike_codes(one).iter().any(|code| alike_codes(other).contains(code));
/// assert!(meet("Smyth", "Smith") && meet("Jon", "John") && meet("शर्मा", "Sharma"));
/// assert!(!meet("Smith", "Jones"));
/// ```
#[must_use]
pub fn alike_codes(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    words(text, |word| {
        let latin = romanised(word);
        let sounds = skeleton(&latin);
        if !sounds.is_empty() {
            codes.push(format!("~{sounds}"));
        }
        spellings(&latin, |spelling| codes.push(format!("-{spelling}")));
    });
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Calls `found` with a word, and with the word without each of its letters, cut to [`SPELT`].
fn spellings(word: &str, mut found: impl FnMut(String)) {
    let letters: Vec<char> = word.chars().take(LETTERS).collect();
    found(letters.iter().take(SPELT).collect());
    if letters.len() < 3 {
        return;
    }
    for left_out in 0..letters.len().min(SPELT + 1) {
        let rest = letters.iter().enumerate().filter(|(at, _)| *at != left_out);
        found(rest.map(|(_, letter)| letter).take(SPELT).collect());
    }
}

/// How a word sounds, as far as transcriptions agree on it: its first vowel if it begins with one, and its
/// consonants without voice, breath and doubling.
#[must_use]
pub fn skeleton(word: &str) -> String {
    let folded = fold(word);
    let latin = romanised(&folded);
    let letters: Vec<char> = latin.chars().take(LETTERS).collect();
    let mut out = String::with_capacity(letters.len());
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let next = letters.get(at + 1).copied();
        let (sound, taken) = sound(letter, next, letters.get(at + 2).copied(), at == 0);
        for one in sound.chars() {
            if !out.ends_with(one) {
                out.push(one);
            }
        }
        at += taken;
    }
    out
}

/// The sound of a letter with those that follow it, and how many letters that took.
fn sound(
    letter: char,
    next: Option<char>,
    third: Option<char>,
    first: bool,
) -> (&'static str, usize) {
    let vowel = |letter: Option<char>| letter.is_some_and(|l| "aeiouy".contains(l));
    match (letter, next) {
        ('k', Some('s')) if third == Some('h') => ("ks", 3),
        ('s', Some('c')) if third == Some('h') => ("s", 3),
        ('c', Some('h')) if third == Some('h') => ("c", 3),
        ('p', Some('h')) => ("f", 2),
        ('c' | 'k', Some('k')) => ("k", 2),
        ('g' | 'k', Some('n')) if first => ("n", 2),
        ('w', Some('r')) if first => ("r", 2),
        ('d', Some('g')) if third == Some('e') => ("j", 2),
        ('c', Some('h')) => ("c", 2),
        ('c', Some('e' | 'i' | 'y')) => ("s", 1),
        ('j' | 'd' | 't' | 'b' | 'g' | 'k' | 's' | 'z' | 'r' | 'l', Some('h')) => {
            (plain(letter), 2)
        }
        ('x', _) if first => ("s", 1),
        ('a' | 'e' | 'i' | 'o' | 'u', _) if first => ("a", 1),
        ('a' | 'e' | 'i' | 'o' | 'u' | 'h', _) => ("", 1),
        ('y', _) if first && vowel(next) => ("y", 1),
        ('y', _) => ("", 1),
        // A glide after a vowel, as in Chowdhury.
        ('w', next) if !first && !vowel(next) => ("", 1),
        _ => (plain(letter), 1),
    }
}

const fn plain(letter: char) -> &'static str {
    match letter {
        'b' => "b",
        'c' | 'k' | 'q' => "k",
        'd' => "d",
        'f' | 'v' | 'w' => "f",
        'g' => "g",
        'j' => "j",
        'l' => "l",
        'm' => "m",
        'n' => "n",
        'p' => "p",
        'r' => "r",
        's' | 'z' => "s",
        't' => "t",
        'x' => "ks",
        _ => "",
    }
}

/// A folded word in Latin letters when it is written in Devanagari, in the transcription of everyday use;
/// any other word as it is.
#[must_use]
pub fn romanised(word: &str) -> String {
    if !word
        .chars()
        .any(|letter| matches!(letter, '\u{900}'..='\u{97f}'))
    {
        return word.to_owned();
    }
    let letters: Vec<char> = word.chars().collect();
    let mut out = String::with_capacity(word.len());
    for (at, letter) in letters.iter().enumerate() {
        let next = letters.get(at + 1).copied();
        if let Some(consonant) = consonant(*letter) {
            out.push_str(consonant);
            // An `a` is spoken unless something else is written, or the word ends.
            let silent = next.is_none_or(|next| next == '\u{93c}' || ends_syllable(next));
            if !silent {
                out.push('a');
            }
        } else {
            out.push_str(vowel(*letter));
        }
    }
    out
}

const fn ends_syllable(next: char) -> bool {
    matches!(next, '\u{93e}'..='\u{94d}')
}

const fn consonant(letter: char) -> Option<&'static str> {
    Some(match letter {
        'क' => "k",
        'ख' => "kh",
        'ग' => "g",
        'घ' => "gh",
        'ङ' | 'ञ' | 'ण' | 'न' => "n",
        'च' => "ch",
        'छ' => "chh",
        'ज' => "j",
        'झ' => "jh",
        'ट' | 'त' => "t",
        'ठ' | 'थ' => "th",
        'ड' | 'द' => "d",
        'ढ' | 'ध' => "dh",
        'प' => "p",
        'फ' => "ph",
        'ब' => "b",
        'भ' => "bh",
        'म' => "m",
        'य' => "y",
        'र' => "r",
        'ल' | 'ळ' => "l",
        'व' => "v",
        'श' | 'ष' => "sh",
        'स' => "s",
        'ह' => "h",
        _ => return None,
    })
}

const fn vowel(letter: char) -> &'static str {
    match letter {
        'अ' | 'आ' | '\u{93e}' => "a",
        'इ' | 'ई' | '\u{93f}' | '\u{940}' => "i",
        'उ' | 'ऊ' | '\u{941}' | '\u{942}' => "u",
        'ऋ' | '\u{943}' => "ri",
        'ए' | '\u{947}' => "e",
        'ऐ' | '\u{948}' => "ai",
        'ओ' | '\u{94b}' => "o",
        'औ' | '\u{94c}' => "au",
        '\u{901}' | '\u{902}' => "n",
        'ॐ' => "om",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn meet(one: &str, other: &str) -> bool {
        let codes = alike_codes(other);
        alike_codes(one).iter().any(|code| codes.contains(code))
    }

    #[test]
    fn names_that_people_mix_up_share_a_code() {
        for (one, other) in [
            ("Smith", "Smyth"),
            ("Smith", "Smithe"),
            ("Jon", "John"),
            ("Catherine", "Katherine"),
            ("Catherine", "Cathrine"),
            ("Stephen", "Steven"),
            ("Philip", "Filip"),
            ("Müller", "Mueller"),
            ("Müller", "Muller"),
            ("Garcia", "Gracia"),
            ("Nguyen", "Nugyen"),
            ("Hernández", "Hernandes"),
            ("Laxmi", "Lakshmi"),
            ("Dixit", "Dikshit"),
            ("Chaudhary", "Chowdhury"),
            ("Shrivastava", "Srivastav"),
            ("Agarwal", "Aggarwal"),
            ("Mohammed", "Muhammad"),
            ("Sunita", "Suneeta"),
            ("Vijay", "Wijay"),
            ("Krishna", "Krisna"),
            ("Saxena", "Saksena"),
            ("शर्मा", "Sharma"),
            ("लक्ष्मी", "Laxmi"),
            ("चौधरी", "Chowdhury"),
            ("राम", "Ram"),
            ("Αλέξης", "Αλεξις"),
        ] {
            assert!(meet(one, other), "{one} {other}");
        }
    }

    #[test]
    fn different_names_share_none() {
        for (one, other) in [
            ("Smith", "Jones"),
            ("Garcia", "Martinez"),
            ("Anna", "Peter"),
            ("शर्मा", "Gupta"),
            ("Lee", "Kim"),
        ] {
            assert!(!meet(one, other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn one_slip_is_always_forgiven(word in "[a-zäéß]{3,16}", at in 0usize..16, other in "[a-z]", slip in 0u8..4) {
            let folded = fold(&word).into_owned();
            let mut letters: Vec<char> = folded.chars().collect();
            let at = at % letters.len();
            match slip {
                0 => { letters.remove(at); }
                1 => letters.insert(at, other.chars().next().expect("a letter")),
                2 => letters[at] = other.chars().next().expect("a letter"),
                _ => { if at + 1 < letters.len() { letters.swap(at, at + 1); } }
            }
            let slipped: String = letters.into_iter().collect();
            prop_assume!(slipped.chars().count() >= 3);
            prop_assert!(meet(&word, &slipped), "{} {}", word, slipped);
        }

        #[test]
        fn any_text_has_codes_in_bounds(text in "\\PC{0,60}") {
            for code in alike_codes(&text) {
                prop_assert!(code.chars().count() <= 1 + 3 * LETTERS);
            }
        }
    }
}
