//! Which errors are retried, and when.

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod words;

use std::time::Duration;

/// The error of one attempt at a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptError {
    /// The service responded with an error.
    Service {
        /// The HTTP status.
        status: u16,
        /// The error code, such as `TooManyRequestsException`; empty if it gave none.
        code: String,
        /// The error message, with secrets redacted.
        message: String,
    },
    /// No connection was made, so nothing was sent.
    NotConnected {
        /// The host's name.
        host: String,
        /// The cause.
        why: String,
    },
    /// The host's name does not resolve, so nothing was sent.
    NotResolved {
        /// The host's name.
        host: String,
        /// The cause.
        why: String,
    },
    /// The attempt timed out.
    TimedOut {
        /// The host's name; `None` if nothing was sent.
        host: Option<String>,
    },
    /// The connection was closed before a response arrived.
    ConnectionClosed {
        /// The host's name.
        host: String,
        /// The cause.
        why: String,
    },
    /// The response could not be parsed as the service's.
    InvalidResponse(String),
    /// The request could not be sent, for example without credentials.
    NotSent(String),
}

/// The reason why a retry may succeed, which sets its delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retryable {
    /// The error is transient: a retry soon may succeed.
    Transient,
    /// Other callers share the quota: attempts are spread over [`Rounds`].
    Throttled,
    /// A permission that was granted a moment ago may not be in force yet. Retried as transient, for
    /// [`Retry::access_denied`].
    AccessDenied,
    /// A host name may fail to resolve temporarily. Retried as transient, for
    /// [`Retry::host_not_found`].
    HostNotFound,
}

/// The verdict on a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The reason for a retry; `None` if the error is final.
    pub retry: Option<Retryable>,
    /// Whether the service may have carried out the attempt.
    pub in_doubt: bool,
}

impl AttemptError {
    /// Returns the verdict on this error.
    ///
    /// Throttling, contention, 5xx and network errors are retried. Every other error is final at
    /// once, including `LimitExceededException`: it reports an exhausted quota, although the SDK's
    /// own classifier treats it as throttling.
    pub fn verdict(&self) -> Verdict {
        let (retry, in_doubt) = match self {
            Self::Service { status, code, .. } => match code.as_str() {
                // The second and third come from AWS's front end, and from the services that hold
                // values.
                "TooManyRequestsException" | "ThrottlingException" | "Throttling" => {
                    (Some(Retryable::Throttled), false)
                }
                // The second is used by S3 and CloudFormation. Cognito's own
                // `NotAuthorizedException` is a different error.
                "AccessDeniedException" | "AccessDenied" => (Some(Retryable::AccessDenied), false),
                // The second is S3's code for a request that arrived too slowly.
                "ConcurrentModificationException" | "RequestTimeout" => {
                    (Some(Retryable::Transient), false)
                }
                "InternalErrorException" => (Some(Retryable::Transient), true),
                _ if *status >= 500 => (Some(Retryable::Transient), true),
                _ if *status == 429 => (Some(Retryable::Throttled), false),
                _ => (None, false),
            },
            Self::NotConnected { .. } => (Some(Retryable::Transient), false),
            Self::NotResolved { .. } => (Some(Retryable::HostNotFound), false),
            Self::TimedOut { .. } | Self::ConnectionClosed { .. } | Self::InvalidResponse(_) => {
                (Some(Retryable::Transient), true)
            }
            Self::NotSent(_) => (None, false),
        };
        Verdict { retry, in_doubt }
    }
}

impl AttemptError {
    /// Returns the error's name for the log: the service's error code, or a name of our own.
    pub fn name(&self) -> &str {
        match self {
            Self::Service { status, code, .. } if code.is_empty() => match status {
                500.. => "5xx",
                _ => "4xx",
            },
            Self::Service { code, .. } => code,
            Self::NotConnected { .. } => "NotConnected",
            Self::NotResolved { .. } => "NotResolved",
            Self::TimedOut { .. } => "TimedOut",
            Self::ConnectionClosed { .. } => "ConnectionClosed",
            Self::InvalidResponse(_) => "InvalidResponse",
            Self::NotSent(_) => "NotSent",
        }
    }

    /// Returns the name of the host that could not be reached or did not respond.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::NotConnected { host, .. }
            | Self::NotResolved { host, .. }
            | Self::ConnectionClosed { host, .. } => Some(host),
            Self::TimedOut { host } => host.as_deref(),
            Self::Service { .. } | Self::InvalidResponse(_) | Self::NotSent(_) => None,
        }
    }
}

