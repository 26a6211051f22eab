//! What is worth trying again, and when.

use std::time::Duration;

/// How one attempt at a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The service answered with an error.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The error's name, such as `TooManyRequestsException`; empty if it gave none.
        code: String,
        /// The error's message, secrets taken out.
        message: String,
    },
    /// No connection came about, so that nothing was sent.
    NotConnected(String),
    /// The attempt's time was over before there was an answer.
    TimedOut,
    /// The connection ended before there was an answer.
    Broken(String),
    /// There was an answer, but not one of the service.
    Unreadable(String),
    /// The request could not be made: no credentials, say.
    NotSent(String),
}

/// What follows from a [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether another attempt may succeed where this one failed.
    pub retry: bool,
    /// Whether this attempt certainly changed nothing.
    pub settled: bool,
}

impl Fault {
    /// The verdict on this fault.
    ///
    /// Retried is what passes by itself: throttling, contention, 5xx, the network. Everything
    /// else is final at once; `LimitExceededException` is a quota, though the SDK's own
    /// classifier takes it for throttling.
    pub fn verdict(&self) -> Verdict {
        let (retry, settled) = match self {
            Self::Answered { status, code, .. } => match code.as_str() {
                "TooManyRequestsException"
                | "ConcurrentModificationException"
                // The front end's own throttling, ahead of the service.
                | "ThrottlingException"
                | "Throttling" => (true, true),
                "InternalErrorException" => (true, false),
                _ if *status >= 500 => (true, false),
                _ => (*status == 429, true),
            },
            Self::NotConnected(_) => (true, true),
            Self::TimedOut | Self::Broken(_) | Self::Unreadable(_) => (true, false),
            Self::NotSent(_) => (false, true),
        };
        Verdict { retry, settled }
    }
}

impl Fault {
    /// What to call it in the log: the service's name for it, or ours.
    pub fn name(&self) -> &str {
        match self {
            Self::Answered { status, code, .. } if code.is_empty() => match status {
                500.. => "5xx",
                _ => "4xx",
            },
            Self::Answered { code, .. } => code,
            Self::NotConnected(_) => "NotConnected",
            Self::TimedOut => "TimedOut",
            Self::Broken(_) => "Broken",
            Self::Unreadable(_) => "Unreadable",
            Self::NotSent(_) => "NotSent",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Answered {
                status,
                code,
                message,
            } => match (code.as_str(), message.as_str()) {
                ("", "") => write!(f, "HTTP status {status}"),
                ("", message) => write!(f, "HTTP status {status}: {message}"),
                (code, "") => f.write_str(code),
                (code, message) => write!(f, "{code}: {message}"),
            },
            Self::NotConnected(why) => write!(f, "no connection: {why}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Broken(why) => write!(f, "the connection ended before the answer: {why}"),
            Self::Unreadable(why) => write!(f, "an answer that cannot be read: {why}"),
            Self::NotSent(why) => write!(f, "the request could not be made: {why}"),
        }
    }
}

/// Exponential backoff with full jitter: a random share of a ceiling that doubles.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The ceiling before the first retry.
    pub first: Duration,
    /// The highest ceiling.
    pub most: Duration,
    /// A number from 0 up to 1, drawn anew for each delay.
    pub jitter: fn() -> f64,
}

impl Backoff {
    /// For calls to Cognito. Many copies of this function share 5 calls a second, so that the
    /// ceiling has to grow until all of them together ask for less than that.
    pub const COGNITO: Self = Self {
        first: Duration::from_millis(500),
        most: Duration::from_secs(20),
        jitter: fastrand::f64,
    };

    /// For the PUT to the response URL, which has no quota but little time.
    pub const DELIVERY: Self = Self {
        first: Duration::from_millis(100),
        most: Duration::from_secs(5),
        jitter: fastrand::f64,
    };

    /// How long to wait after the attempt of that number, the first being 1.
    pub fn delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let ceiling = self.first.saturating_mul(1 << doublings).min(self.most);
        ceiling.mul_f64((self.jitter)().clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: &str) -> Fault {
        Fault::Answered {
            status,
            code: code.into(),
            message: String::new(),
        }
    }

    #[test]
    fn every_fault_has_its_verdict() {
        let text = || "why".to_owned();
        // (fault, retry, settled)
        let verdicts = [
            (answered(400, "TooManyRequestsException"), true, true),
            (answered(400, "ThrottlingException"), true, true),
            (answered(429, ""), true, true),
            (answered(400, "ConcurrentModificationException"), true, true),
            (answered(500, "InternalErrorException"), true, false),
            (answered(503, ""), true, false),
            (answered(400, "LimitExceededException"), false, true),
            (answered(400, "InvalidParameterException"), false, true),
            (answered(400, "NotAuthorizedException"), false, true),
            (answered(400, "DuplicateProviderException"), false, true),
            (answered(400, "ResourceNotFoundException"), false, true),
            (answered(403, "ExpiredTokenException"), false, true),
            (Fault::NotConnected(text()), true, true),
            (Fault::TimedOut, true, false),
            (Fault::Broken(text()), true, false),
            (Fault::Unreadable(text()), true, false),
            (Fault::NotSent(text()), false, true),
        ];
        for (fault, retry, settled) in verdicts {
            assert_eq!(fault.verdict(), Verdict { retry, settled }, "{fault}");
        }
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_highest() {
        let delays = |jitter: fn() -> f64| {
            let backoff = Backoff {
                jitter,
                ..Backoff::COGNITO
            };
            [1, 2, 3, 6, 7, 40, u32::MAX].map(|attempt| backoff.delay(attempt).as_millis())
        };
        assert_eq!(
            delays(|| 1.0),
            [500, 1_000, 2_000, 16_000, 20_000, 20_000, 20_000]
        );
        assert_eq!(
            delays(|| 0.5),
            [250, 500, 1_000, 8_000, 10_000, 10_000, 10_000]
        );
        assert_eq!(delays(|| 0.0), [0; 7]);
    }
}
