//! A provider that is changed in place.

use super::*;
use crate::provider::{Location, Source};

fn other(in_doubt: bool) -> Outcome {
    Err(failure(CallErrorKind::Other, in_doubt))
}

fn cannot_ask() -> Outcome {
    other(false)
}

/// An Update in place that came in at once, or half a minute late.
fn update(declared: Declared, previous: Previous, is_late: bool) -> Step {
    let intent = Intent::Update {
        physical_id: id("eu-west-1_Pool|Corp"),
        declared,
        previous,
    };
    let received_ms = if is_late { SINCE + 30 } else { SINCE } * 1_000;
    let timing = Timing {
        received_ms,
        ..at(SINCE)
    };
    start(intent, timing)
}

fn wanted() -> Declared {
    declared("Corp", &["a.example"])
}

/// The provider with this identifier, changed at this time.
fn found(identifier: &str, modified: i64) -> Observed {
    Observed {
        modified: modified * 1_000,
        ..observed(&declared("Corp", &[identifier]), SINCE - 60)
    }
}

fn is_update(step: Step) -> bool {
    matches!(called(step).0, Call::Update { .. })
}

/// A late Update that finds this.
fn late(found: Observed) -> Step {
    let (look, plan) = called(update(wanted(), Previous::default(), true));
    assert!(matches!(look, Call::Describe(_)));
    plan.resume(Ok(Output::Provider(found)))
}

#[test]
fn an_update_looks_first_only_where_it_may_take_away_or_may_not_be_the_only_one() {
    assert!(is_update(update(wanted(), Previous::default(), false)));
    let of_kind = |kind| Previous {
        kind: Some(kind),
        ..Previous::default()
    };
    let same = of_kind(ProviderType::Oidc);
    assert!(is_update(update(wanted(), same, false)));
    let another = of_kind(ProviderType::Saml);
    assert!(!is_update(update(wanted(), another, false)));
    let mut mapped = Previous::default();
    mapped.members.attribute_mapping = Some([("a".to_owned(), "b".to_owned())].into());
    assert!(!is_update(update(wanted(), mapped, false)));
    assert!(!is_update(update(wanted(), Previous::default(), true)));
}

#[test]
fn a_provider_of_another_type_is_not_changed() {
    let other = Observed {
        kind: "SAML".to_owned(),
        ..found("b.example", SINCE - 60)
    };
    assert_eq!(
        reason(answered(late(other))),
        "the type of identity provider eu-west-1_Pool|Corp cannot be changed from SAML to OIDC: \
         choose another ProviderName"
    );
}

#[test]
fn an_unchanged_provider_is_updated_even_if_it_looks_as_declared() {
    assert!(is_update(late(found("b.example", SINCE - 60))));
    assert!(is_update(late(found("a.example", SINCE - 60))));
}

#[test]
fn a_provider_changed_after_the_request_is_left_if_it_is_as_declared() {
    let answer = answered(late(found("a.example", SINCE + 5)));
    assert_eq!(answer.result.unwrap().summary, "already as declared");
}

#[test]
fn a_provider_changed_after_the_request_is_overwritten_only_if_the_request_is_the_last() {
    for (answer, goes_on) in [
        (cannot_ask(), false),
        (
            Ok(Output::StackResource(StackResource {
                superseded: false,
                physical_id: None,
                ..StackResource::default()
            })),
            true,
        ),
    ] {
        let (ask, plan) = called(late(found("b.example", SINCE + 5)));
        assert!(matches!(ask, Call::StackResource(_)));
        match plan.resume(answer) {
            Step::Call(update, _) => assert!(goes_on && matches!(*update, Call::Update { .. })),
            Step::Answer(answer) => {
                assert!(!goes_on);
                assert!(reason(answer).starts_with("identity provider"));
            }
        }
    }
}

#[test]
fn a_value_from_a_source_that_differs_is_written_without_a_question() {
    let mut with_secret = wanted();
    with_secret.provider.details =
        Details::from_iter([("client_id", "client-1"), ("client_secret", "new")]);
    let location = Location::Parameter {
        name: "secret".to_owned(),
    };
    let source = Source {
        location,
        json_key: None,
    };
    with_secret.sources = [("client_secret".to_owned(), source)].into();
    for (identifier, client, is_written) in [
        ("a.example", "client-1", true),
        ("b.example", "client-1", false),
        ("a.example", "client-2", false),
    ] {
        let mut found = found(identifier, SINCE + 5);
        found.details = Details::from_iter([("client_id", client), ("client_secret", "old")]);
        let (_, plan) = called(update(with_secret.clone(), Previous::default(), true));
        let step = plan.resume(Ok(Output::Provider(found)));
        assert_eq!(is_update(step), is_written, "{identifier} {client}");
    }
}

