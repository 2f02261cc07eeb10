//! Carrying an import out.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use mt_access::Interaction as Right;
use mt_authority::Session;
use mt_fhir::outcome::{Issue, OperationOutcome};
use mt_fhir::{Doc, ResourceType};
use mt_kernel::ErrorKind;
use mt_store::{Action, Batch, Caller, Change, Claim, Content, Store, StoreError, Target};

use super::super::files::{Files, Purpose};
use super::super::order::Order;
use super::super::refusal::Failure;
use super::super::status::Made;
use super::fetch::refused;
use super::lines::Lines;
use super::{Input, UPLOADED, Wanted};
use crate::api::FhirApi;
use crate::error::FhirError;

/// Resources committed together, and their bytes.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 4 << 20;

/// Refused lines that are told of, for one file.
const TOLD: u64 = 10_000;

pub(in crate::bulk) async fn run(api: &FhirApi, claim: &Claim) -> Result<Made, Failure> {
    let order: Order<Wanted> = serde_json::from_slice(&claim.job.request)
        .map_err(|_| Failure::Interrupted("the order cannot be read".to_owned()))?;
    let session = order.by.session(claim.tenant, claim.job.id)?;
    claim.clear(&api.store, 0).await?;
    let mut import = Import {
        api,
        claim,
        session,
        files: Files::new(&api.store, claim),
        done: 0,
    };
    for input in &order.what.inputs {
        import.one(input).await?;
    }
    import.files.finish().await
}

/// An import under way.
struct Import<'a> {
    api: &'a FhirApi,
    claim: &'a Claim,
    session: Arc<Session>,
    files: Files<'a>,
    /// Resources taken in.
    done: u64,
}

/// A resource that waits to be committed.
struct Item {
    line: u64,
    kind: ResourceType,
    id: String,
    doc: Doc,
}

/// How a file went.
#[derive(Default)]
struct Tally {
    taken: u64,
    refused: u64,
}

