//! A create that has waited looks before it is tried again, and asks CloudFormation.

use super::*;

const STILL_WANTED: Result<(bool, Option<&str>), ()> = Ok((false, None));
const CANNOT_ASK: Result<(bool, Option<&str>), ()> = Err(());

/// What CloudFormation says: whether the request is superseded, and the physical id.
fn heard(answer: Result<(bool, Option<&str>), ()>) -> Outcome {
    let (superseded, physical_id) = answer.map_err(|()| failure(CallErrorKind::Other, false))?;
    Ok(Output::StackResource(StackResource {
        superseded,
        physical_id: physical_id.map(ToOwned::to_owned),
        ..StackResource::default()
    }))
}

fn waited(in_doubt: bool) -> Outcome {
    Err(failure(CallErrorKind::RetryDue, in_doubt))
}

/// Expects the question and answers it.
fn asked(step: Step, answer: Result<(bool, Option<&str>), ()>) -> Step {
    let (ask, plan) = called(step);
    assert!(matches!(ask, Call::StackResource(_)), "{ask:?}");
    plan.resume(heard(answer))
}

fn is_create(step: Step) -> bool {
    matches!(called(step).0, Call::Create(_))
}

/// A replacement whose create has waited, and that finds this of the old provider.
fn replacing(in_doubt: bool, old: Outcome) -> Step {
    let (_, plan) = called(replace());
    let (look, plan) = called(plan.resume(waited(in_doubt)));
    assert!(matches!(look, Call::Describe(id) if id.name == "Corp"));
    plan.resume(old)
}

fn old(created: i64, modified: i64) -> Output {
    let mut old = observed(&declared("Corp", &["a.example"]), created);
    old.modified = modified * 1_000;
    Output::Provider(old)
}

#[test]
fn a_replacement_goes_on_where_the_old_provider_is_unchanged_gone_or_anothers() {
    for found in [
        Ok(old(SINCE - 60, SINCE - 60)),
        Err(failure(CallErrorKind::NotFound, false)),
        Ok(old(SINCE + 5, SINCE + 5)),
    ] {
        assert!(is_create(asked(
            replacing(false, found.clone()),
            CANNOT_ASK
        )));
        assert!(is_create(asked(replacing(false, found), STILL_WANTED)));
    }
}

#[test]
fn a_replacement_goes_on_from_a_changed_provider_only_if_it_is_still_wanted() {
    let changed = || replacing(false, Ok(old(SINCE - 60, SINCE + 5)));
    assert!(is_create(asked(changed(), STILL_WANTED)));
    let answer = answered(asked(changed(), CANNOT_ASK));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    assert!(reason(answer).starts_with("why. Not retried: identity provider"));
}

#[test]
fn a_replacement_fails_where_the_old_provider_cannot_be_looked_at() {
    let step = replacing(true, Err(failure(CallErrorKind::Other, false)));
    assert_eq!(
        reason(answered(step)),
        "why. Not retried: why. The provider may or may not have been created"
    );
}

/// A rename that took an identifier off the old provider at this time, and whose create has waited.
fn renaming(released: i64) -> Plan {
    let (_, plan) = called(rename());
    let (release, plan) = called(plan.resume(Ok(old(SINCE - 60, SINCE - 60))));
    assert!(matches!(release, Call::Update { .. }));
    let (create, plan) = called(plan.resume(Ok(old(SINCE - 60, released))));
    assert!(matches!(create, Call::Create(_)));
    called(plan.resume(waited(false))).1
}

#[test]
fn what_a_rename_has_changed_itself_is_no_change_by_another() {
    let unchanged = renaming(SINCE + 5).resume(Ok(old(SINCE - 60, SINCE + 5)));
    assert!(is_create(asked(unchanged, CANNOT_ASK)));
    let changed = renaming(SINCE + 5).resume(Ok(old(SINCE - 60, SINCE + 6)));
    assert!(answered(asked(changed, CANNOT_ASK)).result.is_err());
}

#[test]
fn identifiers_that_a_rollback_has_put_back_are_not_put_back_again() {
    let (ask, plan) = called(renaming(SINCE + 5).resume(Ok(old(SINCE - 60, SINCE + 6))));
    assert!(matches!(ask, Call::StackResource(_)));
    assert!(answered(plan.resume(heard(CANNOT_ASK))).result.is_err());
    // Somebody has changed something else.
    let mut other = observed(&declared("Corp", &[]), SINCE - 60);
    other.modified = (SINCE + 6) * 1_000;
    let step = renaming(SINCE + 5).resume(Ok(Output::Provider(other)));
    let (restore, _) = called(asked(step, CANNOT_ASK));
    assert!(matches!(restore, Call::Update { id, .. } if id.name == "Corp"));
}

