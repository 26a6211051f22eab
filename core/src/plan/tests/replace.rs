//! What happens to the old provider before another replaces it.

use super::*;

fn waited() -> Outcome {
    Err(failure(CallErrorKind::RetryDue, false))
}

fn cannot_ask() -> Outcome {
    Err(failure(CallErrorKind::Other, false))
}

/// A rename in a pool that came in at once, or half a minute late, with the identifiers that the
/// previous properties declared.
fn rename_in(pool: &str, declared_before: &[&str], is_late: bool) -> Step {
    let intent = Intent::Update {
        physical_id: id(&format!("{pool}|Corp")),
        declared: declared("Renamed", &["a.example"]),
        previous: Previous {
            members: declared("Corp", declared_before).provider.members,
            ..Previous::default()
        },
    };
    let received_ms = if is_late { SINCE + 30 } else { SINCE } * 1_000;
    let timing = Timing {
        received_ms,
        ..at(SINCE)
    };
    start(intent, timing)
}

const POOL: &str = "eu-west-1_Pool";

/// The old provider with these identifiers, changed at this time.
fn old(identifiers: &[&str], modified: i64) -> Output {
    let mut old = observed(&declared("Corp", identifiers), SINCE - 60);
    old.modified = modified * 1_000;
    Output::Provider(old)
}

/// A late rename that finds this of the old provider.
fn late(found: Outcome) -> Step {
    let (look, plan) = called(rename_in(POOL, &["a.example"], true));
    assert!(matches!(look, Call::Describe(id) if id.name == "Corp"));
    plan.resume(found)
}

/// Expects the question, and goes on as if nobody could be asked.
fn unasked(step: Step) -> Step {
    let (ask, plan) = called(step);
    assert!(matches!(ask, Call::StackResource(_)), "{ask:?}");
    plan.resume(cannot_ask())
}

fn is_create(step: Step) -> bool {
    matches!(called(step).0, Call::Create(_))
}

#[test]
fn the_old_provider_is_looked_at_only_if_identifiers_move_or_the_request_is_late() {
    for (pool, declared_before, is_late, looks) in [
        (POOL, &["a.example"][..], false, true),
        (POOL, &["b.example"], false, false),
        ("eu-west-1_Other", &["a.example"], false, false),
        (POOL, &["b.example"], true, true),
    ] {
        let step = rename_in(pool, declared_before, is_late);
        assert_eq!(!is_create(step), looks, "{pool} {declared_before:?}");
    }
}

#[test]
fn identifiers_of_a_provider_in_another_pool_stay() {
    let (_, plan) = called(rename_in("eu-west-1_Other", &["a.example"], true));
    let step = unasked(plan.resume(Ok(old(&["a.example"], SINCE - 60))));
    assert!(is_create(step));
}

#[test]
fn a_rename_that_may_not_be_the_only_one_asks_before_it_creates() {
    assert!(is_create(unasked(late(Ok(old(&[], SINCE - 60))))));
    let (release, _) = called(unasked(late(Ok(old(&["a.example"], SINCE - 60)))));
    assert!(matches!(release, Call::Update { id, .. } if id.name == "Corp"));
    assert!(is_create(unasked(late(Err(failure(
        CallErrorKind::NotFound,
        false
    ))))));
}

#[test]
fn a_rename_stops_at_an_old_provider_that_another_request_has_changed() {
    let answer = answered(unasked(late(Ok(old(&["a.example"], SINCE + 5)))));
    assert!(reason(answer).starts_with("identity provider"));
    // Also if it is not late.
    let (_, plan) = called(rename_in(POOL, &["a.example"], false));
    let answer = answered(unasked(plan.resume(Ok(old(&["a.example"], SINCE + 5)))));
    assert!(reason(answer).starts_with("identity provider"));
}

