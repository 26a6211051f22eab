//! A stack whose Update fails for one mistake: CloudFormation cancels what is still under way and
//! rolls everything back at once, while the cancelled executions go on.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Region, has_succeeded, physical_id};
use crate::{
    events,
    lambda::{Ended, Function},
};

/// How long CloudFormation takes from a failure to the first request of the rollback, at least.
const REACTION: Duration = Duration::from_secs(1);
/// How many calls the published quota admits at once. A cancelled rename whose call is one of them may
/// leave its new provider behind (docs/reliability.md, "Not promised").
pub const AT_ONCE: usize = 5;
/// The time that an invocation has.
const TIME: Duration = Duration::from_mins(5);

/// What the Update of each resource changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The provider, in place.
    InPlace,
    /// Its name.
    Name,
}

/// Who finds the mistake of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The function, in a property that it does not know: at once.
    Property,
    /// Cognito, once the resource has had its turn.
    Detail,
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
    /// How many providers the clean-up has left of the names that only the Update declared.
    pub left_behind: usize,
    /// How many of those were made by a Create that was retried after the rollback began.
    pub made_by_retry: usize,
    /// How many executions of any kind ended without an answer.
    pub unanswered: usize,
    /// The time from the first request of the rollback to its last answer.
    pub last: Duration,
}

/// A resource as CloudFormation knows it.
#[derive(Debug)]
struct Resource {
    id: String,
    is_under_way: bool,
}

/// The stack, and what its template declares before and after the Update.
struct Stack {
    region: Region,
    change: Change,
    mistake: Mistake,
    resources: Vec<Resource>,
}

impl Stack {
    async fn start(change: Change, mistake: Mistake, resources: usize) -> Self {
        let region = Region::start(1).await;
        let resource = |number| {
            let before = region.before(number);
            region.cognito.put(&before, 3_600);
            Resource {
                id: physical_id(&before),
                is_under_way: true,
            }
        };
        Self {
            resources: (0..resources).map(resource).collect(),
            region,
            change,
            mistake,
        }
    }

    fn before(&self, number: usize) -> Value {
        self.region.before(number)
    }

    fn after(&self, number: usize) -> Value {
        let mut after = self.region.after(number);
        if self.change == Change::Name {
            after["ProviderName"] = format!("Renamed-{number}").into();
        }
        if number == self.resources.len() / 2 {
            match self.mistake {
                Mistake::Property => after["AttributeMappings"] = json!({}),
                Mistake::Detail => after["ProviderDetails"]["refused"] = "x".into(),
            }
        }
        after
    }

    /// Sends a request for each resource to a process of its own, all at once.
    fn send(
        &self,
        functions: Vec<Function>,
        make: impl Fn(usize, &str) -> Value,
    ) -> JoinSet<(usize, Ended)> {
        let mut sent = JoinSet::new();
        for (number, function) in functions.into_iter().enumerate() {
            let event = self.region.event(number, "UPDATE", |url| make(number, url));
            sent.spawn(async move { (number, function.invoke(&event, TIME).await) });
        }
        sent
    }

    /// Notes the answer of a resource that is under way, and whether it is SUCCESS.
    fn note(&mut self, number: usize, ended: &Ended) -> bool {
        let succeeded = has_succeeded(ended);
        if let Ended::Returned(body) = ended
            && succeeded
        {
            let id = body["PhysicalResourceId"].as_str().unwrap_or_default();
            id.clone_into(&mut self.resources[number].id);
        }
        let status = if succeeded {
            "UPDATE_COMPLETE"
        } else {
            "UPDATE_FAILED"
        };
        self.region.set(number, status, &self.resources[number].id);
        self.resources[number].is_under_way = false;
        succeeded
    }

    /// Cancels all that is under way: its answer no longer counts.
    fn cancel(&mut self) {
        for (number, resource) in self.resources.iter_mut().enumerate() {
            if std::mem::take(&mut resource.is_under_way) {
                self.region.set(number, "UPDATE_FAILED", &resource.id);
            }
        }
    }

