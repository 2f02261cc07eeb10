//! The code systems that come as tables.

use std::path::Path;

use mt_terminology::content::{FramesWriter, write_image};
use mt_terminology::{
    AttributeKey, CodeSystem, ConceptsBuilder, Content, Header, NewAttribute, NewConcept,
    PropertyKind,
};

use super::csv::table;
use super::{Outcome, read};

const LOINC: &str = "This material contains content from LOINC (http://loinc.org). LOINC is \
    copyright Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes \
    (LOINC) Committee and is available at no cost under the license at http://loinc.org/license. \
    LOINC is a registered United States trademark of Regenstrief Institute, Inc.";

/// Packs every system.
pub(super) fn pack(terminology: &Path, currencies: &Path) -> Outcome<Vec<u8>> {
    let systems = [
        icd_10_cm(&read(
            &terminology.join("icd-10-cm/icd10cm-2026-04.csv.gz"),
        )?)?,
        hcpcs(&read(&terminology.join("hcpcs/hcpcs-level2-2019.csv.gz"))?)?,
        cvx(&read(&terminology.join("cvx/cvx-2014.csv"))?)?,
        loinc(&read(
            &terminology.join("loinc/LoincUniversalLabOrdersValueSet.csv"),
        )?)?,
        rxnorm(&terminology.join("rxnorm"))?,
        currency(&read(currencies)?)?,
    ];
    let mut writer = FramesWriter::default();
    for system in systems {
        writer.add(&system.header.url, &write_image(&system))?;
    }
    Ok(writer.finish()?)
}

fn header(url: &str, version: &str, title: &str, content: Content) -> Header {
    Header {
        url: url.to_owned(),
        version: Some(version.to_owned()),
        name: title.to_owned(),
        title: Some(title.to_owned()),
        value_set: None,
        content,
        is_a: true,
        copyright: None,
    }
}

fn property<'a>(code: &str, kind: PropertyKind, value: &'a str) -> NewAttribute<'a> {
    NewAttribute {
        key: AttributeKey::Property {
            code: code.to_owned(),
            kind,
        },
        value,
    }
}

fn plain<'a>(code: &'a str, display: &'a str) -> NewConcept<'a> {
    NewConcept {
        code,
        display: Some(display),
        ..NewConcept::default()
    }
}

fn close(header: Header, concepts: ConceptsBuilder) -> CodeSystem {
    CodeSystem {
        header,
        concepts: concepts.build(),
        grammar: None,
    }
}

fn icd_10_cm(text: &str) -> Outcome<CodeSystem> {
    let rows = table(text, ["code", "description", "chapter", "block", "kind"])?;
    let known: std::collections::HashSet<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let mut builder = ConceptsBuilder::new(true);
    for [code, description, chapter, block, kind] in &rows {
        let concept = builder.concept(plain(code, description));
        if let Some(parent) = shorter(code, &known) {
            builder.link_to_code(concept, parent);
        }
        let billable = if kind == "billable" { "true" } else { "false" };
        builder.attribute(
            concept,
            &property("billable", PropertyKind::Boolean, billable),
        );
        builder.attribute(concept, &property("chapter", PropertyKind::String, chapter));
        builder.attribute(concept, &property("block", PropertyKind::String, block));
        if kind == "needs-7th-character" {
            let key = property("needsSeventhCharacter", PropertyKind::Boolean, "true");
            builder.attribute(concept, &key);
        }
    }
    let header = header(
        "http://hl7.org/fhir/sid/icd-10-cm",
        "2026-04",
        "ICD-10-CM",
        Content::Complete,
    );
    Ok(close(header, builder))
}

/// The category of a code: the longest shorter code, without the placeholders `X` of a seventh
/// character.
fn shorter<'a>(code: &'a str, known: &std::collections::HashSet<&str>) -> Option<&'a str> {
    let mut rest = code;
    while rest.len() > 3 {
        rest = rest[..rest.len() - 1].trim_end_matches('.');
        if known.contains(rest) {
            return Some(rest);
        }
    }
    None
}

