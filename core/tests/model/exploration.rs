//! One walk over all that can happen, and what it found.

use std::fmt::Write as _;

use stateright::{Checker, Expectation, Model as _, Path};

use crate::{
    assumptions::Assumptions,
    state::{Action, Model, State},
};

/// What a walk found.
pub(crate) struct Found {
    /// States that differ.
    pub states: usize,
    /// The promises that were broken, in the order of the alphabet.
    pub broken: Vec<&'static str>,
    /// The sights that were not seen.
    pub unseen: Vec<&'static str>,
    /// For each broken promise the shortest way there.
    pub ways: String,
}

/// Walks everything that may happen under these assumptions.
pub(crate) fn explore(assumptions: Assumptions) -> Found {
    let checker = Model::new(assumptions).checker().spawn_bfs().join();
    assert!(checker.is_done());
    let mut found = Found {
        states: checker.unique_state_count(),
        broken: Vec::new(),
        unseen: Vec::new(),
        ways: String::new(),
    };
    let mut discoveries = checker.discoveries();
    for property in checker.model().properties() {
        match (property.expectation, discoveries.remove(property.name)) {
            (Expectation::Always, Some(path)) => {
                found.broken.push(property.name);
                write!(found.ways, "\n{}\n{}", property.name, way(path)).unwrap();
            }
            (Expectation::Sometimes, None) => found.unseen.push(property.name),
            _ => {}
        }
    }
    found.broken.sort_unstable();
    found
}

fn way(path: Path<State, Action>) -> String {
    let mut text = String::new();
    for (state, action) in path.into_vec() {
        let stack = &state.stack;
        let line = format!(
            "  {:?} {:?} {:?}: {:?} {:?} {:?} -> {action:?}\n",
            stack.stage,
            stack.request.id,
            stack.request.properties,
            state.cognito,
            state.answer,
            state.broken
        );
        text.push_str(&line);
    }
    text
}
