//! A practice with people who register, find and merge patients.

use std::sync::Arc;

use mt_access::{Authenticated, Grant, LaunchContext, Role};
use mt_api::Caller;
use mt_kernel::{Actor, ActorKind, Assurance, Clock, ErrorKind, OpCtx, PurposeOfUse, TenantId};
use mt_patients::{Numbering, PatientView, Patients, PatientsError, Registration, Wanted};
use mt_testkit::TestStore;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) struct Practice {
    pub(crate) test: TestStore,
    pub(crate) patients: Patients,
    pub(crate) tenant: TenantId,
}

impl Practice {
    pub(crate) async fn new() -> Self {
        let numbering = Numbering::default();
        let test = TestStore::with_schemas(&[mt_patients::MIGRATIONS], |hooks| {
            mt_patients::register(&mut hooks.policies, &numbering);
        })
        .await;
        let tenant = test.tenant("practice").await;
        let patients = Patients::new(test.store.clone(), numbering);
        Self {
            test,
            patients,
            tenant,
        }
    }

    pub(crate) fn caller(&self, role: Role) -> Caller {
        self.caller_of(self.tenant, role, &[])
    }

    pub(crate) fn desk(&self) -> Caller {
        self.caller(Role::Receptionist)
    }

    pub(crate) fn admin(&self) -> Caller {
        self.caller(Role::OrgAdmin)
    }

    pub(crate) fn caller_of(&self, tenant: TenantId, role: Role, own: &[&str]) -> Caller {
        let actor = Actor {
            id: Arc::from("login"),
            kind: ActorKind::User,
            roles: Arc::from([Arc::from(role.code())]),
            fhir_user: own.first().map(|id| Arc::from(format!("Patient/{id}"))),
            client_id: None,
            assurance: Assurance::Multi,
        };
        let own = own.iter().map(|id| Arc::from(*id)).collect();
        let who = Authenticated {
            tenant,
            actor: actor.clone(),
            grant: Grant::new(vec![role], None, own, LaunchContext::default()),
            credential: [0; 32],
            client_key: 0,
        };
        self.test.clock.advance_seconds(1);
        Caller {
            who: Arc::new(who),
            ctx: OpCtx {
                tenant,
                actor,
                purpose: PurposeOfUse::Treatment,
                correlation_id: Uuid::now_v7(),
                now: self.test.clock.now(),
            },
        }
    }

    pub(crate) async fn register(&self, details: Value) -> Result<PatientView, PatientsError> {
        self.register_because(details, None).await
    }

    pub(crate) async fn register_because(
        &self,
        details: Value,
        reason: Option<&str>,
    ) -> Result<PatientView, PatientsError> {
        let new: Registration =
            serde_json::from_value(json!({"details": details, "reason": reason})).unwrap();
        self.patients.register(&self.desk(), &new).await
    }

    /// Family and given names of whom the text finds, in order.
    pub(crate) async fn found(&self, caller: &Caller, text: &str) -> Vec<String> {
        let wanted = Wanted {
            q: Some(text.to_owned()),
            ..Wanted::default()
        };
        let page = self.patients.find(caller, &wanted).await.unwrap();
        let names = page.items.iter().map(|found| {
            let details = &found.patient.details;
            format!(
                "{} {}",
                details.given.join(" "),
                details.family.clone().unwrap_or_default()
            )
        });
        names.map(|name| name.trim().to_owned()).collect()
    }
}

pub(crate) fn named(given: &str, family: &str) -> Value {
    json!({"family": family, "given": [given]})
}

pub(crate) fn kind<T: std::fmt::Debug>(refused: Result<T, PatientsError>) -> ErrorKind {
    refused.unwrap_err().kind()
}