impl std::fmt::Display for AttemptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service {
                status,
                code,
                message,
            } => match (code.as_str(), message.as_str()) {
                ("", "") => write!(f, "HTTP status {status}"),
                ("", message) => write!(f, "HTTP status {status}: {message}"),
                (code, "") => f.write_str(code),
                (code, message) => write!(f, "{code}: {message}"),
            },
            Self::NotConnected { host, why } => write!(f, "could not connect to {host}: {why}"),
            Self::NotResolved { host, why } => write!(
                f,
                "the host name {host} does not resolve; check the region in UserPoolId or the \
                 ARN: {why}"
            ),
            Self::TimedOut { host: None } => f.write_str("the attempt timed out"),
            Self::TimedOut { host: Some(host) } => {
                write!(f, "the attempt timed out: {host} did not respond")
            }
            Self::ConnectionClosed { host, why } => write!(
                f,
                "the connection to {host} was closed before a response arrived: {why}"
            ),
            Self::InvalidResponse(why) => write!(f, "unreadable response: {why}"),
            Self::NotSent(why) => write!(f, "the request could not be sent: {why}"),
        }
    }
}

/// The retry policy of a service client.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// The delays for [`Retryable::Transient`].
    pub transient: Backoff,
    /// The delays for [`Retryable::Throttled`].
    pub throttled: Rounds,
    /// The time from the start of a call during which [`Retryable::AccessDenied`] is retried.
    pub access_denied: Duration,
    /// The time from the start of a call during which [`Retryable::HostNotFound`] is retried.
    pub host_not_found: Duration,
}

impl Retry {
    /// The policy for AWS. Tests use shorter delays.
    pub const AWS: Self = Self {
        transient: Backoff {
            first: Duration::from_millis(200),
            most: Duration::from_secs(20),
            jitter: fastrand::f64,
        },
        throttled: Rounds {
            unit: Duration::from_secs(1),
            jitter: fastrand::f64,
        },
        // IAM takes some seconds to propagate a role's policy.
        access_denied: Duration::from_secs(20),
        host_not_found: Duration::from_secs(30),
    };

    /// Returns the time from the start of a call during which it is retried for this reason.
    pub const fn window(&self, reason: Retryable) -> Duration {
        match reason {
            Retryable::Transient | Retryable::Throttled => Duration::MAX,
            Retryable::AccessDenied => self.access_denied,
            Retryable::HostNotFound => self.host_not_found,
        }
    }
}

/// Delays for many callers that are throttled together without knowing of each other.
///
/// Time since the start of a call is divided into rounds, and in each round a caller tries once, at a
/// random point. All of a stack's calls start at about the same moment, so the rounds of all callers
/// coincide and each round spreads its callers evenly; between rounds, the quota refills. The length
/// of a round decides how many callers it can serve: the first serve twenty, the next sixty, and
/// later ones hundreds.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// Length of one time unit: a second; tests shorten it. It must not be zero.
    pub unit: Duration,
    /// Draws a number from 0 up to 1 for each round.
    pub jitter: fn() -> f64,
}

impl Rounds {
    /// The start and end of the first rounds, in units, from simulations of the published quotas: 5
    /// calls a second in a pool and 15 in an account (`retry/simulation.rs` tests the results). The
    /// third round is short, because it serves only the few callers that the first two left over.
    const ROUNDS: [(f64, f64); 6] = [
        (0.7, 5.6),
        (6.3, 13.6),
        (14.0, 15.3),
        (16.3, 26.4),
        (27.4, 57.0),
        (58.0, 70.0),
    ];
    /// The length of all later rounds, in units.
    const LATER: f64 = 12.0;
    /// The gap between later rounds, in units: the time in which an empty quota refills.
    const GAP: f64 = 1.0;

    /// Returns the next round and the delay until the attempt in it, for a caller that has used or
    /// missed `taken` rounds and started `elapsed` ago.
    pub fn next(&self, taken: u32, elapsed: Duration) -> (u32, Duration) {
        let mut round = taken;
        loop {
            let (from, to) = Self::round(round);
            let share = (self.jitter)().clamp(0.0, 1.0);
            let attempt = self.unit.mul_f64(share.mul_add(to - from, from));
            round = round.saturating_add(1);
            // A round that is over is skipped.
            if let Some(wait) = attempt.checked_sub(elapsed) {
                return (round, wait);
            }
        }
    }

    fn round(number: u32) -> (f64, f64) {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(round) = Self::ROUNDS.get(index) {
            return *round;
        }
        let [.., (_, last)] = Self::ROUNDS;
        let later = f64::from(number) - 6.0;
        let from = later.mul_add(Self::LATER + Self::GAP, last + Self::GAP);
        (from, from + Self::LATER)
    }
}

/// Exponential backoff with full jitter: a random part of a ceiling that doubles.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The ceiling of the first delay.
    pub first: Duration,
    /// The largest ceiling.
    pub most: Duration,
    /// Returns a random number from 0 up to 1, once for each delay.
    pub jitter: fn() -> f64,
}

