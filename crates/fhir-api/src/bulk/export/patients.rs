//! Exports of patients: all, some, or the members of a Group.

use std::collections::{BTreeSet, HashSet};

use mt_fhir::definitions::Compartment;
use mt_fhir::json::Limits;
use mt_fhir::outcome::{Issue, IssueCode, OperationOutcome};
use mt_fhir::{Doc, Node, ResourceType};
use mt_search::{Scope, extract};
use mt_store::Stored;

use super::super::files::Purpose;
use super::super::refusal::Failure;
use super::run::{Export, is_of_patients, matched};

/// Ids in one search.
const IDS: usize = 50;

impl Export<'_> {
    /// Everything about the named patients, or about all.
    pub(super) async fn patients(&mut self, named: Option<&[String]>) -> Result<(), Failure> {
        match named {
            Some(named) => self.of_named(named).await,
            None => self.of_all().await,
        }
    }

    /// Everything about the active members of a Group.
    pub(super) async fn group(
        &mut self,
        id: &str,
        named: Option<&[String]>,
    ) -> Result<(), Failure> {
        let pairs = vec![("_id".to_owned(), id.to_owned())];
        let mut query = self.plain_query(Scope::resource(ResourceType::GROUP), &pairs)?;
        query.count = Some(1);
        let page = self.page(&query, None).await?;
        let group = matched(&page).next();
        let group = group.ok_or_else(|| refused("the group is not there any more"))?;
        let mut members = members(&parse(group)?);
        if let Some(named) = named {
            members.retain(|member| named.contains(member));
            let strangers = named.iter().filter(|one| !members.contains(*one)).count();
            if strangers > 0 {
                let text = format!("{strangers} of the named patients are not in the group");
                self.complain(&text).await?;
            }
        }
        let members: Vec<String> = members.into_iter().collect();
        self.of_named(&members).await
    }

    async fn of_all(&mut self) -> Result<(), Failure> {
        let registry = self.registry.clone();
        for kind in self.kinds() {
            if !is_of_patients(kind) {
                continue;
            }
            let about_a_patient = |stored: &Stored| {
                let Ok(doc) = parse(stored) else { return false };
                let extracted = extract(&registry, kind, doc.root());
                let mut owners = extracted.compartments.iter();
                owners.any(|(compartment, _)| *compartment == Compartment::Patient)
            };
            if kind == ResourceType::PATIENT {
                self.of_type(kind, |_| true).await?;
            } else {
                self.of_type(kind, about_a_patient).await?;
            }
        }
        Ok(())
    }

    async fn of_named(&mut self, named: &[String]) -> Result<(), Failure> {
        let patients = self.visible(named).await?;
        let missing = named.len() - patients.len();
        if missing > 0 {
            let text = format!("{missing} patients are not there, or you may not see them");
            self.complain(&text).await?;
        }
        let kinds = self.kinds();
        if kinds.contains(&ResourceType::PATIENT) {
            for ids in chunks(&patients) {
                self.some(ResourceType::PATIENT, &ids).await?;
            }
        }
        let is_inner =
            |kind: &&ResourceType| is_of_patients(**kind) && **kind != ResourceType::PATIENT;
        let inner: Vec<ResourceType> = kinds.iter().filter(is_inner).copied().collect();
        for patient in &patients {
            self.compartment(patient, &patients, &inner).await?;
        }
        self.referenced(&kinds).await
    }

    /// Which of the patients the caller may see.
    async fn visible(&self, named: &[String]) -> Result<BTreeSet<String>, Failure> {
        let mut found = BTreeSet::new();
        for ids in named.chunks(IDS) {
            let pairs = vec![("_id".to_owned(), ids.join(","))];
            let query = self.plain_query(Scope::resource(ResourceType::PATIENT), &pairs)?;
            let page = self.page(&query, None).await?;
            found.extend(matched(&page).map(|stored| stored.id.to_string()));
        }
        Ok(found)
    }

    /// What is in the compartment of a patient, and not in that of one who came before.
    async fn compartment(
        &mut self,
        patient: &str,
        all: &BTreeSet<String>,
        kinds: &[ResourceType],
    ) -> Result<(), Failure> {
        let filtered = !self.wanted.filters.is_empty();
        let mut queries = Vec::new();
        if filtered {
            for kind in kinds {
                let scope = Scope::compartment(Compartment::Patient, patient, Some(*kind));
                queries.extend(self.queries(*kind, &scope)?);
            }
        } else if !kinds.is_empty() {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            let pairs = vec![("_type".to_owned(), names.join(","))];
            let scope = Scope::compartment(Compartment::Patient, patient, None);
            queries.push(self.query(scope, pairs)?);
        }
        let mut seen: HashSet<(ResourceType, std::sync::Arc<str>)> = HashSet::new();
        for query in &queries {
            let mut cursor = None;
            loop {
                let page = self.page(query, cursor.as_deref()).await?;
                for stored in matched(&page) {
                    let key = (stored.resource_type, std::sync::Arc::clone(&stored.id));
                    let again = filtered && !seen.insert(key);
                    if !again && self.is_first(stored, patient, all)? {
                        self.note_references(stored);
                        self.write(stored).await?;
                    }
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether `patient` is the first of those exported whose compartment holds the resource.
    fn is_first(
        &self,
        stored: &Stored,
        patient: &str,
        all: &BTreeSet<String>,
    ) -> Result<bool, Failure> {
        let doc = parse(stored)?;
        let extracted = extract(&self.registry, stored.resource_type, doc.root());
        let owners = extracted.compartments.iter();
        let first = owners
            .filter(|(compartment, id)| {
                *compartment == Compartment::Patient && all.contains(id.as_ref())
            })
            .map(|(_, id)| id.as_ref())
            .min();
        Ok(first.is_none_or(|first| first == patient))
    }

    /// Remembers what a record refers to, of the types that are wanted and in no compartment.
    fn note_references(&mut self, stored: &Stored) {
        let Some(types) = &self.wanted.types else {
            return;
        };
        for (kind, id) in references(&stored.body) {
            let named = types.iter().any(|name| name == kind.name());
            if named && !is_of_patients(kind) {
                self.referenced.insert((kind, id.to_owned()));
            }
        }
    }

    async fn referenced(&mut self, kinds: &[ResourceType]) -> Result<(), Failure> {
        let referenced = std::mem::take(&mut self.referenced);
        for kind in kinds {
            let of_kind = referenced.iter().filter(|(one, _)| one == kind);
            let ids: BTreeSet<String> = of_kind.map(|(_, id)| id.clone()).collect();
            for ids in chunks(&ids) {
                self.some(*kind, &ids).await?;
            }
        }
        Ok(())
    }

    /// Writes the resources of a type with these ids.
    async fn some(&mut self, kind: ResourceType, ids: &[String]) -> Result<(), Failure> {
        let mut seen = HashSet::new();
        for mut query in self.queries(kind, &Scope::resource(kind))? {
            let pairs = vec![("_id".to_owned(), ids.join(","))];
            let chosen = self.plain_query(Scope::resource(kind), &pairs)?;
            query.clauses.extend(chosen.clauses);
            let page = self.page(&query, None).await?;
            for stored in matched(&page) {
                if seen.insert(std::sync::Arc::clone(&stored.id)) {
                    self.write(stored).await?;
                }
            }
        }
        Ok(())
    }

    /// A search that `_since` does not narrow.
    fn plain_query(
        &self,
        scope: Scope,
        pairs: &[(String, String)],
    ) -> Result<mt_search::Query, Failure> {
        let options = mt_search::ParseOptions::at(self.now);
        let query = mt_search::Query::parse(&self.registry, scope, pairs, &options);
        let mut query = query.map_err(crate::error::FhirError::from)?;
        query.count = u32::try_from(IDS).ok();
        Ok(query)
    }

    /// Adds a line to the file of errors.
    async fn complain(&mut self, text: &str) -> Result<(), Failure> {
        let mut issue = Issue::information(IssueCode::NotFound, text);
        issue.severity = mt_fhir::outcome::Severity::Error;
        let outcome = OperationOutcome::from(issue).to_json();
        self.files
            .add(Purpose::Error, "OperationOutcome", &outcome)
            .await
    }
}

/// The patients among the members of a Group that are still in it.
fn members(group: &Doc) -> BTreeSet<String> {
    let members = group
        .root()
        .get("member")
        .into_iter()
        .flat_map(Node::children);
    let active =
        members.filter(|member| member.get("inactive").and_then(Node::as_bool) != Some(true));
    let references = active.filter_map(|member| member.get("entity")?.str("reference"));
    let patients = references.filter_map(|reference| {
        let (before, id) = reference.rsplit_once('/')?;
        (before == "Patient" || before.ends_with("/Patient")).then_some(id)
    });
    patients.map(str::to_owned).collect()
}

/// Relative references in the canonical text of a resource. Inside a JSON string the quotation
/// marks would be escaped, so that no text can look like one.
fn references(body: &[u8]) -> impl Iterator<Item = (ResourceType, &str)> {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let mark = "\"reference\":\"";
    text.match_indices(mark).filter_map(move |(at, _)| {
        let value = &text[at + mark.len()..];
        let value = &value[..value.find('"')?];
        let (kind, id) = value.split_once('/')?;
        let id = id.split('/').next()?;
        Some((ResourceType::from_name(kind)?, id))
    })
}

fn chunks(ids: &BTreeSet<String>) -> Vec<Vec<String>> {
    let ids: Vec<String> = ids.iter().cloned().collect();
    ids.chunks(IDS).map(<[String]>::to_vec).collect()
}

fn parse(stored: &Stored) -> Result<Doc, Failure> {
    Doc::parse(stored.body.to_vec(), &Limits::default())
        .map_err(|_| Failure::Interrupted("a stored resource cannot be read".to_owned()))
}

fn refused(text: &str) -> Failure {
    Failure::Refused(vec![Issue::information(IssueCode::NotFound, text)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inactive_members_and_other_things_are_no_patients() {
        let group = r#"{"resourceType":"Group","member":[{"entity":{"reference":"Patient/a"}},
            {"entity":{"reference":"https://x/fhir/R4/Patient/b"}},{"entity":{"reference":"Device/c"}},
            {"entity":{"reference":"Patient/d"},"inactive":true}]}"#;
        let group = Doc::parse(group, &Limits::default()).unwrap();
        assert_eq!(members(&group), ["a", "b"].map(str::to_owned).into());
    }

    #[test]
    fn references_are_found_and_texts_are_not_taken_for_them() {
        let body = br#"{"a":{"reference":"Practitioner/1"},"t":"\"reference\":\"Practitioner/2\"","b":{"reference":"Location/3/_history/2"},"c":{"reference":"urn:uuid:4"}}"#;
        let found: Vec<String> = references(body)
            .map(|(kind, id)| format!("{}/{id}", kind.name()))
            .collect();
        assert_eq!(found, ["Practitioner/1", "Location/3"]);
    }
}
