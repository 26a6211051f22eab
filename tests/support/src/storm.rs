//! A stack with many providers: a process for each, and all of them at once against the published
//! quotas.

pub mod rollback;

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    cloudformation::CloudFormation,
    cognito::{
        Cognito,
        quotas::{ACCOUNT, POOL},
    },
    events,
    lambda::{Ended, Function},
    responses::Responses,
};

/// What each resource of a stack asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A new provider.
    Create,
    /// A change of a provider that exists.
    Update,
}

/// What came of a storm.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// How many were answered with SUCCESS.
    pub succeeded: usize,
    /// How many providers are as they were asked for.
    pub done: usize,
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

/// The services that a storm goes through, and how to start a function between them.
struct Region {
    pools: Vec<String>,
    cognito: Cognito,
    cloudformation: CloudFormation,
    responses: Responses,
    requests: AtomicU32,
}

impl Region {
    async fn start(pools: usize) -> Self {
        let pools: Vec<String> = (0..pools).map(|n| format!("eu-west-1_Pool{n}")).collect();
        let names: Vec<&str> = pools.iter().map(String::as_str).collect();
        Self {
            cognito: Cognito::start(&names).await,
            cloudformation: CloudFormation::start().await,
            responses: Responses::start().await,
            requests: AtomicU32::new(0),
            pools,
        }
    }

    /// So many processes of the function.
    async fn functions(&self, binary: &Path, count: usize) -> Vec<Function> {
        let environment = [
            ("AWS_ENDPOINT_URL", self.cognito.url()),
            ("AWS_ENDPOINT_URL_CLOUDFORMATION", self.cloudformation.url()),
            ("RESPONSE_URL_HOSTS", self.responses.authority()),
            ("AWS_LAMBDA_LOG_LEVEL", "ERROR".to_owned()),
        ];
        let mut functions = Vec::new();
        for _ in 0..count {
            functions.push(Function::start(binary, &environment).await);
        }
        functions
    }

    fn pool(&self, number: usize) -> &str {
        &self.pools[number % self.pools.len()]
    }

    fn before(&self, number: usize) -> Value {
        events::provider(self.pool(number), &format!("Idp-{number}"))
    }

    fn after(&self, number: usize) -> Value {
        let mut after = self.before(number);
        after["ProviderDetails"]["authorize_scopes"] = "openid email".into();
        after
    }

    /// Whether a provider holds all details that these properties declare.
    fn holds(&self, properties: &Value) -> bool {
        let text = |key: &str| properties[key].as_str().unwrap_or_default();
        let stored = self
            .cognito
            .provider(text("UserPoolId"), text("ProviderName"));
        let wanted = properties["ProviderDetails"].as_object();
        stored.is_some_and(|stored| {
            let mut wanted = wanted.into_iter().flatten();
            wanted.all(|(key, value)| stored["ProviderDetails"][key] == *value)
        })
    }

    /// Gives the resource of that number a status as of now, and that physical id.
    fn set(&self, number: usize, status: &str, physical_id: &str) {
        let logical_id = logical_id(number);
        self.cloudformation.set(&logical_id, status, physical_id);
    }

    /// A request of its own for the resource of that number, issued now. The resource is in progress
    /// before its request is issued.
    fn event(&self, number: usize, kind: &str, make: impl Fn(&str) -> Value) -> Value {
        let id = &make("")["PhysicalResourceId"];
        let status = format!("{kind}_IN_PROGRESS");
        self.set(number, &status, id.as_str().unwrap_or_default());
        self.unnoted_event(number, make)
    }

    /// A request that leaves the status of its resource as it is, as those of a clean-up do.
    fn unnoted_event(&self, number: usize, make: impl FnOnce(&str) -> Value) -> Value {
        let url = self.responses.url(Some(&events::amz_date(0)));
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut event = events::numbered(make(&url), request);
        event["LogicalResourceId"] = logical_id(number).into();
        event
    }
}

fn logical_id(number: usize) -> String {
    format!("Idp{number}")
}

/// Sends one event to each of so many processes in the same moment, over so many pools.
#[expect(
    clippy::disallowed_methods,
    reason = "a storm is measured in real time"
)]
#[expect(clippy::cast_precision_loss, reason = "hundreds")]
pub async fn storm(binary: &Path, kind: Kind, callers: usize, pools: usize) -> Report {
    let region = Region::start(pools).await;
    let functions = region.functions(binary, callers).await;
    if kind == Kind::Update {
        for number in 0..callers {
            region.cognito.put(&region.before(number), 3_600);
        }
    }
    region.cognito.throttle_as_published();
    let start = Instant::now();
    let mut storm = JoinSet::new();
    for (number, function) in functions.into_iter().enumerate() {
        let after = region.after(number);
        let status = match kind {
            Kind::Create => "CREATE",
            Kind::Update => "UPDATE",
        };
        let event = region.event(number, status, |url| match kind {
            Kind::Create => events::create(url, &after),
            Kind::Update => {
                let before = region.before(number);
                events::update(url, &physical_id(&before), &after, &before)
            }
        });
        storm.spawn(async move { function.invoke(&event, Duration::from_mins(5)).await });
    }
    let mut succeeded = 0;
    while let Some(ended) = storm.join_next().await {
        succeeded += usize::from(ended.is_ok_and(|ended| has_succeeded(&ended)));
    }
    let last = start.elapsed();
    let in_pool = (callers.div_ceil(pools) as f64 - POOL) / POOL;
    let in_account = (callers as f64 - ACCOUNT) / ACCOUNT;
    let mut all = 0..callers;
    Report {
        succeeded,
        done: all
            .by_ref()
            .filter(|n| region.holds(&region.after(*n)))
            .count(),
        last,
        least: Duration::from_secs_f64(in_pool.max(in_account)),
        calls: region.cognito.calls().len() as f64 / callers as f64,
    }
}

fn physical_id(properties: &Value) -> String {
    let text = |key: &str| properties[key].as_str().unwrap_or_default();
    format!("{}|{}", text("UserPoolId"), text("ProviderName"))
}

fn has_succeeded(ended: &Ended) -> bool {
    matches!(ended, Ended::Returned(body) if body["Status"] == json!("SUCCESS"))
}
