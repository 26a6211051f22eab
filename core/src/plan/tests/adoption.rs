//! A provider that exists is taken over by an Update, which may fail or have to wait.

use super::*;

fn adopting() -> Declared {
    Declared {
        adopt_existing: true,
        ..declared("Corp", &["a.example"])
    }
}

/// A Create with `AdoptExisting` that finds a provider of the name.
fn adopt(declared: Declared, found: Observed) -> Step {
    let intent = Intent::Create {
        declared,
        request_id: "r-1".to_owned(),
    };
    let (_, plan) = called(start(intent, at(SINCE)));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, false))));
    plan.resume(Ok(Output::Provider(found)))
}

/// The provider before it is adopted.
fn before() -> Observed {
    observed(&declared("Corp", &["b.example"]), SINCE - 60)
}

/// The provider as it is declared, changed a second later.
fn changed_to(declared: &Declared) -> Observed {
    Observed {
        modified: before().modified + 1_000,
        ..observed(declared, SINCE - 60)
    }
}

/// The Update that adopts the provider, under way.
fn adopting_update() -> Plan {
    let (update, plan) = called(adopt(adopting(), before()));
    assert!(matches!(update, Call::Update { .. }));
    plan
}

#[test]
fn a_provider_of_the_same_type_is_adopted_by_an_update_to_what_is_declared() {
    let (update, plan) = called(adopt(adopting(), before()));
    let Call::Update {
        id,
        details,
        members,
    } = update
    else {
        panic!("{update:?}");
    };
    assert_eq!(id.name, "Corp");
    assert_eq!(details.unwrap().expose("client_id"), Some("client-1"));
    assert_eq!(members, adopting().provider.members);
    let answer = answered(plan.resume(Ok(Output::Provider(changed_to(&adopting())))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    assert_eq!(answer.result.unwrap().summary, "adopted");
}

#[test]
fn a_provider_of_another_type_is_not_adopted() {
    let found = Observed {
        kind: "SAML".to_owned(),
        ..before()
    };
    let answer = answered(adopt(adopting(), found));
    assert_eq!(answer.physical_id, "not-created/r-1");
    assert!(reason(answer).ends_with(
        "It cannot be adopted as OIDC: its type is SAML, and Cognito cannot change a provider's type"
    ));
}

#[test]
fn an_adoption_whose_answer_was_lost_succeeds_if_the_provider_is_as_declared() {
    for (found, is_adopted) in [(changed_to(&adopting()), true), (before(), false)] {
        let lost = Err(failure(CallErrorKind::Other, true));
        let (look, plan) = called(adopting_update().resume(lost));
        assert!(matches!(look, Call::Describe(_)));
        assert_eq!(plan.phase(), Phase::Verify);
        let answer = answered(plan.resume(Ok(Output::Provider(found))));
        assert_eq!(answer.result.is_ok(), is_adopted);
        if let Err(reason) = answer.result {
            assert_eq!(answer.physical_id, "not-created/r-1");
            assert_eq!(
                reason.as_str(),
                "why. The provider may or may not have been changed"
            );
        }
    }
}

#[test]
fn an_adoption_that_was_refused_is_said_to_have_changed_nothing() {
    let refused = Err(failure(CallErrorKind::Other, false));
    let (_, plan) = called(adopting_update().resume(refused));
    let answer = answered(plan.resume(Ok(Output::Provider(before()))));
    assert_eq!(reason(answer), "why");
}

#[test]
fn a_key_that_cognito_never_returns_may_not_have_been_changed() {
    let mut with_key = adopting();
    let key = ("private_key", "key");
    with_key.provider.details = Details::from_iter([key]);
    let (_, plan) = called(adopt(with_key.clone(), before()));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, true))));
    let found = changed_to(&with_key);
    assert!(compare::holds(&with_key.provider, &found));
    let answer = answered(plan.resume(Ok(Output::Provider(found))));
    assert!(answer.result.is_err());
}

#[test]
fn a_confirmation_that_failed_is_not_taken_for_done() {
    // The clean-up of the unconfirmed id would delete what was not changed since it was made.
    let made = observed(&declared("Corp", &[]), SINCE);
    let (_, plan) = called(confirm(Previous::default(), made.clone()));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, false))));
    let answer = answered(plan.resume(Ok(Output::Provider(made))));
    assert!(answer.result.is_err());
}

/// An adoption that has waited, and finds this.
fn waited(found: Outcome) -> Step {
    let (look, plan) =
        called(adopting_update().resume(Err(failure(CallErrorKind::RetryDue, false))));
    assert!(matches!(look, Call::Describe(_)));
    assert_eq!(plan.phase(), Phase::Apply);
    plan.resume(found)
}

#[test]
fn an_adoption_that_waited_is_done_if_an_attempt_has_changed_the_provider() {
    let found = changed_to(&adopting());
    let answer = answered(waited(Ok(Output::Provider(found))));
    assert_eq!(answer.result.unwrap().summary, "adopted");
}

#[test]
fn an_adoption_that_waited_is_not_done_by_what_was_there_before() {
    // The provider is as declared, but for what Cognito does not show.
    let as_declared = observed(&adopting(), SINCE - 60);
    let (_, plan) = called(adopt(adopting(), as_declared.clone()));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, false))));
    let (ask, _) = called(plan.resume(Ok(Output::Provider(as_declared))));
    assert!(matches!(ask, Call::StackResource(_)));
}

#[test]
fn an_adoption_that_waited_stops_where_another_has_changed_the_provider_and_nobody_can_be_asked() {
    let by_another = Observed {
        modified: before().modified + 1_000,
        ..before()
    };
    let cannot_ask = || Err(failure(CallErrorKind::Other, false));
    for (found, goes_on) in [(before(), true), (by_another, false)] {
        let (ask, plan) = called(waited(Ok(Output::Provider(found))));
        assert!(matches!(ask, Call::StackResource(_)));
        match plan.resume(cannot_ask()) {
            Step::Call(update, _) => {
                assert!(goes_on && matches!(*update, Call::Update { .. }));
            }
            Step::Answer(answer) => {
                assert!(!goes_on);
                assert!(reason(answer).starts_with("why. Not retried: identity provider"));
            }
        }
    }
}

#[test]
fn an_adoption_that_waited_fails_if_the_provider_cannot_be_looked_at() {
    let answer = answered(waited(Err(failure(CallErrorKind::Other, false))));
    assert_eq!(answer.physical_id, "not-created/r-1");
    assert_eq!(reason(answer), "why. Not retried: why");
}
