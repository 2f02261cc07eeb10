//! A Composition as its signatures see it (<http://hl7.org/fhir/R4/composition.html>).

use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};

use super::items;
use super::narrative::plain;

/// Extension of an amended note: why it was amended.
pub(crate) const REASON: &str =
    "https://meditrack.health/fhir/StructureDefinition/amendment-reason";
/// `Composition.attester.mode` of whoever answers for the note.
pub(crate) const LEGAL: &str = "legal";
/// `Composition.attester.mode` of whoever signs and needs a second signature.
pub(crate) const PROFESSIONAL: &str = "professional";

/// Most characters of a section, as they are read.
const LONGEST: usize = 10_000;

/// Refuses a section with more than 10,000 characters; what a section said before is not judged again.
///
/// # Errors
/// [`ErrorKind::Invalid`] with the place.
pub(crate) fn check_length(note: Note<'_>, old: Option<Note<'_>>) -> Result<(), Fault> {
    let before: Vec<&str> = old.map(|old| words(old.0)).unwrap_or_default();
    let long = |div: &&str| div.len() > LONGEST && plain(div).chars().count() > LONGEST;
    if words(note.0)
        .iter()
        .any(|div| !before.contains(div) && long(div))
    {
        let message = "a section of a note has at most 10000 characters";
        return Err(Fault::new(ErrorKind::Invalid, message).at("Composition.section.text"));
    }
    Ok(())
}

/// The narratives of all sections, at any depth.
fn words(note: Node<'_>) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open: Vec<Node<'_>> = items(note, "section").collect();
    while let Some(section) = open.pop() {
        found.extend(section.get("text").and_then(|text| text.str("div")));
        open.extend(items(section, "section"));
    }
    found
}

/// Where a note stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Somebody writes it.
    Draft,
    /// Its author has signed it, and it waits for the co-signature.
    Waiting,
    /// Signed, or amended and signed again.
    Signed,
    /// Entered in error.
    Withdrawn,
}

/// A Composition.
#[derive(Clone, Copy)]
pub(crate) struct Note<'n>(pub(crate) Node<'n>);

impl<'n> Note<'n> {
    pub(crate) fn status(self) -> &'n str {
        self.0.str("status").unwrap_or_default()
    }

    pub(crate) fn state(self) -> State {
        match self.status() {
            "final" | "amended" => State::Signed,
            "entered-in-error" => State::Withdrawn,
            _ if self.signatures().next().is_some() => State::Waiting,
            _ => State::Draft,
        }
    }

    /// Every signature.
    pub(crate) fn signatures(self) -> impl Iterator<Item = Signature<'n>> {
        items(self.0, "attester").map(Signature)
    }

    /// Signatures that `other` has not, each counted as often as it is there.
    pub(crate) fn signatures_beside(self, other: Option<Self>) -> Vec<Signature<'n>> {
        let mut known: Vec<Signature<'_>> = other.into_iter().flat_map(Self::signatures).collect();
        let mut beside = Vec::new();
        for signature in self.signatures() {
            match known.iter().position(|known| known.0.same_as(signature.0)) {
                Some(at) => drop(known.swap_remove(at)),
                None => beside.push(signature),
            }
        }
        beside
    }

    /// Whether `who` is an author.
    pub(crate) fn is_by(self, who: &str) -> bool {
        items(self.0, "author").any(|author| author.str("reference") == Some(who))
    }

    /// Whether an author has signed.
    pub(crate) fn is_signed_by_author(self) -> bool {
        self.signatures()
            .any(|one| one.party().is_some_and(|who| self.is_by(who)))
    }

    /// Whether `other` says the same but for state and signatures.
    pub(crate) fn says_the_same_as(self, other: Self) -> bool {
        let counts = |key: &str| {
            let bare = key.strip_prefix('_').unwrap_or(key);
            !matches!(bare, "meta" | "status" | "attester")
        };
        let covers = |one: Node<'_>, two: Node<'_>| {
            one.children()
                .filter(|field| field.key().is_some_and(counts))
                .all(|field| {
                    let twin = field.key().and_then(|key| two.get(key));
                    twin.is_some_and(|twin| twin.same_as(field))
                })
        };
        covers(self.0, other.0) && covers(other.0, self.0)
    }

    /// Why it was amended, the latest reason.
    pub(crate) fn reasons(self) -> Vec<&'n str> {
        items(self.0, "extension")
            .filter(|one| one.str("url") == Some(REASON))
            .filter_map(|one| one.str("valueString"))
            .collect()
    }

    /// Whether both are about one patient.
    pub(crate) fn is_about_the_patient_of(self, other: Self) -> bool {
        let subject = |note: Self| note.0.get("subject")?.str("reference");
        subject(self).is_some() && subject(self) == subject(other)
    }

    /// Id of the note that it adds to.
    pub(crate) fn appends_to(self) -> Option<&'n str> {
        items(self.0, "relatesTo")
            .filter(|one| one.str("code") == Some("appends"))
            .find_map(|one| {
                let target = one.get("targetReference")?.str("reference")?;
                target.strip_prefix("Composition/")
            })
    }
}

