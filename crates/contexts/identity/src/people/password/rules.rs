//! Which passwords are taken (NIST SP 800-63B §5.1.1): length and guessability count, composition
//! does not, and nobody has to change a password for its age.

use mt_kernel::{ErrorKind, Fault};

/// Fewest characters.
const SHORTEST: usize = 12;
/// Most characters; more would only make the check costly.
const LONGEST: usize = 128;
/// Guesses, as a power of ten, that a password must withstand.
const GUESSES_LOG10: f64 = 9.0;

/// Whether a person may use `password`. `personal` are words that an attacker would try first: names,
/// addresses, the organisation.
///
/// # Errors
/// A fault that says what is wrong, and never repeats the password.
pub(crate) fn check(password: &str, personal: &[&str]) -> Result<(), Fault> {
    let refused = |text: &'static str| Err(Fault::new(ErrorKind::Invalid, text).at("password"));
    let length = password.chars().count();
    if length < SHORTEST {
        return refused("use at least 12 characters; several words make a good password");
    }
    if length > LONGEST {
        return refused("use at most 128 characters");
    }
    let mut words = vec!["meditrack"];
    for one in personal {
        words.push(one);
        words.extend(
            one.split(['@', '.', ' ', '-', '_'])
                .filter(|part| part.len() > 2),
        );
    }
    // The estimate looks at common passwords, words, names, keyboard walks, dates and repetitions.
    if zxcvbn::zxcvbn(password, &words).guesses_log10() < GUESSES_LOG10 {
        return refused("this password is easy to guess; add a few unrelated words");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_personal_short_and_endless_passwords_are_refused() {
        let personal = ["ada.lovelace", "ada@clinic.example", "Harbour Clinic"];
        let endless = "correct horse ".repeat(20);
        for bad in [
            "",
            "Tr0ub4dor&3",
            "password1234",
            "passwordpassword",
            "qwertyuiop123",
            "123456789012",
            "aaaaaaaaaaaaaaaa",
            "ada.lovelace1",
            "adalovelace!",
            "meditrack2026",
            "P@ssw0rd2026",
            &endless,
        ] {
            let fault = check(bad, &personal).unwrap_err();
            assert!(bad.is_empty() || !fault.message.contains(bad), "{bad}");
        }
    }

    #[test]
    fn long_phrases_in_any_script_are_taken() {
        for good in [
            "seven purple kettles sing",
            "горизонт мёд лампа ключ",
            "xk4-Qm9-tz2-Lp7",
            "  spaces count as well  ",
        ] {
            assert_eq!(check(good, &["ada"]), Ok(()), "{good}");
        }
    }
}
