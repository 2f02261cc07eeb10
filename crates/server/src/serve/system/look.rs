//! Looks at every part, each for itself: one that does not answer in time keeps no other back.

use std::future::Future;
use std::time::Duration;

use mt_database::migrate;
use mt_events::EventError;
use mt_kernel::{Instant, OpCtx, TenantId};

use super::System;
use super::figures::Figures;
use super::report::{
    AuditPart, BackupPart, CachePart, ConsumersPart, DatabasePart, DeliveriesPart, DiskPart,
    GroupPart, LetterPart, LettersPart, MigrationsPart, QueuePart, RelayPart, ServerPart, State,
    SystemHealth, degraded_if, seconds,
};
use crate::serve::health::STALE;
use crate::{backups, catalog};

/// A part that says nothing for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// A round trip of more than this is slow, in milliseconds.
const SLOW: f64 = 500.0;
/// An open transaction of this age holds others back, in seconds.
const OLD_TRANSACTION: f64 = 300.0;
/// Events wait for no longer when all is well, in seconds.
const RELAYED_WITHIN: f64 = 30.0;
/// A consumer that is so many events behind is late.
const FAR_BEHIND: i64 = 1_000;
/// What is due is carried within this many seconds.
const CARRIED_WITHIN: f64 = 900.0;
/// A backup is written at least as often, in seconds.
const BACKED_UP_WITHIN: f64 = 7.0 * 86_400.0;

/// The answer of a part; `None` when it failed or was not there in time.
async fn asked<T, E: std::fmt::Display>(
    part: &'static str,
    answer: impl Future<Output = Result<T, E>>,
) -> Option<T> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::warn!(part, %error, "a part of the system does not answer");
            None
        }
        Err(_) => {
            tracing::warn!(part, "a part of the system does not answer in time");
            None
        }
    }
}

impl System {
    /// Looks at everything, for whoever asks.
    pub(super) async fn look(&self, ctx: &OpCtx) -> SystemHealth {
        let (now, tenant) = (ctx.now, ctx.tenant);
        let figures = Figures::new(self.metrics.render());
        let (database, migrations, relay, consumers, dead_letters, audit, deliveries) = tokio::join!(
            self.database_part(),
            self.migrations_part(),
            self.relay_part(now),
            self.consumers_part(),
            self.letters_part(tenant),
            self.audit_part(ctx, &figures),
            self.deliveries_part(tenant, now),
        );
        let mut health = SystemHealth {
            at: now.to_fhir(),
            state: State::Unknown,
            server: self.server_part(),
            database,
            migrations,
            relay,
            consumers,
            dead_letters,
            audit,
            cache: cache_part(&figures),
            deliveries,
            disk: self.disk_part(),
            backup: self.backup_part(now),
        };
        health.state = health.worst();
        health
    }

    fn server_part(&self) -> ServerPart {
        let behind = self.store.tail_age();
        ServerPart {
            state: if behind < STALE {
                State::Up
            } else {
                State::Down
            },
            version: env!("CARGO_PKG_VERSION"),
            since: self.since.to_fhir(),
            behind_seconds: behind.as_secs_f64(),
        }
    }

    async fn database_part(&self) -> DatabasePart {
        let health = asked("database", self.database.health()).await;
        let trip = health.map(|one| one.round_trip.as_secs_f64() * 1_000.0);
        let oldest = health.map(|one| one.horizon.age.as_secs_f64());
        let state = match (trip, oldest) {
            (Some(trip), Some(oldest)) => degraded_if(trip > SLOW || oldest > OLD_TRANSACTION),
            _ => State::Down,
        };
        DatabasePart {
            state,
            private: self.private,
            round_trip_milliseconds: trip,
            oldest_transaction_seconds: oldest,
            bytes: health.map(|one| one.size),
        }
    }

    async fn migrations_part(&self) -> MigrationsPart {
        let schemas = catalog::schemas();
        let current = asked("migrations", migrate::verify(&self.app, &schemas)).await;
        MigrationsPart {
            state: current.map_or(State::Down, |()| State::Up),
            schemas: schemas.len(),
            steps: schemas.iter().map(|schema| schema.files.len()).sum(),
        }
    }

    async fn relay_part(&self, now: Instant) -> RelayPart {
        let relay = asked("relay", self.operations.relay()).await;
        let oldest = relay.and_then(|one| one.oldest.map(|at| seconds(at, now)));
        let late = oldest.is_some_and(|age| age > RELAYED_WITHIN);
        RelayPart {
            state: relay.map_or(State::Down, |one| degraded_if(!one.held || late)),
            bus: self.bus.name(),
            held: relay.map(|one| one.held),
            waiting: relay.map(|one| one.waiting),
            oldest_seconds: oldest,
        }
    }

    async fn consumers_part(&self) -> ConsumersPart {
        let groups = asked("bus", self.bus.groups()).await;
        let late = |groups: &Vec<mt_events::GroupStatus>| {
            degraded_if(groups.iter().any(|one| one.behind >= FAR_BEHIND))
        };
        ConsumersPart {
            state: groups.as_ref().map_or(State::Down, late),
            groups: groups
                .into_iter()
                .flatten()
                .map(|one| GroupPart {
                    consumer: one.consumer,
                    topic: one.topic.map_or("unknown", |topic| topic.name),
                    behind: one.behind,
                })
                .collect(),
        }
    }