/// A replacement that is superseded while it waits, with the physical id of the resource.
fn superseded(in_doubt: bool, physical_id: Option<&str>) -> Step {
    let step = replacing(in_doubt, Ok(old(SINCE - 60, SINCE - 60)));
    asked(step, Ok((true, physical_id)))
}

#[test]
fn a_superseded_replacement_leaves_what_it_cannot_have_made_or_what_is_named() {
    for (in_doubt, physical_id) in [
        (false, Some("eu-west-1_Pool|Corp")),
        (true, Some("eu-west-1_Pool|Renamed")),
        (true, None),
    ] {
        let answer = answered(superseded(in_doubt, physical_id));
        assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
        let reason = reason(answer);
        assert!(
            reason.starts_with("why. Not retried: this request was superseded"),
            "{reason}"
        );
        let is_said = reason.ends_with("The provider may or may not have been created");
        assert_eq!(is_said, in_doubt);
    }
}

/// A superseded replacement that may have made a provider which nothing names, and finds this.
fn withdrawing(found: Observed) -> Step {
    let (look, plan) = called(superseded(true, Some("eu-west-1_Pool|Corp")));
    assert!(matches!(look, Call::Describe(id) if id.name == "Renamed"));
    assert_eq!(plan.phase(), Phase::Undo);
    plan.resume(Ok(Output::Provider(found)))
}

#[test]
fn a_superseded_replacement_deletes_what_it_has_made() {
    for (outcome, in_doubt) in [
        (Ok(Output::Nothing), false),
        (Err(failure(CallErrorKind::NotFound, false)), false),
        (Err(failure(CallErrorKind::Other, false)), true),
    ] {
        let made = observed(&declared("Renamed", &[]), SINCE);
        let (delete, plan) = called(withdrawing(made));
        assert!(matches!(delete, Call::Delete(id) if id.name == "Renamed"));
        assert_eq!(plan.phase(), Phase::Undo);
        let reason = reason(answered(plan.resume(outcome)));
        let is_said = reason.ends_with("The provider may or may not have been created");
        assert_eq!(is_said, in_doubt, "{reason}");
    }
}

#[test]
fn a_superseded_replacement_leaves_a_provider_that_it_has_not_made() {
    let older = observed(&declared("Renamed", &[]), SINCE - 60);
    let reason = reason(answered(withdrawing(older)));
    assert!(reason.ends_with("The provider may or may not have been created"));
}

/// An Update whose provider is gone, whose create has waited, and that finds this.
fn recreating(found: Outcome) -> Step {
    let intent = Intent::Update {
        physical_id: id("eu-west-1_Pool|Corp"),
        declared: declared("Corp", &["a.example"]),
        previous: Previous::default(),
    };
    let (_, plan) = called(start(intent, at(SINCE)));
    let (create, plan) = called(plan.resume(Err(failure(CallErrorKind::NotFound, false))));
    assert!(matches!(create, Call::Create(_)));
    let (look, plan) = called(plan.resume(waited(false)));
    assert!(matches!(look, Call::Describe(id) if id.name == "Corp"));
    plan.resume(found)
}

#[test]
fn a_provider_that_is_there_again_as_declared_is_not_created_again() {
    let answer = answered(recreating(Ok(old(SINCE + 5, SINCE + 5))));
    assert_eq!(answer.result.unwrap().summary, "already as declared");
}

#[test]
fn a_provider_that_is_there_again_and_differs_is_updated_only_if_that_is_still_wanted() {
    let differs = || {
        let other = observed(&declared("Corp", &["b.example"]), SINCE + 5);
        recreating(Ok(Output::Provider(other)))
    };
    let (update, _) = called(asked(differs(), STILL_WANTED));
    assert!(matches!(update, Call::Update { .. }));
    let answer = answered(asked(differs(), CANNOT_ASK));
    assert!(reason(answer).starts_with("why. Not retried: identity provider"));
}

#[test]
fn a_provider_that_is_still_gone_is_created_unless_the_request_is_superseded() {
    let gone = || recreating(Err(failure(CallErrorKind::NotFound, false)));
    assert!(is_create(asked(gone(), STILL_WANTED)));
    assert!(is_create(asked(gone(), CANNOT_ASK)));
    let answer = answered(asked(gone(), Ok((true, None))));
    assert!(reason(answer).ends_with("is gone"));
}

#[test]
fn a_provider_that_cannot_be_looked_at_is_not_created_again() {
    let answer = answered(recreating(Err(failure(CallErrorKind::Other, false))));
    assert_eq!(reason(answer), "why. Not retried: why");
}
