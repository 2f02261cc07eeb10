//! Sounds of names, for the `phonetic` parameters.

use super::fold;

/// The American Soundex code of a word (letter and three digits); `None` when it has no Latin
/// letter. `h` and `w` between two letters of one class do not separate them.
#[must_use]
pub fn sound_code(word: &str) -> Option<String> {
    let folded = fold(word);
    let mut letters = folded.chars().filter(char::is_ascii_lowercase);
    let first = letters.next()?;
    let mut code = String::with_capacity(4);
    code.push(first.to_ascii_uppercase());
    let mut last = class(first);
    for letter in letters {
        let class = class(letter);
        match class {
            Some(digit) if last != class => {
                code.push(digit);
                if code.len() == 4 {
                    return Some(code);
                }
                last = class;
            }
            Some(_) => {}
            None if matches!(letter, 'h' | 'w') => {}
            None => last = None,
        }
    }
    while code.len() < 4 {
        code.push('0');
    }
    Some(code)
}

const fn class(letter: char) -> Option<char> {
    Some(match letter {
        'b' | 'f' | 'p' | 'v' => '1',
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => '2',
        'd' | 't' => '3',
        'l' => '4',
        'm' | 'n' => '5',
        'r' => '6',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_alike_share_a_code() {
        for (name, code) in [
            ("Robert", "R163"),
            ("Rupert", "R163"),
            ("Ashcraft", "A261"),
            ("Tymczak", "T522"),
            ("Pfister", "P236"),
            ("Honeyman", "H555"),
            ("Müller", "M460"),
            ("Miller", "M460"),
        ] {
            assert_eq!(sound_code(name).as_deref(), Some(code), "{name}");
        }
        assert_eq!(sound_code("राम"), None);
        assert_eq!(sound_code(""), None);
    }
}
