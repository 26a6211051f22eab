//! An Apply, step by step.

use super::*;

fn apply(stack: StackKnowledge) -> Step {
    start(
        Intent::Apply {
            declared: declared("Corp", &[]),
            stack,
        },
        at(SINCE),
    )
}

fn why(step: Step) -> String {
    reason(answered(step))
}

/// What Describe finds of a provider that differs.
fn drifted(modified: i64) -> Output {
    let mut observed = observed(&declared("Corp", &["by-hand"]), SINCE - 60);
    observed.details = Details::from_iter([("client_id", "by-hand")]);
    observed.modified = modified;
    Output::Provider(observed)
}

fn busy(is_busy: bool, changed_ms: i64) -> Output {
    Output::StackResource(StackResource {
        is_busy,
        changed_ms,
        ..StackResource::default()
    })
}

#[test]
fn an_apply_describes_first_and_asks_cloudformation_only_if_the_event_names_a_stack() {
    let (describe, plan) = called(apply(StackKnowledge::Unknown));
    assert!(matches!(describe, Call::Describe(_)));
    assert!(!plan.looks_before_retry());
    let (update, plan) = called(plan.resume(Ok(drifted(0))));
    assert!(matches!(
        update,
        Call::Update {
            details: Some(_),
            ..
        }
    ));
    assert!(plan.looks_before_retry());

    let (_, plan) = called(apply(StackKnowledge::Stack));
    let (ask, plan) = called(plan.resume(Ok(drifted(0))));
    assert!(matches!(ask, Call::StackResource(_)));
    // Without a time of its own, the event cannot be older than a change.
    let (update, _) = called(plan.resume(Ok(busy(false, i64::MAX))));
    assert!(matches!(update, Call::Update { .. }));
}

#[test]
fn an_apply_stops_for_an_operation_of_the_stack_and_for_a_later_one() {
    let asked = |stack, answer: Output| {
        let (_, plan) = called(apply(stack));
        let (_, plan) = called(plan.resume(Ok(drifted(0))));
        plan.resume(Ok(answer))
    };
    assert!(why(asked(StackKnowledge::Stack, busy(true, 0))).starts_with("CloudFormation is"));
    // Without a description of the resource, nothing is changed.
    let not_known = "it is not known whether CloudFormation changes the provider now";
    assert_eq!(
        why(asked(StackKnowledge::Stack, Output::Nothing)),
        not_known
    );
    let since = StackKnowledge::StackSince(1_000);
    assert!(why(asked(since, busy(false, 1_001))).starts_with("superseded"));
    let (update, _) = called(asked(since, busy(false, 1_000)));
    assert!(matches!(update, Call::Update { .. }));
}

#[test]
fn a_retried_apply_stops_if_someone_else_has_changed_the_provider() {
    let retried = |modified, in_doubt| {
        let (_, plan) = called(apply(StackKnowledge::Unknown));
        let (_, plan) = called(plan.resume(Ok(drifted(10))));
        let retry = failure(CallErrorKind::RetryDue, in_doubt);
        let (describe, plan) = called(plan.resume(Err(retry)));
        assert!(matches!(describe, Call::Describe(_)));
        plan.resume(Ok(drifted(modified)))
    };
    assert!(matches!(called(retried(10, false)).0, Call::Update { .. }));
    assert_eq!(
        why(retried(11, true)),
        "why. Not retried: the provider was changed by someone else meanwhile"
    );
}

#[test]
fn an_apply_whose_response_was_lost_succeeds_if_the_provider_shows_it() {
    let verified = |found: Output| {
        let (_, plan) = called(apply(StackKnowledge::Unknown));
        let (_, plan) = called(plan.resume(Ok(drifted(10))));
        let (describe, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, true))));
        assert!(matches!(describe, Call::Describe(_)));
        assert_eq!(plan.phase(), Phase::Verify);
        plan.resume(Ok(found))
    };
    let mut made = observed(&declared("Corp", &[]), SINCE);
    made.modified = 11;
    let success = answered(verified(Output::Provider(made))).result.unwrap();
    assert!(success.is_applied());
    assert_eq!(
        why(verified(drifted(10))),
        "why. The provider may or may not have been changed"
    );
    // What was refused needs no look.
    let (_, plan) = called(apply(StackKnowledge::Unknown));
    let (_, plan) = called(plan.resume(Ok(drifted(10))));
    assert_eq!(
        why(plan.resume(Err(failure(CallErrorKind::Other, false)))),
        "why"
    );
}

#[test]
fn an_apply_creates_nothing_and_passes_other_errors_on() {
    let described = |outcome| {
        let (_, plan) = called(apply(StackKnowledge::Unknown));
        plan.resume(outcome)
    };
    let gone = "identity provider eu-west-1_Pool|Corp does not exist, and Apply creates none: \
                change Revision and deploy its stack";
    assert_eq!(
        why(described(Err(failure(CallErrorKind::NotFound, false)))),
        gone
    );
    assert_eq!(why(described(Ok(Output::Nothing))), gone);
    assert_eq!(
        why(described(Err(failure(CallErrorKind::Other, false)))),
        "why"
    );
    // Deleted between the two calls.
    let (_, plan) = called(described(Ok(drifted(0))));
    assert_eq!(
        why(plan.resume(Err(failure(CallErrorKind::NotFound, false)))),
        gone
    );
}

#[test]
fn a_key_that_is_never_returned_is_sent_once() {
    let wanted = || {
        let mut wanted = declared("Corp", &[]);
        wanted.provider.details = Details::from_iter([("private_key", "planted")]);
        wanted
    };
    let found = |modified| {
        let mut found = observed(&wanted(), SINCE);
        found.details = Details::default();
        found.modified = modified;
        Ok(Output::Provider(found))
    };
    let begun = || {
        let apply = Intent::Apply {
            declared: wanted(),
            stack: StackKnowledge::Unknown,
        };
        called(start(apply, at(SINCE))).1
    };
    let (update, plan) = called(begun().resume(found(10)));
    assert!(matches!(update, Call::Update { .. }));
    // An attempt in doubt that shows in the date has sent it; one that does not is made again.
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, true))));
    let success = answered(plan.resume(found(11))).result.unwrap();
    assert!(success.is_applied());
    for (in_doubt, modified) in [(true, 10), (false, 10)] {
        let (_, plan) = called(begun().resume(found(10)));
        let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, in_doubt))));
        assert!(matches!(
            called(plan.resume(found(modified))).0,
            Call::Update { .. }
        ));
    }
}
