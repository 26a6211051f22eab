//! What is promised, and what has to be seen for the promises to mean anything.

use stateright::Property;

use crate::{
    cloudformation::{Beginning, Change, Stage},
    cognito::Owner,
    execution::Verb,
    state::{Action, Broken, Model, State},
    symbols::Id,
};

pub(crate) const UNTOUCHED: &str = "what the stack neither made nor adopted is never touched";
pub(crate) const NOTHING_LEFT: &str = "nothing is left behind, unless an answer said so";
pub(crate) const ANSWERED: &str = "every execution that lives comes to an answer";
pub(crate) const IDS: &str = "a failed create names no provider, other failures repeat the id";
pub(crate) const IDEMPOTENT: &str = "applying twice is applying once";
pub(crate) const MET: &str = "success means what was asked for";
pub(crate) const UNDOABLE: &str = "a request whose calls succeed succeeds";
pub(crate) const OVERTAKEN: &str =
    "a request that was cancelled changes nothing after its rollback";
pub(crate) const KEPT: &str = "what an answer names is deleted by no other delivery of its request";
pub(crate) const WHOLE: &str = "a refused request changes nothing";

impl stateright::Model for Model {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.beginnings()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        self.follow(state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(UNTOUCHED, |_, state| holds(state, Broken::Harm)),
            Property::always(NOTHING_LEFT, |_, state: &State| {
                let over = state.over && state.runs.is_empty() && state.in_flight.is_none();
                !over || state.warned || !state.cognito.holds(Owner::Made)
            }),
            Property::always(ANSWERED, |_, state| holds(state, Broken::Endless)),
            Property::always(IDS, |_, state| holds(state, Broken::Misnamed)),
            Property::always(IDEMPOTENT, |_, state| holds(state, Broken::NotIdempotent)),
            Property::always(MET, |_, state| holds(state, Broken::HollowSuccess)),
            Property::always(UNDOABLE, |_, state| holds(state, Broken::NeedlessFailure)),
            Property::always(OVERTAKEN, |_, state| holds(state, Broken::Overwritten)),
            Property::always(KEPT, |_, state| holds(state, Broken::Undone)),
            Property::always(WHOLE, |_, state| holds(state, Broken::HalfDone)),
        ];
        properties.extend(sights());
        properties
    }
}

fn holds(state: &State, broken: Broken) -> bool {
    !state.broken.contains(&broken)
}

/// What is to be seen somewhere: a model in which nothing happens keeps every promise.
fn sights() -> [Property<Model>; 9] {
    [
        Property::sometimes("a provider is created", |_, state: &State| {
            succeeded(state, Stage::Create)
        }),
        Property::sometimes("a provider is adopted", |_, state: &State| {
            succeeded(state, Stage::Create) && state.before != crate::cognito::Cognito::default()
        }),
        Property::sometimes("a rename is undone", |_, state: &State| {
            succeeded(state, Stage::Undo)
                && state.answer.map(|answer| answer.id) != Some(state.stack.request.id)
        }),
        Property::sometimes("an unconfirmed create is undone", |_, state: &State| {
            succeeded(state, Stage::Delete)
                && matches!(state.stack.request.id, Id::Unconfirmed { .. })
                && state.before.holds(Owner::Made)
                && !state.cognito.holds(Owner::Made)
        }),
        Property::sometimes(
            "an Update is cancelled while it waits",
            |_, state: &State| state.is_haunted() && state.stack.stage == Stage::Undo,
        ),
        Property::sometimes(
            "a rename is undone after its source changed",
            |_, state: &State| {
                let stack = &state.stack;
                stack.life.sourced
                    && stack.life.change == Change::ProviderName
                    && state.rotations == 0
                    && succeeded(state, Stage::Undo)
            },
        ),
        Property::sometimes("what was confirmed is updated", |_, state: &State| {
            state.stack.life.beginning == Beginning::UpdateAfterFailure
                && succeeded(state, Stage::Update)
        }),
        Property::sometimes("an event is delivered twice", |_, state: &State| {
            state.deliveries == 2 && state.answer.is_some_and(|answer| answer.succeeded)
        }),
        Property::sometimes(
            "a replacement fails and is warned of",
            |_, state: &State| {
                state.warned && matches!(state.stack.request.verb, Verb::Update { .. })
            },
        ),
    ]
}

fn succeeded(state: &State, at: Stage) -> bool {
    state.stack.stage == at && state.answer.is_some_and(|answer| answer.succeeded)
}