fn hcpcs(text: &str) -> Outcome<CodeSystem> {
    let mut builder = ConceptsBuilder::new(true);
    for [code, kind, short, long] in table(
        text,
        ["code", "kind", "short_description", "long_description"],
    )? {
        let concept = builder.concept(plain(&code, &long));
        builder.attribute(concept, &property("kind", PropertyKind::Code, &kind));
        if short != long {
            let key = AttributeKey::Designation {
                language: Some("en".into()),
                usage: None,
            };
            builder.attribute(concept, &NewAttribute { key, value: &short });
        }
    }
    let url = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";
    Ok(close(
        header(url, "2019", "HCPCS Level II", Content::Fragment),
        builder,
    ))
}

fn cvx(text: &str) -> Outcome<CodeSystem> {
    let mut builder = ConceptsBuilder::new(true);
    for [code, short, full, note, status] in table(
        text,
        [
            "cvx_code",
            "short_description",
            "full_vaccine_name",
            "note",
            "status",
        ],
    )? {
        // `Inactive` vaccines may stand in histories; they are still valid codes.
        let new = NewConcept {
            is_inactive: status == "Inactive",
            ..plain(code.trim(), short.trim())
        };
        let concept = builder.concept(new);
        builder.attribute(concept, &property("status", PropertyKind::Code, &status));
        for (key, value) in [("fullName", full.trim()), ("note", note.trim())] {
            if !value.is_empty() {
                builder.attribute(concept, &property(key, PropertyKind::String, value));
            }
        }
    }
    let header = header(
        "http://hl7.org/fhir/sid/cvx",
        "2014",
        "CVX",
        Content::Fragment,
    );
    Ok(close(header, builder))
}

fn loinc(text: &str) -> Outcome<CodeSystem> {
    let mut builder = ConceptsBuilder::new(false);
    for [code, name, usage] in table(text, ["LOINC_NUM", "LONG_COMMON_NAME", "ORDER_OBS"])? {
        let concept = builder.concept(plain(&code, &name));
        builder.attribute(
            concept,
            &property("ORDER_OBS", PropertyKind::String, &usage),
        );
    }
    let mut header = header(
        "http://loinc.org",
        "universal-lab-orders",
        "LOINC",
        Content::Fragment,
    );
    header.copyright = Some(LOINC.to_owned());
    Ok(close(header, builder))
}

fn rxnorm(folder: &Path) -> Outcome<CodeSystem> {
    let mut builder = ConceptsBuilder::new(true);
    let mut seen = std::collections::HashSet::new();
    let drugs = read(&folder.join("rxnorm-clinical-drugs-in-synthea.csv"))?;
    for [code, name] in table(&drugs, ["rxcui", "name"])? {
        if seen.insert(code.clone()) {
            builder.concept(plain(&code, &name));
        }
    }
    let substances = read(&folder.join("rxcui-unii-substances-2014.csv.gz"))?;
    for [code, name, unii] in table(&substances, ["rxcui", "fda_preferred_term", "unii"])? {
        if seen.insert(code.clone()) {
            let concept = builder.concept(plain(&code, &name));
            builder.attribute(concept, &property("UNII", PropertyKind::String, &unii));
        }
    }
    let url = "http://www.nlm.nih.gov/research/umls/rxnorm";
    Ok(close(
        header(url, "2014-ingredients", "RxNorm", Content::Fragment),
        builder,
    ))
}

fn currency(text: &str) -> Outcome<CodeSystem> {
    let mut builder = ConceptsBuilder::new(true);
    for [code, name] in table(text, ["code", "name"])? {
        builder.concept(plain(&code, &name));
    }
    Ok(close(
        header(
            "urn:iso:std:iso:4217",
            "2024",
            "ISO 4217",
            Content::Complete,
        ),
        builder,
    ))
}
