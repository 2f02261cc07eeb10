//! Writing Bundles around stored bytes: the resources are copied, never parsed.

use mt_fhir::json::write_string;
use mt_fhir::outcome::OperationOutcome;
use mt_store::{EntryMode, Stored, Total};

/// A Bundle that is being written.
pub(crate) struct BundleWriter<'b> {
    out: Vec<u8>,
    base: &'b str,
    entries: usize,
}

/// A link of a Bundle.
pub(crate) struct Link<'a> {
    pub(crate) relation: &'static str,
    pub(crate) url: &'a str,
}

impl<'b> BundleWriter<'b> {
    /// Starts a Bundle of `kind` (`searchset`, `history`, …).
    pub(crate) fn new(
        kind: &str,
        base: &'b str,
        id: &str,
        total: Option<Total>,
        links: &[Link<'_>],
    ) -> Self {
        let mut out = Vec::with_capacity(4096);
        out.extend_from_slice(b"{\"resourceType\":\"Bundle\",\"id\":");
        write_string(id, &mut out);
        out.extend_from_slice(b",\"type\":");
        write_string(kind, &mut out);
        if let Some(Total::Accurate(n) | Total::Estimate(n)) = total {
            out.extend_from_slice(format!(",\"total\":{n}").as_bytes());
        }
        if !links.is_empty() {
            out.extend_from_slice(b",\"link\":[");
            for (index, link) in links.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(b"{\"relation\":");
                write_string(link.relation, &mut out);
                out.extend_from_slice(b",\"url\":");
                write_string(link.url, &mut out);
                out.push(b'}');
            }
            out.push(b']');
        }
        Self {
            out,
            base,
            entries: 0,
        }
    }

    /// Adds a match or an included resource of a search; `body` is what is shown of it.
    pub(crate) fn search_entry(&mut self, stored: &Stored, mode: EntryMode, body: &[u8]) {
        self.open_entry();
        self.full_url(stored);
        self.out.extend_from_slice(b",\"resource\":");
        self.out.extend_from_slice(body);
        self.out.extend_from_slice(match mode {
            EntryMode::Match => b",\"search\":{\"mode\":\"match\"}}".as_slice(),
            EntryMode::Include => b",\"search\":{\"mode\":\"include\"}}".as_slice(),
        });
    }

    /// Adds a candidate of `$match` with its score from 0 to 1.
    pub(crate) fn match_entry(&mut self, stored: &Stored, score: f64, grade: MatchGrade) {
        self.open_entry();
        self.full_url(stored);
        self.out.extend_from_slice(b",\"resource\":");
        self.out.extend_from_slice(&stored.body);
        let grade = match grade {
            MatchGrade::Certain => "certain",
            MatchGrade::Probable => "probable",
            MatchGrade::Possible => "possible",
        };
        let search = format!(
            ",\"search\":{{\"extension\":[{{\"url\":\"http://hl7.org/fhir/StructureDefinition/match-grade\",\
             \"valueCode\":\"{grade}\"}}],\"mode\":\"match\",\"score\":{score:.2}}}}}"
        );
        self.out.extend_from_slice(search.as_bytes());
    }

    /// Adds what a search wants to say about itself.
    pub(crate) fn outcome_entry(&mut self, outcome: &OperationOutcome) {
        self.open_entry();
        self.out.extend_from_slice(b"\"resource\":");
        self.out.extend_from_slice(&outcome.to_json());
        self.out
            .extend_from_slice(b",\"search\":{\"mode\":\"outcome\"}}");
    }

    /// Adds a version to a history.
    pub(crate) fn history_entry(&mut self, stored: &Stored) {
        self.open_entry();
        self.full_url(stored);
        let (type_name, id) = (stored.resource_type.name(), &stored.id);
        let first = stored.version == 1;
        let (method, url, status) = match (stored.deleted, first) {
            (true, _) => ("DELETE", format!("{type_name}/{id}"), "204 No Content"),
            (false, true) if is_server_made(id) => ("POST", type_name.to_owned(), "201 Created"),
            (false, true) => ("PUT", format!("{type_name}/{id}"), "201 Created"),
            (false, false) => ("PUT", format!("{type_name}/{id}"), "200 OK"),
        };
        if !stored.deleted {
            self.out.extend_from_slice(b",\"resource\":");
            self.out.extend_from_slice(&stored.body);
        }
        let tail = format!(
            ",\"request\":{{\"method\":\"{method}\",\"url\":\"{url}\"}},\"response\":{{\"status\":\"{status}\",\
             \"etag\":\"W/\\\"{}\\\"\",\"lastModified\":\"{}\"}}}}",
            stored.version,
            stored.last_updated.to_fhir(),
        );
        self.out.extend_from_slice(tail.as_bytes());
    }

    /// Adds an answer to one entry of a batch or transaction.
    pub(crate) fn response_entry(&mut self, response: &EntryResponse) {
        self.open_entry();
        let mut comma = false;
        if let Some(full_url) = &response.full_url {
            self.out.extend_from_slice(b"\"fullUrl\":");
            write_string(&format!("{}/{full_url}", self.base), &mut self.out);
            comma = true;
        }
        if !response.resource.is_empty() {
            self.out.extend_from_slice(if comma {
                b",\"resource\":"
            } else {
                b"\"resource\":"
            });
            self.out.extend_from_slice(&response.resource);
            comma = true;
        }
        self.out.extend_from_slice(if comma {
            b",\"response\":{"
        } else {
            b"\"response\":{"
        });
        self.out.extend_from_slice(b"\"status\":");
        write_string(&response.status, &mut self.out);
        for (name, value) in [
            ("location", &response.location),
            ("etag", &response.etag),
            ("lastModified", &response.last_modified),
        ] {
            if let Some(value) = value {
                self.out.push(b',');
                write_string(name, &mut self.out);
                self.out.push(b':');
                write_string(value, &mut self.out);
            }
        }
        if let Some(outcome) = &response.outcome {
            self.out.extend_from_slice(b",\"outcome\":");
            self.out.extend_from_slice(&outcome.to_json());
        }
        self.out.extend_from_slice(b"}}");
    }

    /// The finished Bundle.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out
            .extend_from_slice(if self.entries > 0 { b"]}" } else { b"}" });
        self.out
    }

    fn open_entry(&mut self) {
        self.out.extend_from_slice(if self.entries == 0 {
            b",\"entry\":[{"
        } else {
            b",{"
        });
        self.entries += 1;
    }

    fn full_url(&mut self, stored: &Stored) {
        self.out.extend_from_slice(b"\"fullUrl\":");
        let url = format!(
            "{}/{}/{}",
            self.base,
            stored.resource_type.name(),
            stored.id
        );
        write_string(&url, &mut self.out);
    }
}

/// Whether the server chose the id, which it does for `POST` alone: a UUID of version 7.
fn is_server_made(id: &str) -> bool {
    uuid::Uuid::parse_str(id).is_ok_and(|id| id.get_version_num() == 7)
}

/// How sure a match is (R4 `match-grade`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchGrade {
    Certain,
    Probable,
    Possible,
}

/// The answer to one entry of a batch or transaction.
#[derive(Clone, Debug, Default)]
pub(crate) struct EntryResponse {
    /// `201 Created` and its kind.
    pub(crate) status: String,
    /// `Patient/1`, relative to the base.
    pub(crate) full_url: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// JSON; empty without.
    pub(crate) resource: bytes::Bytes,
    pub(crate) outcome: Option<OperationOutcome>,
}
