//! What comes of each action.

use crate::{
    cloudformation::{Beginning, Change, Stack, Stage},
    cognito::{Call, Cognito, Foreign, Mandate, Mishap, Owner},
    execution::{Answer, CALLS, Delivery, Next, Request, Verb},
    state::{Action, Broken, Model, Run, Since, State},
    symbols::{Id, Outcome, Secret},
};

impl Model {
    pub(crate) fn follow(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        let state = &mut next;
        match action {
            Action::Deliver => {
                // After a death Lambda delivers again by itself; anything else is trouble.
                if state.answer.is_some() || !state.is_free() {
                    state.mishaps -= 1;
                }
                self.deliver(state);
            }
            Action::DeliverLate(number) => {
                state.mishaps -= 1;
                let delivery = Delivery {
                    request: state.past[number],
                    source: state.source,
                    late: true,
                };
                self.run(state, delivery, Vec::new());
            }
            Action::Call(number) => {
                let delivery = state.runs[number].delivery;
                if delivery.request == state.stack.request {
                    self.call(state, number, None);
                } else {
                    // It acts in the moment in which it looks.
                    self.finish(state, delivery);
                }
            }
            Action::Fail(number, mishap) => {
                state.mishaps -= 1;
                self.call(state, number, Some(mishap));
            }
            Action::ApplyLate => {
                let (call, mandate) = state.in_flight.take()?;
                let (_, harm) = state.cognito.apply(call, mandate, state.now());
                if harm {
                    state.breaks(Broken::Harm);
                }
            }
            Action::Disturb(foreign) => Self::disturb(state, foreign)?,
            Action::GoOn(way) => self.go_on(state, way)?,
            Action::GiveUp => {
                state.answer = Some(state.stack.unanswered());
                self.go_on(state, 0)?;
            }
            Action::Cancel => {
                if state.stack.stage == Stage::Update {
                    state.mishaps -= 1;
                }
                let cancelled = state.stack.cancel()?;
                self.issue(state, cancelled);
            }
            Action::Rotate => {
                state.rotations -= 1;
                state.source = match state.source {
                    Secret::One => Secret::Two,
                    _ => Secret::One,
                };
            }
        }
        (next.stack.request.since <= self.assumptions.requests).then_some(next)
    }

    pub(crate) fn deliver(&self, state: &mut State) {
        let delivery = Delivery {
            request: state.stack.request,
            source: state.source,
            // Lambda takes a minute to deliver again what has died.
            late: state.deliveries > 0 && state.is_free(),
        };
        state.deliveries += 1;
        self.run(state, delivery, Vec::new());
    }

    /// Makes all the calls of an execution whose request is over.
    fn finish(&self, state: &mut State, delivery: Delivery) {
        let before = state.cognito;
        while let Some(number) = state.runs.iter().position(|run| run.delivery == delivery) {
            self.call(state, number, None);
        }
        state.since.haunted |= state.cognito != before;
        let request = state.stack.request;
        let is_answered = state.answer.is_some_and(|answer| answer.succeeded);
        if is_answered && !state.since.disturbed && !met(state, &request) {
            state.breaks(Broken::Overwritten);
        }
    }

    /// Brings an execution to its next call, or to its answer.
    fn run(&self, state: &mut State, delivery: Delivery, outcomes: Vec<Outcome>) {
        let request = delivery.request;
        match self.decisions.next(&delivery, &outcomes) {
            Next::Answer(answer) => {
                if request == state.stack.request && state.answer.is_none() {
                    state.read = delivery.source;
                    self.answered(state, answer, &delivery, &outcomes);
                }
                if misnamed(&request, answer) {
                    state.breaks(Broken::Misnamed);
                }
            }
            Next::Call(..) if outcomes.len() >= CALLS => state.breaks(Broken::Endless),
            Next::Call(..) => {
                state.runs.push(Run { delivery, outcomes });
                state.runs.sort();
            }
        }
    }

