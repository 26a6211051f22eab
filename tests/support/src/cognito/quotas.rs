//! The published request quotas, as token buckets that hold what they gain in one second.

use std::{collections::HashMap, time::Instant};

/// Calls a second that an account may make, over the operations that change providers.
pub const ACCOUNT: f64 = 15.0;
/// Calls a second that an account may make to describe providers.
const DESCRIBE: f64 = 20.0;
/// Calls a second of one operation in one pool.
pub const POOL: f64 = 5.0;

#[derive(Debug)]
struct Bucket {
    rate: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: f64) -> Self {
        Self {
            rate,
            tokens: rate,
            at: now(),
        }
    }

    fn has_one(&mut self) -> bool {
        let now = now();
        let gained = now.duration_since(self.at).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + gained).min(self.rate);
        self.at = now;
        self.tokens >= 1.0
    }
}

/// The quotas of one account in one region.
#[derive(Debug)]
pub(super) struct Quotas {
    change: Bucket,
    describe: Bucket,
    pools: HashMap<(String, String), Bucket>,
}

impl Quotas {
    pub(super) fn full() -> Self {
        Self {
            change: Bucket::full(ACCOUNT),
            describe: Bucket::full(DESCRIBE),
            pools: HashMap::new(),
        }
    }

    /// Whether a call is within the quotas, and counts it if it is. What is published does not say
    /// where `GetSigningCertificate` counts; here it is the scarcer one.
    pub(super) fn admit(&mut self, operation: &str, pool: &str) -> bool {
        let account = if operation == "Describe" {
            &mut self.describe
        } else {
            &mut self.change
        };
        let pool = self
            .pools
            .entry((operation.to_owned(), pool.to_owned()))
            .or_insert_with(|| Bucket::full(POOL));
        let admitted = account.has_one() && pool.has_one();
        if admitted {
            account.tokens -= 1.0;
            pool.tokens -= 1.0;
        }
        admitted
    }
}

#[expect(clippy::disallowed_methods, reason = "a quota runs on real time")]
fn now() -> Instant {
    Instant::now()
}