    async fn letters_part(&self, tenant: TenantId) -> LettersPart {
        let letters = asked::<_, EventError>("dead letters", self.operations.letters()).await;
        let Some(letters) = letters else {
            return LettersPart {
                state: State::Unknown,
                kinds: Vec::new(),
                elsewhere: None,
            };
        };
        let (own, others): (Vec<_>, Vec<_>) =
            letters.into_iter().partition(|one| one.tenant == tenant);
        LettersPart {
            state: degraded_if(!own.is_empty() || !others.is_empty()),
            elsewhere: Some(others.iter().map(|one| one.count).sum()),
            kinds: own
                .into_iter()
                .map(|one| LetterPart {
                    consumer: one.consumer,
                    event: one.kind.map_or("unknown", |kind| kind.name),
                    reason: one.reason,
                    count: one.count,
                })
                .collect(),
        }
    }

    async fn audit_part(&self, ctx: &OpCtx, figures: &Figures) -> AuditPart {
        let standing = asked("audit", self.privacy.log_standing(ctx)).await;
        let verified = standing
            .as_ref()
            .and_then(|one| one.last_verification.as_ref());
        let sound = verified.map(|one| one.sound);
        let state = match (&standing, sound) {
            (None, _) | (_, Some(false)) => State::Down,
            (_, None) => State::Unknown,
            (_, Some(true)) => State::Up,
        };
        AuditPart {
            state,
            entries: standing.as_ref().map(|one| one.size),
            head: standing
                .as_ref()
                .and_then(|one| head(one.checkpoint.as_deref()?)),
            verified_at: verified.map(|one| Instant(one.at).to_fhir()),
            sound,
            journal_bytes: figures.get("audit_journal_waiting_bytes", &[]),
        }
    }

    async fn deliveries_part(&self, tenant: TenantId, now: Instant) -> DeliveriesPart {
        let Some(loads) = asked("deliveries", self.queue.loads(tenant, now)).await else {
            return DeliveriesPart {
                state: State::Unknown,
                queues: Vec::new(),
            };
        };
        let queues = loads.into_iter().map(|one| QueuePart {
            courier: one.courier,
            waiting: one.waiting,
            overdue_seconds: one.due_since.map(|at| seconds(at, now)),
            given_up: one.given_up,
        });
        let queues: Vec<QueuePart> = queues.collect();
        let late = |one: &QueuePart| one.overdue_seconds.is_some_and(|age| age > CARRIED_WITHIN);
        DeliveriesPart {
            state: degraded_if(queues.iter().any(|one| late(one) || one.given_up > 0)),
            queues,
        }
    }

    fn disk_part(&self) -> DiskPart {
        let Ok(disk) = rustix::fs::statvfs(&self.data_dir) else {
            return DiskPart {
                state: State::Unknown,
                free: None,
                total: None,
            };
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let total = disk.f_blocks.saturating_mul(disk.f_frsize);
        DiskPart {
            state: room(free, total),
            free: Some(free),
            total: Some(total),
        }
    }

    fn backup_part(&self, now: Instant) -> BackupPart {
        let at = backups::last(&self.data_dir);
        BackupPart {
            state: at.map_or(State::Unknown, |at| {
                degraded_if(seconds(at, now) > BACKED_UP_WITHIN)
            }),
            at: at.map(Instant::to_fhir),
        }
    }
}

fn cache_part(figures: &Figures) -> CachePart {
    let count = |outcome| {
        figures.get(
            "store_cache_total",
            &[("layer", "memory"), ("outcome", outcome)],
        )
    };
    let (hits, misses) = (count("hit"), count("miss"));
    let looked = hits.is_some() || misses.is_some();
    CachePart {
        state: if looked { State::Up } else { State::Unknown },
        hits: hits.or(looked.then_some(0.0)),
        misses: misses.or(looked.then_some(0.0)),
    }
}

/// The root hash of a checkpoint, which is the third line of the note.
fn head(checkpoint: &str) -> Option<String> {
    checkpoint.lines().nth(2).map(str::to_owned)
}

/// How a disk is with so much of it free.
fn room(free: u64, total: u64) -> State {
    if total == 0 {
        State::Unknown
    } else if free < total / 50 {
        State::Down
    } else {
        degraded_if(free < total / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_looked_at_below_a_tenth_and_full_below_a_fiftieth() {
        assert_eq!(room(11, 100), State::Up);
        assert_eq!(room(9, 100), State::Degraded);
        assert_eq!(room(1, 100), State::Down);
        assert_eq!(room(0, 0), State::Unknown);
    }

    #[test]
    fn a_cache_that_nobody_asked_is_unknown_and_one_that_only_missed_is_not() {
        let part = |text: &str| cache_part(&Figures::new(text.to_owned()));
        assert_eq!(part("").state, State::Unknown);
        let missed = part("store_cache_total{layer=\"memory\",outcome=\"miss\"} 4");
        assert_eq!(
            (missed.state, missed.hits, missed.misses),
            (State::Up, Some(0.0), Some(4.0))
        );
    }

    #[test]
    fn the_head_is_the_root_hash_of_the_checkpoint() {
        let note = "meditrack/1\n42\nq83vEjRW=\n\n— meditrack AAAA\n";
        assert_eq!(head(note).as_deref(), Some("q83vEjRW="));
        assert_eq!(head("short"), None);
    }

    #[test]
    fn what_is_unknown_makes_nothing_worse() {
        assert!(State::Unknown < State::Up && State::Up < State::Degraded);
        assert!(State::Degraded < State::Down);
    }
}
