//! The patient in context of a standalone launch: the only one there is, or the one that is chosen.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use maud::html;
use mt_access::{Grant, Interaction, LaunchContext, Role};
use mt_fhir::ResourceType;
use mt_kernel::{OpCtx, PurposeOfUse};
use mt_search::{Handling, ParamRegistry, ParseOptions, Query, Scope};
use mt_store::Caller;
use serde_json::Value;

use super::Journey;
use super::request::Refusal;
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::events::person_actor;
use crate::oauth::people::SignedIn;
use crate::oauth::scopes;
use crate::people::pages::Page;

/// Patients on one page of a search.
const FOUND: &str = "20";

impl Journey<'_> {
    /// Takes the only patient there is; a page where there is a choice; nothing when none is needed.
    pub(super) async fn choose_patient(
        &mut self,
        who: &SignedIn,
        search: Option<&str>,
    ) -> Result<Option<Response>, Refusal> {
        self.check_launch(who)?;
        if self.request.patient.is_some() || !scopes::needs_patient(&self.request.scope) {
            return Ok(None);
        }
        if let [only] = who.person.own_patients.as_slice()
            && !self.sees_all(who)
        {
            let only = only.clone();
            self.keep_patient(&only).await?;
            return Ok(None);
        }
        if self.request.asks("none") {
            return Err(self.refuse(Code::InteractionRequired, "a patient must be chosen"));
        }
        if !self.sees_all(who) && who.person.own_patients.is_empty() {
            return Err(self.refuse(Code::AccessDenied, "the person has no patient to choose"));
        }
        Ok(Some(self.patient_page(who, search).await?))
    }

    /// A launch from the EHR is of the person who launched.
    fn check_launch(&self, who: &SignedIn) -> Result<(), Refusal> {
        let launched_by = self
            .request
            .launch
            .as_ref()
            .map(|launch| launch.account.as_str());
        let account = who.person.account.to_string();
        if launched_by.is_none_or(|by| by == account) {
            return Ok(());
        }
        Err(self.refuse(Code::AccessDenied, "another person launched the app"))
    }

    /// Whether the person may search all patients of the organisation.
    fn sees_all(&self, who: &SignedIn) -> bool {
        let roles = who
            .person
            .roles
            .iter()
            .filter_map(|code| Role::from_code(code));
        let grant = Grant::new(roles.collect(), None, Vec::new(), LaunchContext::default());
        grant
            .decide(ResourceType::PATIENT, Interaction::Search)
            .is_open()
    }

    /// Takes a patient that was chosen on the page.
    pub(super) async fn take_patient(
        &mut self,
        who: &SignedIn,
        patient: &str,
    ) -> Result<(), Refusal> {
        let own = who.person.own_patients.iter().any(|id| id == patient);
        let known =
            own || (self.sees_all(who) && !self.find(who, &[("_id", patient)]).await?.is_empty());
        if !known || !scopes::needs_patient(&self.request.scope) {
            return Err(OAuthError::request("there is no such patient").into());
        }
        self.keep_patient(patient).await
    }

    async fn keep_patient(&mut self, patient: &str) -> Result<(), Refusal> {
        self.request.patient = Some(patient.to_owned());
        self.pending().update(&self.handle, &self.request).await?;
        Ok(())
    }

    async fn patient_page(
        &self,
        who: &SignedIn,
        search: Option<&str>,
    ) -> Result<Response, Refusal> {
        let all = self.sees_all(who);
        let mut choices: Vec<(String, String)> = Vec::new();
        for id in &who.person.own_patients {
            choices.extend(self.find(who, &[("_id", id)]).await?);
        }
        if let Some(name) = search.filter(|_| all) {
            let named = [("name", name), ("_count", FOUND)];
            choices.extend(self.find(who, &named).await?);
        }
        let token = self.form_token(who)?;
        let body = html! {
            h1 { "Whose record for " (self.client_name()) "?" }
            @if all {
                form method="get" action=(format!("/t/{}/oauth2/authorize", self.at.name)) {
                    input type="hidden" name="pending" value=(self.handle);
                    label { "Name" input type="search" name="q" value=[search] autofocus; }
                    button class="secondary" { "Search" }
                }
            }
            @if choices.is_empty() {
                @if search.is_some() { p role="status" { "Nobody of this name was found." } }
            } @else {
                form method="post" action=(self.form_action()) {
                    input type="hidden" name="pending" value=(self.handle);
                    input type="hidden" name="token" value=(token);
                    fieldset {
                        legend { "Patient" }
                        @for (id, label) in &choices {
                            label class="choice" {
                                input type="radio" name="patient" value=(id) required;
                                " " (label)
                            }
                        }
                    }
                    button { "Continue" }
                }
            }
        };
        let page = Page::new("Choose a patient", self.at.name.as_str(), body);
        Ok(page
            .forms_may_lead_to(&self.request.redirect_uri)
            .into_response())
    }

    /// Patients as `(id, label)`. The search is noted in the audit trail as the person's own.
    async fn find(
        &self,
        who: &SignedIn,
        pairs: &[(&str, &str)],
    ) -> Result<Vec<(String, String)>, Refusal> {
        let options = ParseOptions {
            handling: Handling::Strict,
            ..ParseOptions::at(self.now)
        };
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let scope = Scope::resource(ResourceType::PATIENT);
        let Ok(query) = Query::parse(&ParamRegistry::official(), scope, &pairs, &options) else {
            return Ok(Vec::new());
        };
        let mut actor = person_actor(&who.person.account.to_string(), Some(&self.client));
        actor.roles = who
            .person
            .roles
            .iter()
            .map(|role| Arc::from(role.as_str()))
            .collect();
        let caller = Caller::unrestricted(OpCtx {
            tenant: self.at.tenant,
            actor,
            purpose: PurposeOfUse::Treatment,
            correlation_id: self.at.correlation,
            now: self.now,
        });
        let page = self.provider.store.search(&caller, &query, None).await?;
        let label = |entry: &mt_store::Entry| {
            let id = entry.resource.id.to_string();
            let label = label_of(&entry.resource.body, &id);
            (id, label)
        };
        Ok(page.entries.iter().map(label).collect())
    }
}

/// Name and birth date: enough to tell people of one name apart.
fn label_of(body: &[u8], id: &str) -> String {
    let patient: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = &patient["name"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let given = name["given"].as_array().map_or_else(String::new, |given| {
        given
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    });
    let full = match name["text"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("{given} {}", text(&name["family"]))
            .trim()
            .to_owned(),
    };
    let born = text(&patient["birthDate"]);
    match (full.is_empty(), born.is_empty()) {
        (true, _) => id.to_owned(),
        (false, true) => full,
        (false, false) => format!("{full}, born {born}"),
    }
}