/// An attester.
#[derive(Clone, Copy)]
pub(crate) struct Signature<'n>(pub(crate) Node<'n>);

impl<'n> Signature<'n> {
    pub(crate) fn mode(self) -> &'n str {
        self.0.str("mode").unwrap_or_default()
    }

    /// Reference to who signed.
    pub(crate) fn party(self) -> Option<&'n str> {
        self.0.get("party")?.str("reference")
    }

    /// When.
    pub(crate) fn time(self) -> Option<&'n str> {
        self.0.str("time")
    }
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn doc(text: &str) -> Doc {
        Doc::parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn a_note_waits_from_its_authors_signature_to_the_second_one() {
        for (text, state) in [
            (r#"{"status":"preliminary"}"#, State::Draft),
            (
                r#"{"status":"preliminary","attester":[{"mode":"professional"}]}"#,
                State::Waiting,
            ),
            (
                r#"{"status":"final","attester":[{"mode":"legal"}]}"#,
                State::Signed,
            ),
            (r#"{"status":"amended"}"#, State::Signed),
            (r#"{"status":"entered-in-error"}"#, State::Withdrawn),
        ] {
            assert_eq!(Note(doc(text).root()).state(), state, "{text}");
        }
    }

    #[test]
    fn a_section_has_at_most_10000_characters_as_they_are_read() {
        let note = |words: &str| {
            doc(&format!(
                r#"{{"section":[{{"title":"a"}},{{"section":[{{"text":{{"div":"<div><p>{words}</p></div>"}}}}]}}]}}"#
            ))
        };
        for (words, good) in [
            ("ü".repeat(10_000), true),
            ("ü".repeat(10_001), false),
            // Markup and entities are not read.
            ("&lt;".repeat(10_000), true),
            (
                format!("{}{}", "x".repeat(10_000), "<br/>".repeat(50)),
                true,
            ),
        ] {
            let new = note(&words);
            assert_eq!(check_length(Note(new.root()), None).is_ok(), good);
            assert!(check_length(Note(new.root()), Some(Note(new.root()))).is_ok());
        }
        let longer = note(&"x".repeat(10_002));
        let long = note(&"x".repeat(10_001));
        assert!(check_length(Note(longer.root()), Some(Note(long.root()))).is_err());
    }

    #[test]
    fn a_change_of_words_is_noticed_in_both_directions_and_one_of_state_is_not() {
        let old = doc(r#"{"status":"preliminary","title":"A","section":[{"title":"x"}]}"#);
        for (text, same) in [
            (
                r#"{"status":"final","title":"A","section":[{"title":"x"}],"attester":[],"meta":{}}"#,
                true,
            ),
            (
                r#"{"status":"final","title":"B","section":[{"title":"x"}]}"#,
                false,
            ),
            (r#"{"status":"final","title":"A"}"#, false),
            (
                r#"{"status":"final","title":"A","section":[{"title":"x"}],"event":[]}"#,
                false,
            ),
        ] {
            let new = doc(text);
            assert_eq!(
                Note(old.root()).says_the_same_as(Note(new.root())),
                same,
                "{text}"
            );
        }
    }
}
