//! One cold start: from the start of the process to its first responses.

use std::{
    fs, io,
    path::Path,
    time::{Duration, Instant},
};

use cfn_cognito_idp_support::{
    cognito::Cognito,
    events,
    lambda::{Ended, Function},
    region::Region,
    responses::Responses,
};
use serde_json::Value;

use crate::case::Speed;

/// Events after the first; the median of them is told.
const WARM: usize = 9;
const TIME: Duration = Duration::from_mins(1);
const POOL: &str = "eu-west-1_Pool";

/// What one cold start took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// Until the Runtime API was asked for the first event.
    pub first_poll: Duration,
    /// Until the first response was where it belongs.
    pub first_response: Duration,
    /// CPU time up to then.
    pub cpu: Duration,
    /// From a later event to its answer.
    pub warm: Duration,
    /// The most memory that was resident, in KiB.
    pub peak_kib: u64,
}

/// What the function talks to.
pub(crate) enum World {
    /// Fakes over plain HTTP.
    Plain(Cognito, Responses),
    /// Fakes over TLS, under their names in AWS.
    Tls(Region),
}

impl World {
    pub(crate) async fn plain() -> Self {
        Self::Plain(Cognito::start(&[POOL]).await, Responses::start().await)
    }

    pub(crate) async fn tls() -> Self {
        Self::Tls(Region::start(&[POOL]).await)
    }

    const fn cognito(&self) -> &Cognito {
        match self {
            Self::Plain(cognito, _) => cognito,
            Self::Tls(region) => &region.cognito,
        }
    }

    const fn responses(&self) -> &Responses {
        match self {
            Self::Plain(_, responses) => responses,
            Self::Tls(region) => &region.responses,
        }
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Plain(cognito, responses) => vec![
                ("AWS_ENDPOINT_URL", cognito.url()),
                ("RESPONSE_URL_HOSTS", responses.authority()),
            ],
            Self::Tls(region) => region.environment(),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Plain(_, responses) => responses.url(Some(&events::amz_date(0))),
            Self::Tls(region) => region.url(),
        }
    }

    /// Forgets the providers of the run before.
    fn reset(&self) {
        self.cognito().remove_pool(POOL);
        self.cognito().add_pool(POOL);
    }

    fn event(&self, number: usize) -> Value {
        let properties = events::provider(POOL, &format!("Idp-{number}"));
        events::create(&self.url(), &properties)
    }
}

/// Starts the executable and sends it events. From its first poll on it is held to the speed, as
/// Lambda does it.
pub(crate) async fn run(
    binary: &Path,
    world: &World,
    speed: Speed,
    answers: bool,
) -> io::Result<Sample> {
    world.reset();
    let quota = speed.quota()?;
    let mut function = Function::start(binary, &world.environment()).await;
    let start = function.started();
    let polled = function.polled().await;
    let process = function.process_id();
    if let Some(quota) = &quota {
        quota.hold(process)?;
    }
    let mut answered = Vec::new();
    let mut cpu = Duration::ZERO;
    for number in 0..=WARM {
        let event = world.event(number);
        let sent = now();
        let ended = function.invoke(&event, TIME).await;
        let returned = now();
        if number == 0 {
            cpu = cpu_time(process)?;
        }
        let Ended::Returned(body) = ended else {
            return Err(io::Error::other(format!("{ended:?}")));
        };
        // An empty function's answer is what it returns.
        let put = world.responses().puts().pop();
        let at = if answers {
            if body.get("Status").is_none_or(|status| status != "SUCCESS") {
                return Err(io::Error::other(body.to_string()));
            }
            put.ok_or_else(|| io::Error::other("no answer arrived"))?.at
        } else {
            returned
        };
        answered.push(at.duration_since(sent));
    }
    let peak_kib = peak_kib(process)?;
    function.kill().await;
    let first_poll = polled.duration_since(start);
    Ok(Sample {
        first_poll,
        // The event was there when it was asked for, but for the time that the cgroup took.
        first_response: first_poll + answered.remove(0),
        cpu,
        warm: median(answered),
        peak_kib,
    })
}

/// The middle one.
pub(crate) fn median<T: Ord + Copy + Default>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// What all threads have spent on a CPU.
fn cpu_time(process: u32) -> io::Result<Duration> {
    let mut spent = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let times = fs::read_to_string(thread?.path().join("schedstat"))?;
        let nanoseconds = times
            .split(' ')
            .next()
            .and_then(|text| text.parse::<u64>().ok());
        spent += nanoseconds.unwrap_or_default();
    }
    Ok(Duration::from_nanos(spent))
}

fn peak_kib(process: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.ok_or_else(|| io::Error::other("no VmHWM"))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}
