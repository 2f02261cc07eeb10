//! LOINC, from `Loinc.csv` of a release.

use super::rows::Quotes;
use super::{Loaded, Release, columns, name, property};
use crate::concepts::{ConceptsBuilder, NewConcept, PropertyKind};

const REQUIRED: [&str; 4] = [
    "LOINC_NUM",
    "LONG_COMMON_NAME",
    "STATUS",
    "VersionLastChanged",
];

/// Columns that are properties (<http://hl7.org/fhir/R4/loinc.html#4.3.1.0.3>).
const PROPERTIES: [&str; 11] = [
    "STATUS",
    "COMPONENT",
    "PROPERTY",
    "TIME_ASPCT",
    "SYSTEM",
    "SCALE_TYP",
    "METHOD_TYP",
    "CLASS",
    "CLASSTYPE",
    "ORDER_OBS",
    "EXAMPLE_UCUM_UNITS",
];

const NAMES: [&str; 3] = ["SHORTNAME", "DisplayName", "CONSUMER_NAME"];

pub(super) fn read(release: &mut Release<'_>) -> Loaded {
    let path = release
        .required("Loinc.csv", "Loinc.csv", "Loinc.csv")?
        .remove(0);
    let mut builder = ConceptsBuilder::new(false);
    let mut heading: Option<Heading> = None;
    let mut newest: Option<(u32, u32)> = None;
    release.rows(&path, (b',', Quotes::Double, 2), |row| {
        let Some(heading) = &heading else {
            let places = columns(&path, row, REQUIRED)?;
            let optional = |columns: &[&'static str]| -> Vec<(&'static str, usize)> {
                let place = |column: &&'static str| row.iter().position(|own| own == column);
                columns
                    .iter()
                    .filter_map(|column| Some((*column, place(column)?)))
                    .collect()
            };
            heading = Some(Heading {
                places,
                properties: optional(&PROPERTIES),
                names: optional(&NAMES),
            });
            return Ok(());
        };
        newest = newest.max(heading.add(row, &mut builder));
        Ok(())
    })?;
    Ok((
        builder,
        newest.map(|(major, minor)| format!("{major}.{minor:02}")),
    ))
}

struct Heading {
    places: [usize; 4],
    properties: Vec<(&'static str, usize)>,
    names: Vec<(&'static str, usize)>,
}

impl Heading {
    /// Adds a row and gives the release in which it last changed.
    fn add(&self, row: &[String], builder: &mut ConceptsBuilder) -> Option<(u32, u32)> {
        let field = |place: usize| row.get(place).map_or("", String::as_str);
        let [code, display, status, changed] = self.places.map(field);
        let concept = builder.concept(NewConcept {
            code,
            display: (!display.is_empty()).then_some(display),
            is_inactive: status == "DEPRECATED",
            is_abstract: false,
        });
        for (column, place) in &self.properties {
            let value = field(*place);
            if !value.is_empty() {
                builder.attribute(concept, &property(column, PropertyKind::String, value));
            }
        }
        for (_, place) in &self.names {
            let value = field(*place);
            if !value.is_empty() {
                builder.attribute(concept, &name(Some("en"), value));
            }
        }
        let (major, minor) = changed.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }
}
