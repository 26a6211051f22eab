//! Whose a provider is that exists under the name to which another is renamed.

use super::*;
use crate::provider::{Location, Source};

fn not_found() -> Outcome {
    Err(failure(CallErrorKind::NotFound, false))
}

/// The declared provider, whose `client_secret` comes from a source.
fn with_secret(secret: &str, identifiers: &[&str]) -> Declared {
    let mut declared = declared("Renamed", identifiers);
    let details = [("client_id", "client-1"), ("client_secret", secret)];
    declared.provider.details = Details::from_iter(details);
    let location = Location::Parameter {
        name: "secret".to_owned(),
    };
    let source = Source {
        location,
        json_key: None,
    };
    declared.sources = [("client_secret".to_owned(), source)].into();
    declared
}

/// A rename to a name that a provider has, created at this time.
fn rename_onto(found: &Declared, created: i64) -> Step {
    let intent = Intent::Update {
        physical_id: id("eu-west-1_Pool|Corp"),
        declared: with_secret("secret", &[]),
        previous: Previous::default(),
    };
    let (_, plan) = called(start(intent, at(SINCE)));
    let (look, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, false))));
    assert!(matches!(look, Call::Describe(id) if id.name == "Renamed"));
    plan.resume(Ok(Output::Provider(observed(found, created))))
}

/// The same, where it has the inline values that are declared, and the old provider is looked at.
fn dated(found: &Declared, created: i64, old: Outcome) -> Step {
    let (look, plan) = called(rename_onto(found, created));
    assert!(matches!(look, Call::Describe(id) if id.name == "Corp"));
    plan.resume(old)
}

fn old(created: i64) -> Output {
    Output::Provider(observed(&declared("Corp", &[]), created))
}

fn is_left(step: Step) {
    let answer = answered(step);
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    assert!(reason(answer).contains("and was not changed"));
}

#[test]
fn a_provider_that_is_not_younger_than_the_old_one_is_taken_back() {
    let same = with_secret("secret", &[]);
    for created in [SINCE - 61, SINCE - 60] {
        let answer = answered(dated(&same, created, Ok(old(SINCE - 60))));
        assert_eq!(answer.physical_id, "eu-west-1_Pool|Renamed");
        assert_eq!(
            answer.result.unwrap().summary,
            "restored the previous provider"
        );
    }
    is_left(dated(&same, SINCE - 59, Ok(old(SINCE - 60))));
}

#[test]
fn a_provider_that_is_taken_back_gets_the_values_that_are_declared() {
    for found in [
        with_secret("secret", &["by.hand"]),
        with_secret("another secret", &[]),
    ] {
        let (update, _) = called(dated(&found, SINCE - 61, Ok(old(SINCE - 60))));
        assert!(matches!(update, Call::Update { id, .. } if id.name == "Renamed"));
    }
}

#[test]
fn without_the_old_provider_the_secrets_tell_whose_a_provider_is() {
    let same = with_secret("secret", &[]);
    assert!(
        answered(dated(&same, SINCE - 60, not_found()))
            .result
            .is_ok()
    );
    // Its identifiers may have moved.
    let moved = with_secret("secret", &["by.hand"]);
    let (update, _) = called(dated(&moved, SINCE - 60, not_found()));
    assert!(matches!(update, Call::Update { .. }));
    let another = with_secret("another secret", &[]);
    is_left(dated(&another, SINCE - 60, not_found()));
}

#[test]
fn a_provider_is_left_where_the_old_one_cannot_be_looked_at() {
    let same = with_secret("secret", &[]);
    let step = dated(&same, SINCE - 60, Err(failure(CallErrorKind::Other, false)));
    let answer = answered(step);
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    assert_eq!(
        reason(answer),
        "why. Describing the old provider failed: why"
    );
}

#[test]
fn a_provider_with_other_inline_values_is_left_without_a_look_at_the_old_one() {
    let mut other = with_secret("secret", &[]);
    other.provider.details = Details::from_iter([("client_id", "client-2")]);
    is_left(rename_onto(&other, SINCE - 61));
    let mut other = with_secret("secret", &[]);
    other.provider.kind = ProviderType::Google;
    is_left(rename_onto(&other, SINCE - 61));
}

#[test]
fn the_age_of_an_old_provider_that_was_seen_tells_whose_the_other_is() {
    for (created, is_taken_back) in [(SINCE - 61, true), (SINCE - 60, true), (SINCE - 59, false)] {
        let (_, plan) = called(rename());
        let old = observed(&declared("Corp", &["a.example"]), SINCE - 60);
        let (_, plan) = called(plan.resume(Ok(Output::Provider(old))));
        let (_, plan) = called(plan.resume(Ok(Output::Nothing)));
        let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, false))));
        let found = observed(&declared("Renamed", &[]), created);
        let (update, _) = called(plan.resume(Ok(Output::Provider(found))));
        // The other provider is changed, or the old one gets its identifier back.
        let name = if is_taken_back { "Renamed" } else { "Corp" };
        assert!(
            matches!(update, Call::Update { id, .. } if id.name == name),
            "{created}"
        );
    }
}

#[test]
fn an_identifier_that_is_taken_is_told_from_a_name_that_is_taken() {
    let (_, plan) = called(replace());
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, false))));
    assert_eq!(
        reason(answered(plan.resume(not_found()))),
        "why. No provider has this name, so another provider in the pool must hold one of the \
         declared IdpIdentifiers"
    );
}

#[test]
fn a_rename_that_is_undone_names_the_provider_that_may_hold_its_identifiers() {
    let intent = Intent::Update {
        physical_id: id("eu-west-1_Pool|Corp"),
        declared: declared("Corp", &["a.example"]),
        previous: Previous {
            id: Some("eu-west-1_Pool|Renamed".parse().unwrap()),
            ..Previous::default()
        },
    };
    let (_, plan) = called(start(intent, at(SINCE)));
    let (create, plan) = called(plan.resume(not_found()));
    assert!(matches!(create, Call::Create(_)));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, false))));
    let reason = reason(answered(plan.resume(not_found())));
    assert!(reason.contains(
        "Identity provider eu-west-1_Pool|Renamed, which the previous request may have created"
    ));
}

#[test]
fn a_provider_of_another_type_is_not_the_one_that_an_update_confirms() {
    let previous = || Previous {
        kind: Some(ProviderType::Google),
        details: Details::from_iter([("client_id", "client-1")]),
        ..Previous::default()
    };
    let mut made = observed(&declared("Corp", &[]), SINCE + 5);
    made.kind = "Google".to_owned();
    assert!(answered(confirm(previous(), made)).result.is_err());
}

#[test]
fn what_an_earlier_update_of_the_create_has_made_is_confirmed_at_any_time_since() {
    for (created, is_confirmed) in [(SINCE, true), (SINCE + 599, true), (SINCE - 1, false)] {
        let mut made = observed(&declared("Corp", &[]), created);
        made.modified += 1;
        let step = confirm(Previous::default(), made);
        assert_eq!(matches!(step, Step::Call(..)), is_confirmed, "{created}");
    }
}

#[test]
fn what_the_create_cannot_have_made_in_its_time_is_not_confirmed() {
    let previous = || Previous {
        details: Details::from_iter([("client_id", "client-0")]),
        ..Previous::default()
    };
    for (created, is_confirmed) in [(SINCE, true), (SINCE - 1, false)] {
        let mut made = observed(&declared("Corp", &[]), created);
        made.details = Details::from_iter([("client_id", "client-0")]);
        let step = confirm(previous(), made);
        assert_eq!(matches!(step, Step::Call(..)), is_confirmed, "{created}");
    }
}