/// The previous properties of an Update that this one undoes.
fn undone() -> Previous {
    Previous {
        details: Details::from_iter([("client_id", "client-2")]),
        ..Previous::default()
    }
}

#[test]
fn a_rollback_that_saw_the_provider_before_undoes_what_comes_late_without_a_question() {
    for (previous, is_undone) in [(undone(), true), (Previous::default(), false)] {
        let (_, plan) = called(update(wanted(), previous, true));
        // The other Update is not applied yet.
        let (_, plan) = called(plan.resume(Ok(Output::Provider(found("a.example", SINCE - 60)))));
        let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, false))));
        let step = plan.resume(Ok(Output::Provider(found("b.example", SINCE + 5))));
        assert_eq!(is_update(step), is_undone);
    }
}

#[test]
fn the_rollback_of_a_failed_rename_overwrites_without_a_question() {
    let of = |name: &str| Previous {
        id: Some(format!("eu-west-1_Pool|{name}").parse().unwrap()),
        ..Previous::default()
    };
    for (name, is_rollback) in [("Renamed", true), ("Corp", false)] {
        let (_, plan) = called(update(wanted(), of(name), true));
        let step = plan.resume(Ok(Output::Provider(found("b.example", SINCE + 5))));
        assert_eq!(is_update(step), is_rollback, "{name}");
    }
}

#[test]
fn members_of_properties_that_were_refused_or_of_another_provider_take_nothing_away() {
    let members = || Members {
        attribute_mapping: Some([("a".to_owned(), "b".to_owned())].into()),
        ..Members::default()
    };
    let refused = Previous {
        members: members(),
        is_refused: true,
        ..Previous::default()
    };
    assert!(is_update(update(wanted(), refused, false)));
    let of_another = Previous {
        id: Some("eu-west-1_Pool|Renamed".parse().unwrap()),
        members: members(),
        ..Previous::default()
    };
    assert!(is_update(update(wanted(), of_another, false)));
}

#[test]
fn a_provider_that_is_gone_is_created_again_at_once_or_after_a_question() {
    let gone = || Err(failure(CallErrorKind::NotFound, false));
    let (_, plan) = called(update(wanted(), Previous::default(), false));
    let (create, _) = called(plan.resume(gone()));
    assert!(matches!(create, Call::Create(_)));
    // A look that is not late, because it may take something away.
    let of_another_kind = Previous {
        kind: Some(ProviderType::Saml),
        ..Previous::default()
    };
    let (_, plan) = called(update(wanted(), of_another_kind, false));
    let (create, _) = called(plan.resume(gone()));
    assert!(matches!(create, Call::Create(_)));
    let (_, plan) = called(update(wanted(), Previous::default(), true));
    let (ask, plan) = called(plan.resume(gone()));
    assert!(matches!(ask, Call::StackResource(_)));
    let (create, _) = called(plan.resume(cannot_ask()));
    assert!(matches!(create, Call::Create(_)));
    // An attempt has waited.
    let (_, plan) = called(update(wanted(), Previous::default(), false));
    let (look, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, false))));
    assert!(matches!(look, Call::Describe(_)));
    let (ask, plan) = called(plan.resume(gone()));
    assert!(matches!(ask, Call::StackResource(_)));
    let superseded = Output::StackResource(StackResource {
        superseded: true,
        physical_id: None,
        ..StackResource::default()
    });
    let reason = reason(answered(plan.resume(Ok(superseded))));
    assert!(
        reason.starts_with("why. Not retried: this request was superseded"),
        "{reason}"
    );
}

#[test]
fn an_update_fails_where_the_provider_cannot_be_looked_at() {
    let (_, plan) = called(update(wanted(), Previous::default(), true));
    assert_eq!(reason(answered(plan.resume(other(false)))), "why");
    let (_, plan) = called(update(wanted(), Previous::default(), false));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::RetryDue, false))));
    assert_eq!(
        reason(answered(plan.resume(other(false)))),
        "why. Not retried: why"
    );
}

/// An Update that failed, and finds this.
fn verified(declared: Declared, previous: Previous, found: Observed) -> Answer {
    let (update, plan) = called(update(declared, previous, false));
    assert!(matches!(update, Call::Update { .. }));
    let (look, plan) = called(plan.resume(other(true)));
    assert!(matches!(look, Call::Describe(_)));
    assert_eq!(plan.phase(), Phase::Verify);
    answered(plan.resume(Ok(Output::Provider(found))))
}