    fn call(&self, state: &mut State, number: usize, mishap: Option<Mishap>) {
        let Run {
            delivery,
            mut outcomes,
        } = state.runs.remove(number);
        let Next::Call(call, _) = self.decisions.next(&delivery, &outcomes) else {
            return;
        };
        let request = delivery.request;
        let mandate = state.mandate(&request);
        let current = request == state.stack.request;
        let (now, mut harmed) = (state.now(), false);
        let mut apply = |state: &mut State, mandate: Mandate| {
            let (outcome, harm) = state.cognito.apply(call, mandate, now);
            harmed |= harm;
            outcome
        };
        let outcome = match mishap {
            None => apply(state, mandate),
            Some(Mishap::Refused) => Outcome::Other { in_doubt: false },
            Some(Mishap::Lost) => {
                state.in_flight = Some((call, mandate));
                Outcome::Other { in_doubt: true }
            }
            Some(Mishap::DiedBefore) => Outcome::Other { in_doubt: true },
            Some(Mishap::Unanswered | Mishap::DiedAfter) => {
                apply(state, mandate);
                Outcome::Other { in_doubt: true }
            }
            Some(Mishap::Waited) => Outcome::Waited { in_doubt: false },
            Some(Mishap::WaitedInDoubt) => {
                apply(state, mandate);
                Outcome::Waited { in_doubt: true }
            }
            Some(Mishap::SentTwice) => {
                apply(state, mandate);
                apply(state, mandate).in_doubt()
            }
        };
        if harmed {
            state.breaks(Broken::Harm);
        }
        let named = state.answer.filter(|answer| answer.succeeded);
        if let (true, Call::Delete(name), Some(Answer { id, .. })) = (current, call, named)
            && id == Id::Provider(name)
            && !matches!(request.verb, Verb::Delete)
        {
            state.breaks(Broken::Undone);
        }
        if current {
            state.since.refused |= mishap == Some(Mishap::Refused);
            let known = [None, Some(Mishap::Refused), Some(Mishap::Waited)];
            state.since.doubt |= !known.contains(&mishap);
            state.since.died |= matches!(mishap, Some(Mishap::DiedAfter | Mishap::DiedBefore));
            state.doubted |= state.since.doubt;
        }
        if !matches!(mishap, Some(Mishap::DiedBefore | Mishap::DiedAfter)) {
            outcomes.push(outcome);
            self.run(state, delivery, outcomes);
        }
    }

    fn disturb(state: &mut State, foreign: Foreign) -> Option<()> {
        let now = state.now();
        let equal = state.stack.request.properties.seen(now, state.source);
        state.cognito.disturb(foreign, equal, now)?;
        state.foreign -= 1;
        state.since.disturbed = true;
        // What is gone is made again, unless what was adopted meanwhile has the identifier, or the
        // age of what is gone was to tell whose another is.
        let removed = matches!(foreign, Foreign::Remove(_));
        let life = state.stack.life;
        state.disturbed |= !removed || life.adopt || life.sourced;
        Some(())
    }

    fn go_on(&self, state: &mut State, way: usize) -> Option<()> {
        let ways = state.stack.after(state.answer?);
        if ways.is_empty() {
            state.over = true;
            self.close(state);
            return Some(());
        }
        let next = *ways.get(way)?;
        self.issue(state, next);
        Some(())
    }

    fn issue(&self, state: &mut State, stack: Stack) {
        self.close(state);
        state.stack = stack;
        state.answer = None;
        state.deliveries = 0;
        state.before = state.cognito;
        state.since = Since::default();
        self.deliver(state);
    }

    /// What cannot happen any more once a request is over.
    fn close(&self, state: &mut State) {
        if self.assumptions.late_deliveries || state.over {
            state.past.push(state.stack.request);
        }
        if !self.assumptions.applied_late {
            state.in_flight = None;
        }
    }

