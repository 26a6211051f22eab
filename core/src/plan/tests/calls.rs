//! What the handler has to know of a call beside its parameters.

use super::*;

#[test]
fn a_call_names_its_operation_and_its_provider() {
    let provider = declared("Corp", &[]).provider;
    let id = provider.id.clone();
    let update = Call::Update {
        id: id.clone(),
        details: None,
        members: Members::default(),
    };
    for (call, operation) in [
        (Call::Create(provider), "CreateIdentityProvider"),
        (Call::Describe(id.clone()), "DescribeIdentityProvider"),
        (update, "UpdateIdentityProvider"),
        (Call::Delete(id.clone()), "DeleteIdentityProvider"),
        (
            Call::SigningCertificate(id.clone()),
            "GetSigningCertificate",
        ),
        (Call::StackResource(id.clone()), "DescribeStackResource"),
    ] {
        assert_eq!(call.operation(), operation);
        assert_eq!(call.id(), &id);
    }
}

#[test]
fn the_provider_is_looked_at_again_before_another_attempt_to_change_it() {
    let looks_before_retry = |step: Step| called(step).1.looks_before_retry();
    assert!(looks_before_retry(update_in_place()));
    assert!(looks_before_retry(delete()));
    assert!(looks_before_retry(replace()));
    // One of the name that exists is confirmed by an Update.
    let made = observed(&declared("Corp", &[]), SINCE);
    assert!(looks_before_retry(confirm(Previous::default(), made)));
    // Made again, once it is gone.
    let (_, plan) = called(update_in_place());
    let gone = Err(failure(CallErrorKind::NotFound, false));
    assert!(looks_before_retry(plan.resume(gone)));
    // Identifiers are taken off the old provider.
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example"]), 0);
    assert!(looks_before_retry(plan.resume(Ok(Output::Provider(old)))));
}

#[test]
fn a_create_and_a_look_are_tried_again_as_they_are() {
    assert!(!create().looks_before_retry());
    let (look, plan) = called(rename());
    assert!(matches!(look, Call::Describe(_)));
    assert!(!plan.looks_before_retry());
}

#[test]
fn a_question_is_shown_with_its_provider_and_what_was_found() {
    let (_, plan) = called(replace());
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, false))));
    let gone = Err(failure(CallErrorKind::NotFound, false));
    let (_, plan) = called(plan.resume(gone));
    let shown = format!("{plan:?}");
    assert!(
        shown.contains("Question(") && shown.ends_with("Gone)))"),
        "{shown}"
    );
}

fn update_in_place() -> Step {
    let intent = Intent::Update {
        physical_id: id("eu-west-1_Pool|Corp"),
        declared: declared("Corp", &[]),
        previous: Previous::default(),
    };
    start(intent, at(SINCE))
}

fn delete() -> Step {
    let intent = Intent::Delete {
        physical_id: id("eu-west-1_Pool|Corp"),
        described: None,
    };
    start(intent, at(SINCE))
}
