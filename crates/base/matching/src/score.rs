//! How well two descriptions of people agree.

use crate::dates::agreement;
use crate::names::{ALIKE, best};
use crate::traits::Traits;

/// From here on somebody is taken for the same.
pub const CERTAIN: f64 = 0.95;
/// From here on somebody probably is the same.
pub const PROBABLE: f64 = 0.7;
/// From here on somebody may be the same.
pub const POSSIBLE: f64 = 0.4;

/// How sure a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Too little agrees.
    Unlikely,
    /// May be the same person.
    Possible,
    /// Probably the same person.
    Probable,
    /// The same person.
    Certain,
}

impl Grade {
    /// The code of R4 `match-grade`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unlikely => "certainly-not",
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Certain => "certain",
        }
    }
}

/// What agrees, or contradicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// An identifier agrees.
    Identifier,
    /// A family name agrees.
    Family,
    /// A family name is alike.
    FamilyAlike,
    /// A given name agrees.
    Given,
    /// A given name is alike.
    GivenAlike,
    /// The birth date agrees.
    BirthDate,
    /// The birth date may have been misread.
    BirthDateNear,
    /// A telephone or an address of e-mail agrees.
    Telecom,
    /// A postal code agrees.
    PostalCode,
    /// The gender agrees.
    Gender,
    /// The birth dates contradict each other.
    OtherBirthDate,
    /// The genders contradict each other.
    OtherGender,
}

impl Reason {
    /// A word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Family => "family",
            Self::FamilyAlike => "family-alike",
            Self::Given => "given",
            Self::GivenAlike => "given-alike",
            Self::BirthDate => "birth-date",
            Self::BirthDateNear => "birth-date-near",
            Self::Telecom => "telecom",
            Self::PostalCode => "postal-code",
            Self::Gender => "gender",
            Self::OtherBirthDate => "other-birth-date",
            Self::OtherGender => "other-gender",
        }
    }

    const fn weight(self) -> f64 {
        match self {
            Self::Identifier => 0.7,
            Self::BirthDate => 0.3,
            Self::Family => 0.25,
            Self::FamilyAlike => 0.2,
            Self::Given | Self::BirthDateNear | Self::Telecom => 0.15,
            Self::GivenAlike => 0.11,
            Self::PostalCode | Self::Gender => 0.05,
            Self::OtherBirthDate => -0.25,
            Self::OtherGender => -0.15,
        }
    }
}

/// How well two descriptions agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// From 0 to 1.
    pub value: f64,
    /// Why, in a fixed order.
    pub reasons: Vec<Reason>,
}

impl Score {
    /// How sure that is.
    #[must_use]
    pub fn grade(&self) -> Grade {
        match self.value {
            value if value >= CERTAIN => Grade::Certain,
            value if value >= PROBABLE => Grade::Probable,
            value if value >= POSSIBLE => Grade::Possible,
            _ => Grade::Unlikely,
        }
    }
}

/// Compares two descriptions: agreement adds, contradiction of what does not change takes away.
#[must_use]
pub fn score(one: &Traits, other: &Traits) -> Score {
    let mut reasons = Vec::new();
    let mut note = |reason, holds: bool| {
        if holds {
            reasons.push(reason);
        }
        holds
    };
    let shared = |one: &[String], other: &[String]| one.iter().any(|value| other.contains(value));
    let identifier = one
        .identifiers
        .iter()
        .any(|value| other.identifiers.contains(value));
    note(Reason::Identifier, identifier);
    if !note(Reason::Family, shared(&one.families, &other.families)) {
        note(Reason::FamilyAlike, alike(&one.families, &other.families));
    }
    if !note(Reason::Given, shared(&one.givens, &other.givens)) {
        note(Reason::GivenAlike, alike(&one.givens, &other.givens));
    }
    if let (Some(mine), Some(theirs)) = (&one.birth_date, &other.birth_date) {
        let agrees = agreement(mine, theirs);
        note(Reason::BirthDate, agrees >= 1.0);
        note(Reason::BirthDateNear, agrees > 0.0 && agrees < 1.0);
        note(Reason::OtherBirthDate, agrees <= 0.0);
    }
    note(Reason::Telecom, shared(&one.telecoms, &other.telecoms));
    note(
        Reason::PostalCode,
        shared(&one.postal_codes, &other.postal_codes),
    );
    if let (Some(mine), Some(theirs)) = (&one.gender, &other.gender) {
        note(Reason::Gender, mine == theirs);
        let known = |gender: &str| gender == "male" || gender == "female";
        note(
            Reason::OtherGender,
            mine != theirs && known(mine) && known(theirs),
        );
    }
    let value: f64 = reasons.iter().map(|reason| reason.weight()).sum();
    Score {
        value: value.clamp(0.0, 1.0),
        reasons,
    }
}

