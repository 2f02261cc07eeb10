//! What an AllergyIntolerance says of its patient while it stands.

use mt_fhir::Node;

use super::items;

const SNOMED: &str = "http://snomed.info/sct";
/// SNOMED CT: no known allergy.
const NONE_KNOWN: &str = "716186003";
/// SNOMED CT: none known of one kind (drugs, environment, insects, food). An allergy of another kind may stand beside them.
const NONE_OF_A_KIND: &[&str] = &["409137002", "428607008", "428197003", "429625007"];

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// An allergy that the patient has.
    Allergy,
    /// That none is known.
    NoneKnown,
}

/// What an AllergyIntolerance says; nothing when it is over, refuted or entered in error, or speaks of one kind only.
pub(crate) fn said(allergy: Node<'_>) -> Option<Said> {
    let is = |field: &str, codes: &[&str]| {
        let codings = allergy.get(field).into_iter();
        let mut codings = codings.flat_map(|concept| items(concept, "coding"));
        codings.any(|coding| coding.str("code").is_some_and(|code| codes.contains(&code)))
    };
    if is("clinicalStatus", &["inactive", "resolved"])
        || is("verificationStatus", &["refuted", "entered-in-error"])
    {
        return None;
    }
    let codings = allergy.get("code").into_iter();
    let codings = codings.flat_map(|code| items(code, "coding"));
    let snomed = codings.filter(|coding| coding.str("system") == Some(SNOMED));
    let codes: Vec<&str> = snomed.filter_map(|coding| coding.str("code")).collect();
    if codes.contains(&NONE_KNOWN) {
        return Some(Said::NoneKnown);
    }
    let of_a_kind = codes.iter().any(|code| NONE_OF_A_KIND.contains(code));
    (!of_a_kind).then_some(Said::Allergy)
}

/// Id of the patient whom it is about.
pub(crate) fn patient_of(allergy: Node<'_>) -> Option<&str> {
    let reference = allergy.get("patient")?.str("reference")?;
    let id = reference.strip_prefix("Patient/")?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    #[test]
    fn what_is_over_or_wrong_says_nothing() {
        let none = r#""code":{"coding":[{"system":"http://snomed.info/sct","code":"716186003"}]}"#;
        let drug = r#""code":{"coding":[{"system":"http://snomed.info/sct","code":"409137002"}]}"#;
        let with = |field: &str, code: &str, rest: &str| {
            format!(r#"{{"{field}":{{"coding":[{{"code":"{code}"}}]}},{rest}}}"#)
        };
        let nuts = r#""code":{"text":"Nuts"}"#;
        for (text, expected) in [
            (format!("{{{none}}}"), Some(Said::NoneKnown)),
            (format!("{{{nuts}}}"), Some(Said::Allergy)),
            (format!("{{{drug}}}"), None),
            (
                with("clinicalStatus", "active", none),
                Some(Said::NoneKnown),
            ),
            (with("clinicalStatus", "inactive", none), None),
            (with("clinicalStatus", "resolved", nuts), None),
            (
                with("verificationStatus", "unconfirmed", nuts),
                Some(Said::Allergy),
            ),
            (with("verificationStatus", "entered-in-error", nuts), None),
            (with("verificationStatus", "refuted", nuts), None),
        ] {
            let doc = Doc::parse(text.clone(), &Limits::default()).unwrap();
            assert_eq!(said(doc.root()), expected, "{text}");
        }
    }
}
