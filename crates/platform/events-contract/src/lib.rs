#![doc = include_str!("../README.md")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod clauses;
mod deaf;
mod ledger;
mod outage;
mod world;

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_events::{EventBus, Group};

pub use clauses::*;
pub use ledger::Ledger;
pub use outage::{Outage, kills};
pub use world::World;

/// What the tests of an adapter bring: its bus, and what only they know of it.
pub trait Rig: Send + Sync {
    /// A bus for this world and nobody else, with these groups.
    fn bus<'a>(&'a self, world: &'a World, groups: Vec<Group>) -> BoxFuture<'a, Arc<dyn EventBus>>;

    /// What this machine lacks; the clauses are skipped then, and say so.
    fn absent(&self) -> Option<&'static str> {
        None
    }

    /// A process of this consumer died without a word: lets the time pass until the bus notices.
    fn bury<'a>(&'a self, world: &'a World, consumer: &'static str) -> BoxFuture<'a, ()> {
        let _ = (world, consumer);
        Box::pin(std::future::ready(()))
    }
}

/// One test for each clause of the contract, over the [`Rig`] that the expression makes.
#[macro_export]
macro_rules! contract {
    ($rig:expr) => {
        $crate::contract! { $rig =>
            every_group_gets_everything_once_and_in_order_of_key
            a_group_begins_where_it_stopped
            what_a_crash_left_comes_again_and_nothing_else
            members_share_the_work_and_leave_nothing_out
            consumers_that_are_killed_again_and_again_do_everything_once_and_in_order
            a_poisoned_key_waits_among_the_dead_letters_while_others_go_on
            a_bad_event_in_the_middle_of_a_batch_holds_back_nothing_else
            what_was_committed_and_not_settled_comes_again_and_changes_nothing
            a_replaced_relay_moves_nothing
            a_storm_of_duplicates_changes_nothing
            a_group_knows_how_far_it_is_behind
            the_past_is_given_again_and_only_once
            a_feed_hears_everything_from_the_moment_it_was_opened
        }
    };
    ($rig:expr => $($clause:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $clause() {
                let rig = $rig;
                match $crate::Rig::absent(&rig) {
                    Some(what) => eprintln!("skipped, because {what}"),
                    None => $crate::$clause(&rig).await,
                }
            }
        )+
    };
}
