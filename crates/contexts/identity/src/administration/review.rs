//! The Task by which the privacy officer learns of emergency access, and what becomes of it.

use std::fmt;
use std::sync::Arc;

use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};
use mt_search::{Handling, ParamRegistry, ParseOptions, Query, Scope};
use mt_store::{Action, Change, Content, Patch, StoreError, Target};
use serde_json::json;
use uuid::Uuid;

use super::error::{AdministrationError, Result};
use super::rows::{Row, What};
use super::{Administration, Administrator};

/// What stays of a Task when the record that it is about is erased: that somebody broke a glass, when, and what came of
/// it. Whatever could say over whom, or why, goes.
const EVIDENCE: [&str; 12] = [
    "resourceType",
    "id",
    "meta",
    "identifier",
    "status",
    "statusReason",
    "intent",
    "priority",
    "code",
    "authoredOn",
    "lastModified",
    "requester",
];
/// States in which somebody still has to do something.
const OPEN: [&str; 7] = [
    "draft",
    "requested",
    "received",
    "accepted",
    "ready",
    "in-progress",
    "on-hold",
];

/// What becomes of the Task.
#[derive(Clone, Copy)]
enum Fate {
    /// Somebody decided.
    Decided { justified: bool },
    /// The record is to be erased.
    Erased,
}

impl fmt::Debug for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fate")
    }
}

impl Patch for Fate {
    fn apply(&self, doc: &mut Doc) -> Result<(), Fault> {
        let root = doc.root();
        let (task, is_open) = (
            root.id(),
            root.str("status")
                .is_some_and(|status| OPEN.contains(&status)),
        );
        if matches!(self, Self::Erased) {
            let names = root.children().filter_map(|field| field.key());
            let others = names.filter(|name| !EVIDENCE.contains(name));
            let others: Vec<String> = others.map(str::to_owned).collect();
            for name in others {
                doc.remove_field(task, &name);
            }
        }
        let (status, why) = match self {
            Self::Decided { justified: true } => ("completed", "The access was justified"),
            Self::Decided { justified: false } => ("completed", "The access was not justified"),
            Self::Erased => ("cancelled", "The record was erased before anybody decided"),
        };
        if is_open {
            doc.set_string_field(task, "status", status);
            let reason = doc.new_object();
            doc.set_string_field(reason, "text", why);
            doc.set_field(task, "statusReason", reason);
        }
        Ok(())
    }
}

impl Administration {
    /// The notice is a Task: it is in the record, can be searched for and subscribed to.
    pub(super) async fn notify_privacy_officer(
        &self,
        tenant: TenantId,
        by: Administrator<'_>,
        row: &Row,
        now: Instant,
    ) -> Result<()> {
        let What::Glass { patient, .. } = &row.what else {
            return Ok(());
        };
        let mut task = json!({
            "resourceType": "Task",
            "status": "requested",
            "intent": "order",
            "priority": "urgent",
            "code": { "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                "code": "ETREAT",
                "display": "Emergency Treatment",
            }], "text": "Review of emergency access" },
            "identifier": [{ "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", row.id) }],
            "for": { "reference": format!("Patient/{patient}") },
            "authoredOn": now.to_fhir(),
        });
        if let Some(user) = &by.ctx.actor.fhir_user {
            task["requester"] = json!({ "reference": &**user });
        }
        let doc = Doc::parse(task.to_string(), &Limits::default())
            .map_err(|_| AdministrationError::Unreadable)?;
        let change = Change {
            resource_type: ResourceType::TASK,
            full_url: None,
            action: Action::Create {
                content: Content::Own(Box::new(doc)),
                if_none_exist: None,
            },
        };
        let caller = self.system(tenant, "emergency access");
        self.store.commit_one(&caller, change).await?;
        Ok(())
    }

    /// Nobody has to look at the Task of a glass any more.
    pub(super) async fn close_review(
        &self,
        tenant: TenantId,
        glass: Uuid,
        justified: bool,
    ) -> Result<()> {
        self.change_review(tenant, glass, Fate::Decided { justified })
            .await
    }

    /// Takes a patient whose record is to be erased out of the Tasks about emergency access to it: that there was such
    /// access, by whom, when, and what was decided, is evidence and stays. Erasing the record removes the versions from before.
    ///
    /// # Errors
    /// When the store refuses; calling it again goes on.
    pub async fn release_reviews(&self, tenant: TenantId, patient: &str) -> Result<()> {
        for row in self.glasses(tenant).await? {
            let is_about =
                matches!(&row.what, What::Glass { patient: about, .. } if about == patient);
            if is_about {
                self.change_review(tenant, row.id, Fate::Erased).await?;
            }
        }
        Ok(())
    }

    async fn change_review(&self, tenant: TenantId, glass: Uuid, fate: Fate) -> Result<()> {
        let options = ParseOptions {
            handling: Handling::Strict,
            ..ParseOptions::at(self.now())
        };
        let scope = Scope::resource(ResourceType::TASK);
        let which = format!("urn:ietf:rfc:3986|urn:uuid:{glass}");
        let pairs = [("identifier".to_owned(), which)];
        let query = Query::parse(&ParamRegistry::official(), scope, &pairs, &options);
        let query = query.map_err(|_| AdministrationError::Unreadable)?;
        let change = Change {
            resource_type: ResourceType::TASK,
            full_url: None,
            action: Action::Patch {
                target: Target::Criteria(Box::new(query)),
                patch: Arc::new(fate),
                if_match: None,
            },
        };
        let caller = self.system(tenant, "emergency access");
        match self.store.commit_one(&caller, change).await {
            // Somebody deleted it.
            Err(StoreError::NotFound) => Ok(()),
            Err(error) if error.kind() == ErrorKind::Gone => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }
}
