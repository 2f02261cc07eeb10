//! Work behind the requests gives way to them.
//!
//! Relay, consumers and the audit log share processor and database with the requests for which people wait. While there
//! are as many requests as processors, or many have lately begun, that work has its turn one at a time and rests after
//! it, so that it goes on, but takes a small part of the machine. Otherwise it is not held up at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// A rest is so many times as long as the turn before it, but no longer than [`LONGEST_REST`].
const REST: u32 = 3;
const LONGEST_REST: Duration = Duration::from_millis(200);

/// How often whoever waits for a turn looks whether there are still many requests, and how long it waits at most.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(3);

/// Requests that are answered from memory are over before anybody sees them: they count by when they began. So many for
/// each processor in so many milliseconds are many.
const LATELY_MILLIS: u64 = 10;
const MANY_LATELY: u64 = 4;

/// Counts the requests of a process, and lets other work have its turn.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    requests: AtomicUsize,
    begun: Begun,
    many: usize,
    turn: Arc<Semaphore>,
}

/// How many requests began in the present [`LATELY_MILLIS`] and in those before: 32 bits of which they are, 16 and 16 of
/// counts.
#[derive(Debug)]
struct Begun {
    since: Instant,
    counts: AtomicU64,
}

impl Begun {
    fn window(&self) -> u64 {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        (millis / LATELY_MILLIS) & u64::from(u32::MAX)
    }

    /// `(before, present)` of a state, seen from a window.
    fn counts(state: u64, window: u64) -> (u64, u64) {
        let (of, before, present) = (state >> 32, (state >> 16) & 0xFFFF, state & 0xFFFF);
        match window.wrapping_sub(of) {
            0 => (before, present),
            1 => (present, 0),
            _ => (0, 0),
        }
    }

    /// The state after one more request in a window.
    fn another(state: u64, window: u64) -> u64 {
        let (before, present) = Self::counts(state, window);
        window << 32 | before << 16 | (present + 1).min(0xFFFF)
    }

    fn count(&self) {
        let state = self.counts.load(Ordering::Relaxed);
        let next = Self::another(state, self.window());
        // A count that is lost to another thread's is one of many.
        let _ = self
            .counts
            .compare_exchange(state, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn lately(&self) -> u64 {
        let (before, present) = Self::counts(self.counts.load(Ordering::Relaxed), self.window());
        before.max(present)
    }
}

/// A request in work; it ends when this is dropped.
#[derive(Debug)]
pub struct Request(Arc<Shared>);

/// Leave to work until this is dropped.
#[derive(Debug)]
pub struct Turn(Option<(OwnedSemaphorePermit, Instant)>);

impl Default for Pace {
    /// As many requests as processors are many.
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

impl Pace {
    fn new(many: usize) -> Self {
        Self(Arc::new(Shared {
            requests: AtomicUsize::new(0),
            begun: Begun {
                since: Instant::now(),
                counts: AtomicU64::new(0),
            },
            many,
            turn: Arc::new(Semaphore::new(1)),
        }))
    }

    /// Counts a request for which somebody waits.
    #[must_use]
    pub fn request(&self) -> Request {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        self.0.begun.count();
        Request(Arc::clone(&self.0))
    }

    /// Waits until a batch of other work may begin: not at all while there are few requests, and [`PATIENCE`] at most. Turns
    /// are short, and whoever has one asks for no other.
    pub async fn turn(&self) -> Turn {
        let patient_until = Instant::now() + PATIENCE;
        let permit = Arc::clone(&self.0.turn).acquire_owned();
        tokio::pin!(permit);
        while self.is_busy() && Instant::now() < patient_until {
            tokio::select! {
                biased;
                Ok(permit) = &mut permit => return Turn(Some((permit, Instant::now()))),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        Turn(None)
    }

    fn is_busy(&self) -> bool {
        let many = self.0.many;
        self.0.requests.load(Ordering::Relaxed) >= many
            || self.0.begun.lately() >= MANY_LATELY * many as u64
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some((permit, begun)) = self.0.take() else {
            return;
        };
        let rest = (begun.elapsed() * REST).min(LONGEST_REST);
        // Outside a runtime there is nobody left to make room for.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(rest).await;
                drop(permit);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn few_requests_hold_nothing_up() {
        let pace = Pace::new(2);
        let _one = pace.request();
        let first = pace.turn().now_or_never();
        let second = pace.turn().now_or_never();
        assert!(first.is_some() && second.is_some());
    }

    #[tokio::test]
    async fn beside_many_requests_one_works_and_rests() {
        let pace = Pace::new(2);
        let _requests = (pace.request(), pace.request());
        let turn = pace.turn().now_or_never();
        assert!(turn.is_some());
        assert!(pace.turn().now_or_never().is_none());
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(turn);
        tokio::task::yield_now().await;
        assert!(pace.turn().now_or_never().is_none());
        let next = pace.turn().await;
        assert!(next.0.is_some());
    }

    #[test]
    fn requests_count_by_when_they_began() {
        let three = (0..3).fold(0, |state, _| Begun::another(state, 7));
        assert_eq!(Begun::counts(three, 7), (0, 3));
        assert_eq!(Begun::counts(three, 8), (3, 0));
        assert_eq!(Begun::counts(Begun::another(three, 8), 8), (3, 1));
        assert_eq!(Begun::counts(three, 9), (0, 0));
        assert_eq!(Begun::counts(Begun::another(three, 6), 6), (0, 1));
    }

    #[test]
    fn a_count_does_not_run_over() {
        let full = (0..0x1_0001).fold(0, |state, _| Begun::another(state, 7));
        assert_eq!(Begun::counts(full, 7), (0, 0xFFFF));
    }

    #[tokio::test]
    async fn when_the_requests_are_done_nobody_waits_any_longer() {
        let pace = Pace::new(1);
        let request = pace.request();
        let turn = pace.turn().await;
        let waiting = tokio::spawn({
            let pace = pace.clone();
            async move { pace.turn().await.0.is_none() }
        });
        tokio::task::yield_now().await;
        drop(request);
        assert!(waiting.await.unwrap());
        drop(turn);
    }

    #[tokio::test]
    async fn nothing_waits_for_ever() {
        let pace = Pace::new(1);
        let _request = pace.request();
        let _turn = pace.turn().await;
        assert!(pace.turn().await.0.is_none());
    }
}