#[test]
fn an_update_that_failed_is_done_if_the_provider_is_as_declared() {
    let done = |found| verified(wanted(), Previous::default(), found).result;
    assert_eq!(
        done(found("a.example", SINCE - 60)).unwrap().summary,
        "already as declared, although Cognito refused the update"
    );
    assert_eq!(
        done(found("b.example", SINCE - 60)).unwrap_err().as_str(),
        "why"
    );
    let mut other_client = found("a.example", SINCE - 60);
    other_client.details = Details::from_iter([("client_id", "client-2")]);
    assert_eq!(done(other_client).unwrap_err().as_str(), "why");
}

#[test]
fn an_update_that_failed_is_done_only_if_the_key_that_is_never_returned_is_the_same() {
    let with_key = |key: &str| Details::from_iter([("private_key", key)]);
    let location = Location::Parameter {
        name: "key".to_owned(),
    };
    let source = Source {
        location,
        json_key: None,
    };
    let sources: Sources = [("private_key".to_owned(), source)].into();
    for (before, sources, is_done) in [
        ("key", Sources::new(), true),
        ("another key", Sources::new(), false),
        ("key", sources, false),
    ] {
        let mut declared = wanted();
        declared.provider.details = with_key("key");
        declared.sources = sources;
        let previous = Previous {
            details: with_key(before),
            ..Previous::default()
        };
        let mut found = found("a.example", SINCE - 60);
        found.details = Details::default();
        let answer = verified(declared, previous, found);
        assert_eq!(answer.result.is_ok(), is_done, "{before}");
    }
}

#[test]
fn an_identifier_that_is_taken_names_the_provider_that_an_undone_rename_has_made() {
    let previous = |name: &str| Previous {
        id: Some(format!("eu-west-1_Pool|{name}").parse().unwrap()),
        ..Previous::default()
    };
    for (name, kind, is_named) in [
        ("Renamed", CallErrorKind::Duplicate, true),
        ("Renamed", CallErrorKind::Other, false),
        ("Corp", CallErrorKind::Duplicate, false),
    ] {
        let (_, plan) = called(update(wanted(), previous(name), false));
        let (_, plan) = called(plan.resume(Err(failure(kind, false))));
        let reason = reason(answered(plan.resume(other(false))));
        assert_eq!(
            reason.contains("eu-west-1_Pool|Renamed, which the previous request may have created"),
            is_named
        );
    }
}

#[test]
fn a_value_that_came_from_a_source_before_is_not_shown() {
    for (declares, is_shown) in [(true, true), (false, false)] {
        let mut declared = wanted();
        if !declares {
            declared.provider.details = Details::default();
        }
        let previous = Previous {
            sources: ["client_id".to_owned()].into(),
            ..Previous::default()
        };
        let (_, plan) = called(update(declared, previous, false));
        let updated = Ok(Output::Provider(found("a.example", SINCE)));
        let success = answered(plan.resume(updated)).result.unwrap();
        let (_, observed) = success.provider.unwrap();
        let shown = observed.unwrap().details.public("client_id").is_some();
        assert_eq!(shown, is_shown);
    }
}

#[test]
fn members_declared_before_are_taken_away_and_those_set_by_hand_stay() {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut declared = wanted();
    declared.provider.members = Members::default();
    let previous = Previous {
        // Its details were applied.
        details: declared.provider.details.clone(),
        members: Members {
            attribute_mapping: Some([text("email", "mail"), text("name", "cn")].into()),
            idp_identifiers: Some(vec!["a.example".to_owned()]),
            acr_mapping: Some([text("Level1", "one")].into()),
        },
        ..Previous::default()
    };
    let mut found = found("a.example", SINCE - 60);
    found.members = Members {
        attribute_mapping: Some([text("email", "mail"), text("name", "by hand")].into()),
        idp_identifiers: Some(vec!["a.example".to_owned(), "by.hand".to_owned()]),
        acr_mapping: Some([text("Level1", "one"), text("Level2", "by hand")].into()),
    };
    let (look, plan) = called(update(declared, previous, false));
    assert!(matches!(look, Call::Describe(_)));
    let (update, _) = called(plan.resume(Ok(Output::Provider(found))));
    let Call::Update { members, .. } = update else {
        panic!("{update:?}");
    };
    let left = Members {
        attribute_mapping: Some([text("name", "by hand")].into()),
        idp_identifiers: Some(vec!["by.hand".to_owned()]),
        acr_mapping: Some([text("Level2", "by hand")].into()),
    };
    assert_eq!(members, left);
}
