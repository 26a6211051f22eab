//! The times of a request and the decisions that depend on them.

/// The delay, in seconds, from which a delivery may be a repeated one: Lambda repeats a failed
/// delivery after one minute at the earliest.
const LATE: i64 = 30;

/// The times of a request.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The time when CloudFormation issued the request, in seconds since 1970. An older provider
    /// was not created by it.
    pub issued: i64,
    /// The time when this delivery was received, in milliseconds since 1970.
    pub received_ms: i64,
    /// Whether reading values took so long that others may have acted before the first call.
    pub waited: bool,
}

impl Timing {
    /// Returns whether this delivery may follow an earlier one that failed.
    pub const fn is_late(&self) -> bool {
        self.received_ms
            .saturating_sub(self.issued.saturating_mul(1_000))
            >= LATE * 1_000
    }

    /// Returns whether a change must be preceded by Describe even on the first attempt.
    pub const fn describes_first(&self) -> bool {
        self.is_late() || self.waited
    }

    /// Returns whether `moment_ms`, in milliseconds since 1970, is after the request.
    ///
    /// The time of the request is known to the second. An event within that second counts as later
    /// only if it is also later than the delivery.
    pub fn precedes(&self, moment_ms: i64) -> bool {
        let second_ms = self.issued_ms();
        let end_of_second_ms = second_ms.saturating_add(999);
        moment_ms > self.received_ms.clamp(second_ms, end_of_second_ms)
    }

    /// Returns the start of the second in which the request was issued, in milliseconds since 1970.
    pub const fn issued_ms(&self) -> i64 {
        self.issued.saturating_mul(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn timing(issued: i64, received_ms: i64) -> Timing {
        Timing {
            issued,
            received_ms,
            waited: false,
        }
    }

    #[test]
    fn a_delivery_is_late_after_half_a_minute() {
        assert!(!timing(100, 129_999).is_late());
        assert!(timing(100, 130_000).is_late());
        assert!(!timing(100, 90_000).is_late());
    }

    #[test]
    fn what_happened_in_the_second_of_the_request_is_after_it_if_it_is_after_its_arrival() {
        let received_within = timing(100, 100_400);
        assert!(!received_within.precedes(100_400));
        assert!(received_within.precedes(100_401));
        let received_later = timing(100, 103_000);
        assert!(!received_later.precedes(100_999));
        assert!(received_later.precedes(101_000));
        // The two clocks do not agree.
        let received_earlier = timing(100, 99_000);
        assert!(!received_earlier.precedes(100_000));
        assert!(received_earlier.precedes(100_001));
    }
}
