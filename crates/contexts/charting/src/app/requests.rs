//! The task by which a co-signature is asked for: it is in the inbox until the note is signed or taken back.

use mt_api::Caller;
use mt_fhir::{Doc, Node};
use mt_kernel::Fault;
use mt_store::{Change, Stored};
use serde_json::{Map, Value, json};

use super::task_type;
use crate::Charting;
use crate::document::{create, edit, parse, set};
use crate::error::Result;

/// Code system of the tasks of this context, and the code.
pub(super) const TASKS: &str = "https://meditrack.health/fhir/CodeSystem/task";
pub(super) const COSIGN: &str = "cosign";
/// Open requests of one note.
const MOST: u32 = 20;
const OPEN: &str = "requested,received,accepted,ready,in-progress,on-hold";

/// A request for the co-signature of `note`, which has this id.
pub(super) fn request(
    caller: &Caller,
    (id, note): (&str, &Map<String, Value>),
    cosigner: Option<&str>,
) -> Result<Change> {
    let at = caller.ctx.now.to_fhir();
    let title = note
        .get("title")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut task = json!({
        "resourceType": "Task", "status": "requested", "intent": "order", "priority": "routine",
        "code": {"coding": [{"system": TASKS, "code": COSIGN, "display": "Co-sign a note"}], "text": "Co-sign a note"},
        "description": format!("Co-sign: {title}"),
        "focus": {"reference": format!("Composition/{id}")},
        "authoredOn": at, "lastModified": at,
    });
    if let Value::Object(fields) = &mut task {
        let copied = [("subject", "for"), ("encounter", "encounter")];
        for (from, to) in copied {
            if let Some(value) = note.get(from) {
                fields.insert(to.to_owned(), value.clone());
            }
        }
        let requester = note.get("author").and_then(|author| author.get(0));
        if let Some(requester) = requester {
            fields.insert("requester".to_owned(), requester.clone());
        }
        if let Some(cosigner) = cosigner {
            fields.insert("owner".to_owned(), json!({"reference": cosigner}));
        }
    }
    let fields = task.as_object().cloned().unwrap_or_default();
    create(task_type()?, &fields)
}

impl Charting {
    /// The open requests for the co-signature of a note.
    pub(super) async fn requests(&self, caller: &Caller, note: &str) -> Result<Vec<Stored>> {
        let pairs = [
            ("focus", format!("Composition/{note}")),
            ("code", format!("{TASKS}|{COSIGN}")),
            ("status", OPEN.to_owned()),
        ];
        self.found(caller, task_type()?, &pairs, MOST).await
    }

    /// What ends the open requests of a note with `status`.
    pub(super) async fn end_requests(
        &self,
        caller: &Caller,
        note: &str,
        status: &'static str,
    ) -> Result<Vec<Change>> {
        let at = caller.ctx.now.to_fhir();
        let who = caller.ctx.actor.fhir_user.clone();
        let end = move |doc: &mut Doc| -> Result<(), Fault> {
            set(doc, "status", &json!(status))?;
            set(doc, "lastModified", &json!(at))?;
            match &who {
                Some(who) if status == "completed" => {
                    set(doc, "owner", &json!({"reference": &**who}))
                }
                _ => Ok(()),
            }
        };
        let open = self.requests(caller, note).await?;
        let changes = open
            .iter()
            .map(|task| Ok(edit(task_type()?, &task.id, task.version, end.clone())));
        changes.collect()
    }
}

/// What sends a request back to who asked, with a reason.
pub(super) fn send_back(caller: &Caller, task: &Stored, reason: &str) -> Result<Change> {
    let requester = parse(&task.body)?;
    let requester = requester
        .root()
        .get("requester")
        .and_then(|who| who.str("reference"));
    let owner = requester.map(|who| json!({"reference": who}));
    let why = json!({"text": reason});
    let at = json!(caller.ctx.now.to_fhir());
    let change = move |doc: &mut Doc| -> Result<(), Fault> {
        set(doc, "status", &json!("on-hold"))?;
        set(doc, "statusReason", &why)?;
        set(doc, "lastModified", &at)?;
        match &owner {
            Some(owner) => set(doc, "owner", owner),
            None => {
                let root: Node<'_> = doc.root();
                let root = root.id();
                doc.remove_field(root, "owner");
                Ok(())
            }
        }
    };
    Ok(edit(task_type()?, &task.id, task.version, change))
}
