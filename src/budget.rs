//! How the time of an invocation is divided: the work, its closing, the answer.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The time there is when nobody says how much: an emulator without a deadline. As long as
/// `template.yaml` gives the function.
const UNKNOWN: Duration = Duration::from_mins(5);
/// What the answer gets of a long invocation: two attempts at the PUT and the wait between them.
const ANSWER_MOST: Duration = Duration::from_secs(20);
/// What closing gets of a long invocation: a call, throttled a few times.
const CLOSING_MOST: Duration = Duration::from_secs(10);
/// Between giving up the PUT and the deadline, so that the invocation ends by itself, in an
/// error that makes Lambda deliver the event again.
const MARGIN_MOST: Duration = Duration::from_millis(500);

/// Points in time, counted from the start of the invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Until then, the request is worked on.
    pub work: Duration,
    /// Until then, it may still be looked at what became of a create.
    pub settling: Duration,
    /// Until then, what was taken for a request that has failed may still be put back.
    pub closing: Duration,
    /// Until then, the answer is being delivered.
    pub answer: Duration,
}

impl Budget {
    /// Divides the time from `now` to the deadline of the invocation, and no more of it than up
    /// to `answer_by`, when CloudFormation stops waiting. A deadline in the past is none.
    pub fn new(now: SystemTime, deadline: SystemTime, answer_by: Option<SystemTime>) -> Self {
        let invocation = match deadline.duration_since(now) {
            Ok(left) if !left.is_zero() => left,
            _ => UNKNOWN,
        };
        let waited_for = answer_by.map_or(invocation, |end| {
            end.duration_since(now).unwrap_or_default().min(invocation)
        });
        let closing = waited_for.saturating_sub(ANSWER_MOST.min(waited_for / 4));
        let reserve = CLOSING_MOST.min(waited_for / 8);
        Self {
            work: closing.saturating_sub(reserve),
            settling: closing.saturating_sub(reserve / 2),
            closing,
            // A late answer is still worth more than none.
            answer: invocation.saturating_sub(MARGIN_MOST.min(invocation / 20)),
        }
    }

    /// When whoever has not kept to [`Budget::closing`] is stopped.
    pub fn watchdog(&self) -> Duration {
        self.closing + self.answer.saturating_sub(self.closing) / 8
    }
}

/// The budget of an invocation as points in time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    pub(crate) start: Instant,
    /// Of reading what a Delete compares the provider with, so that there is time to delete it.
    pub(crate) comparison: Instant,
    pub(crate) work: Instant,
    pub(crate) settling: Instant,
    pub(crate) closing: Instant,
    pub(crate) watchdog: Instant,
    pub(crate) answer: Instant,
}

impl Deadlines {
    /// Counts a budget from `start`.
    pub(crate) fn new(start: Instant, budget: Budget) -> Self {
        Self {
            start,
            comparison: start + budget.work / 2,
            work: start + budget.work,
            settling: start + budget.settling,
            closing: start + budget.closing,
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
            work,
            settling,
            closing,
            answer,
        } = budget;
        [work, settling, closing, answer].map(|point| point.as_millis())
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
    fn nothing_is_begun_when_nobody_waits_any_more() {
        let late = Budget::new(NOW + Duration::from_mins(1), NOW, Some(NOW));
        assert_eq!(late.work, Duration::ZERO);
    }

    #[test]
    fn a_deadline_in_the_past_is_unknown() {
        let watched = Budget::new(NOW + Duration::from_mins(1), NOW, None);
        assert_eq!(watched.work, Duration::from_secs(270));
    }
}
