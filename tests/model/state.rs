//! The state of the world, and what may happen next in it.

use std::sync::Arc;

use crate::{
    assumptions::Assumptions,
    cloudformation::{Stack, Stage},
    cognito::{Call, Cognito, Foreign, Mandate, Mishap},
    execution::{Answer, Decisions, Next, Request},
    symbols::{Id, Name, Outcome},
};

/// An execution of the handler that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Run {
    pub request: Request,
    pub outcomes: Vec<Outcome>,
}

/// What has gone wrong that must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Broken {
    Harm,
    Endless,
    Misnamed,
    NotIdempotent,
    HollowSuccess,
    NeedlessFailure,
    HalfDone,
}

/// What has happened since the request was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Since {
    pub refused: bool,
    /// A call without an answer, or an execution that died.
    pub doubt: bool,
    pub died: bool,
    pub disturbed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct State {
    pub stack: Stack,
    /// The first answer to the request.
    pub answer: Option<Answer>,
    /// Deliveries of the request so far.
    pub deliveries: u8,
    pub runs: Vec<Run>,
    /// Requests that are over, and may be delivered late.
    pub past: Vec<Request>,
    /// A call that nobody waits for any more.
    pub in_flight: Option<(Call, Mandate)>,
    pub cognito: Cognito,
    /// As it was when the request was issued.
    pub before: Cognito,
    pub since: Since,
    pub mishaps: u8,
    pub foreign: u8,
    /// Whether a call was ever without an answer, or an execution died.
    pub doubted: bool,
    /// Whether somebody else ever made or changed anything.
    pub disturbed: bool,
    /// Whether an answer said that something may be left.
    pub warned: bool,
    /// Whether an answer said that identifiers are not where they were.
    pub unreturned: bool,
    pub over: bool,
    pub broken: Vec<Broken>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Lambda delivers the event of the request under way.
    Deliver,
    /// Lambda delivers an event of the past.
    DeliverLate(usize),
    /// An execution makes its next call.
    Call(usize),
    /// An execution makes its next call, and it does not end well.
    Fail(usize, Mishap),
    /// Cognito carries out what nobody waits for any more.
    ApplyLate,
    /// Somebody else does something.
    Disturb(Foreign),
    /// CloudFormation goes on.
    GoOn(usize),
    /// CloudFormation has waited for long enough.
    GiveUp,
    /// CloudFormation cancels the Create.
    Cancel,
}

impl State {
    /// Whether a name belongs to the stack, by an id that CloudFormation holds.
    fn holds(&self, name: Name) -> bool {
        let answered = self.answer.map(|answer| answer.id);
        answered == Some(Id::Provider(name)) || self.stack.holds(name)
    }

    pub const fn now(&self) -> u8 {
        self.stack.request.since
    }

    pub fn breaks(&mut self, broken: Broken) {
        if let Err(place) = self.broken.binary_search(&broken) {
            self.broken.insert(place, broken);
        }
    }
}

/// Deliveries of one event.
const DELIVERIES: u8 = 2;

#[derive(Debug)]
pub struct Model {
    pub assumptions: Assumptions,
    pub decisions: Arc<Decisions>,
}

impl Model {
    pub fn new(assumptions: Assumptions) -> Self {
        let decisions = Arc::new(Decisions::new(assumptions.tick));
        Self {
            assumptions,
            decisions,
        }
    }

    pub fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        let may = &self.assumptions;
        let trouble = state.mishaps > 0;
        let last = state.since.died && !may.fails_after_death;
        for (number, _) in state.runs.iter().enumerate() {
            actions.push(Action::Call(number));
            if trouble && (!last || may.no_answer) {
                let deaths = [Mishap::DiedAfter, Mishap::DiedBefore];
                actions.extend(deaths.map(|death| Action::Fail(number, death)));
            }
            if trouble && !last {
                use Mishap::{Lost, Refused, SentTwice, Unanswered};
                let mishaps = [Refused, Unanswered, Lost, SentTwice];
                actions.extend(mishaps.map(|mishap| Action::Fail(number, mishap)));
            }
        }
        if state.in_flight.is_some() && (may.applied_late || !state.since.disturbed) {
            actions.push(Action::ApplyLate);
        }
        if state.over {
            if may.late_deliveries && trouble && state.runs.is_empty() {
                let past = 0..state.past.len();
                actions.extend(past.map(Action::DeliverLate));
            }
            return;
        }
        if state.deliveries < DELIVERIES && self.may_deliver(state) {
            actions.push(Action::Deliver);
        }
        if may.late_deliveries && trouble && state.runs.is_empty() {
            let past = 0..state.past.len();
            actions.extend(past.map(Action::DeliverLate));
        }
        if state.foreign > 0 {
            self.disturbances(state, actions);
        }
        match state.answer {
            Some(answer) if state.runs.is_empty() || may.late_deliveries => {
                let ways = state.stack.after(answer).len().max(1);
                actions.extend((0..ways).map(Action::GoOn));
            }
            None if may.no_answer && state.runs.is_empty() && state.deliveries == DELIVERIES => {
                actions.push(Action::GiveUp);
            }
            None if may.cancelled && state.stack.stage == Stage::Create => {
                actions.push(Action::Cancel);
            }
            _ => {}
        }
    }

    fn may_deliver(&self, state: &State) -> bool {
        let may = &self.assumptions;
        if !state.runs.is_empty() {
            return may.overlap && state.mishaps > 0;
        }
        match state.answer {
            // Its execution died.
            None => true,
            Some(answer) => state.mishaps > 0 && (answer.succeeded || may.again_after_failure),
        }
    }

    /// Whether an execution has made it so and only gets the certificate for its answer.
    fn is_about_to_answer(&self, state: &State, name: Name) -> bool {
        state.runs.iter().any(|run| {
            let next = self.decisions.next(&run.request, &run.outcomes);
            run.request.properties.name == name && next == Next::Call(Call::SigningCertificate)
        })
    }

    fn disturbances(&self, state: &State, actions: &mut Vec<Action>) {
        let may = &self.assumptions;
        for name in Name::ALL {
            let held = state.holds(name);
            let ours = name != Name::Other;
            let made = self.is_about_to_answer(state, name);
            let wanted = held || made || state.stack.looks_for(name);
            if state.cognito.get(name).is_none() && (may.names_reused || !wanted) {
                if ours {
                    actions.push(Action::Disturb(Foreign::Make(name)));
                }
                if state.stack.life.identifier {
                    actions.push(Action::Disturb(Foreign::MakeWithIdentifier(name)));
                }
                if may.equal_by_others && ours {
                    actions.push(Action::Disturb(Foreign::MakeEqual(name)));
                }
            }
            if state.cognito.get(name).is_some() {
                actions.push(Action::Disturb(Foreign::Remove(name)));
                if held || may.changed_while_unconfirmed {
                    actions.push(Action::Disturb(Foreign::Change(name)));
                }
            }
        }
    }
}