impl Import<'_> {
    /// Takes one file in. What is wrong with it is told; it does not end the import.
    async fn one(&mut self, input: &Input) -> Result<(), Failure> {
        let mut tally = Tally::default();
        let name = input.url.as_deref().unwrap_or("the request");
        let stream = match &input.url {
            Some(url) => self.api.imports.fetch(url).await,
            None => Ok(uploaded(self.api.store.clone(), self.claim)),
        };
        let ended = match stream {
            Ok(stream) => self.lines(input, stream, &mut tally).await,
            Err(issue) => Err(Failure::Refused(vec![issue])),
        };
        match ended {
            Ok(()) => {}
            Err(Failure::Refused(issues)) => {
                for issue in issues {
                    self.tell(Purpose::Error, issue).await?;
                }
            }
            Err(other) => return Err(other),
        }
        self.done += tally.taken;
        let text = format!(
            "{} resources taken in, {} refused",
            tally.taken, tally.refused
        );
        let issue = Issue::information(mt_fhir::outcome::IssueCode::Informational, text);
        self.tell(Purpose::Output, issue).await?;
        self.files.end_input(name).await
    }

    async fn lines(
        &mut self,
        input: &Input,
        stream: BoxStream<'static, Result<Bytes, Failure>>,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let mut lines = Lines::new(stream, self.api.limits.body.inflated);
        let mut waiting: Vec<Item> = Vec::new();
        let mut names: HashSet<(ResourceType, String)> = HashSet::new();
        let mut bytes = 0;
        while let Some((number, line)) = lines.next().await? {
            let item = match self.item(number, &line, input.kind.as_deref()) {
                Ok(item) => item,
                Err(issue) => {
                    self.refuse(number, vec![issue], tally).await?;
                    continue;
                }
            };
            // One commit writes a resource once.
            let again = !names.insert((item.kind, item.id.clone()));
            if again || waiting.len() >= BATCH || bytes + line.len() > BATCH_BYTES {
                self.commit(std::mem::take(&mut waiting), tally).await?;
                names.clear();
                names.insert((item.kind, item.id.clone()));
                bytes = 0;
            }
            bytes += line.len();
            waiting.push(item);
        }
        self.commit(waiting, tally).await
    }

    fn item(&self, line: u64, text: &Bytes, kind: Option<&str>) -> Result<Item, Issue> {
        let doc = Doc::parse(text.to_vec(), &self.api.limits.json)
            .map_err(|error| refused(&format!("the line cannot be read: {error}")))?;
        let root = doc.root();
        let name = root.resource_type().unwrap_or_default();
        let found = ResourceType::from_name(name);
        let found = found.ok_or_else(|| refused("the line is no resource of R4"))?;
        if kind.is_some_and(|kind| kind != name) {
            return Err(refused("the resource is not of the type of its file"));
        }
        // Without an id, a second attempt would make a second resource.
        let id = root.str("id").filter(|id| !id.is_empty());
        let id = id
            .ok_or_else(|| refused("the resource has no id"))?
            .to_owned();
        Ok(Item {
            line,
            kind: found,
            id,
            doc,
        })
    }

    /// Commits resources together, or one by one when they do not go together.
    async fn commit(&mut self, items: Vec<Item>, tally: &mut Tally) -> Result<(), Failure> {
        if items.is_empty() {
            return Ok(());
        }
        match self.commit_all(&items).await {
            Ok(()) => tally.taken += items.len() as u64,
            Err(error) if ends(&error) => return Err(error.into()),
            Err(_) => {
                for item in items {
                    match self.commit_all(std::slice::from_ref(&item)).await {
                        Ok(()) => tally.taken += 1,
                        Err(error) if ends(&error) => return Err(error.into()),
                        Err(error) => {
                            let cause = match error {
                                StoreError::Entry { cause, .. } => *cause,
                                other => other,
                            };
                            let issues = FhirError::from(cause).issues;
                            self.refuse(item.line, issues, tally).await?;
                        }
                    }
                }
            }
        }
        let done = self.done + tally.taken;
        Ok(self.claim.report(&self.api.store, done, 0).await?)
    }

    async fn commit_all(&self, items: &[Item]) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for item in items {
            batch.push(Change {
                resource_type: item.kind,
                full_url: None,
                action: Action::Update {
                    target: Target::Id(item.id.clone()),
                    content: Content::Own(Box::new(item.doc.clone())),
                    if_match: None,
                    upsert: true,
                },
            });
        }
        let caller = self.caller().await?;
        self.api.store.commit(&caller, batch).await.map(drop)
    }

    async fn caller(&self) -> Result<Caller, StoreError> {
        let registry = self.api.store.tenants().params(self.claim.tenant).await?;
        let (job, now) = (self.claim.job.id, self.api.clock.now());
        Ok(self.session.caller(&registry, Right::Update, job, now))
    }

    /// Tells why a line was not taken in.
    async fn refuse(
        &mut self,
        line: u64,
        issues: Vec<Issue>,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        tally.refused += 1;
        if tally.refused > TOLD {
            return Ok(());
        }
        let issues = issues.into_iter().map(|mut issue| {
            issue.diagnostics = format!("line {line}: {}", issue.diagnostics);
            issue
        });
        let outcome = OperationOutcome {
            id: None,
            issues: issues.collect(),
        };
        self.files
            .add(Purpose::Error, "OperationOutcome", &outcome.to_json())
            .await
    }

    async fn tell(&mut self, purpose: Purpose, issue: Issue) -> Result<(), Failure> {
        let outcome = OperationOutcome::from(issue).to_json();
        self.files.add(purpose, "OperationOutcome", &outcome).await
    }
}

/// Whether the next resource would fare no better: something does not answer, or there is no storage left.
fn ends(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unavailable | ErrorKind::Internal | ErrorKind::Full
    )
}

/// The parts of what came with the request.
fn uploaded(store: Store, claim: &Claim) -> BoxStream<'static, Result<Bytes, Failure>> {
    let (tenant, id) = (claim.tenant, claim.job.id);
    let parts = futures::stream::try_unfold((store, 0_i32), move |(store, part)| async move {
        let opened = store.work().part(tenant, id, (UPLOADED, part)).await?;
        Ok::<_, Failure>(opened.map(|bytes| (Bytes::from(bytes), (store, part + 1))))
    });
    parts.boxed()
}
