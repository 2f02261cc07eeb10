//! A page of a search, and the matches of criteria.

use std::collections::HashSet;
use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_kernel::ErrorKind;
use mt_search::Query;
use mt_search::query::Types;
use uuid::Uuid;

use super::compile::{Plan, Scope};
use super::has::too_many;
use super::page::{Order, Position};
use super::rows::{Match, Wanted};
use crate::commit::type_column;
use crate::cursor::{open_cursor, seal_cursor};
use crate::index::{Shape, Tokens};
use crate::source::Source;
use crate::tenants::{Tenant, column};
use crate::{
    Caller, Entry, EntryMode, Interaction, Page, ReadAccess, Result, Store, StoreError, Stored,
};

/// Where a page begins: the number of the type, and the row before it.
struct Start {
    type_number: u16,
    from: Option<Position>,
}

/// Up to so many types are asked one by one.
const FEW_TYPES: usize = 4;

/// The types of which there is something in a patient's compartment.
const PRESENT: &str = "select r.type from records.res r where r.tenant = $1 and r.pat = $2 \
    union select a.type from records.aux a where a.tenant = $1 and a.h = $2";

impl Store {
    /// A page of what `query` matches among what the caller may see, with what it includes. `cursor`
    /// is the `next` of the page before.
    ///
    /// Without `_sort` the order is the one in which the rows are found; it is the same on every
    /// page of one search.
    ///
    /// # Errors
    /// [`ErrorKind::TooCostly`] when the search needs more than its limits allow,
    /// [`ErrorKind::Malformed`] for a cursor that is not this search's.
    pub async fn search(
        &self,
        caller: &Caller,
        query: &Query,
        cursor: Option<&str>,
    ) -> Result<Page> {
        let started = std::time::Instant::now();
        let tenant = self.tenants().get(caller.ctx.tenant).await?;
        let source = self.shared(tenant.id);
        let scope = Scope {
            source,
            caller,
            tenant: &tenant,
            streaming: true,
        };
        let page = self.search_in(scope, query, cursor).await;
        metrics::histogram!("store_search_seconds").record(started.elapsed().as_secs_f64());
        self.note_search(caller, query, page)
    }

    pub(super) async fn search_in(
        &self,
        scope: Scope<'_>,
        query: &Query,
        cursor: Option<&str>,
    ) -> Result<Page> {
        let mut types = searched(scope.caller, query);
        self.keep_present(scope, query, &mut types).await?;
        let mut plans = Vec::new();
        for resource_type in types {
            plans.push(self.plan_search(scope, resource_type, query).await?);
        }
        if query.counts_only() {
            return Ok(Page {
                total: self.total(scope, &plans, query).await?,
                ..Page::default()
            });
        }
        let (total, (found, next)) = tokio::try_join!(
            self.total(scope, &plans, query),
            self.page_of(scope, &plans, query, cursor)
        )?;
        let included = self.included(scope, query, &found).await?;
        let entry = |stored, mode| Entry {
            resource: stored,
            mode,
        };
        let mut entries: Vec<Entry> = found
            .into_iter()
            .map(|one| entry(one.stored, EntryMode::Match))
            .collect();
        entries.extend(
            included
                .into_iter()
                .map(|one| entry(one, EntryMode::Include)),
        );
        Ok(Page {
            entries,
            total,
            next,
        })
    }

    /// The matches of a page, and the sealed cursor of the next one.
    async fn page_of(
        &self,
        scope: Scope<'_>,
        plans: &[Plan],
        query: &Query,
        cursor: Option<&str>,
    ) -> Result<(Vec<Match>, Option<String>)> {
        let count = query.count.and_then(|count| usize::try_from(count).ok());
        let count = count
            .unwrap_or(self.limits().default_count)
            .clamp(1, self.limits().max_count);
        let question = question(query);
        let sorted = plans.len() > 1 && !query.sort.is_empty()
            || plans
                .iter()
                .any(|plan| Order::of(query, Shape::of(plan.resource_type)).is_err());
        let (found, next) = if sorted {
            let start = cursor
                .map(|cursor| open_cursor(scope.tenant, &question, cursor))
                .transpose()?;
            self.sorted_page(scope, plans, query, start, count).await?
        } else {
            let start = match cursor {
                Some(cursor) => Start::from_bytes(&open_cursor(scope.tenant, &question, cursor)?)?,
                None => Start {
                    type_number: 0,
                    from: None,
                },
            };
            self.keyset_page(scope, plans, query, start, count).await?
        };
        let next = match next {
            Some(state) => Some(seal_cursor(scope.tenant, &question, &state)?),
            None => None,
        };
        Ok((found, next))
    }

    /// Leaves out types of which a patient's compartment holds nothing: of the many that it could hold, a
    /// chart has a few.
    async fn keep_present(
        &self,
        scope: Scope<'_>,
        query: &Query,
        types: &mut Vec<ResourceType>,
    ) -> Result<()> {
        let patient = match &query.compartment {
            Some(one) if one.compartment == Compartment::Patient => &one.id,
            _ => return Ok(()),
        };
        if types.len() <= FEW_TYPES {
            return Ok(());
        }
        let key = scope.tenant.key_of(ResourceType::PATIENT, patient);
        let token = Tokens::new(&scope.tenant.blind, ResourceType::PATIENT).patient(key);
        let rows = scope
            .source
            .query(PRESENT, &[&scope.tenant.id.0, &token])
            .await?;
        let mut present = HashSet::new();
        for row in &rows {
            present.insert(column::<i16>(row, 0)?);
        }
        // The patient is found by its id, whatever its row says.
        types.retain(|one| *one == ResourceType::PATIENT || present.contains(&type_column(*one)));
        Ok(())
    }

