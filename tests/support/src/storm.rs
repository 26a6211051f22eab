//! A stack with many providers: a process for each, and all of them at once against the published
//! quotas.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    cognito::{
        Cognito,
        quotas::{ACCOUNT, POOL},
    },
    events,
    lambda::{Ended, Function},
    responses::Responses,
};

/// What came of a storm.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// How many were answered with SUCCESS.
    pub succeeded: usize,
    /// How many providers there are now.
    pub created: usize,
    /// The time from the first event to the last answer.
    pub last: Duration,
    /// The least time in which the quotas allow that.
    pub least: Duration,
    /// Calls to Cognito for each event.
    pub calls: f64,
}

impl Report {
    /// The time it took over the least possible.
    pub fn ratio(&self) -> f64 {
        self.last.as_secs_f64() / self.least.as_secs_f64()
    }
}

/// Sends one Create to each of so many processes in the same moment, over so many pools.
#[expect(
    clippy::disallowed_methods,
    reason = "a storm is measured in real time"
)]
#[expect(clippy::cast_precision_loss, reason = "hundreds")]
pub async fn storm(binary: &Path, callers: usize, pools: usize) -> Report {
    let pools: Vec<String> = (0..pools).map(|n| format!("eu-west-1_Pool{n}")).collect();
    let names: Vec<&str> = pools.iter().map(String::as_str).collect();
    let cognito = Cognito::start(&names).await;
    let responses = Responses::start().await;
    let environment = [
        ("AWS_ENDPOINT_URL", cognito.url()),
        ("RESPONSE_URL_HOSTS", responses.authority()),
        ("AWS_LAMBDA_LOG_LEVEL", "ERROR".to_owned()),
    ];
    let mut functions = Vec::new();
    for _ in 0..callers {
        functions.push(Function::start(binary, &environment).await);
    }
    cognito.throttle_as_published();
    let url = responses.url(Some(&events::amz_date(0)));
    let start = Instant::now();
    let mut storm = JoinSet::new();
    for (n, function) in functions.into_iter().enumerate() {
        let pool = names[n % names.len()];
        let properties = events::provider(pool, &format!("Idp-{n}"));
        let event = events::create(&url, &properties);
        storm.spawn(async move { function.invoke(&event, Duration::from_mins(5)).await });
    }
    let mut succeeded = 0;
    while let Some(ended) = storm.join_next().await {
        if let Ok(Ended::Returned(body)) = ended {
            succeeded += usize::from(body["Status"] == "SUCCESS");
        }
    }
    let last = start.elapsed();
    let in_pool = (callers.div_ceil(names.len()) as f64 - POOL) / POOL;
    let in_account = (callers as f64 - ACCOUNT) / ACCOUNT;
    Report {
        succeeded,
        created: names.iter().map(|pool| cognito.names(pool).len()).sum(),
        last,
        least: Duration::from_secs_f64(in_pool.max(in_account)),
        calls: cognito.calls().len() as f64 / callers as f64,
    }
}