    /// How many providers hold all that the template declared before.
    fn restored(&self) -> usize {
        let numbers = 0..self.resources.len();
        numbers
            .filter(|number| self.region.holds(&self.before(*number)))
            .count()
    }

    /// The providers whose names only the Update declared.
    fn left_behind(&self) -> Vec<String> {
        let mut names = self.region.cognito.names(self.region.pool(0));
        names.retain(|name| name.starts_with("Renamed"));
        names
    }

    /// How many of those have a Create after the first `begun` calls that was not their first.
    fn made_by_retry(&self, begun: usize) -> usize {
        let calls = self.region.cognito.calls();
        let is_retried = |name: &String| {
            let creates = calls.iter().enumerate().filter(|(_, call)| {
                call.operation == "Create" && call.input["ProviderName"] == name.as_str()
            });
            creates.skip(1).any(|(at, _)| at >= begun)
        };
        self.left_behind()
            .iter()
            .filter(|name| is_retried(name))
            .count()
    }
}

/// Updates so many providers of a pool, one of them with a mistake, and rolls them back.
#[expect(
    clippy::disallowed_methods,
    reason = "a storm is measured in real time"
)]
pub async fn rollback(binary: &Path, change: Change, mistake: Mistake, resources: usize) -> Report {
    let mut stack = Stack::start(change, mistake, resources).await;
    let updating = stack.region.functions(binary, resources).await;
    let undoing = stack.region.functions(binary, resources).await;
    let cleaning = stack.region.functions(binary, resources).await;
    stack.region.cognito.throttle_as_published();

    let mut updates = stack.send(updating, |number, url| {
        let (before, after) = (stack.before(number), stack.after(number));
        events::update(url, &stack.resources[number].id, &after, &before)
    });
    let mut applied = 0;
    let mut unanswered = 0;
    while let Some(Ok((number, ended))) = updates.join_next().await {
        unanswered += usize::from(!is_answered(&ended));
        if !stack.note(number, &ended) {
            break;
        }
        applied += 1;
    }
    stack.cancel();
    tokio::time::sleep(REACTION).await;
    let begun = stack.region.cognito.calls().len();

    let start = Instant::now();
    let mut rollbacks = stack.send(undoing, |number, url| {
        let (before, after) = (stack.before(number), stack.after(number));
        events::update(url, &stack.resources[number].id, &before, &after)
    });
    // By resource: the id that the rollback has replaced.
    let mut replaced = vec![None; resources];
    let mut rolled_back = 0;
    while let Some(Ok((number, ended))) = rollbacks.join_next().await {
        unanswered += usize::from(!is_answered(&ended));
        let old = stack.resources[number].id.clone();
        rolled_back += usize::from(stack.note(number, &ended));
        replaced[number] = Some(old).filter(|old| *old != stack.resources[number].id);
    }
    let last = start.elapsed();
    // What was cancelled is still at work.
    while let Some(Ok((_, ended))) = updates.join_next().await {
        unanswered += usize::from(!is_answered(&ended));
    }

    let mut deletes = JoinSet::new();
    for (number, function) in cleaning.into_iter().enumerate() {
        let Some(old) = replaced[number].take() else {
            continue;
        };
        let event = stack.region.unnoted_event(number, |url| {
            events::delete(url, &old, &stack.after(number))
        });
        deletes.spawn(async move { function.invoke(&event, TIME).await });
    }
    while let Some(Ok(ended)) = deletes.join_next().await {
        unanswered += usize::from(!is_answered(&ended));
    }
    Report {
        applied,
        rolled_back,
        restored: stack.restored(),
        left_behind: stack.left_behind().len(),
        made_by_retry: stack.made_by_retry(begun),
        unanswered,
        last,
    }
}

const fn is_answered(ended: &Ended) -> bool {
    matches!(ended, Ended::Returned(_))
}