impl Backoff {
    /// The backoff for the PUT to the response URL, which has no quota but little time.
    pub const DELIVERY: Self = Self {
        first: Duration::from_millis(100),
        most: Duration::from_secs(5),
        jitter: fastrand::f64,
    };

    /// Returns the delay after attempt number `attempt`, counted from 1.
    pub fn delay(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let ceiling = self.first.saturating_mul(1 << doublings).min(self.most);
        ceiling.mul_f64((self.jitter)().clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: &str) -> AttemptError {
        AttemptError::Service {
            status,
            code: code.into(),
            message: String::new(),
        }
    }

    #[test]
    fn every_error_has_its_verdict() {
        let text = || "why".to_owned();
        let (transient, throttled) = (Some(Retryable::Transient), Some(Retryable::Throttled));
        // (error, retry, in_doubt)
        let verdicts = [
            (answered(400, "TooManyRequestsException"), throttled, false),
            (answered(400, "ThrottlingException"), throttled, false),
            (answered(429, ""), throttled, false),
            (
                answered(400, "ConcurrentModificationException"),
                transient,
                false,
            ),
            (answered(400, "RequestTimeout"), transient, false),
            (answered(500, "InternalErrorException"), transient, true),
            (answered(400, "InternalErrorException"), transient, true),
            (answered(503, ""), transient, true),
            (answered(400, "LimitExceededException"), None, false),
            (answered(400, "InvalidParameterException"), None, false),
            (answered(400, "NotAuthorizedException"), None, false),
            (answered(400, "DuplicateProviderException"), None, false),
            (answered(400, "ResourceNotFoundException"), None, false),
            (answered(403, "ExpiredTokenException"), None, false),
            (
                answered(400, "AccessDeniedException"),
                Some(Retryable::AccessDenied),
                false,
            ),
            (
                answered(403, "AccessDenied"),
                Some(Retryable::AccessDenied),
                false,
            ),
            (
                AttemptError::NotResolved {
                    host: text(),
                    why: text(),
                },
                Some(Retryable::HostNotFound),
                false,
            ),
            (
                AttemptError::NotConnected {
                    host: text(),
                    why: text(),
                },
                transient,
                false,
            ),
            (AttemptError::TimedOut { host: None }, transient, true),
            (
                AttemptError::ConnectionClosed {
                    host: text(),
                    why: text(),
                },
                transient,
                true,
            ),
            (AttemptError::InvalidResponse(text()), transient, true),
            (AttemptError::NotSent(text()), None, false),
        ];
        for (error, retry, in_doubt) in verdicts {
            assert_eq!(error.verdict(), Verdict { retry, in_doubt }, "{error}");
        }
    }

    #[test]
    fn an_attempt_lies_in_its_round() {
        let rounds = |jitter| Rounds {
            unit: Duration::from_secs(1),
            jitter,
        };
        let at = |jitter, taken, elapsed: u64| {
            let elapsed = Duration::from_millis(elapsed);
            let (taken, wait) = rounds(jitter).next(taken, elapsed);
            (taken, (elapsed + wait).as_millis())
        };
        // (rounds taken, time since the start) -> (rounds taken by then, first and last moment)
        let cases = [
            ((0, 0), (1, 700, 5_600)),
            ((1, 3_000), (2, 6_300, 13_600)),
            ((4, 20_000), (5, 27_400, 57_000)),
            ((5, 57_000), (6, 58_000, 70_000)),
            ((6, 70_000), (7, 71_000, 83_000)),
            ((7, 83_000), (8, 84_000, 96_000)),
        ];
        for ((taken, elapsed), (then, first, last)) in cases {
            assert_eq!(at(|| 0.0, taken, elapsed), (then, first));
            assert_eq!(at(|| 1.0, taken, elapsed), (then, last));
        }
    }

    #[test]
    fn a_round_that_is_over_is_skipped() {
        let rounds = Rounds {
            unit: Duration::from_secs(1),
            jitter: || 0.5,
        };
        // An attempt that hung until the third round was over.
        let (taken, wait) = rounds.next(1, Duration::from_secs(16));
        assert_eq!((taken, wait.as_millis()), (4, 5_350));
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_highest() {
        let delays = |jitter: fn() -> f64| {
            let backoff = Backoff {
                jitter,
                ..Retry::AWS.transient
            };
            [1, 2, 3, 6, 8, 40, u32::MAX].map(|attempt| backoff.delay(attempt).as_millis())
        };
        assert_eq!(
            delays(|| 1.0),
            [200, 400, 800, 6_400, 20_000, 20_000, 20_000]
        );
        assert_eq!(
            delays(|| 0.5),
            [100, 200, 400, 3_200, 10_000, 10_000, 10_000]
        );
        assert_eq!(delays(|| 0.0), [0; 7]);
    }
}
