//! A bus on which nothing is ever settled: what a process leaves that dies just before.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_events::{
    Delivery, EventBus, EventFeed, Group, GroupStatus, Outgoing, Place, Result, Spot, Subscription,
};

/// Another bus, whose consumers never get to say what they have done.
#[derive(Debug)]
pub(crate) struct Deaf(pub(crate) Arc<dyn EventBus>);

impl EventBus for Deaf {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn carry<'a>(&'a self, events: &'a [Outgoing], place: &'a Place) -> BoxFuture<'a, Result<()>> {
        self.0.carry(events, place)
    }

    fn subscribe(&self, group: Group) -> BoxFuture<'_, Result<Box<dyn Subscription>>> {
        Box::pin(async move {
            let heard = self.0.subscribe(group).await?;
            Ok(Box::new(Unsettled(heard)) as Box<dyn Subscription>)
        })
    }

    fn feed(&self) -> BoxFuture<'_, Result<Box<dyn EventFeed>>> {
        self.0.feed()
    }

    fn groups(&self) -> BoxFuture<'_, Result<Vec<GroupStatus>>> {
        self.0.groups()
    }
}

struct Unsettled(Box<dyn Subscription>);

impl Subscription for Unsettled {
    fn poll(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        self.0.poll(limit)
    }

    fn settle<'a>(&'a mut self, _: &'a [Spot]) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn ready(&mut self) -> BoxFuture<'_, ()> {
        self.0.ready()
    }

    fn leave(&mut self) -> BoxFuture<'_, Result<()>> {
        self.0.leave()
    }
}
