//! Whoever gains or loses permissions is named to others, once, when it is true.

use mt_access::{Grant, LaunchContext, Role};
use mt_identity::administration::{Administrator, NewAssignment, RoleDefinition, RolePermission};
use mt_identity::people::Account;
use mt_kernel::OpCtx;
use serde_json::json;

use super::clinic::Clinic;
use crate::said::subjects;

const CHANGED: &str = "security.permission.changed.v1";

fn admin() -> Grant {
    Grant::new(vec![Role::OrgAdmin], None, vec![], LaunchContext::default())
}

async fn changed(clinic: &Clinic) -> Vec<String> {
    let said = subjects(&clinic.store, clinic.tenant, CHANGED).await;
    said.into_iter()
        .map(|(kind, id)| format!("{kind} {id}"))
        .collect()
}

fn assignment(subject: &str, role: &str) -> NewAssignment {
    NewAssignment {
        subject: subject.to_owned(),
        role: role.to_owned(),
        locations: Vec::new(),
        starts_at: None,
        ends_at: None,
    }
}

#[tokio::test]
async fn a_role_that_is_given_or_taken_back_is_said_once() {
    let clinic = Clinic::new().await;
    let (ctx, grant) = (clinic.ctx(), admin());
    let by = Administrator {
        ctx: &ctx,
        grant: &grant,
    };
    let office = &clinic.administration;
    let given = office.assign(by, assignment("ann", "nurse")).await.unwrap();
    assert_eq!(changed(&clinic).await, ["Account ann"]);
    office.revoke_assignment(by, given.id).await.unwrap();
    office.revoke_assignment(by, given.id).await.unwrap();
    assert_eq!(changed(&clinic).await, ["Account ann"; 2]);
    let refused = office.assign(by, assignment("ann", "super_admin")).await;
    assert!(refused.is_err());
    assert_eq!(changed(&clinic).await.len(), 2, "a refusal changes nothing");
}

#[tokio::test]
async fn a_derived_role_is_said_of_everybody_who_holds_it() {
    let clinic = Clinic::new().await;
    let (ctx, grant) = (clinic.ctx(), admin());
    let by = Administrator {
        ctx: &ctx,
        grant: &grant,
    };
    let definition = RoleDefinition {
        code: "junior".to_owned(),
        name: "Junior".to_owned(),
        base: "nurse".to_owned(),
        operations: Vec::new(),
        permissions: vec![RolePermission {
            records: "observations".to_owned(),
            may: "rs".to_owned(),
        }],
    };
    let office = &clinic.administration;
    office.derive_role(by, definition).await.unwrap();
    office.retire_role(by, "junior").await.unwrap();
    assert!(office.retire_role(by, "junior").await.is_err());
    assert_eq!(changed(&clinic).await, ["Role junior"; 2]);
}

#[tokio::test]
async fn an_account_that_is_made_with_roles_or_locked_is_said() {
    let clinic = Clinic::new().await;
    let account = clinic.person("doc", "doctor").await;
    let named = format!("Account {}", account.id);
    assert_eq!(changed(&clinic).await, [named.as_str()]);
    let ctx: OpCtx = clinic.ctx();
    let locked = Account {
        enabled: false,
        ..account
    };
    clinic.people.update(&ctx, &locked).await.unwrap();
    assert!(clinic.people.update(&ctx, &locked).await.is_err(), "stale");
    assert_eq!(changed(&clinic).await, [named.as_str(); 2]);
}

#[tokio::test]
async fn over_whom_somebody_was_proxy_or_broke_the_glass_is_forgotten_with_the_record() {
    let clinic = Clinic::new().await;
    let office = &clinic.administration;
    let records = mt_store::Caller::unrestricted(clinic.ctx());
    for id in ["p1", "p2"] {
        let patient = format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
        let doc = mt_fhir::Doc::parse(patient, &mt_fhir::json::Limits::default()).unwrap();
        let change = mt_store::Change {
            resource_type: mt_fhir::ResourceType::PATIENT,
            full_url: None,
            action: mt_store::Action::Update {
                target: mt_store::Target::Id(id.to_owned()),
                content: mt_store::Content::Own(Box::new(doc)),
                if_match: None,
                upsert: true,
            },
        };
        clinic.store.commit_one(&records, change).await.unwrap();
    }
    let mut ctx: OpCtx = clinic.ctx();
    ctx.actor.assurance = mt_kernel::Assurance::StepUp;
    let roles = vec![Role::OrgAdmin, Role::Doctor];
    let grant = Grant::new(roles, None, vec![], LaunchContext::default());
    let by = Administrator {
        ctx: &ctx,
        grant: &grant,
    };
    for patient in ["p1", "p2"] {
        let proxy = json!({"patient": patient, "subject": "carer", "basis": "legal"});
        let proxy = serde_json::from_value(proxy).unwrap();
        office.give_proxy(by, proxy).await.unwrap();
        let glass = json!({"patient": patient, "reason": "patient unconscious"});
        let glass = serde_json::from_value(glass).unwrap();
        office.break_glass(by, glass).await.unwrap();
    }
    let keys = clinic.store.tenants().keys(clinic.tenant).await.unwrap();
    for expected in [2, 0] {
        let tx = clinic.database.tenant(clinic.tenant).await.unwrap();
        let gone = mt_identity::forget_patient(&tx, &keys, "p1", ctx.now).await;
        tx.commit().await.unwrap();
        assert_eq!(gone.unwrap(), expected);
    }
    assert!(office.proxies_of(by, "p1").await.unwrap().is_empty());
    assert_eq!(office.proxies_of(by, "p2").await.unwrap().len(), 1);
    let open = office.reviews(by).await.unwrap();
    let over: Vec<&str> = open.iter().map(|one| &*one.patient).collect();
    assert_eq!(over, ["p2"], "nothing is left to decide about");
}
