//! Finding patients: ranked, forgiving slips; and those who may be one person.

use std::collections::BTreeMap;

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_matching::{Grade, POSSIBLE, Traits, alike, misread, score};
use mt_search::normal::telephone_code;
use mt_search::{ParamRegistry, ParseOptions, Query};
use mt_store::Stored;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::view::PatientView;
use crate::Patients;
use crate::document::parse;
use crate::domain::details::Details;
use crate::domain::find::{Asked, Fit, Why, fit, sort_key};
use crate::error::{PatientsError, Result};

/// Whom to look for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Wanted {
    /// Names (also misspelt, or the beginning of them), a birth date, a record number, a telephone, in any mixture.
    /// Without it all patients are listed.
    pub q: Option<String>,
    /// Whether records that are not in use are shown as well.
    pub include_inactive: bool,
    /// Most in one page, 1 to 100; 25 when absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

/// A patient that was found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The patient.
    pub patient: PatientView,
    /// From 0 to 1; 1 when everybody is listed.
    pub score: f64,
    /// Why it was found.
    pub why: Vec<Why>,
}

/// Patients that were found, the best first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundPage {
    /// The patients.
    pub items: Vec<Found>,
    /// Whether there are more than are shown: something more should be asked for.
    pub more: bool,
    /// Cursor of the next page of a list of all patients.
    pub next: Option<String>,
}

/// A patient who may be the one described.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Duplicate {
    /// The patient.
    pub patient: PatientView,
    /// From 0 to 1.
    pub score: f64,
    /// `certain`, `probable` or `possible`.
    pub grade: &'static str,
    /// What agrees, and what contradicts.
    pub why: Vec<&'static str>,
}

/// Patients who may be the one described, the likeliest first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Duplicates {
    /// The patients.
    pub items: Vec<Duplicate>,
}

/// Candidates from a search for what was written, and for what is alike.
const WRITTEN: u32 = 50;
const ALIKE: u32 = 200;
/// Patients on a page.
const PAGE: u32 = 25;
const LARGEST_PAGE: u32 = 100;
/// Longest text.
const LONGEST: usize = 200;
/// Most that may be the one described.
const DUPLICATES: usize = 10;

impl Patients {
    /// Patients whom the text may mean, the best first, within the caller's reach.
    ///
    /// # Errors
    /// When the question cannot be meant.
    pub async fn find(&self, caller: &Caller, wanted: &Wanted) -> Result<FoundPage> {
        let limit = wanted.limit.unwrap_or(PAGE);
        if !(1..=LARGEST_PAGE).contains(&limit) {
            return Err(PatientsError::invalid(
                "limit lies between 1 and 100",
                "limit",
            ));
        }
        let text = wanted.q.as_deref().unwrap_or_default().trim();
        if text.is_empty() {
            return self.list(caller, wanted, limit).await;
        }
        if text.chars().count() > LONGEST {
            return Err(PatientsError::invalid("ask with fewer words", "q"));
        }
        let today = self.store.clock().now().timestamp();
        let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
        let asked = Asked::understand(text, today);
        let mut found = self.ranked(caller, &asked, wanted.include_inactive).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        Ok(FoundPage {
            items: found,
            more,
            next: None,
        })
    }

    async fn list(&self, caller: &Caller, wanted: &Wanted, limit: u32) -> Result<FoundPage> {
        let records = self.records(caller, Interaction::Search).await?;
        let registry = self.registry(caller).await?;
        let active = [("active:not", "false".to_owned())];
        let pairs = if wanted.include_inactive {
            &[][..]
        } else {
            &active[..]
        };
        let query = self.query(&registry, ResourceType::PATIENT, pairs, limit)?;
        let page = self
            .store
            .search(&records, &query, wanted.cursor.as_deref())
            .await?;
        let shown = |stored: &Stored| -> Result<Found> {
            Ok(Found {
                patient: PatientView::of(stored)?,
                score: 1.0,
                why: Vec::new(),
            })
        };
        let items = page.entries.iter().map(|entry| shown(&entry.resource));
        Ok(FoundPage {
            items: items.collect::<Result<_>>()?,
            more: page.next.is_some(),
            next: page.next,
        })
    }

