//! What is not promised, and why: each test drops one assumption and names the promises that
//! break. All others still hold.

use crate::{
    assumptions::Assumptions,
    exploration::explore,
    promises::{IDEMPOTENT, MET, NOTHING_LEFT, OVERTAKEN, UNDOABLE, UNTOUCHED, WHOLE},
};

/// Explores with one assumption dropped.
fn breaks(mishaps: u8, foreign: u8, drop: fn(&mut Assumptions), promises: &[&str]) {
    let mut assumptions = Assumptions::promised(mishaps, foreign);
    drop(&mut assumptions);
    let found = explore(assumptions);
    let mut promises = promises.to_vec();
    promises.sort_unstable();
    assert_eq!(found.broken, promises, "{}", found.ways);
}

#[test]
fn an_event_that_no_execution_answers_may_leave_a_provider() {
    // CloudFormation makes up an id for a Create, and undoes a rename with the old id.
    breaks(2, 0, |may| may.no_answer = true, &[NOTHING_LEFT]);
}

#[test]
fn a_create_that_is_cancelled_while_it_runs_may_leave_a_provider() {
    breaks(1, 0, |may| may.cancelled = true, &[NOTHING_LEFT]);
}

#[test]
fn an_update_that_is_cancelled_while_a_call_is_under_way_may_act_after_its_rollback() {
    let drop = |may: &mut Assumptions| may.cancelled_in_call = true;
    breaks(1, 0, drop, &[OVERTAKEN, NOTHING_LEFT, MET]);
}

#[test]
fn a_rollback_that_fails_while_the_cancelled_update_waits_may_be_overwritten() {
    // It has changed nothing by which the other could know of it.
    let drop = |may: &mut Assumptions| may.fails_while_haunted = true;
    breaks(3, 0, drop, &[OVERTAKEN, MET]);
}

#[test]
fn a_source_that_changes_between_deliveries_may_leave_a_provider() {
    // What the first delivery made is not what the second one reads.
    let drop = |may: &mut Assumptions| may.rotated_within = true;
    breaks(1, 0, drop, &[NOTHING_LEFT, UNDOABLE]);
}

#[test]
fn a_delivery_that_fails_after_another_died_may_leave_its_provider() {
    // It does not know of the other, and a refusal is a proof only for its own call.
    let drop = |may: &mut Assumptions| may.fails_after_death = true;
    breaks(2, 0, drop, &[NOTHING_LEFT]);
}

#[test]
fn an_event_delivered_again_after_its_failed_answer_may_leave_a_provider() {
    let drop = |may: &mut Assumptions| may.again_after_failure = true;
    breaks(2, 0, drop, &[NOTHING_LEFT, UNDOABLE]);
}

#[test]
fn simultaneous_deliveries_of_which_one_fails_may_leave_a_provider() {
    let drop = |may: &mut Assumptions| may.overlap = true;
    breaks(2, 0, drop, &[NOTHING_LEFT, UNDOABLE, WHOLE]);
}

#[test]
fn an_event_delivered_after_later_requests_acts_on_their_result() {
    let drop = |may: &mut Assumptions| may.late_deliveries = true;
    // While another waits for its certificate, it may undo what that has made.
    breaks(1, 0, drop, &[NOTHING_LEFT, UNDOABLE, OVERTAKEN, MET]);
}

#[test]
fn a_call_that_is_carried_out_after_later_requests_may_leave_a_provider() {
    // While an execution waits for its certificate, it may undo what that has made.
    let drop = |may: &mut Assumptions| may.applied_late = true;
    breaks(1, 0, drop, &[NOTHING_LEFT, MET, IDEMPOTENT, UNDOABLE]);
}

#[test]
fn a_provider_that_another_owner_creates_under_a_name_of_the_stack_counts_as_its_own() {
    let drop = |may: &mut Assumptions| may.names_reused = true;
    breaks(1, 1, drop, &[UNTOUCHED]);
}

#[test]
fn an_equal_provider_of_another_owner_counts_as_the_declared_one() {
    let drop = |may: &mut Assumptions| may.equal_by_others = true;
    breaks(1, 1, drop, &[UNTOUCHED, MET, UNDOABLE]);
}

#[test]
fn a_rename_to_the_name_of_a_provider_just_like_the_declared_one_takes_it_over() {
    // As it does when CloudFormation undoes a rename, which looks the same.
    let drop = |may: &mut Assumptions| may.equal_by_others = true;
    breaks(0, 0, drop, &[UNTOUCHED, MET, UNDOABLE]);
}

#[test]
fn an_unconfirmed_provider_that_others_change_may_be_left_behind() {
    let drop = |may: &mut Assumptions| may.changed_while_unconfirmed = true;
    breaks(1, 1, drop, &[NOTHING_LEFT]);
}

#[test]
fn a_rename_in_the_update_that_changes_over_from_another_handler_leaves_the_old_provider() {
    let drop = |may: &mut Assumptions| may.renamed_at_changeover = true;
    breaks(0, 0, drop, &[NOTHING_LEFT]);
}

#[test]
fn a_create_tried_again_within_the_hour_may_lose_its_provider_to_the_clean_up_of_the_first() {
    let drop = |may: &mut Assumptions| may.created_again = true;
    breaks(1, 0, drop, &[MET, UNDOABLE]);
}

#[test]
fn a_create_tried_again_after_the_hour_may_only_fail() {
    // The first one's provider is in the way.
    let drop = |may: &mut Assumptions| {
        may.created_again = true;
        may.tick = 4_000;
    };
    breaks(1, 0, drop, &[UNDOABLE]);
}

#[test]
fn an_update_that_carries_on_after_an_adoption_in_doubt_may_fail_or_leave_a_member() {
    // The provider is another's for all that is known, and its members may be the template's.
    let drop = |may: &mut Assumptions| may.changed_after_failure = true;
    breaks(1, 0, drop, &[MET, UNDOABLE]);
}
