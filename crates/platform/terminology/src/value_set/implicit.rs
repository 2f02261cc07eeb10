//! Value sets that a URL implies without a resource
//! (<http://hl7.org/fhir/R4/terminologies-systems.html>).

use super::{Filter, Include, ValueSet};

/// The value set that a URL implies: all of SNOMED CT or what lies under a concept of it, all of
/// LOINC, all units.
pub(crate) fn implicit(url: &str) -> Option<ValueSet> {
    let include = match url {
        "http://loinc.org/vs" => Include::whole("http://loinc.org"),
        "http://unitsofmeasure.org/vs" => Include::whole("http://unitsofmeasure.org"),
        _ => snomed(url)?,
    };
    Some(ValueSet::of(url, include))
}

/// `http://snomed.info/sct[/module[/version/date]]?fhir_vs[=isa/concept]`. Reference sets and
/// expression constraints are not at hand, so their URLs stay unknown.
fn snomed(url: &str) -> Option<Include> {
    const SYSTEM: &str = "http://snomed.info/sct";
    let (edition, query) = url.split_once('?')?;
    let edition = edition.strip_prefix(SYSTEM)?;
    if !(edition.is_empty() || edition.starts_with('/')) {
        return None;
    }
    let mut include = Include::whole(SYSTEM);
    if !edition.is_empty() {
        include.version = Some(format!("{SYSTEM}{edition}"));
    }
    match query {
        "fhir_vs" => Some(include),
        _ => {
            let concept = query.strip_prefix("fhir_vs=isa/")?;
            let is_id = !concept.is_empty() && concept.bytes().all(|b| b.is_ascii_digit());
            include.filters = is_id.then(|| vec![Filter::is_a(concept)])?;
            Some(include)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implicit_urls_are_recognised_and_others_are_not() {
        for (url, filters) in [
            ("http://snomed.info/sct?fhir_vs", 0),
            ("http://snomed.info/sct?fhir_vs=isa/50697003", 1),
            ("http://snomed.info/sct/731000124108?fhir_vs", 0),
            ("http://loinc.org/vs", 0),
        ] {
            let set = implicit(url).expect(url);
            assert_eq!(set.include[0].filters.len(), filters, "{url}");
        }
        for url in [
            "http://snomed.info/sct?fhir_vs=isa/x",
            "http://snomed.info/sct?fhir_vs=ecl/<50697003",
            "http://snomed.info/sctx?fhir_vs",
            "http://loinc.org/vs/LL1-1",
        ] {
            assert!(implicit(url).is_none(), "{url}");
        }
    }
}
