//! What an answer means for a message and for its endpoint.

use mt_kernel::Instant;
use mt_outbound::{Answer, Carried, SendError};

/// An endpoint that failed for so long is switched off: five days.
const GIVEN_UP_AFTER: i64 = 5 * 86_400;

/// What comes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// For the message.
    pub(crate) carried: Carried,
    /// Whether the endpoint is switched off.
    pub(crate) disable: bool,
}

/// Judges an answer of an endpoint that has been failing since `failing_since`.
pub(crate) fn verdict(
    answer: &Result<Answer, SendError>,
    failing_since: Option<Instant>,
    now: Instant,
) -> Verdict {
    let worn_out = failing_since.is_some_and(|since| since.plus_seconds(GIVEN_UP_AFTER) <= now);
    let later = |reason, status, wish| Verdict {
        carried: Carried::Later {
            reason,
            status,
            wish,
        },
        disable: worn_out,
    };
    let never = |reason, status, disable| Verdict {
        carried: Carried::Never { reason, status },
        disable,
    };
    match answer {
        Ok(answer) => {
            let status = Some(answer.status);
            match answer.status {
                200..=299 => Verdict {
                    carried: Carried::Delivered(status),
                    disable: false,
                },
                // The receiver says that it wants no more.
                410 => never("gone", status, true),
                300..=399 => later("redirected", status, None),
                429 | 502..=504 => later("busy", status, answer.retry_after),
                _ => later("refused", status, None),
            }
        }
        Err(SendError::Forbidden(_)) => never("forbidden-url", None, worn_out),
        Err(SendError::Timeout) => later("timeout", None, None),
        Err(SendError::Unreachable) => later("unreachable", None, None),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answered(status: u16) -> Result<Answer, SendError> {
        Ok(Answer {
            status,
            retry_after: Some(Duration::from_secs(9)),
            body: Vec::new(),
        })
    }

    #[test]
    fn only_success_is_success() {
        let now = Instant(0);
        for status in [200, 202, 204] {
            let carried = verdict(&answered(status), None, now).carried;
            assert_eq!(carried, Carried::Delivered(Some(status)));
        }
        for (status, reason) in [
            (301, "redirected"),
            (400, "refused"),
            (404, "refused"),
            (500, "refused"),
        ] {
            let carried = verdict(&answered(status), None, now).carried;
            let expected = Carried::Later {
                reason,
                status: Some(status),
                wish: None,
            };
            assert_eq!(carried, expected);
        }
        let busy = verdict(&answered(503), None, now).carried;
        assert!(matches!(busy, Carried::Later { wish: Some(wish), .. } if wish.as_secs() == 9));
    }

    #[test]
    fn an_endpoint_that_says_so_or_fails_for_five_days_is_switched_off() {
        let since = Instant(0);
        let day = |n: i64| since.plus_seconds(n * 86_400);
        assert!(verdict(&answered(410), None, since).disable);
        assert!(!verdict(&answered(500), Some(since), day(4)).disable);
        assert!(verdict(&answered(500), Some(since), day(5)).disable);
        assert!(verdict(&Err(SendError::Timeout), Some(since), day(6)).disable);
        assert!(!verdict(&answered(200), Some(since), day(6)).disable);
    }
}
