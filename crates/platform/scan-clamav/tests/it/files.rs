//! What is stored and what is not while a daemon looks at files.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Fault};
use mt_scan_clamav::{Address, ClamAv};
use mt_store::{Action, Caller, Change, Patch, Target};
use mt_testkit::TestStore;

use crate::daemon::{Daemon, eicar};

async fn store(scanner: ClamAv) -> (TestStore, Caller) {
    let store = TestStore::with(|hooks| hooks.scanner = Some(Arc::new(scanner))).await;
    let tenant = store.tenant("one").await;
    let caller = store.caller(tenant);
    (store, caller)
}

fn binary(id: &str, file: &[u8]) -> String {
    let data = STANDARD.encode(file);
    format!(r#"{{"resourceType":"Binary","id":"{id}","contentType":"text/plain","data":"{data}"}}"#)
}

fn letter(id: &str, file: &[u8]) -> String {
    let data = STANDARD.encode(file);
    format!(
        r#"{{"resourceType":"DocumentReference","id":"{id}","status":"current",
        "content":[{{"attachment":{{"contentType":"text/plain","data":"{data}"}}}}]}}"#
    )
}

fn patient(id: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#)
}

async fn is_there(store: &TestStore, caller: &Caller, name: &str, id: &str) -> bool {
    let kind = ResourceType::from_name(name).unwrap();
    store.store.read(caller, kind, id).await.is_ok()
}

/// Gives a patient a photograph; `named` is what it says that it brings.
#[derive(Debug)]
struct Photo {
    data: String,
    named: Vec<String>,
}

impl Patch for Photo {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        let photo = format!(r#"[{{"contentType":"image/png","data":"{}"}}]"#, self.data);
        let photo = Doc::parse(photo, &Limits::default()).unwrap();
        let copy = doc.copy_from(photo.root());
        let root = doc.root().id();
        doc.set_field(root, "photo", copy);
        Ok(())
    }

    fn files(&self) -> &[String] {
        &self.named
    }
}

async fn patched(
    store: &TestStore,
    caller: &Caller,
    file: &[u8],
    named: bool,
) -> Option<ErrorKind> {
    let data = STANDARD.encode(file);
    let named = if named {
        vec![data.clone()]
    } else {
        Vec::new()
    };
    let action = Action::Patch {
        target: Target::Id("p".to_owned()),
        patch: Arc::new(Photo { data, named }),
        if_match: None,
    };
    let change = Change {
        resource_type: ResourceType::PATIENT,
        full_url: None,
        action,
    };
    let outcome = store.store.commit_one(caller, change).await;
    outcome.err().map(|error| error.kind())
}

#[tokio::test]
async fn a_harmful_file_is_not_stored_wherever_it_stands_and_others_are() {
    let Some(daemon) = Daemon::start().await else {
        return;
    };
    let (store, caller) = store(daemon.scanner()).await;
    let harmful = eicar();
    let refused = store
        .put(&caller, &binary("bad", harmful.as_bytes()), None)
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert!(refused.to_string().contains("harmful"), "{refused}");
    let refused = store
        .put(&caller, &letter("bad", harmful.as_bytes()), None)
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid);
    store
        .put(&caller, &binary("good", b"A letter."), None)
        .await
        .unwrap();
    store
        .put(&caller, &letter("good", b"A letter."), None)
        .await
        .unwrap();
    store.put(&caller, &patient("p"), None).await.unwrap();
    for (name, id, there) in [
        ("Binary", "bad", false),
        ("Binary", "good", true),
        ("DocumentReference", "bad", false),
        ("DocumentReference", "good", true),
    ] {
        assert_eq!(
            is_there(&store, &caller, name, id).await,
            there,
            "{name}/{id}"
        );
    }
    // Patches bring what they name, and it is looked at.
    assert_eq!(patched(&store, &caller, b"picture", true).await, None);
    assert_eq!(
        patched(&store, &caller, harmful.as_bytes(), true).await,
        Some(ErrorKind::Invalid)
    );
    assert_eq!(
        patched(&store, &caller, b"unseen", false).await,
        Some(ErrorKind::Invalid)
    );
}

#[tokio::test]
async fn nothing_is_stored_unseen_when_the_daemon_is_away_or_the_file_too_large() {
    let Some(mut daemon) = Daemon::start().await else {
        return;
    };
    let (store, caller) = store(daemon.scanner()).await;
    let large = vec![b'x'; 2 << 20];
    let refused = store.put(&caller, &binary("large", &large), None).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooLarge);
    daemon.stop();
    let refused = store
        .put(&caller, &binary("late", b"A letter."), None)
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(!is_there(&store, &caller, "Binary", "late").await);
    // Records without files wait for nobody.
    store.put(&caller, &patient("p"), None).await.unwrap();
}

#[tokio::test]
async fn a_daemon_that_was_never_there_stops_files_and_nothing_else() {
    let nowhere = ClamAv::new(Address::Tcp("127.0.0.1:1".to_owned()));
    let (store, caller) = store(nowhere).await;
    let refused = store.put(&caller, &letter("l", b"A letter."), None).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unavailable);
    store.put(&caller, &patient("p"), None).await.unwrap();
}