    /// The first answer, which is the one that counts.
    fn answered(
        &self,
        state: &mut State,
        answer: Answer,
        delivery: &Delivery,
        outcomes: &[Outcome],
    ) {
        state.answer = Some(answer);
        let request = state.stack.request;
        if answer.succeeded && request.mandate().adopt {
            // It may have been as declared already.
            state.cognito.adopt(request.properties.name);
        }
        let displaced = state.unreturned || answer.unreturned;
        // After a Create there is an id that says so, and a Delete with it.
        state.warned |= answer.in_doubt && !matches!(request.verb, Verb::Create);
        state.unreturned |= answer.unreturned;
        if state.since.disturbed {
            return;
        }
        let Since { refused, doubt, .. } = state.since;
        let smooth = !refused && !doubt;
        if answer.succeeded && !met(state, &request) {
            state.breaks(Broken::HollowSuccess);
        }
        let expected = state.stack.life.change == Change::ProviderType
            || state.disturbed
            // What was left holds the identifier, say.
            || state.warned
            || state.unreturned
            || (matches!(state.stack.stage, Stage::Create | Stage::Update)
                || state.stack.life.beginning == Beginning::UpdateAfterFailure)
                && state.before.holds(Owner::Theirs);
        if !answer.succeeded && smooth && !expected {
            state.breaks(Broken::NeedlessFailure);
        }
        if state.since.haunted {
            return;
        }
        // An unconfirmed id says that there may be something.
        let changed = state.cognito.settled() != state.before.settled()
            && !matches!(answer.id, Id::Unconfirmed { .. });
        if !answer.succeeded && !state.doubted && changed && !displaced {
            state.breaks(Broken::HalfDone);
        }
        // A rename that fails gives back what it took, even if the taking had no answer.
        let renaming = matches!(request.verb, Verb::Update { .. })
            && state.stack.life.change == Change::ProviderName;
        let adrift = state.before.holds_identifier() && !state.cognito.holds_identifier();
        if !answer.succeeded && renaming && adrift && !state.since.died && !displaced {
            state.breaks(Broken::HalfDone);
        }
        // What one delivery leaves in doubt another may know for certain.
        let certain = !doubt && outcomes.iter().all(|outcome| !is_other(*outcome));
        if answer.succeeded || certain {
            let mut again = state.cognito;
            let now = state.now();
            let second = self.decisions.deliver(delivery, &mut again, now);
            let same = second.is_some_and(|second| {
                (second.succeeded, second.id) == (answer.succeeded, answer.id)
            });
            if !same || again.settled() != state.cognito.settled() {
                state.breaks(Broken::NotIdempotent);
            }
        }
    }
}

const fn is_other(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Other { .. })
}

/// Whether an answer carries an id that it must not.
fn misnamed(request: &Request, answer: Answer) -> bool {
    match request.verb {
        Verb::Create if answer.succeeded => answer.id != Id::Provider(request.properties.name),
        Verb::Create => matches!(answer.id, Id::Provider(_) | Id::Generated),
        // What an Update makes in place of a failed Create may be in doubt as well.
        Verb::Update { .. } if matches!(request.id, Id::NotCreated | Id::Generated) => {
            !answer.succeeded
                && answer.id != request.id
                && !matches!(answer.id, Id::Unconfirmed { .. })
        }
        Verb::Update { .. } => !answer.succeeded && answer.id != request.id,
        Verb::Delete => answer.id != request.id,
    }
}

/// Whether the pool is as a request that succeeded wanted it.
fn met(state: &State, request: &Request) -> bool {
    let wanted = request.properties;
    let lives = |cognito: &Cognito| match state.stack.current.0 {
        Id::Provider(name) => cognito.get(name).is_some(),
        _ => false,
    };
    if state.stack.stage == Stage::CleanUp && lives(&state.before) && !lives(&state.cognito) {
        return false;
    }
    match (request.verb, request.id) {
        (Verb::Delete, Id::Provider(name)) => state.cognito.get(name).is_none(),
        (Verb::Delete, _) => true,
        _ => state.cognito.get(wanted.name).is_some_and(|found| {
            found.owner != Owner::Theirs
                && found.seen.kind == wanted.kind
                && found.seen.secret == wanted.secret_from(state.read)
                && found.seen.identifier == wanted.identifier
        }),
    }
}
