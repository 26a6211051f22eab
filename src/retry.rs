//! What is worth trying again, and when.

#[cfg(test)]
mod simulation;

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
    /// The host's name does not resolve, so that nothing was sent.
    NotResolved(String),
    /// The attempt's time was over before there was an answer.
    TimedOut,
    /// The connection ended before there was an answer.
    Broken(String),
    /// There was an answer, but not one of the service.
    Unreadable(String),
    /// The request could not be made: no credentials, say.
    NotSent(String),
}

/// How soon to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// What is wrong passes by itself, and soon.
    Soon,
    /// Others are calling as well: wait for a turn among them.
    InTurn,
    /// A permission that was granted a moment ago may not be in force yet: soon, but only for
    /// [`Retry::grant`].
    Granting,
    /// A name may be unknown for a moment: soon, but only for [`Retry::lookup`].
    Resolving,
}

/// What follows from a [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// When another attempt may succeed where this one failed; `None` means never.
    pub retry: Option<Pace>,
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
                // The second and third are the front end's own, ahead of the service, and those of
                // the services that hold values.
                "TooManyRequestsException" | "ThrottlingException" | "Throttling" => {
                    (Some(Pace::InTurn), true)
                }
                // The second is that of S3 and of CloudFormation. Cognito's own "not authorized" is
                // another.
                "AccessDeniedException" | "AccessDenied" => (Some(Pace::Granting), true),
                // The second is S3's, for a request that was slow to arrive.
                "ConcurrentModificationException" | "RequestTimeout" => (Some(Pace::Soon), true),
                "InternalErrorException" => (Some(Pace::Soon), false),
                _ if *status >= 500 => (Some(Pace::Soon), false),
                _ if *status == 429 => (Some(Pace::InTurn), true),
                _ => (None, true),
            },
            Self::NotConnected(_) => (Some(Pace::Soon), true),
            Self::NotResolved(_) => (Some(Pace::Resolving), true),
            Self::TimedOut | Self::Broken(_) | Self::Unreadable(_) => (Some(Pace::Soon), false),
            Self::NotSent(_) => (None, true),
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
            Self::NotResolved(_) => "NotResolved",
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
            Self::NotResolved(why) => write!(
                f,
                "the name of the host does not resolve, the region may be misspelt: {why}"
            ),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Broken(why) => write!(f, "the connection ended before the answer: {why}"),
            Self::Unreadable(why) => write!(f, "an answer that cannot be read: {why}"),
            Self::NotSent(why) => write!(f, "the request could not be made: {why}"),
        }
    }
}

/// When to retry calls to Cognito.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// For [`Pace::Soon`].
    pub soon: Backoff,
    /// For [`Pace::InTurn`].
    pub in_turn: Turns,
    /// For how long after the start of a call [`Pace::Granting`] is worth another attempt.
    pub grant: Duration,
    /// For how long after the start of a call [`Pace::Resolving`] is worth another attempt.
    pub lookup: Duration,
}

impl Retry {
    /// For the service itself.
    pub const COGNITO: Self = Self {
        soon: Backoff {
            first: Duration::from_millis(200),
            most: Duration::from_secs(20),
            jitter: fastrand::f64,
        },
        in_turn: Turns {
            second: Duration::from_secs(1),
            jitter: fastrand::f64,
        },
        // IAM takes some seconds to make a role's policy known everywhere.
        grant: Duration::from_secs(20),
        lookup: Duration::from_secs(30),
    };

    /// For how long after the start of a call another attempt of that pace is worth it.
    pub const fn patience(&self, pace: Pace) -> Duration {
        match pace {
            Pace::Soon | Pace::InTurn => Duration::MAX,
            Pace::Granting => self.grant,
            Pace::Resolving => self.lookup,
        }
    }
}