    /// A page in an order that rows are fetched in, one type after the other.
    async fn keyset_page(
        &self,
        scope: Scope<'_>,
        plans: &[Plan],
        query: &Query,
        start: Start,
        count: usize,
    ) -> Result<(Vec<Match>, Option<Vec<u8>>)> {
        let mut found: Vec<Match> = Vec::with_capacity(count + 1);
        let mut last = None;
        for plan in plans {
            let type_number = plan.resource_type.number();
            if type_number < start.type_number {
                continue;
            }
            let from = start.from.filter(|_| type_number == start.type_number);
            let order = Order::of(query, Shape::of(plan.resource_type)).unwrap_or(None);
            // One more than wanted tells whether there is another page.
            let wanted = Wanted {
                order,
                from,
                count: count + 1 - found.len(),
            };
            let matches = self.matches(scope, plan, wanted).await?;
            for one in matches.found {
                if found.len() == count {
                    let state = last.map(|(type_number, from): (u16, Position)| {
                        Start {
                            type_number,
                            from: Some(from),
                        }
                        .to_bytes()
                    });
                    return Ok((found, state));
                }
                last = Some((type_number, one.position));
                found.push(one);
            }
        }
        Ok((found, None))
    }

    /// At most `limit` resources of a type that match, in no particular order.
    pub(crate) async fn matching(
        &self,
        source: Source<'_>,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        resource_type: ResourceType,
        query: &Query,
        limit: usize,
    ) -> Result<Vec<Stored>> {
        let scope = Scope {
            source,
            caller,
            tenant,
            streaming: true,
        };
        let found = self.matching_in(scope, resource_type, query, limit).await?;
        Ok(found.into_iter().map(|one| one.stored).collect())
    }

    pub(crate) async fn matching_in(
        &self,
        scope: Scope<'_>,
        resource_type: ResourceType,
        query: &Query,
        limit: usize,
    ) -> Result<Vec<Match>> {
        let plan = Box::pin(self.plan_search(scope, resource_type, query)).await?;
        let wanted = Wanted {
            order: None,
            from: None,
            count: limit,
        };
        Ok(self.matches(scope, &plan, wanted).await?.found)
    }

    /// The keys of what matches; refused when there are more than `limit`.
    pub(crate) async fn matching_ids(
        &self,
        scope: Scope<'_>,
        resource_type: ResourceType,
        query: &Query,
        limit: usize,
    ) -> Result<Vec<Uuid>> {
        let found = self
            .matching_in(scope, resource_type, query, limit + 1)
            .await?;
        if found.len() > limit {
            return Err(too_many());
        }
        Ok(found.into_iter().map(|one| one.id).collect())
    }

    pub(super) fn note_search(
        &self,
        caller: &Caller,
        query: &Query,
        page: Result<Page>,
    ) -> Result<Page> {
        let refusal = page
            .as_ref()
            .err()
            .map(|error| mt_kernel::Fault::from(error.clone()));
        let resources: Vec<_> = page
            .iter()
            .flat_map(|page| &page.entries)
            .map(|entry| &entry.resource)
            .map(|stored| (stored.resource_type, Arc::clone(&stored.id), stored.version))
            .collect();
        let text = query.applied_query();
        let access = ReadAccess {
            interaction: Interaction::Search,
            resource_type: match &query.types {
                Types::One(one) => Some(*one),
                Types::Some(_) | Types::All => None,
            },
            resources: &resources,
            query: Some(&text),
            refusal: refusal.as_ref(),
        };
        self.hooks().audit.note(caller, &access)?;
        page
    }
}

/// The types of a query that the caller may see something of, in order of their numbers.
fn searched(caller: &Caller, query: &Query) -> Vec<ResourceType> {
    let mut types: Vec<ResourceType> = match query.types.listed() {
        Some(listed) => listed.to_vec(),
        None => ResourceType::all().collect(),
    };
    types.sort_unstable();
    types.dedup();
    types.retain(|one| caller.access.allows_some(*one));
    types
}

/// What a cursor of this search is bound to.
fn question(query: &Query) -> Vec<u8> {
    let types = match query.types.listed() {
        Some(listed) => listed
            .iter()
            .map(|one| one.name())
            .collect::<Vec<_>>()
            .join(","),
        None => "*".to_owned(),
    };
    let compartment = query.compartment.as_ref();
    let compartment = compartment.map(|one| format!("{:?}/{}", one.compartment, one.id));
    let compartment = compartment.unwrap_or_default();
    format!("search {types} {compartment} {}", query.applied_query()).into_bytes()
}

impl Start {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.type_number.to_be_bytes().to_vec();
        bytes.extend(self.from.iter().flat_map(|from| from.to_bytes()));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refused = || StoreError::refused(ErrorKind::Malformed, "the page cursor is not valid");
        let (number, position) = bytes.split_first_chunk::<2>().ok_or_else(refused)?;
        Ok(Self {
            type_number: u16::from_be_bytes(*number),
            from: Some(Position::from_bytes(position).ok_or_else(refused)?),
        })
    }
}
