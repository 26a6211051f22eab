//! What holds, whatever happens within the assumptions.

use crate::{
    assumptions::Assumptions,
    exploration::{Found, explore},
};

/// The larger walks find 56,000, 245,000 and 345,000 states. Should there be far fewer one day,
/// something keeps the model from going on.
const STATES: usize = 50_000;

fn holds(assumptions: Assumptions) -> Found {
    let found = explore(assumptions);
    assert_eq!(found.broken, [""; 0], "{}", found.ways);
    found
}

#[test]
fn all_promises_hold_through_three_faults() {
    let found = holds(Assumptions::promised(3, 0));
    assert_eq!(found.unseen, [""; 0]);
    assert!(found.states > STATES, "{}", found.states);
}

#[test]
fn all_promises_hold_through_two_faults_and_one_action_of_others() {
    let found = holds(Assumptions::promised(2, 1));
    assert_eq!(found.unseen, [""; 0]);
    assert!(found.states > STATES, "{}", found.states);
}

#[test]
fn all_promises_hold_through_one_fault_and_two_actions_of_others() {
    let found = holds(Assumptions::promised(1, 2));
    assert!(found.states > STATES, "{}", found.states);
}

#[test]
fn all_promises_hold_for_requests_that_are_hours_apart() {
    let mut assumptions = Assumptions::promised(2, 0);
    assumptions.tick = 4_000;
    holds(assumptions);
}

#[test]
fn all_promises_hold_for_deliveries_at_the_same_time_whose_calls_succeed() {
    // The second delivery is the mishap.
    let mut assumptions = Assumptions::promised(1, 0);
    assumptions.overlap = true;
    holds(assumptions);
}
