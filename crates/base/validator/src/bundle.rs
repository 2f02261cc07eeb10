//! Bundles: full URLs and what each type of Bundle asks of its entries (R4 bundle.html).

use std::collections::HashSet;

use mt_fhir::json::Node;
use mt_fhir::names;
use mt_fhir::outcome::IssueCode;

use crate::path::Path;
use crate::primitive::is_absolute;
use crate::reference::Target;
use crate::walk::Walk;

impl Walk<'_, '_> {
    pub(crate) fn bundle(&mut self, bundle: Node<'_>, path: &Path<'_>) {
        let bundle_type = bundle
            .get_name(names::TYPE)
            .and_then(Node::as_str)
            .unwrap_or_default();
        let Some(entries) = bundle.get_name(names::ENTRY).filter(|e| e.is_array()) else {
            return;
        };
        let mut versions = HashSet::new();
        for (index, entry) in entries.children().enumerate() {
            let path = path.item("entry", index);
            let resource = entry.get_name(names::RESOURCE);
            if let Some(url) = entry.get_name(names::FULL_URL).and_then(Node::as_str) {
                self.full_url(url, resource, bundle_type, &path);
                // bdl-7: the same resource twice only as two versions.
                if bundle_type != "history" && !versions.insert((url, version(resource))) {
                    let text = "bdl-7: fullUrl is unique, or the entries have different versions";
                    self.report.error(IssueCode::Invariant, &path, text);
                }
            } else {
                self.missing_full_url(bundle_type, resource, &path);
            }
            if bundle_type == "searchset" {
                self.search_entry(resource, &path);
            }
        }
    }

    fn full_url(
        &mut self,
        url: &str,
        resource: Option<Node<'_>>,
        bundle_type: &str,
        path: &Path<'_>,
    ) {
        if !is_absolute(url) {
            return self
                .report
                .error(IssueCode::Value, path, "fullUrl must be absolute");
        }
        let id = resource
            .and_then(|r| r.get_name(names::ID))
            .and_then(Node::as_str);
        let own_type = resource.and_then(Node::resource_type);
        let is_request = matches!(bundle_type, "transaction" | "batch");
        if let (
            Target::Resource {
                resource_type,
                id: url_id,
            },
            Some(id),
            false,
        ) = (Target::parse(url), id, is_request)
            && (url_id != id || Some(resource_type.name()) != own_type)
        {
            let text = "fullUrl does not agree with type and id of the resource";
            self.report.error(IssueCode::Value, path, text);
        }
    }

    fn missing_full_url(&mut self, bundle_type: &str, resource: Option<Node<'_>>, path: &Path<'_>) {
        let may_lack = matches!(
            bundle_type,
            "transaction" | "batch" | "transaction-response" | "batch-response"
        );
        if resource.is_some() && !may_lack {
            self.report
                .warning(IssueCode::Required, path, "an entry should have a fullUrl");
        }
    }

    fn search_entry(&mut self, resource: Option<Node<'_>>, path: &Path<'_>) {
        let Some(resource) = resource else { return };
        let is_outcome = resource.resource_type() == Some("OperationOutcome");
        if !is_outcome && resource.get_name(names::ID).is_none() {
            self.report
                .error(IssueCode::Required, path, "a search result must have an id");
        }
    }
}

fn version<'a>(resource: Option<Node<'a>>) -> Option<&'a str> {
    resource?
        .get_name(names::META)?
        .get_name(names::VERSION_ID)?
        .as_str()
}
