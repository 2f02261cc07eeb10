//! From the bus to the rooms.
//!
//! Every process follows the whole bus for itself, so that it does not matter to which of them a client
//! is connected.

use std::sync::Arc;
use std::time::Duration;

use mt_events::{EventFeed, Keys};
use serde_json::json;

use crate::{Announcement, Hub, Room};

/// Events taken from the bus at once.
const BATCH: usize = 500;
/// Shortest and longest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(160));
/// Changes what somebody may do; whoever it is about is looked at anew.
const PERMISSION_CHANGED: &str = "security.permission.changed.v1";
/// Its subject when a derived role changed.
const ROLE: &str = "Role";
/// Something of a video visit is new: it rings in the consultation, and nowhere else.
const ROOM_CHANGED: &str = "telehealth.room.changed.v1";

/// Announces what the feed brings, for as long as the process lives. `forget` is called when permissions changed, before
/// anybody is looked at anew: what this process remembers of them is over.
pub async fn follow(
    hub: Hub,
    keys: Arc<dyn Keys>,
    mut feed: Box<dyn EventFeed>,
    forget: impl Fn() + Send,
) {
    let mut pause = PAUSE.0;
    loop {
        match feed.next(BATCH).await {
            Ok(found) => {
                pause = if found.is_empty() {
                    (pause * 2).min(PAUSE.1)
                } else {
                    PAUSE.0
                };
                for delivery in &found {
                    // A tenant that does not serve has nobody connected.
                    let Ok(keys) = keys.of(delivery.tenant()).await else {
                        continue;
                    };
                    match delivery
                        .open(&keys)
                        .and_then(|event| Announcement::of(&event))
                    {
                        Ok(announced) => {
                            if announced.name == PERMISSION_CHANGED {
                                forget();
                            }
                            tell(&hub, &announced);
                        }
                        Err(error) => tracing::warn!(%error, "an event cannot be announced"),
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the hub cannot read the bus");
                pause = Duration::from_secs(1);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

fn tell(hub: &Hub, announced: &Announcement) {
    if announced.name == ROOM_CHANGED {
        return ring(hub, announced);
    }
    hub.announce(announced);
    if announced.name == PERMISSION_CHANGED {
        let (hub, tenant) = (hub.clone(), announced.tenant);
        let subject = announced.subject.clone();
        // What a role opens changed for everybody who holds it.
        let user = (subject.kind != ROLE).then_some(subject.id);
        tokio::spawn(async move { hub.recheck_users(tenant, user.as_deref()).await });
    }
}

fn ring(hub: &Hub, announced: &Announcement) {
    let data = json!({"appointment": announced.subject.id});
    let consultation = |room: &&Room| matches!(room, Room::Consultation(_));
    for room in announced.rooms.iter().filter(consultation) {
        hub.tell(announced.tenant, room, "telehealth", &data);
    }
}
