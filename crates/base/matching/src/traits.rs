//! What tells people apart, read from a Patient.

use mt_fhir::Node;
use mt_search::normal::{fold, words};

/// What tells people apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// System (empty when there is none) and value.
    pub identifiers: Vec<(String, String)>,
    /// Folded family names.
    pub families: Vec<String>,
    /// Folded given names.
    pub givens: Vec<String>,
    /// FHIR date of any precision.
    pub birth_date: Option<String>,
    /// FHIR code.
    pub gender: Option<String>,
    /// Telephones by their digits, addresses of e-mail in lower case.
    pub telecoms: Vec<String>,
    /// Postal codes.
    pub postal_codes: Vec<String>,
}

impl Traits {
    /// The traits of a Patient.
    #[must_use]
    pub fn of(patient: Node<'_>) -> Self {
        let text = |node: Node<'_>, name: &str| node.str(name).map(str::to_owned);
        let identifier = |node: Node<'_>| {
            let system = node.str("system").unwrap_or_default().to_owned();
            Some((system, text(node, "value")?))
        };
        let families = items(patient, "name").filter_map(|name| name.str("family"));
        let givens = items(patient, "name")
            .flat_map(|name| items(name, "given"))
            .filter_map(Node::as_str);
        Self {
            identifiers: items(patient, "identifier")
                .filter_map(identifier)
                .collect(),
            families: families.map(folded).collect(),
            givens: givens.map(folded).collect(),
            birth_date: text(patient, "birthDate"),
            gender: text(patient, "gender"),
            telecoms: items(patient, "telecom")
                .filter_map(|item| digits(item.str("value")?))
                .collect(),
            postal_codes: items(patient, "address")
                .filter_map(|item| text(item, "postalCode"))
                .collect(),
        }
    }

    /// Every word of the names, family names first.
    #[must_use]
    pub fn name_words(&self) -> Vec<String> {
        let mut all = Vec::new();
        for name in self.families.iter().chain(&self.givens) {
            words(name, |word| all.push(word.to_owned()));
        }
        all
    }
}

fn folded(text: &str) -> String {
    fold(text).into_owned()
}

pub(crate) fn items<'a>(node: Node<'a>, name: &str) -> impl Iterator<Item = Node<'a>> {
    node.get(name).into_iter().flat_map(Node::children)
}

/// A telephone number without its punctuation, or an address of e-mail in lower case; `None` for less than six
/// digits, which tell nobody apart.
#[must_use]
pub fn digits(value: &str) -> Option<String> {
    if value.contains('@') {
        return Some(value.trim().to_lowercase());
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 6).then_some(digits)
}