/// Turns among many callers who are throttled together and cannot see each other.
///
/// Time since the start of a call is cut into rounds, and in each round a caller tries once, at a
/// random point. All of a stack's calls start at about the same moment, so that the rounds of all
/// callers coincide and each spreads its callers evenly; between rounds, the quota refills. How
/// long a round is decides how many callers it can serve: the first serve twenty, the next sixty,
/// and later ones hundreds.
#[derive(Debug, Clone, Copy)]
pub struct Turns {
    /// What the rounds count in: a second, and less where nobody should wait, but not zero.
    pub second: Duration,
    /// A number from 0 up to 1, drawn anew for each turn.
    pub jitter: fn() -> f64,
}

impl Turns {
    /// Beginnings and ends of the rounds, in seconds, found by simulation of the published quotas
    /// (`retry/simulation.rs` holds what they achieve): 5 calls a second in a pool and 15 in an
    /// account. The third round is short: it catches the few that fluctuations have left over.
    const ROUNDS: [(f64, f64); 6] = [
        (0.7, 5.6),
        (6.3, 13.6),
        (14.0, 15.3),
        (16.3, 26.4),
        (27.4, 57.0),
        (58.0, 70.0),
    ];
    /// After those, rounds of this length follow each other, in seconds.
    const LATER: f64 = 12.0;
    /// Between two of them, in seconds: as long as an empty quota takes to refill.
    const GAP: f64 = 1.0;

    /// The next turn of a caller who has had `taken` rounds and whose call began `elapsed` ago:
    /// how many rounds it will have had by then, and how long it has to wait.
    pub fn next(&self, taken: u32, elapsed: Duration) -> (u32, Duration) {
        let mut round = taken;
        loop {
            let (from, to) = Self::round(round);
            let share = (self.jitter)().clamp(0.0, 1.0);
            let turn = self.second.mul_f64(share.mul_add(to - from, from));
            round = round.saturating_add(1);
            // A round that is over is not waited for.
            if let Some(wait) = turn.checked_sub(elapsed) {
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
        let (soon, in_turn) = (Some(Pace::Soon), Some(Pace::InTurn));
        // (fault, retry, settled)
        let verdicts = [
            (answered(400, "TooManyRequestsException"), in_turn, true),
            (answered(400, "ThrottlingException"), in_turn, true),
            (answered(429, ""), in_turn, true),
            (answered(400, "ConcurrentModificationException"), soon, true),
            (answered(400, "RequestTimeout"), soon, true),
            (answered(500, "InternalErrorException"), soon, false),
            (answered(503, ""), soon, false),
            (answered(400, "LimitExceededException"), None, true),
            (answered(400, "InvalidParameterException"), None, true),
            (answered(400, "NotAuthorizedException"), None, true),
            (answered(400, "DuplicateProviderException"), None, true),
            (answered(400, "ResourceNotFoundException"), None, true),
            (answered(403, "ExpiredTokenException"), None, true),
            (
                answered(400, "AccessDeniedException"),
                Some(Pace::Granting),
                true,
            ),
            (answered(403, "AccessDenied"), Some(Pace::Granting), true),
            (Fault::NotResolved(text()), Some(Pace::Resolving), true),
            (Fault::NotConnected(text()), soon, true),
            (Fault::TimedOut, soon, false),
            (Fault::Broken(text()), soon, false),
            (Fault::Unreadable(text()), soon, false),
            (Fault::NotSent(text()), None, true),
        ];
        for (fault, retry, settled) in verdicts {
            assert_eq!(fault.verdict(), Verdict { retry, settled }, "{fault}");
        }
    }

    #[test]
    fn a_turn_lies_in_its_round() {
        let turns = |jitter| Turns {
            second: Duration::from_secs(1),
            jitter,
        };
        let at = |jitter, taken, elapsed: u64| {
            let elapsed = Duration::from_millis(elapsed);
            let (taken, wait) = turns(jitter).next(taken, elapsed);
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
        let turns = Turns {
            second: Duration::from_secs(1),
            jitter: || 0.5,
        };
        // An attempt that hung until the third round was over.
        let (taken, wait) = turns.next(1, Duration::from_secs(16));
        assert_eq!((taken, wait.as_millis()), (4, 5_350));
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_highest() {
        let delays = |jitter: fn() -> f64| {
            let backoff = Backoff {
                jitter,
                ..Retry::COGNITO.soon
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