#[test]
fn identifiers_that_are_off_the_old_provider_were_taken_by_this_request() {
    let (create, plan) = called(unasked(late(Ok(old(&["kept.example"], SINCE + 5)))));
    assert!(matches!(create, Call::Create(_)));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, false))));
    let (restore, _) = called(plan.resume(Err(failure(CallErrorKind::NotFound, false))));
    let all = vec!["kept.example".to_owned(), "a.example".to_owned()];
    assert!(matches!(restore, Call::Update { id, members, .. }
        if id.name == "Corp" && members.idp_identifiers == Some(all)));
}

#[test]
fn a_provider_of_the_old_name_that_is_younger_than_the_request_keeps_its_identifiers() {
    let younger = observed(&declared("Corp", &["a.example"]), SINCE + 5);
    assert!(is_create(unasked(late(Ok(Output::Provider(younger))))));
}

#[test]
fn a_rename_fails_where_the_old_provider_cannot_be_looked_at() {
    let answer = answered(late(Err(failure(CallErrorKind::Other, false))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    assert_eq!(reason(answer), "why");
}

/// A rename whose first Update, which takes an identifier off, ends so.
fn releasing(outcome: Outcome) -> Step {
    let (_, plan) = called(rename());
    let (release, plan) = called(plan.resume(Ok(old(&["a.example", "kept.example"], SINCE - 60))));
    assert!(matches!(release, Call::Update { .. }));
    plan.resume(outcome)
}

#[test]
fn a_refusal_to_take_identifiers_off_ends_the_rename() {
    let answer = answered(releasing(Err(failure(CallErrorKind::Other, false))));
    assert_eq!(reason(answer), "why");
}

#[test]
fn identifiers_that_may_be_off_the_old_provider_are_put_back() {
    let (restore, _) = called(releasing(Err(failure(CallErrorKind::Other, true))));
    let all = vec!["a.example".to_owned(), "kept.example".to_owned()];
    assert!(matches!(restore, Call::Update { members, .. }
        if members.idp_identifiers == Some(all)));
}

#[test]
fn an_attempt_to_take_identifiers_off_that_waited_looks_and_asks() {
    let (look, plan) = called(releasing(waited()));
    assert!(matches!(look, Call::Describe(id) if id.name == "Corp"));
    let (release, _) = called(unasked(plan.resume(Ok(old(&["a.example"], SINCE - 60)))));
    assert!(matches!(release, Call::Update { .. }));
    let (_, plan) = called(releasing(waited()));
    let answer = answered(unasked(plan.resume(Ok(old(&["a.example"], SINCE + 5)))));
    assert!(reason(answer).starts_with("why. Not retried: identity provider"));
}

#[test]
fn identifiers_that_an_attempt_without_an_answer_took_are_known_from_before_it() {
    let (_, plan) = called(releasing(waited()));
    let step = unasked(plan.resume(Ok(old(&["kept.example"], SINCE + 5))));
    let (create, plan) = called(step);
    assert!(matches!(create, Call::Create(_)));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, false))));
    let (restore, _) = called(plan.resume(Err(failure(CallErrorKind::NotFound, false))));
    let all = vec!["a.example".to_owned(), "kept.example".to_owned()];
    assert!(matches!(restore, Call::Update { members, .. }
        if members.idp_identifiers == Some(all)));
}

#[test]
fn identifiers_that_may_be_off_are_put_back_where_the_old_provider_cannot_be_looked_at() {
    let (_, plan) = called(releasing(waited()));
    let (restore, _) = called(plan.resume(Err(failure(CallErrorKind::Other, false))));
    assert!(matches!(restore, Call::Update { id, .. } if id.name == "Corp"));
}

#[test]
fn what_this_request_had_changed_before_it_was_delivered_again_is_no_change_by_another() {
    let off = || Ok(old(&["kept.example"], SINCE + 5));
    let (_, plan) = called(unasked(late(off())));
    let (look, plan) = called(plan.resume(waited()));
    assert!(matches!(look, Call::Describe(id) if id.name == "Corp"));
    assert!(is_create(unasked(plan.resume(off()))));
}
