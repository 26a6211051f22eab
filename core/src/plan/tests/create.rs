//! How a create ends, and what is said of it.

use super::*;

const IN_DOUBT: &str = "The provider may or may not have been created";

fn other(in_doubt: bool) -> Outcome {
    Err(failure(CallErrorKind::Other, in_doubt))
}

fn not_found() -> Outcome {
    Err(failure(CallErrorKind::NotFound, false))
}

/// A Create that came in half a minute after it was issued.
fn late_create() -> Plan {
    let intent = Intent::Create {
        declared: declared("Corp", &[]),
        request_id: "r-1".to_owned(),
    };
    let timing = Timing {
        received_ms: (SINCE + 30) * 1_000,
        ..at(SINCE)
    };
    called(start(intent, timing)).1
}

#[test]
fn a_create_that_was_refused_has_made_nothing() {
    let answer = answered(create().resume(other(false)));
    assert_eq!(answer.physical_id, "not-created/r-1");
    assert_eq!(reason(answer), "why");
}

#[test]
fn a_late_create_that_was_refused_may_have_made_the_provider_before() {
    let (look, plan) = called(late_create().resume(other(false)));
    assert!(matches!(look, Call::Describe(_)));
    let young = observed(&declared("Corp", &["by.hand"]), SINCE);
    let answer = answered(plan.resume(Ok(Output::Provider(young))));
    assert!(answer.physical_id.starts_with("unconfirmed/"));
    assert_eq!(
        reason(answer),
        "why. The provider may have been created by an earlier delivery of this request"
    );
}

#[test]
fn a_late_create_that_was_refused_has_made_nothing_that_is_older_or_not_there() {
    let older = observed(&declared("Corp", &[]), SINCE - 1);
    for found in [not_found(), Ok(Output::Provider(older))] {
        let (_, plan) = called(late_create().resume(other(false)));
        let answer = answered(plan.resume(found));
        assert_eq!(answer.physical_id, "not-created/r-1");
        assert_eq!(reason(answer), "why");
    }
}

#[test]
fn a_late_create_that_was_refused_and_cannot_look_may_have_made_the_provider() {
    let (_, plan) = called(late_create().resume(other(false)));
    let answer = answered(plan.resume(other(false)));
    assert!(answer.physical_id.starts_with("unconfirmed/"));
}

#[test]
fn a_replacement_that_was_refused_has_made_nothing_that_is_not_its_own() {
    let (look, plan) = called(called(replace()).1.resume(other(false)));
    assert!(matches!(look, Call::Describe(id) if id.name == "Renamed"));
    let mut young = observed(&declared("Renamed", &[]), SINCE);
    young.details = Details::from_iter([("client_id", "client-2")]);
    let answer = answered(plan.resume(Ok(Output::Provider(young))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    assert_eq!(reason(answer), "why");
}

#[test]
fn an_update_that_creates_again_and_is_refused_does_not_look() {
    let intent = Intent::Update {
        physical_id: id("eu-west-1_Pool|Corp"),
        declared: declared("Corp", &[]),
        previous: Previous::default(),
    };
    let (_, plan) = called(start(intent, at(SINCE)));
    let (_, plan) = called(plan.resume(not_found()));
    assert_eq!(reason(answered(plan.resume(other(false)))), "why");
}

#[test]
fn an_attempt_without_an_answer_leaves_a_doubt_that_later_attempts_do_not_remove() {
    for in_doubt in [true, false] {
        let (_, plan) = called(replace());
        let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, true))));
        let (_, plan) = called(plan.resume(not_found()));
        let gone_on = Output::StackResource(StackResource {
            superseded: false,
            physical_id: None,
            ..StackResource::default()
        });
        let (create, plan) = called(plan.resume(Ok(gone_on)));
        assert!(matches!(create, Call::Create(_)));
        let (look, plan) = called(plan.resume(other(in_doubt)));
        assert!(matches!(look, Call::Describe(_)));
        let reason = reason(answered(plan.resume(not_found())));
        assert_eq!(reason, format!("why. {IN_DOUBT}"));
    }
}

#[test]
fn what_an_update_creates_is_said_by_what_was_there_before() {
    let update = |physical_id: &str| Intent::Update {
        physical_id: id(physical_id),
        declared: declared("Corp", &[]),
        previous: Previous::default(),
    };
    let made = || Ok(Output::Provider(observed(&declared("Corp", &[]), SINCE)));
    let done = |step: Step| answered(step).result.unwrap().summary;
    assert_eq!(done(create().resume(made())), "created");
    let (_, plan) = called(start(update("not-created/r-0"), at(SINCE)));
    assert_eq!(done(plan.resume(made())), "created");
    // A create of another provider, which the clean-up deletes.
    let other = "unconfirmed/1/eu-west-1_Pool|Other";
    let (_, plan) = called(start(update(other), at(SINCE)));
    assert_eq!(done(plan.resume(made())), "created");
    let (_, plan) = called(start(update("eu-west-1_Pool|Corp"), at(SINCE)));
    let (_, plan) = called(plan.resume(not_found()));
    assert_eq!(done(plan.resume(made())), "created again");
    let (_, plan) = called(replace());
    assert_eq!(done(plan.resume(made())), "replaced");
}

#[test]
fn an_update_of_nothing_whose_create_had_no_answer_is_unconfirmed() {
    for (physical_id, is_unconfirmed) in [
        ("not-created/r-0", true),
        ("my-handler/1", false),
        ("unconfirmed/1/eu-west-1_Pool|Other", false),
    ] {
        let intent = Intent::Update {
            physical_id: id(physical_id),
            declared: declared("Corp", &[]),
            previous: Previous::default(),
        };
        let (_, plan) = called(start(intent.clone(), at(SINCE)));
        let (_, plan) = called(plan.resume(other(true)));
        let answer = answered(plan.resume(not_found()));
        let unconfirmed = format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp");
        assert_eq!(answer.physical_id == unconfirmed, is_unconfirmed);
        let (_, plan) = called(start(intent, at(SINCE)));
        assert_eq!(answered(plan.resume(other(false))).physical_id, physical_id);
    }
}

/// A rename whose create was refused, and whose identifiers are being put back.
fn restoring() -> Plan {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example"]), 0);
    let (_, plan) = called(plan.resume(Ok(Output::Provider(old))));
    let (_, plan) = called(plan.resume(Ok(Output::Nothing)));
    let (_, plan) = called(plan.resume(other(false)));
    let (restore, plan) = called(plan.resume(not_found()));
    assert!(matches!(restore, Call::Update { .. }));
    plan
}

#[test]
fn identifiers_that_were_not_put_back_are_mentioned() {
    let lost = "why. The IdpIdentifiers removed from the old provider could not be restored: why";
    let answer = answered(restoring().resume(other(false)));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    assert_eq!(reason(answer), lost);
    let answer = answered(restoring().resume(Ok(Output::Nothing)));
    assert_eq!(reason(answer), "why");
}
