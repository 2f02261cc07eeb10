//! The files that a job makes: one type each, written in parts, a bounded number of bytes in memory.

use std::collections::BTreeMap;

use mt_fhir::ResourceType;
use mt_store::{Claim, Store};

use super::refusal::Failure;
use super::status::{Made, MadeFile};

/// Plain bytes of a part.
const PART: usize = 256 << 10;

/// Plain bytes of a file, roughly; what comes after goes into another one.
const FILE: u64 = 256 << 20;

/// Files that are being written.
pub(super) struct Files<'a> {
    store: &'a Store,
    claim: &'a Claim,
    open: BTreeMap<(Purpose, &'static str), Open>,
    made: Vec<(Purpose, MadeFile)>,
    next: i32,
    resources: u64,
}

/// In which list of the manifest a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    Output,
    Deleted,
    Error,
}

#[derive(Default)]
struct Open {
    number: i32,
    part: i32,
    count: u64,
    bytes: u64,
    buffer: Vec<u8>,
}

impl<'a> Files<'a> {
    pub(super) fn new(store: &'a Store, claim: &'a Claim) -> Self {
        Self {
            store,
            claim,
            open: BTreeMap::new(),
            made: Vec::new(),
            next: 0,
            resources: 0,
        }
    }

    /// Adds a resource.
    pub(super) async fn push(&mut self, kind: ResourceType, body: &[u8]) -> Result<(), Failure> {
        self.add(Purpose::Output, kind.name(), body).await
    }

    /// Adds a line to the file of `purpose` whose resources are of type `kind`.
    pub(super) async fn add(
        &mut self,
        purpose: Purpose,
        kind: &'static str,
        line: &[u8],
    ) -> Result<(), Failure> {
        let next = &mut self.next;
        let open = self.open.entry((purpose, kind)).or_insert_with(|| {
            *next += 1;
            Open {
                number: *next,
                ..Open::default()
            }
        });
        open.buffer.extend_from_slice(line);
        open.buffer.push(b'\n');
        open.count += 1;
        open.bytes += line.len() as u64 + 1;
        self.resources += 1;
        if open.buffer.len() >= PART {
            flush(self.store, self.claim, open, self.resources).await?;
        }
        if open.bytes >= FILE {
            self.close(purpose, kind).await?;
        }
        Ok(())
    }

    /// Ends the files and lists them.
    pub(super) async fn finish(mut self) -> Result<Made, Failure> {
        self.close_all().await?;
        let mut made = Made::default();
        for (purpose, file) in self.made {
            match purpose {
                Purpose::Output => made.output.push(file),
                Purpose::Deleted => made.deleted.push(file),
                Purpose::Error => made.error.push(file),
            }
        }
        Ok(made)
    }

    /// Ends the files that tell of one input.
    pub(super) async fn end_input(&mut self, input: &str) -> Result<(), Failure> {
        self.close_all().await?;
        for (_, file) in &mut self.made {
            file.input.get_or_insert_with(|| input.to_owned());
        }
        Ok(())
    }

    async fn close_all(&mut self) -> Result<(), Failure> {
        let open: Vec<_> = self.open.keys().copied().collect();
        for (purpose, kind) in open {
            self.close(purpose, kind).await?;
        }
        Ok(())
    }

    async fn close(&mut self, purpose: Purpose, kind: &'static str) -> Result<(), Failure> {
        let Some(mut open) = self.open.remove(&(purpose, kind)) else {
            return Ok(());
        };
        if !open.buffer.is_empty() {
            flush(self.store, self.claim, &mut open, self.resources).await?;
        }
        let file = MadeFile {
            number: open.number,
            kind: kind.to_owned(),
            count: open.count,
            input: None,
        };
        self.made.push((purpose, file));
        Ok(())
    }
}

async fn flush(
    store: &Store,
    claim: &Claim,
    open: &mut Open,
    resources: u64,
) -> Result<(), Failure> {
    let place = (open.number, open.part);
    claim
        .put_part(store, place, &open.buffer, resources)
        .await?;
    open.part += 1;
    open.buffer.clear();
    Ok(())
}
