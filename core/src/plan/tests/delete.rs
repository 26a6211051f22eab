//! What is deleted, and what is left.

use super::*;

/// A Delete that came in at once, or half a minute late.
fn delete(physical_id: &str, is_late: bool) -> Step {
    let intent = Intent::Delete {
        physical_id: id(physical_id),
        described: Some(declared("Corp", &[])),
    };
    let received_ms = if is_late { SINCE + 30 } else { SINCE } * 1_000;
    let timing = Timing {
        received_ms,
        ..at(SINCE)
    };
    start(intent, timing)
}

const PROVIDER: &str = "eu-west-1_Pool|Corp";

fn done(step: Step) -> &'static str {
    let answer = answered(step);
    let success = answer.result.unwrap();
    assert!(success.provider.is_none());
    success.summary
}

fn not_found() -> Outcome {
    Err(failure(CallErrorKind::NotFound, false))
}

fn found(created: i64) -> Output {
    Output::Provider(observed(&declared("Corp", &[]), created))
}

#[test]
fn a_provider_is_deleted_at_once() {
    let (call, plan) = called(delete(PROVIDER, false));
    assert!(matches!(call, Call::Delete(id) if id.name == "Corp"));
    assert_eq!(done(plan.resume(Ok(Output::Nothing))), "deleted");
}

#[test]
fn a_provider_that_is_gone_is_as_good_as_deleted() {
    let (_, plan) = called(delete(PROVIDER, false));
    assert_eq!(
        done(plan.resume(not_found())),
        "nothing to delete: already gone"
    );
    let (_, plan) = called(delete(PROVIDER, true));
    assert_eq!(
        done(plan.resume(not_found())),
        "nothing to delete: already gone"
    );
}

#[test]
fn a_delete_that_fails_says_why() {
    for is_late in [false, true] {
        let (_, plan) = called(delete(PROVIDER, is_late));
        let answer = answered(plan.resume(Err(failure(CallErrorKind::Other, false))));
        assert_eq!(answer.physical_id, PROVIDER);
        assert_eq!(reason(answer), "why");
    }
}

#[test]
fn a_late_delete_leaves_a_provider_that_was_created_after_it() {
    let (look, plan) = called(delete(PROVIDER, true));
    assert!(matches!(look, Call::Describe(_)));
    assert_eq!(
        done(plan.resume(Ok(found(SINCE + 5)))),
        "nothing deleted: the provider of that name was created after this request"
    );
    let (_, plan) = called(delete(PROVIDER, true));
    let (call, _) = called(plan.resume(Ok(found(SINCE - 60))));
    assert!(matches!(call, Call::Delete(_)));
}

#[test]
fn a_delete_that_waited_looks_before_another_attempt() {
    let (_, plan) = called(delete(PROVIDER, false));
    let (look, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, false))));
    assert!(matches!(look, Call::Describe(_)));
    let (call, _) = called(plan.resume(Ok(found(SINCE - 60))));
    assert!(matches!(call, Call::Delete(_)));
}

#[test]
fn ids_that_name_no_provider_delete_nothing() {
    for (physical_id, said) in [
        ("not-created/r-1", "nothing to delete: never created"),
        (
            "my-handler/1",
            "nothing to delete: another handler issued the physical id",
        ),
    ] {
        assert_eq!(done(delete(physical_id, true)), said);
    }
}

#[test]
fn properties_of_another_provider_say_nothing_about_an_unconfirmed_one() {
    let physical_id = format!("unconfirmed/{SINCE}/eu-west-1_Pool|Other");
    let (_, plan) = called(delete(&physical_id, false));
    assert_eq!(
        done(plan.resume(Ok(found(SINCE)))),
        "nothing deleted: the provider of that name does not belong to this resource"
    );
}
