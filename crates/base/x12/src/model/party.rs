//! People, organizations, addresses and identifiers, as all transaction sets share them.

use crate::syntax::Segment;
use crate::tree::Loop;
use crate::write::{Line, SetWriter, line};

/// A person or an organization (NM1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// A person rather than an organization (NM102).
    pub person: bool,
    /// Last name, or the name of the organization.
    pub name: String,
    /// First name.
    pub first: String,
    /// Middle name.
    pub middle: String,
    /// Suffix, e.g. `JR`.
    pub suffix: String,
    /// Identifier qualifier: `XX` NPI, `MI` member, `PI` payer, `46` submitter, ….
    pub qualifier: String,
    /// Identifier.
    pub id: String,
}

/// A postal address (N3, N4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// First line.
    pub line1: String,
    /// Second line.
    pub line2: String,
    /// City.
    pub city: String,
    /// State or province code.
    pub state: String,
    /// Postal code without punctuation.
    pub postal_code: String,
    /// Country code; empty for the United States.
    pub country: String,
}

/// A contact (PER*IC).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Pairs of `TE`, `FX`, `EM`, `EX`, `UR` and the number; at most three.
    pub numbers: Vec<(String, String)>,
}

/// Birth date and gender (DMG).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demographics {
    /// CCYYMMDD.
    pub birth_date: String,
    /// `F`, `M` or `U`.
    pub gender: String,
}

/// A trace number (TRN): what ties an answer to its question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// TRN01: `1` of this transaction, `2` of the one answered.
    pub kind: String,
    /// TRN02.
    pub number: String,
    /// TRN03: who assigned it.
    pub originator: String,
}

/// A reference (REF): qualifier and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// REF01.
    pub qualifier: String,
    /// REF02.
    pub value: String,
}

/// A procedure with modifiers (C003).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Procedure {
    /// Code set: `HC` HCPCS and CPT, `N4` NDC, ….
    pub qualifier: String,
    /// Code.
    pub code: String,
    /// At most four modifiers.
    pub modifiers: Vec<String>,
}

impl Party {
    /// An organization.
    pub fn organization(name: &str, qualifier: &str, id: &str) -> Self {
        Self {
            name: name.to_owned(),
            qualifier: qualifier.to_owned(),
            id: id.to_owned(),
            ..Self::default()
        }
    }

    /// A person.
    pub fn person(last: &str, first: &str, qualifier: &str, id: &str) -> Self {
        let first = first.to_owned();
        Self {
            person: true,
            first,
            ..Self::organization(last, qualifier, id)
        }
    }

    pub(super) fn line(&self, entity: &str) -> Line {
        line("NM1")
            .e(entity)
            .e(if self.person { "1" } else { "2" })
            .e(&self.name)
            .e(&self.first)
            .e(&self.middle)
            .e("")
            .e(&self.suffix)
            .e(&self.qualifier)
            .e(&self.id)
    }

    pub(super) fn read(nm1: &Segment<'_>) -> Self {
        let text = |element: usize| nm1.get(element).to_owned();
        Self {
            person: nm1.get(2) == "1",
            name: text(3),
            first: text(4),
            middle: text(5),
            suffix: text(7),
            qualifier: text(8),
            id: text(9),
        }
    }

    /// The NM1 of a loop.
    pub(super) fn of(found: &Loop<'_>) -> Self {
        found.segment("NM1").map(Self::read).unwrap_or_default()
    }
}

impl Address {
    pub(super) fn write(&self, out: &mut SetWriter<'_>) {
        out.put(line("N3").e(&self.line1).e(&self.line2));
        out.put(
            line("N4")
                .e(&self.city)
                .e(&self.state)
                .e(&self.postal_code)
                .e(&self.country),
        );
    }

