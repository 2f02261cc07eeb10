//! How long to wait between attempts.

use std::time::Duration;

/// Pauses before each attempt, the first included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule(pub &'static [Duration]);

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Longest `Retry-After` that is honoured.
const LONGEST_WISH: Duration = seconds(24 * 3600);

impl Schedule {
    /// About three days, as Standard Webhooks proposes: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
    pub const DAYS: Self = Self(&[
        seconds(0),
        seconds(5),
        seconds(300),
        seconds(1_800),
        seconds(7_200),
        seconds(18_000),
        seconds(36_000),
        seconds(50_400),
        seconds(72_000),
        seconds(86_400),
    ]);

    /// The pause after `attempts` failures; `None` when it is time to give up. `chance` (0 to 1) spreads attempts over a
    /// fifth of the pause, so that endpoints that failed together are not all called together. `wish` is what
    /// the other side asked for.
    #[must_use]
    pub fn pause_after(
        self,
        attempts: u32,
        wish: Option<Duration>,
        chance: f64,
    ) -> Option<Duration> {
        let next = usize::try_from(attempts).unwrap_or(usize::MAX);
        let base = *self.0.get(next)?;
        let spread = base.mul_f64(0.9 + 0.2 * chance.clamp(0.0, 1.0));
        Some(spread.max(wish.unwrap_or_default().min(LONGEST_WISH)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_it_is_given_up() {
        let pauses: Vec<Option<u64>> = [1, 2, 9, 10, 4_000]
            .map(|attempts| Schedule::DAYS.pause_after(attempts, None, 0.5))
            .map(|pause| pause.map(|pause| pause.as_secs()))
            .to_vec();
        assert_eq!(pauses, [Some(5), Some(300), Some(86_400), None, None]);
    }

    #[test]
    fn chance_spreads_and_a_wish_is_honoured_within_reason() {
        let pause = |wish, chance| {
            Schedule::DAYS
                .pause_after(2, wish, chance)
                .unwrap()
                .as_secs()
        };
        assert_eq!((pause(None, 0.0), pause(None, 1.0)), (270, 330));
        assert_eq!(pause(Some(seconds(1_000)), 0.5), 1_000);
        assert_eq!(pause(Some(seconds(1)), 0.5), 300);
        assert_eq!(pause(Some(seconds(u64::MAX)), 0.5), 86_400);
    }
}