fn alike(one: &[String], other: &[String]) -> bool {
    let theirs = || other.iter().map(String::as_str);
    one.iter().any(|name| best(name, theirs()) >= ALIKE)
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;
    use proptest::prelude::*;

    use super::*;

    fn score_of(one: &str, other: &str) -> f64 {
        let parse = |text: &str| Doc::parse(text, &Limits::default()).unwrap();
        let (one, other) = (parse(one), parse(other));
        score(&Traits::of(one.root()), &Traits::of(other.root())).value
    }

    const JANE: &str = r#"{"resourceType":"Patient","identifier":[{"system":"m","value":"1"}],"name":[{"family":"Müller","given":["Jane"]}],"birthDate":"1980-01-02","gender":"female","telecom":[{"value":"+1 (555) 123-4567"}]}"#;

    #[test]
    fn the_same_person_is_certain_and_spelling_does_not_matter() {
        let same = r#"{"identifier":[{"system":"m","value":"1"}],"name":[{"family":"MULLER","given":["jane"]}],"birthDate":"1980-01-02"}"#;
        assert!(score_of(same, JANE) >= CERTAIN);
        let by_traits = r#"{"name":[{"family":"Muller","given":["Jane"]}],"birthDate":"1980-01-02","telecom":[{"value":"1 555 1234567"}]}"#;
        let score = score_of(by_traits, JANE);
        assert!((PROBABLE..CERTAIN).contains(&score), "{score}");
    }

    #[test]
    fn a_misspelt_name_and_a_misread_date_may_be_the_same_person() {
        let misspelt = r#"{"name":[{"family":"Mueler","given":["Jayne"]}],"birthDate":"1980-01-02","gender":"female"}"#;
        assert!(score_of(misspelt, JANE) >= POSSIBLE);
        let misread = r#"{"name":[{"family":"Müller","given":["Jane"]}],"birthDate":"1980-02-01"}"#;
        assert!(score_of(misread, JANE) >= POSSIBLE);
    }

    #[test]
    fn contradictions_count() {
        let other_day = r#"{"name":[{"family":"Müller","given":["Jane"]}],"birthDate":"1993-11-22","gender":"male"}"#;
        assert!(score_of(other_day, JANE) < POSSIBLE);
        assert!(score_of(r#"{"name":[{"family":"Müller"}]}"#, JANE) < POSSIBLE);
        assert_eq!(score_of("{}", JANE), 0.0);
    }

    fn traits() -> impl Strategy<Value = Traits> {
        let name = || {
            prop::collection::vec(
                "(smith|smyth|müller|mueller|chaudhary|chowdhury|ann|anne|[a-z]{1,8})",
                0..3,
            )
        };
        let date = prop::option::of("(1980|19[0-9]{2}-0[1-9]-[01][1-9]|1980-01-02|1980-02-01)");
        let gender = prop::option::of("(male|female|other)");
        let number = prop::collection::vec(("[ab]?", "[12]"), 0..2);
        (number, name(), name(), date, gender, name(), name()).prop_map(
            |(identifiers, families, givens, birth_date, gender, telecoms, postal_codes)| Traits {
                identifiers,
                families,
                givens,
                birth_date,
                gender,
                telecoms,
                postal_codes,
            },
        )
    }

    proptest! {
        #[test]
        fn it_does_not_matter_who_is_compared_with_whom(one in traits(), other in traits()) {
            let there = score(&one, &other);
            prop_assert!((0.0..=1.0).contains(&there.value));
            prop_assert_eq!(there, score(&other, &one));
        }
    }
}
