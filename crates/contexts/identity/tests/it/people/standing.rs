//! Whoever gains or loses permissions is named to others, once, when it is true.

use mt_access::{Grant, LaunchContext, Role};
use mt_identity::administration::{
    Administrator, NewAssignment, NewProxy, RoleDefinition, RolePermission,
};
use mt_identity::people::Account;
use mt_kernel::{ErrorKind, OpCtx};
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

async fn patient(clinic: &Clinic, id: &str) {
    let records = mt_store::Caller::unrestricted(clinic.ctx());
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

fn proxy(patient: &str, subject: &str, basis: &str) -> NewProxy {
    let proxy = json!({"patient": patient, "subject": subject, "basis": basis});
    serde_json::from_value(proxy).unwrap()
}

#[tokio::test]
async fn a_caregiver_is_proxy_for_a_patient_once_however_many_ask_at_once() {
    let clinic = Clinic::new().await;
    let office = &clinic.administration;
    for id in ["p1", "p2"] {
        patient(&clinic, id).await;
    }
    let (ctx, grant) = (clinic.ctx(), admin());
    let by = Administrator {
        ctx: &ctx,
        grant: &grant,
    };
    let (one, other) = futures::join!(
        office.give_proxy(by, proxy("p1", "carer", "legal")),
        office.give_proxy(by, proxy("p1", "carer", "patient")),
    );
    let (given, refused) = match (one, other) {
        (Ok(given), Err(refused)) | (Err(refused), Ok(given)) => (given, refused),
        both => panic!("one of them is given: {both:?}"),
    };
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    // For somebody else, or of somebody else, it is another one; and what was taken back can be given again.
    for (patient, subject) in [("p2", "carer"), ("p1", "neighbour")] {
        let another = proxy(patient, subject, "legal");
        office.give_proxy(by, another).await.unwrap();
    }
    office.revoke_proxy(by, given.id).await.unwrap();
    office.revoke_proxy(by, given.id).await.unwrap();
    let again = proxy("p1", "carer", "legal");
    office.give_proxy(by, again).await.unwrap();
}

#[tokio::test]
async fn a_patient_takes_back_what_rests_on_the_patients_own_wish_alone() {
    let clinic = Clinic::new().await;
    let office = &clinic.administration;
    patient(&clinic, "p1").await;
    let (ctx, grant) = (clinic.ctx(), admin());
    let by = Administrator {
        ctx: &ctx,
        grant: &grant,
    };
    let own = Grant::new(
        vec![Role::Patient],
        None,
        vec!["p1".into()],
        LaunchContext::default(),
    );
    let patient = Administrator {
        ctx: &ctx,
        grant: &own,
    };
    let guardian = proxy("p1", "guardian", "legal");
    let guardian = office.give_proxy(by, guardian).await.unwrap();
    let friend = proxy("p1", "friend", "patient");
    let friend = office.give_proxy(patient, friend).await.unwrap();
    let refused = office.revoke_proxy(patient, guardian.id).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    office.revoke_proxy(patient, friend.id).await.unwrap();
    let left = office.proxies_of(patient, "p1").await.unwrap();
    let left: Vec<&str> = left.iter().map(|one| &*one.subject).collect();
    assert_eq!(left, ["guardian"]);
    office.revoke_proxy(by, guardian.id).await.unwrap();
}

#[tokio::test]
async fn an_administrator_of_some_locations_gives_no_proxy_over_patients_elsewhere() {
    let clinic = Clinic::new().await;
    let office = &clinic.administration;
    patient(&clinic, "p1").await;
    let (ctx, grant) = (clinic.ctx(), admin());
    let by = Administrator {
        ctx: &ctx,
        grant: &grant,
    };
    let mut local = assignment("boss", "org_admin");
    local.locations = vec!["ward".to_owned()];
    office.assign(by, local).await.unwrap();
    let mut ctx = clinic.ctx();
    ctx.actor.id = "boss".into();
    let boss = Administrator {
        ctx: &ctx,
        grant: &grant,
    };
    let elsewhere = proxy("p1", "carer", "legal");
    let refused = office.give_proxy(boss, elsewhere.clone()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    assert!(office.proxies_of(boss, "p1").await.is_err());
    let given = office.give_proxy(by, elsewhere).await.unwrap();
    let refused = office.revoke_proxy(boss, given.id).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn over_whom_somebody_was_proxy_or_broke_the_glass_is_forgotten_with_the_record() {
    let clinic = Clinic::new().await;
    let office = &clinic.administration;
    for id in ["p1", "p2"] {
        patient(&clinic, id).await;
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
        let proxy = proxy(patient, "carer", "legal");
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
