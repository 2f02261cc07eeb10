//! CPT, from the consolidated code list: a tab-separated table below a notice.

use super::rows::Quotes;
use super::{Loaded, Release, name, property};
use crate::concepts::{ConceptsBuilder, NewConcept, PropertyKind};

/// Other names of a procedure.
const NAMES: [&str; 3] = ["Medium", "Short", "Consumer"];

pub(super) fn read(release: &mut Release<'_>) -> Loaded {
    let pattern = "*Consolidated*.txt";
    let mut files = release.named("", ".txt");
    files.retain(|path| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        name.to_ascii_lowercase().contains("consolidated") || *path == release.root
    });
    let missing = || super::LoadError::Missing {
        pattern,
        folder: release.root.clone(),
    };
    let path = files.first().cloned().ok_or_else(missing)?;
    let mut builder = ConceptsBuilder::new(true);
    let mut heading: Option<Heading> = None;
    let mut newest = None;
    release.rows(&path, (b'\t', Quotes::None, 1), |row| {
        let Some(heading) = &heading else {
            // Lines of the notice come first.
            heading = Heading::find(row);
            return Ok(());
        };
        newest = newest.take().max(heading.add(row, &mut builder));
        Ok(())
    })?;
    if heading.is_none() {
        return Err(super::LoadError::Column {
            path,
            column: "CPT Code",
        });
    }
    Ok((builder, newest))
}

struct Heading {
    code: usize,
    long: usize,
    effective: Option<usize>,
    names: Vec<usize>,
}

impl Heading {
    fn find(row: &[String]) -> Option<Self> {
        let place = |column: &str| row.iter().position(|own| own.trim() == column);
        Some(Self {
            code: place("CPT Code")?,
            long: place("Long")?,
            effective: place("Current Descriptor Effective Date"),
            names: NAMES.iter().filter_map(|column| place(column)).collect(),
        })
    }

    /// Adds a row and gives the date from which it is valid.
    fn add(&self, row: &[String], builder: &mut ConceptsBuilder) -> Option<String> {
        let field = |place: usize| row.get(place).map_or("", |value| value.trim());
        let code = field(self.code);
        if code.len() != 5 {
            return None;
        }
        let concept = builder.concept(NewConcept {
            code,
            display: Some(field(self.long)),
            ..NewConcept::default()
        });
        for place in &self.names {
            if !field(*place).is_empty() {
                builder.attribute(concept, &name(Some("en"), field(*place)));
            }
        }
        let effective = self.effective.map(field).filter(|date| !date.is_empty())?;
        builder.attribute(
            concept,
            &property("effectiveDate", PropertyKind::DateTime, effective),
        );
        Some(effective.to_owned())
    }
}
