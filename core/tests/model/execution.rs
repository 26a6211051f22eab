//! An execution of the handler: the production decisions, replayed over what its calls came to.
//!
//! A plan can be neither cloned nor compared, so that the model keeps the request and the outcomes
//! so far. The same ones always lead to the same next step, which is looked up.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use cfn_cognito_idp_core::plan::{self, Intent, Step, Timing};

use crate::{
    cognito::{Call, Cognito, Mandate},
    symbols::{Id, Outcome, Properties, Secret},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Verb {
    Create,
    Update { previous: Properties },
    Delete,
}

/// A request of CloudFormation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Request {
    pub verb: Verb,
    /// The physical id that comes in. A Create has none.
    pub id: Id,
    pub properties: Properties,
    /// When it was issued.
    pub since: u8,
}

/// A delivery of a request, and the secret that its source held then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Delivery {
    pub request: Request,
    pub source: Secret,
    /// Whether it came long after the request was issued.
    pub late: bool,
}

/// What a late delivery is late by, in milliseconds: less than a tick.
const LATE_MS: i64 = 45_000;

/// What a Reason says where a provider may be left behind.
const IN_DOUBT: [&str; 3] = [
    "have been created",
    "may be the work of this request",
    "may have created",
];

impl Delivery {
    fn timing(&self, tick: i64) -> Timing {
        let issued = i64::from(self.request.since) * tick;
        Timing {
            issued,
            received_ms: issued * 1_000 + if self.late { LATE_MS } else { 0 },
            waited: false,
        }
    }

    fn intent(&self, tick: i64) -> Intent {
        let Request {
            verb,
            id,
            properties,
            ..
        } = self.request;
        let physical_id = id.parsed(tick);
        match verb {
            Verb::Create => Intent::Create {
                declared: properties.declared(self.source),
                request_id: "request".to_owned(),
            },
            Verb::Update { previous } => Intent::Update {
                physical_id,
                declared: properties.declared(self.source),
                previous: previous.previous(),
            },
            Verb::Delete => Intent::Delete {
                physical_id,
                described: Some(properties.declared(self.source)),
            },
        }
    }
}

impl Request {
    /// The mandate of this request while CloudFormation waits for its answer.
    pub(crate) fn mandate(&self) -> Mandate {
        Mandate {
            superseded: false,
            held: self.id,
            adopt: self.properties.adopt && !matches!(self.verb, Verb::Delete),
            unconfirmed: matches!((self.verb, self.id), (Verb::Delete, Id::Unconfirmed { .. })),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub succeeded: bool,
    pub id: Id,
    /// Whether the `Reason` says that something may have been made and left.
    pub in_doubt: bool,
    /// Whether it says that identifiers are not back where they were.
    pub unreturned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// A call, and whether the execution looks before it makes it again.
    Call(Call, bool),
    Answer(Answer),
}

/// What the production code does next.
#[derive(Debug)]
pub(crate) struct Decisions {
    /// Seconds between two requests.
    pub tick: i64,
    known: RwLock<HashMap<(Delivery, Vec<Outcome>), Next>>,
}

impl Decisions {
    pub(crate) fn new(tick: i64) -> Self {
        Self {
            tick,
            known: RwLock::default(),
        }
    }

    pub(crate) fn next(&self, delivery: &Delivery, outcomes: &[Outcome]) -> Next {
        let key = (*delivery, outcomes.to_vec());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = known.get(&key) {
            return *next;
        }
        drop(known);
        let next = self.replay(delivery, outcomes);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, next);
        next
    }

    fn replay(&self, delivery: &Delivery, outcomes: &[Outcome]) -> Next {
        let mut step = plan::start(delivery.intent(self.tick), delivery.timing(self.tick));
        for outcome in outcomes {
            step = match step {
                Step::Call(_, plan) => plan.resume(outcome.told(self.tick)),
                Step::Answer(answer) => panic!("an outcome after {answer:?}"),
            };
        }
        match step {
            Step::Call(call, plan) => Next::Call(call.as_ref().into(), plan.looks_before_retry()),
            Step::Answer(answer) => {
                let reason = answer.result.as_ref().err().map(ToString::to_string);
                let reason = reason.unwrap_or_default();
                Next::Answer(Answer {
                    succeeded: answer.result.is_ok(),
                    id: Id::read(&answer.physical_id, self.tick),
                    in_doubt: IN_DOUBT.iter().any(|text| reason.contains(text)),
                    unreturned: reason.contains("could not be restored"),
                })
            }
        }
    }

    /// A delivery whose calls all have their answers.
    pub(crate) fn deliver(
        &self,
        delivery: &Delivery,
        cognito: &mut Cognito,
        now: u8,
    ) -> Option<Answer> {
        let request = &delivery.request;
        let mut outcomes = Vec::new();
        while outcomes.len() <= CALLS {
            match self.next(delivery, &outcomes) {
                Next::Answer(answer) => return Some(answer),
                Next::Call(call, _) => {
                    outcomes.push(cognito.apply(call, request.mandate(), now).0);
                }
            }
        }
        None
    }
}

/// More calls than the longest way to an answer takes: a rename reads the old provider, takes its
/// identifiers, creates, describes what is in the way and the old provider, takes it over, puts the
/// identifiers back or gets the certificate, and looks again after each wait.
pub(crate) const CALLS: usize = 16;
