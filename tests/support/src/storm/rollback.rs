//! A stack whose Update fails for one mistake: CloudFormation cancels what is still under way and
//! rolls everything back at once, while the cancelled executions go on.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::task::JoinSet;

use super::{Region, has_succeeded, physical_id};
use crate::{events, lambda::Ended};

/// How long CloudFormation takes from a failure to the first request of the rollback, at least.
const REACTION: Duration = Duration::from_secs(1);

/// What the Update of each resource changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The provider, in place.
    InPlace,
    /// Its name.
    Name,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    /// How many Updates had succeeded when the mistake was found.
    pub applied: usize,
    /// How many rollbacks were answered with SUCCESS.
    pub rolled_back: usize,
    /// How many providers are as they were before.
    pub restored: usize,
    /// How many providers there are of the names that the Update declared and nothing else did.
    pub left_behind: usize,
    /// The time from the first request of the rollback to its last answer.
    pub last: Duration,
}

/// Updates so many providers of a pool, one of which Cognito refuses, and rolls them back.
#[expect(
    clippy::disallowed_methods,
    reason = "a storm is measured in real time"
)]
pub async fn rollback(binary: &Path, change: Change, resources: usize) -> Report {
    const TIME: Duration = Duration::from_mins(5);
    let region = Region::start(1).await;
    let updating = region.functions(binary, resources).await;
    let undoing = region.functions(binary, resources).await;
    let after = |number: usize| {
        let mut after = region.after(number);
        if change == Change::Name {
            after["ProviderName"] = format!("Renamed-{number}").into();
        }
        if number == resources / 2 {
            after["ProviderDetails"]["refused"] = "x".into();
        }
        after
    };
    for number in 0..resources {
        region.cognito.put(&region.before(number), 3_600);
    }
    region.cognito.throttle_as_published();

    let mut updates = JoinSet::new();
    for (number, function) in updating.into_iter().enumerate() {
        let before = region.before(number);
        let event = region.event(number, |url| {
            events::update(url, &physical_id(&before), &after(number), &before)
        });
        updates.spawn(async move { (number, function.invoke(&event, TIME).await) });
    }
    // By physical id: what CloudFormation knows of each resource.
    let mut ids: Vec<String> = (0..resources)
        .map(|n| physical_id(&region.before(n)))
        .collect();
    let mut applied = 0;
    let mut note = |number: usize, ended: &Ended| match ended {
        Ended::Returned(body) if has_succeeded(ended) => {
            applied += 1;
            region
                .cloudformation
                .set(&format!("Idp{number}"), "UPDATE_COMPLETE");
            ids[number] = text(body, "PhysicalResourceId");
            true
        }
        _ => false,
    };
    while let Some(Ok((number, ended))) = updates.join_next().await {
        if !note(number, &ended) {
            break;
        }
    }
    // Answers still count until CloudFormation acts on the failure.
    let deadline = Instant::now() + REACTION;
    while let Ok(Some(Ok((number, ended)))) =
        tokio::time::timeout_at(deadline.into(), updates.join_next()).await
    {
        note(number, &ended);
    }
    for number in 0..resources {
        region
            .cloudformation
            .set(&format!("Idp{number}"), "UPDATE_FAILED");
    }

    let start = Instant::now();
    let mut rollbacks = JoinSet::new();
    for (number, function) in undoing.into_iter().enumerate() {
        let event = region.event(number, |url| {
            events::update(url, &ids[number], &region.before(number), &after(number))
        });
        rollbacks.spawn(async move { (number, function.invoke(&event, TIME).await) });
    }
    let mut rolled_back = 0;
    while let Some(Ok((number, ended))) = rollbacks.join_next().await {
        rolled_back += usize::from(has_succeeded(&ended));
        region
            .cloudformation
            .set(&format!("Idp{number}"), "UPDATE_COMPLETE");
    }
    let last = start.elapsed();
    // What was cancelled is still at work.
    while updates.join_next().await.is_some() {}

    // The clean-up deletes what replaced something, and knows of nothing else.
    let names = region.cognito.names(region.pool(0));
    let known = |name: &String| ids.contains(&format!("{}|{name}", region.pool(0)));
    Report {
        applied,
        rolled_back,
        restored: (0..resources)
            .filter(|n| region.holds(&region.before(*n)))
            .count(),
        left_behind: names
            .iter()
            .filter(|name| name.starts_with("Renamed") && !known(name))
            .count(),
        last,
    }
}

fn text(body: &Value, key: &str) -> String {
    body[key].as_str().unwrap_or_default().to_owned()
}