    pub(super) fn of(found: &Loop<'_>) -> Option<Self> {
        let n4 = found.segment("N4")?;
        let text = |element: usize| n4.get(element).to_owned();
        Some(Self {
            line1: found.get("N3", 1).to_owned(),
            line2: found.get("N3", 2).to_owned(),
            city: text(1),
            state: text(2),
            postal_code: text(3),
            country: text(4),
        })
    }
}

impl Contact {
    /// A contact with a telephone number.
    pub fn telephone(name: &str, number: &str) -> Self {
        Self {
            name: name.to_owned(),
            numbers: vec![("TE".to_owned(), number.to_owned())],
        }
    }

    pub(super) fn line(&self, function: &str) -> Line {
        let mut per = line("PER").e(function).e(&self.name);
        for (kind, number) in self.numbers.iter().take(3) {
            per = per.e(kind).e(number);
        }
        per
    }

    pub(super) fn read(per: &Segment<'_>) -> Self {
        let numbers = [3, 5, 7]
            .into_iter()
            .filter(|&element| !per.get(element).is_empty())
            .map(|element| (per.get(element).to_owned(), per.get(element + 1).to_owned()))
            .collect();
        Self {
            name: per.get(2).to_owned(),
            numbers,
        }
    }
}

impl Demographics {
    /// Birth date as CCYYMMDD and gender.
    pub fn new(birth_date: &str, gender: &str) -> Self {
        Self {
            birth_date: birth_date.to_owned(),
            gender: gender.to_owned(),
        }
    }

    pub(super) fn line(&self) -> Line {
        line("DMG").e("D8").e(&self.birth_date).e(&self.gender)
    }

    pub(super) fn of(found: &Loop<'_>) -> Option<Self> {
        let dmg = found.segment("DMG")?;
        Some(Self::new(dmg.get(2), dmg.get(3)))
    }
}

impl Trace {
    /// A trace of this transaction.
    pub fn new(number: &str, originator: &str) -> Self {
        Self {
            kind: "1".to_owned(),
            number: number.to_owned(),
            originator: originator.to_owned(),
        }
    }

    pub(super) fn line(&self) -> Line {
        line("TRN")
            .e(&self.kind)
            .e(&self.number)
            .e(&self.originator)
    }

    pub(super) fn all(found: &Loop<'_>) -> Vec<Self> {
        let text = |trn: &Segment<'_>, element| trn.get(element).to_owned();
        found
            .each("TRN")
            .map(|trn| Self {
                kind: text(trn, 1),
                number: text(trn, 2),
                originator: text(trn, 3),
            })
            .collect()
    }
}

impl Reference {
    /// A reference.
    pub fn new(qualifier: &str, value: &str) -> Self {
        Self {
            qualifier: qualifier.to_owned(),
            value: value.to_owned(),
        }
    }

    pub(super) fn line(&self) -> Line {
        line("REF").e(&self.qualifier).e(&self.value)
    }

    pub(super) fn all(found: &Loop<'_>) -> Vec<Self> {
        found
            .each("REF")
            .map(|one| Self::new(one.get(1), one.get(2)))
            .collect()
    }
}

impl Procedure {
    /// A HCPCS or CPT code.
    pub fn hcpcs(code: &str, modifiers: &[&str]) -> Self {
        Self {
            qualifier: "HC".to_owned(),
            code: code.to_owned(),
            modifiers: modifiers.iter().map(|&one| one.to_owned()).collect(),
        }
    }

    pub(super) fn components(&self) -> Vec<String> {
        let mut parts = vec![self.qualifier.clone(), self.code.clone()];
        parts.extend(self.modifiers.iter().take(4).cloned());
        parts
    }

    /// The composite at an element; `None` when empty.
    pub(super) fn read(segment: &Segment<'_>, element: usize) -> Option<Self> {
        let part = |component| segment.component(element, component).to_owned();
        if part(2).is_empty() {
            return None;
        }
        let modifiers = (3..=6).map(part).filter(|one| !one.is_empty()).collect();
        Some(Self {
            qualifier: part(1),
            code: part(2),
            modifiers,
        })
    }
}
