//! The state of the world, and what may happen next in it.

use std::sync::Arc;

use crate::{
    assumptions::Assumptions,
    cloudformation::{Stack, Stage},
    cognito::{Call, Cognito, Foreign, Mandate, Mishap},
    execution::{Answer, Decisions, Delivery, Next, Request},
    symbols::{Id, Name, Outcome, Secret},
};

/// An execution of the handler that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Run {
    pub delivery: Delivery,
    pub outcomes: Vec<Outcome>,
}

impl Run {
    /// Whether it waits for its turn, and will look before it goes on.
    fn waits(&self) -> bool {
        matches!(self.outcomes.last(), Some(Outcome::Waited { .. }))
    }
}

/// What has gone wrong that must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Broken {
    Harm,
    Endless,
    Misnamed,
    NotIdempotent,
    HollowSuccess,
    NeedlessFailure,
    HalfDone,
    Overwritten,
    Undone,
}

/// What has happened since the request was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Since {
    pub refused: bool,
    /// A call without an answer, or an execution that died.
    pub doubt: bool,
    pub died: bool,
    pub disturbed: bool,
    /// An execution of an earlier request has changed something.
    pub haunted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct State {
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
    /// The secret that the source holds.
    pub source: Secret,
    /// The secret that the answered delivery read.
    pub read: Secret,
    /// How often the source may still change.
    pub rotations: u8,
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
pub(crate) enum Action {
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
    /// CloudFormation cancels the request.
    Cancel,
    /// The source changes.
    Rotate,
}

impl State {
    /// Whether a name belongs to the stack, by an id that CloudFormation holds.
    fn holds(&self, name: Name) -> bool {
        let answered = self.answer.map(|answer| answer.id);
        answered == Some(Id::Provider(name)) || self.stack.holds(name)
    }

    pub(crate) const fn now(&self) -> u8 {
        self.stack.request.since + self.over as u8
    }

    /// The mandate that a request has by now.
    pub(crate) fn mandate(&self, request: &Request) -> Mandate {
        let answered = self.answer.filter(|answer| answer.succeeded);
        Mandate {
            superseded: self.answer.is_some() || *request != self.stack.request,
            held: answered.map_or(self.stack.current.0, |answer| answer.id),
            ..request.mandate()
        }
    }

    /// Whether an execution of an earlier request is still under way.
    pub(crate) fn is_haunted(&self) -> bool {
        let current = self.stack.request;
        self.runs.iter().any(|run| run.delivery.request != current)
    }

    /// Whether no execution of the request is under way any more.
    pub(crate) fn is_free(&self) -> bool {
        let current = self.stack.request;
        let mut runs = self.runs.iter();
        runs.all(|run| run.delivery.request != current)
    }

    pub(crate) fn breaks(&mut self, broken: Broken) {
        if let Err(place) = self.broken.binary_search(&broken) {
            self.broken.insert(place, broken);
        }
    }
}

/// Deliveries of one event.
const DELIVERIES: u8 = 2;

#[derive(Debug)]
pub(crate) struct Model {
    pub assumptions: Assumptions,
    pub decisions: Arc<Decisions>,
}

impl Model {
    pub(crate) fn new(assumptions: Assumptions) -> Self {
        let decisions = Arc::new(Decisions::new(assumptions.tick));
        Self {
            assumptions,
            decisions,
        }
    }

    pub(crate) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        let may = &self.assumptions;
        let trouble = state.mishaps > 0;
        let last = state.since.died && !may.fails_after_death;
        for (number, run) in state.runs.iter().enumerate() {
            actions.push(Action::Call(number));
            let delivery = &run.delivery;
            if delivery.request != state.stack.request && !may.late_deliveries {
                continue;
            }
            let looks_before_retry = matches!(
                self.decisions.next(delivery, &run.outcomes),
                Next::Call(_, true)
            );
            if trouble && looks_before_retry && state.is_haunted() {
                let waits = [Mishap::Waited, Mishap::WaitedInDoubt];
                actions.extend(waits.map(|wait| Action::Fail(number, wait)));
            }
            if state.is_haunted() && !may.fails_while_haunted {
                continue;
            }
            if trouble && (!last || may.no_answer) {
                let deaths = [Mishap::DiedAfter, Mishap::DiedBefore];
                actions.extend(deaths.map(|death| Action::Fail(number, death)));
            }
            if trouble && !last {
                use Mishap::{Lost, Refused, SentTwice, Unanswered, Waited, WaitedInDoubt};
                let mishaps = [Refused, Unanswered, Lost];
                let again = if looks_before_retry {
                    &[Waited, WaitedInDoubt][..]
                } else {
                    &[SentTwice][..]
                };
                let mishaps = mishaps.iter().chain(again);
                actions.extend(mishaps.map(|mishap| Action::Fail(number, *mishap)));
            }
        }
        if state.in_flight.is_some() && (may.applied_late || !state.since.disturbed) {
            actions.push(Action::ApplyLate);
        }
        if state.over {
            if trouble && state.runs.is_empty() {
                let past = 0..state.past.len();
                actions.extend(past.map(Action::DeliverLate));
            }
            if state.foreign > 0 {
                let free = Name::ALL.into_iter();
                let free = free.filter(|name| state.cognito.get(*name).is_none());
                actions.extend(free.map(|name| Action::Disturb(Foreign::Make(name))));
            }
            return;
        }
        let is_unconfirmed = |id: Id| matches!(id, Id::Unconfirmed { .. });
        let between = state.runs.is_empty()
            && !state.stack.is_unconfirmed()
            && state
                .answer
                .is_some_and(|answer| !is_unconfirmed(answer.id));
        if state.rotations > 0 && (between || may.rotated_within) {
            actions.push(Action::Rotate);
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
            Some(answer) if state.is_free() || may.late_deliveries => {
                let ways = state.stack.after(answer).len().max(1);
                actions.extend((0..ways).map(Action::GoOn));
            }
            None if may.no_answer && state.runs.is_empty() && state.deliveries == DELIVERIES => {
                actions.push(Action::GiveUp);
            }
            None if may.cancelled && state.stack.stage == Stage::Create => {
                actions.push(Action::Cancel);
            }
            None if state.stack.stage == Stage::Update
                && trouble
                && !state.runs.is_empty()
                && (may.cancelled_in_call || state.runs.iter().all(Run::waits)) =>
            {
                actions.push(Action::Cancel);
            }
            _ => {}
        }
    }

    fn may_deliver(&self, state: &State) -> bool {
        let may = &self.assumptions;
        if !state.is_free() {
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
            let next = self.decisions.next(&run.delivery, &run.outcomes);
            let is_named = run.delivery.request.properties.name == name;
            is_named && next == Next::Call(Call::SigningCertificate, false)
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
