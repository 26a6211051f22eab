//! The division of the time of an invocation: the changes, their undoing, the answer.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The time without a known deadline, as in some emulators. Equals the function's timeout in
/// `template.yaml`.
const UNKNOWN: Duration = Duration::from_mins(5);
/// The most time reserved for the response: two attempts at the PUT and the delay between them.
const ANSWER_MOST: Duration = Duration::from_secs(20);
/// The share of undoing in a long invocation: one call that is throttled a few times.
const UNDO_MOST: Duration = Duration::from_secs(10);
/// The most time between giving up the PUT and the deadline. In it the invocation ends with an
/// error, and Lambda delivers the event again.
const MARGIN_MOST: Duration = Duration::from_millis(500);

/// The deadlines of an invocation, as durations from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The deadline for the work on the request.
    pub apply: Duration,
    /// The deadline for finding out whether a failed call was carried out.
    pub verify: Duration,
    /// The deadline for undoing a failed request.
    pub undo: Duration,
    /// The deadline for the delivery of the response.
    pub answer: Duration,
}

impl Budget {
    /// Divides the time from `now` to the earlier of the invocation's deadline and `answer_by`,
    /// when CloudFormation stops waiting. A deadline in the past means that there is none.
    pub fn new(now: SystemTime, deadline: SystemTime, answer_by: Option<SystemTime>) -> Self {
        let invocation = match deadline.duration_since(now) {
            Ok(left) if !left.is_zero() => left,
            _ => UNKNOWN,
        };
        let waited_for = answer_by.map_or(invocation, |end| {
            end.duration_since(now).unwrap_or_default().min(invocation)
        });
        let undo = waited_for.saturating_sub(ANSWER_MOST.min(waited_for / 4));
        let reserve = UNDO_MOST.min(waited_for / 8);
        Self {
            apply: undo.saturating_sub(reserve),
            verify: undo.saturating_sub(reserve / 2),
            undo,
            // A late response is better than none.
            answer: invocation.saturating_sub(MARGIN_MOST.min(invocation / 20)),
        }
    }

    /// Returns when work that has not kept to [`Budget::undo`] is stopped.
    pub fn watchdog(&self) -> Duration {
        self.undo + self.answer.saturating_sub(self.undo) / 8
    }
}

/// The budget of an invocation as points in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    pub(crate) start: Instant,
    /// The deadline for reading the values that a Delete compares, which leaves time for the
    /// deletion.
    pub(crate) comparison: Instant,
    pub(crate) apply: Instant,
    pub(crate) verify: Instant,
    pub(crate) undo: Instant,
    pub(crate) watchdog: Instant,
    pub(crate) answer: Instant,
}

impl Deadlines {
    /// Computes the deadlines of a budget from `start`.
    pub(crate) fn new(start: Instant, budget: Budget) -> Self {
        Self {
            start,
            comparison: start + budget.apply / 2,
            apply: start + budget.apply,
            verify: start + budget.verify,
            undo: start + budget.undo,
            watchdog: start + budget.watchdog(),
            answer: start + budget.answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn millis(deadline: u64, answer_by: Option<u64>) -> [u128; 4] {
        let at = |ms| NOW + Duration::from_secs(1_000_000) + Duration::from_millis(ms);
        let budget = Budget::new(at(0), at(deadline), answer_by.map(at));
        let Budget {
            apply,
            verify,
            undo,
            answer,
        } = budget;
        [apply, verify, undo, answer].map(|point| point.as_millis())
    }

    #[test]
    fn a_long_invocation_keeps_half_a_minute_back() {
        assert_eq!(millis(900_000, None), [870_000, 875_000, 880_000, 899_500]);
    }

    #[test]
    fn a_short_one_is_divided() {
        assert_eq!(millis(2_000, None), [1_250, 1_375, 1_500, 1_900]);
    }

    #[test]
    fn the_earlier_of_the_two_ends_counts_for_the_work() {
        assert_eq!(millis(900_000, Some(8_000)), [5_000, 5_500, 6_000, 899_500]);
        assert_eq!(millis(2_000, Some(8_000)), [1_250, 1_375, 1_500, 1_900]);
    }

    #[test]
    fn the_watchdog_comes_soon_after_the_closing_and_long_before_the_end_of_the_answer() {
        let at = |deadline, answer_by: Option<u64>| {
            let answer_by = answer_by.map(|ms| NOW + Duration::from_millis(ms));
            let budget = Budget::new(NOW, NOW + Duration::from_millis(deadline), answer_by);
            budget.watchdog().as_millis()
        };
        assert_eq!(at(900_000, None), 882_437);
        assert_eq!(at(2_000, None), 1_550);
        assert_eq!(at(20_000, Some(8_000)), 7_687);
    }

    #[test]
    fn no_work_is_begun_after_cloudformation_stops_waiting() {
        let late = Budget::new(NOW + Duration::from_mins(1), NOW, Some(NOW));
        assert_eq!(late.apply, Duration::ZERO);
    }

    #[test]
    fn a_deadline_in_the_past_is_unknown() {
        let watched = Budget::new(NOW + Duration::from_mins(1), NOW, None);
        assert_eq!(watched.apply, Duration::from_secs(270));
    }
}
