//! A ward with people who write and sign notes.

use std::sync::Arc;

use mt_access::{Authenticated, Grant, Interaction, LaunchContext, Role};
use mt_api::Caller;
use mt_charting::{Charting, ChartingError, CosignRules, Cosigning, SignNote};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{Actor, ActorKind, Assurance, Clock, ErrorKind, OpCtx, PurposeOfUse, TenantId};
use mt_store::{Action, Batch, Change, Committed, Content, Target};
use mt_testkit::TestStore;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const NURSE: &str = "Practitioner/nurse";
pub(crate) const DOCTOR: &str = "Practitioner/doctor";
pub(crate) const OTHER: &str = "Practitioner/other";

pub(crate) struct Ward {
    pub(crate) test: TestStore,
    pub(crate) charting: Charting,
    pub(crate) tenant: TenantId,
}

impl Ward {
    pub(crate) async fn new() -> Self {
        let cosigning = Cosigning::default();
        let test = TestStore::with_schemas(&[mt_charting::MIGRATIONS], |hooks| {
            mt_charting::register(&mut hooks.policies, &cosigning);
        })
        .await;
        let tenant = test.tenant("ward").await;
        let charting = Charting::new(test.store.clone(), cosigning);
        let ward = Self {
            test,
            charting,
            tenant,
        };
        for (kind, id) in [
            ("Patient", "p"),
            ("Practitioner", "nurse"),
            ("Practitioner", "doctor"),
            ("Practitioner", "other"),
        ] {
            let record =
                json!({"resourceType": kind, "id": id, "name": [{"family": format!("Of {id}")}]});
            ward.put_as_service(&record).await;
        }
        ward
    }

    /// A ward where notes of nurses, and of one person in training, need a second signature.
    pub(crate) async fn with_rules() -> Self {
        let ward = Self::new().await;
        let rules = CosignRules {
            roles: vec!["nurse".to_owned()],
            practitioners: vec![OTHER.to_owned()],
        };
        let admin = ward.caller(Role::OrgAdmin, "Practitioner/admin");
        ward.charting
            .change_cosign_settings(&admin, 0, &rules)
            .await
            .unwrap();
        ward
    }

    pub(crate) fn nurse(&self) -> Caller {
        self.caller(Role::Nurse, NURSE)
    }

    pub(crate) fn doctor(&self) -> Caller {
        self.caller(Role::Doctor, DOCTOR)
    }

    pub(crate) fn caller(&self, role: Role, user: &str) -> Caller {
        self.caller_with(role, user, Assurance::StepUp)
    }

    pub(crate) fn caller_with(&self, role: Role, user: &str, assurance: Assurance) -> Caller {
        let kind = match role {
            Role::Service => ActorKind::Service,
            _ => ActorKind::User,
        };
        let actor = Actor {
            id: Arc::from("login"),
            kind,
            roles: Arc::from([Arc::from(role.code())]),
            fhir_user: Some(Arc::from(user)),
            client_id: None,
            assurance,
        };
        let own: Vec<Arc<str>> = user
            .strip_prefix("Patient/")
            .map(Arc::from)
            .into_iter()
            .collect();
        let who = Authenticated {
            tenant: self.tenant,
            actor: actor.clone(),
            grant: Grant::new(vec![role], None, own, LaunchContext::default()),
            credential: [0; 32],
            client_key: 0,
        };
        self.test.clock.advance_seconds(1);
        Caller {
            who: Arc::new(who),
            ctx: OpCtx {
                tenant: self.tenant,
                actor,
                purpose: PurposeOfUse::Treatment,
                correlation_id: Uuid::now_v7(),
                now: self.test.clock.now(),
            },
        }
    }

    async fn put_as_service(&self, record: &Value) {
        let service = self.caller(Role::Service, "Device/x");
        self.put(&service, record).await.unwrap();
    }

    /// A record through the same path as the FHIR door; the record as it is then.
    pub(crate) async fn put(&self, caller: &Caller, record: &Value) -> Result<Value, ErrorKind> {
        let mut all = self.put_all(caller, &[record]).await?;
        Ok(all.remove(0))
    }

    /// Records in one transaction: all or none.
    pub(crate) async fn put_all(
        &self,
        caller: &Caller,
        records: &[&Value],
    ) -> Result<Vec<Value>, ErrorKind> {
        let mut batch = Batch::new();
        for record in records {
            batch.push(change(record));
        }
        let records = caller
            .records(&self.test.store, Interaction::Update)
            .await
            .unwrap();
        let done = self.test.store.commit(&records, batch).await;
        let read = |done: &Committed| serde_json::from_slice(&done.body).unwrap();
        done.map(|done| done.iter().map(read).collect())
            .map_err(|error| error.kind())
    }

    /// The tasks of the ward.
    pub(crate) async fn tasks(&self) -> Vec<Value> {
        let service = self.caller(Role::Service, "Device/x");
        let records = service
            .records(&self.test.store, Interaction::Search)
            .await
            .unwrap();
        let query = mt_testkit::query("Task?_sort=_lastUpdated");
        let page = self
            .test
            .store
            .search(&records, &query, None)
            .await
            .unwrap();
        let read = |body: &[u8]| serde_json::from_slice(body).unwrap();
        page.entries
            .iter()
            .map(|entry| read(&entry.resource.body))
            .collect()
    }

    pub(crate) async fn sign(&self, caller: &Caller, note: &Value) -> Result<Value, ChartingError> {
        self.sign_with(caller, note, json!({})).await
    }

    pub(crate) async fn sign_with(
        &self,
        caller: &Caller,
        note: &Value,
        more: Value,
    ) -> Result<Value, ChartingError> {
        let mut asked = more;
        asked["note"] = note.clone();
        let asked: SignNote = serde_json::from_value(asked).unwrap();
        Ok(self.charting.sign(caller, &asked).await?.note)
    }
}

fn change(record: &Value) -> Change {
    let kind = ResourceType::from_name(record["resourceType"].as_str().unwrap()).unwrap();
    let doc = Doc::parse(record.to_string(), &Limits::default()).unwrap();
    let content = Content::Own(Box::new(doc));
    let action = match record["id"].as_str() {
        Some(id) => Action::Update {
            target: Target::Id(id.to_owned()),
            content,
            if_match: None,
            upsert: true,
        },
        None => Action::Create {
            content,
            if_none_exist: None,
        },
    };
    Change {
        resource_type: kind,
        full_url: None,
        action,
    }
}

/// A note that is not signed.
pub(crate) fn draft(author: &str, words: &str) -> Value {
    json!({
        "resourceType": "Composition", "status": "preliminary", "title": "SOAP note",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]},
        "subject": {"reference": "Patient/p"}, "date": "2026-11-23T08:00:00Z",
        "author": [{"reference": author, "display": "Dr. Dana Doctor"}],
        "section": [{"title": "Subjective", "text": {"status": "generated",
            "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{words}</p></div>")}}],
    })
}

/// The same note in another state, with one more signature.
pub(crate) fn attested(note: &Value, status: &str, mode: &str, party: &str, at: &str) -> Value {
    let mut note = note.clone();
    note["status"] = json!(status);
    let signature = json!({"mode": mode, "time": at, "party": {"reference": party}});
    match note["attester"].as_array_mut() {
        Some(all) => all.push(signature),
        None => note["attester"] = json!([signature]),
    }
    note
}

pub(crate) fn kind<T: std::fmt::Debug>(refused: Result<T, ChartingError>) -> ErrorKind {
    refused.unwrap_err().kind()
}