    async fn ranked(&self, caller: &Caller, asked: &Asked, inactive: bool) -> Result<Vec<Found>> {
        let registry = self.registry(caller).await?;
        let mut ranked: Vec<(Fit, String, PatientView)> = Vec::new();
        for stored in self
            .candidates(caller, self.questions(&registry, asked)?)
            .await?
        {
            let doc = parse(&stored.body)?;
            let Some(fit) = fit(asked, doc.root()) else {
                continue;
            };
            let view = PatientView::read(&stored.id, stored.version, doc.root());
            if view.active || inactive {
                ranked.push((fit, sort_key(doc.root()), view));
            }
        }
        ranked.sort_by(|(a, name, one), (b, other_name, other)| {
            let by_score = b.score.total_cmp(&a.score);
            by_score.then_with(|| (name, &one.id).cmp(&(other_name, &other.id)))
        });
        let found = ranked.into_iter().map(|(fit, _, patient)| Found {
            patient,
            score: fit.score,
            why: fit.why,
        });
        Ok(found.collect())
    }

    /// The searches that whoever is meant is likely to be among.
    fn questions(&self, registry: &ParamRegistry, asked: &Asked) -> Result<Vec<Query>> {
        let mut all = Vec::new();
        let patient = ResourceType::PATIENT;
        let dates = |slips: bool| -> Vec<(&str, String)> {
            let said = |date: &String| {
                if slips {
                    misread(date).join(",")
                } else {
                    date.clone()
                }
            };
            asked
                .dates
                .iter()
                .map(|date| ("birthdate", said(date)))
                .collect()
        };
        if !asked.words.is_empty() {
            let mut written = dates(false);
            written.extend(asked.words.iter().map(|word| ("name", escaped(word))));
            all.push(self.query(registry, patient, &written, WRITTEN)?);
            let mut query = self.query(registry, patient, &dates(true), ALIKE)?;
            query
                .clauses
                .extend(asked.words.iter().filter_map(|word| alike(registry, word)));
            all.push(query);
        } else if asked.numbers.is_empty() && !asked.dates.is_empty() {
            all.push(self.query(registry, patient, &dates(false), ALIKE)?);
        }
        for number in &asked.numbers {
            let code = telephone_code(number).map(|code| format!(",{code}"));
            let telecom = format!("{}{}", escaped(number), code.unwrap_or_default());
            for pair in [("identifier", escaped(number)), ("telecom", telecom)] {
                all.push(self.query(registry, patient, &[pair], WRITTEN)?);
            }
        }
        Ok(all)
    }

    async fn candidates(&self, caller: &Caller, queries: Vec<Query>) -> Result<Vec<Stored>> {
        let records = self.records(caller, Interaction::Search).await?;
        let mut by_id: BTreeMap<String, Stored> = BTreeMap::new();
        for query in queries {
            let page = self.store.search(&records, &query, None).await?;
            for entry in page.entries {
                by_id.insert(entry.resource.id.to_string(), entry.resource);
            }
        }
        Ok(by_id.into_values().collect())
    }

    /// Patients who may be the one that is described, the likeliest first.
    ///
    /// # Errors
    /// When a value cannot be searched for.
    pub async fn duplicates(&self, caller: &Caller, details: &Details) -> Result<Duplicates> {
        let mut described = serde_json::json!({"resourceType": "Patient"});
        for (field, value) in details.changes(&crate::domain::merge::Fields::new()) {
            described[field] = value;
        }
        let items = self.matches(caller, &described).await?;
        Ok(Duplicates { items })
    }

    /// The same for a Patient.
    pub(super) async fn matches(
        &self,
        caller: &Caller,
        described: &Value,
    ) -> Result<Vec<Duplicate>> {
        let registry = self.registry(caller).await?;
        let text = serde_json::to_vec(described).map_err(|_| PatientsError::Unreadable)?;
        let wanted = parse(&text)?;
        let options = ParseOptions::at(self.store.clock().now());
        let queries = mt_matching::queries(&registry, wanted.root(), &options)?;
        let traits = Traits::of(wanted.root());
        let mut found = Vec::new();
        for stored in self.candidates(caller, queries).await? {
            let doc = parse(&stored.body)?;
            let score = score(&traits, &Traits::of(doc.root()));
            let view = PatientView::read(&stored.id, stored.version, doc.root());
            // A record that was merged is known by the one that stands for it.
            if score.value >= POSSIBLE && view.replaced_by.is_none() {
                found.push(Duplicate {
                    patient: view,
                    score: score.value,
                    grade: Grade::code(score.grade()),
                    why: score.reasons.iter().map(|reason| reason.code()).collect(),
                });
            }
        }
        found.sort_by(|a, b| {
            let by_score = b.score.total_cmp(&a.score);
            by_score.then_with(|| a.patient.id.cmp(&b.patient.id))
        });
        found.truncate(DUPLICATES);
        Ok(found)
    }
}

/// `\`, `|`, `,` and `$` have a meaning in search values.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, '\\' | '|' | ',' | '$') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
