//! Simulates many concurrent callers against the published quotas, in simulated time, with fixed
//! seeds and the function's own retry policy.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::Duration,
};

use super::{Retry, Rounds};

/// The calls per second that an account may make to the operations that change providers.
const ACCOUNT: f64 = 15.0;
/// The calls per second that an account may make to describe providers.
const DESCRIBE: f64 = 20.0;
/// The calls per second of one operation in one pool.
const POOL: f64 = 5.0;
/// The interval over which the callers of one stack start, in seconds.
const SKEW: f64 = 0.05;
/// The duration of a call.
const TRIP: Duration = Duration::from_millis(30);

/// A token bucket with the capacity of one second's refill.
struct Bucket {
    rate: f64,
    tokens: f64,
    at: Duration,
}

impl Bucket {
    const fn full(rate: f64) -> Self {
        Self {
            rate,
            tokens: rate,
            at: Duration::ZERO,
        }
    }

    fn refill(&mut self, now: Duration) {
        let gained = now.saturating_sub(self.at).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + gained).min(self.rate);
        self.at = now;
    }
}

/// The results of a simulation.
struct Storm {
    /// The time of the last success divided by the least possible time.
    ratio: f64,
    /// The mean number of calls for each success.
    calls: f64,
}

/// The next call of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// The call that changes a provider.
    Change,
    /// A Describe, after which the change follows at once.
    Look,
}

/// The quotas of one kind of call.
struct Quotas {
    account: Bucket,
    pools: HashMap<u32, Bucket>,
}

impl Quotas {
    fn of_account(rate: f64) -> Self {
        Self {
            account: Bucket::full(rate),
            pools: HashMap::new(),
        }
    }

    fn admit(&mut self, pool: u32, now: Duration) -> bool {
        let pool = self.pools.entry(pool).or_insert_with(|| Bucket::full(POOL));
        self.account.refill(now);
        pool.refill(now);
        let admits = self.account.tokens >= 1.0 && pool.tokens >= 1.0;
        if admits {
            self.account.tokens -= 1.0;
            pool.tokens -= 1.0;
        }
        admits
    }
}

/// Simulates callers spread over pools until each has succeeded once. With `looks`, each makes a
/// Describe before every retry.
fn storm(callers: u32, pools: u32, looks: bool, seed: u64, rounds: Rounds) -> Storm {
    fastrand::seed(seed);
    let mut changes = Quotas::of_account(ACCOUNT);
    let mut descriptions = Quotas::of_account(DESCRIBE);
    let mut queue: BinaryHeap<_> = (0..callers)
        .map(|caller| {
            let start = Duration::from_secs_f64(fastrand::f64() * SKEW);
            Reverse((start, caller, 0, start, Next::Change))
        })
        .collect();
    let (mut calls, mut last) = (0, Duration::ZERO);
    while let Some(Reverse((now, caller, taken, start, next))) = queue.pop() {
        calls += 1;
        let quotas = match next {
            Next::Change => &mut changes,
            Next::Look => &mut descriptions,
        };
        let admitted = quotas.admit(caller % pools, now);
        match (next, admitted) {
            (Next::Change, true) => last = now,
            (Next::Look, true) => {
                queue.push(Reverse((now + TRIP, caller, taken, start, Next::Change)));
            }
            (_, false) => {
                let (taken, wait) = rounds.next(taken, now.saturating_sub(start));
                let next = if looks { Next::Look } else { Next::Change };
                queue.push(Reverse((now + wait, caller, taken, start, next)));
            }
        }
    }
    let in_pool = (f64::from(callers.div_ceil(pools)) - POOL) / POOL;
    let in_account = (f64::from(callers) - ACCOUNT) / ACCOUNT;
    Storm {
        ratio: last.as_secs_f64() / in_pool.max(in_account),
        calls: f64::from(calls) / f64::from(callers),
    }
}

#[test]
fn all_callers_succeed_in_little_more_than_the_least_time() {
    const SEEDS: u64 = 100;
    // (callers, pools, whether they describe before a retry, the largest ratio, the largest mean
    // number of calls)
    let goals = [
        (300, 1, false, 1.25, 5.0),
        (60, 1, false, 1.4, 5.0),
        (20, 1, false, 2.0, 5.0),
        (300, 30, false, 1.4, 5.0),
        // A Describe costs a call but no time.
        (300, 1, true, 1.25, 6.0),
        (60, 1, true, 1.4, 5.0),
        (20, 1, true, 2.0, 5.0),
        (300, 30, true, 1.4, 5.0),
    ];
    for (callers, pools, looks, ratio, calls) in goals {
        let storms: Vec<Storm> = (0..SEEDS)
            .map(|seed| storm(callers, pools, looks, seed, Retry::AWS.throttled))
            .collect();
        let met = storms.iter().filter(|storm| storm.ratio <= ratio).count();
        let sum: f64 = storms.iter().map(|storm| storm.calls).sum();
        assert!(
            met >= 95,
            "{callers} callers, {pools} pools, looks {looks}: {met} storms"
        );
        assert!(
            sum / 100.0 <= calls,
            "{callers} callers, {pools} pools: {sum} calls in 100 storms"
        );
    }
}
