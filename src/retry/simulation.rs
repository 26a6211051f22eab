//! Many callers at once against the published quotas, in simulated time: exact, seeded, and over the
//! same policy that runs in the function.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    time::Duration,
};

use super::{Retry, Turns};

/// Calls a second that an account may make, over the operations that change providers.
const ACCOUNT: f64 = 15.0;
/// Calls a second of one operation in one pool.
const POOL: f64 = 5.0;
/// Callers of one stack do not start in the same instant, in seconds.
const SKEW: f64 = 0.05;

/// A token bucket that holds what it gains in one second.
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

/// What came of a storm.
struct Storm {
    /// The time of the last success over the least possible.
    ratio: f64,
    /// The calls made for each success.
    calls: f64,
}

/// So many callers, spread over so many pools, each wanting one success.
fn storm(callers: u32, pools: u32, seed: u64, turns: Turns) -> Storm {
    fastrand::seed(seed);
    let mut account = Bucket::full(ACCOUNT);
    let mut buckets: HashMap<u32, Bucket> = HashMap::new();
    let mut queue: BinaryHeap<_> = (0..callers)
        .map(|caller| {
            let start = Duration::from_secs_f64(fastrand::f64() * SKEW);
            Reverse((start, caller, 0, start))
        })
        .collect();
    let (mut calls, mut last) = (0, Duration::ZERO);
    while let Some(Reverse((now, caller, taken, start))) = queue.pop() {
        calls += 1;
        let pool = buckets
            .entry(caller % pools)
            .or_insert_with(|| Bucket::full(POOL));
        account.refill(now);
        pool.refill(now);
        if account.tokens >= 1.0 && pool.tokens >= 1.0 {
            account.tokens -= 1.0;
            pool.tokens -= 1.0;
            last = now;
        } else {
            let (taken, wait) = turns.next(taken, now.saturating_sub(start));
            queue.push(Reverse((now + wait, caller, taken, start)));
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
    // (callers, pools, the time of the last over the least possible, calls for each in the mean)
    let goals = [
        (300, 1, 1.25, 5.0),
        (60, 1, 1.4, 5.0),
        (20, 1, 2.0, 5.0),
        (300, 30, 1.4, 5.0),
    ];
    for (callers, pools, ratio, calls) in goals {
        let storms: Vec<Storm> = (0..SEEDS)
            .map(|seed| storm(callers, pools, seed, Retry::COGNITO.in_turn))
            .collect();
        let met = storms.iter().filter(|storm| storm.ratio <= ratio).count();
        let sum: f64 = storms.iter().map(|storm| storm.calls).sum();
        assert!(met >= 95, "{callers} callers, {pools} pools: {met} storms");
        assert!(
            sum / 100.0 <= calls,
            "{callers} callers, {pools} pools: {sum} calls in 100 storms"
        );
    }
}
