//! An execution of the handler: the production decisions, replayed over what its calls came to.
//!
//! A plan can be neither cloned nor compared, so that the model keeps the request and the outcomes
//! so far. The same ones always lead to the same next step, which is looked up.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use cfn_cognito_idp::plan::{self, Intent, Step};

use crate::{
    cognito::{Call, Cognito, Mandate},
    symbols::{Id, Outcome, Properties},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    Create,
    Update { previous: Properties },
    Delete,
}

/// A request of CloudFormation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Request {
    pub verb: Verb,
    /// The physical id that comes in. A Create has none.
    pub id: Id,
    pub properties: Properties,
    /// When it was issued.
    pub since: u8,
}

impl Request {
    fn intent(&self, tick: i64) -> Intent {
        let physical_id = self.id.text(tick);
        match self.verb {
            Verb::Create => Intent::Create {
                declared: self.properties.declared(),
                request_id: "request".to_owned(),
            },
            Verb::Update { previous } => Intent::Update {
                physical_id,
                declared: self.properties.declared(),
                previous: previous.previous(),
            },
            Verb::Delete => Intent::Delete {
                physical_id,
                described: Some(self.properties.provider()),
            },
        }
    }

    pub const fn mandate(&self) -> Mandate {
        Mandate {
            adopt: self.properties.adopt && !matches!(self.verb, Verb::Delete),
            unconfirmed: matches!((self.verb, self.id), (Verb::Delete, Id::Unconfirmed { .. })),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answer {
    pub succeeded: bool,
    pub id: Id,
    /// Whether the `Reason` says that something may have been made and left.
    pub in_doubt: bool,
    /// Whether it says that identifiers are not back where they were.
    pub unreturned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Call(Call),
    Answer(Answer),
}

/// What the production code does next.
#[derive(Debug)]
pub struct Decisions {
    /// Seconds between two requests.
    pub tick: i64,
    known: RwLock<HashMap<(Request, Vec<Outcome>), Next>>,
}

impl Decisions {
    pub fn new(tick: i64) -> Self {
        Self {
            tick,
            known: RwLock::default(),
        }
    }

    pub fn next(&self, request: &Request, outcomes: &[Outcome]) -> Next {
        let key = (*request, outcomes.to_vec());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = known.get(&key) {
            return *next;
        }
        drop(known);
        let next = self.replay(request, outcomes);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, next);
        next
    }

    fn replay(&self, request: &Request, outcomes: &[Outcome]) -> Next {
        let since = i64::from(request.since) * self.tick;
        let mut step = plan::start(request.intent(self.tick), since);
        for outcome in outcomes {
            step = match step {
                Step::Call(_, plan) => plan.resume(outcome.told(self.tick)),
                Step::Answer(answer) => panic!("an outcome after {answer:?}"),
            };
        }
        match step {
            Step::Call(call, _) => Next::Call(call.as_ref().into()),
            Step::Answer(answer) => {
                let reason = answer.result.as_ref().err().map_or("", |reason| reason);
                Next::Answer(Answer {
                    succeeded: answer.result.is_ok(),
                    id: Id::read(&answer.physical_id, self.tick),
                    in_doubt: reason.contains("is not known"),
                    unreturned: reason.contains("were not put back"),
                })
            }
        }
    }

    /// A delivery whose calls all have their answers.
    pub fn deliver(&self, request: &Request, cognito: &mut Cognito, now: u8) -> Option<Answer> {
        let mut outcomes = Vec::new();
        while outcomes.len() <= CALLS {
            match self.next(request, &outcomes) {
                Next::Answer(answer) => return Some(answer),
                Next::Call(call) => {
                    outcomes.push(cognito.apply(call, request.mandate(), now).0);
                }
            }
        }
        None
    }
}

/// The calls that the longest way to an answer takes: a rename reads the old provider, takes its
/// identifiers, creates, describes what is in the way, takes it over, and puts the identifiers back
/// or gets the certificate.
pub const CALLS: usize = 6;
