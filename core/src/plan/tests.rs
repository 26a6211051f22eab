//! The paths that are decided by time, which are awkward to reach from outside.

use super::*;
use crate::provider::{ProviderType, Sources, StringMap};

const SINCE: i64 = 1_795_330_800;

fn declared(name: &str, identifiers: &[&str]) -> Declared {
    Declared {
        provider: Provider {
            id: format!("eu-west-1_Pool|{name}").parse().unwrap(),
            kind: ProviderType::Oidc,
            details: Details::from_iter([("client_id", "client-1")]),
            members: Members {
                idp_identifiers: Some(identifiers.iter().map(ToString::to_string).collect()),
                ..Members::default()
            },
        },
        sources: Sources::new(),
        adopt_existing: false,
    }
}

fn observed(declared: &Declared, created: i64) -> Observed {
    Observed {
        kind: declared.provider.kind.as_str().to_owned(),
        details: declared.provider.details.clone(),
        members: declared.provider.members.clone(),
        created: created * 1_000,
        modified: created * 1_000,
        creation_date: String::new(),
        last_modified_date: String::new(),
    }
}

/// A request that came in as soon as it was issued.
const fn at(issued: i64) -> Timing {
    Timing {
        issued,
        received_ms: issued * 1_000 + 200,
        waited: false,
    }
}

fn id(text: &str) -> PhysicalId {
    PhysicalId::from(text)
}

fn failure(kind: FailureKind, settled: bool) -> Failure {
    Failure {
        kind,
        text: "why".to_owned(),
        settled,
    }
}

fn called(step: Step) -> (Call, Plan) {
    match step {
        Step::Call(call, plan) => (*call, plan),
        Step::Answer(answer) => panic!("{answer:?}"),
    }
}

fn answered(step: Step) -> Answer {
    match step {
        Step::Answer(answer) => answer,
        Step::Call(call, _) => panic!("{call:?}"),
    }
}

fn create() -> Plan {
    let intent = Intent::Create {
        declared: declared("Corp", &[]),
        request_id: "r-1".to_owned(),
    };
    called(start(intent, at(SINCE))).1
}

fn rename() -> Step {
    let intent = Intent::Update {
        physical_id: id("eu-west-1_Pool|Corp"),
        declared: declared("Renamed", &["a.example"]),
        previous: Previous {
            members: declared("Corp", &["a.example"]).provider.members,
            ..Previous::default()
        },
    };
    start(intent, at(SINCE))
}

fn replace() -> Step {
    let intent = Intent::Update {
        physical_id: id("eu-west-1_Pool|Corp"),
        declared: declared("Renamed", &[]),
        previous: Previous::default(),
    };
    start(intent, at(SINCE))
}

#[test]
fn a_create_that_ran_out_of_time_in_flight_is_described_in_closing() {
    let (call, plan) = called(create().resume(Err(failure(FailureKind::Other, false))));
    assert!(matches!(call, Call::Describe(_)));
    assert_eq!(plan.phase(), Phase::Settling);
    let answer = answered(plan.resume(Err(failure(FailureKind::NotFound, true))));
    assert_eq!(
        answer.physical_id,
        format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")
    );
}

#[test]
fn a_create_in_doubt_is_not_ours_if_what_is_there_is_older() {
    let (_, plan) = called(create().resume(Err(failure(FailureKind::Other, false))));
    let older = observed(&declared("Corp", &[]), SINCE - 1);
    let answer = answered(plan.resume(Ok(Output::Provider(older))));
    assert_eq!(answer.physical_id, "not-created/r-1");
    assert_eq!(answer.result.unwrap_err().as_str(), "why");
}

#[test]
fn a_create_in_doubt_stays_unconfirmed_if_what_is_there_is_young_and_different() {
    // It may be ours, changed by somebody in between.
    let (_, plan) = called(create().resume(Err(failure(FailureKind::Other, false))));
    let young = observed(&declared("Corp", &["b.example"]), SINCE);
    let answer = answered(plan.resume(Ok(Output::Provider(young))));
    assert!(answer.physical_id.starts_with("unconfirmed/"));
}

#[test]
fn a_duplicate_after_a_doubt_is_settled_by_the_age_of_what_is_there() {
    for (created, id) in [
        (SINCE - 1, "not-created/r-1".to_owned()),
        (SINCE, format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")),
    ] {
        let (_, plan) = called(create().resume(Err(failure(FailureKind::Duplicate, false))));
        assert_eq!(plan.phase(), Phase::Settling);
        let other = observed(&declared("Corp", &["b.example"]), created);
        assert_eq!(
            answered(plan.resume(Ok(Output::Provider(other)))).physical_id,
            id
        );
    }
}

#[test]
fn identifiers_go_back_in_closing_when_the_create_ran_out_of_time() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example", "kept.example"]), 0);
    let (release, plan) = called(plan.resume(Ok(Output::Provider(old))));
    assert!(matches!(release, Call::Update { members, .. }
        if members.idp_identifiers == Some(vec!["kept.example".to_owned()])));
    assert_eq!(plan.phase(), Phase::Work);
    let (_, plan) = called(plan.resume(Ok(Output::Nothing)));
    // The create was not sent any more.
    let (_, plan) = called(plan.resume(Err(failure(FailureKind::Other, true))));
    let (restore, plan) = called(plan.resume(Err(failure(FailureKind::NotFound, true))));
    assert!(
        matches!(restore, Call::Update { id, details: None, members }
        if id.name == "Corp"
            && members.idp_identifiers
                == Some(vec!["a.example".to_owned(), "kept.example".to_owned()]))
    );
    assert_eq!(plan.phase(), Phase::Closing);
    let answer = answered(plan.resume(Ok(Output::Nothing)));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
}

#[test]
fn identifiers_of_a_provider_deleted_meanwhile_do_not_go_back() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example"]), 0);
    let (_, plan) = called(plan.resume(Ok(Output::Provider(old))));
    let (call, plan) = called(plan.resume(Err(failure(FailureKind::NotFound, true))));
    assert!(matches!(call, Call::Create(_)));
    let (_, plan) = called(plan.resume(Err(failure(FailureKind::Other, true))));
    let answer = answered(plan.resume(Err(failure(FailureKind::NotFound, true))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
}

#[test]
fn a_replacement_in_doubt_puts_back_after_it_has_looked() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example"]), 0);
    let (_, plan) = called(plan.resume(Ok(Output::Provider(old))));
    let (_, plan) = called(plan.resume(Ok(Output::Nothing)));
    let (look, plan) = called(plan.resume(Err(failure(FailureKind::Other, false))));
    assert!(matches!(look, Call::Describe(id) if id.name == "Renamed"));
    let (restore, plan) = called(plan.resume(Err(failure(FailureKind::NotFound, true))));
    assert!(matches!(restore, Call::Update { id, .. } if id.name == "Corp"));
    assert_eq!(plan.phase(), Phase::Closing);
}

#[test]
fn a_duplicate_that_cannot_be_looked_at_may_be_ours() {
    // Of an earlier delivery of the same event, whose answer was lost.
    let (_, plan) = called(create().resume(Err(failure(FailureKind::Duplicate, true))));
    let answer = answered(plan.resume(Err(failure(FailureKind::Other, true))));
    assert!(answer.physical_id.starts_with("unconfirmed/"));
    assert_eq!(
        answer.result.unwrap_err().as_str(),
        "why; then why. It may have been created by this request"
    );
}

#[test]
fn a_replacement_that_this_request_made_is_answered_without_another_call() {
    // Were it updated first, and refused, the old id would go out and nothing would name the new
    // provider any more.
    for settled in [true, false] {
        let (_, plan) = called(replace());
        let (_, plan) = called(plan.resume(Err(failure(FailureKind::Duplicate, settled))));
        let made = observed(&declared("Renamed", &[]), SINCE);
        let answer = answered(plan.resume(Ok(Output::Provider(made))));
        assert_eq!(answer.physical_id, "eu-west-1_Pool|Renamed");
        assert!(answer.result.is_ok());
    }
}

#[test]
fn a_replacement_that_cannot_be_looked_at_says_that_it_may_be_there() {
    let (_, plan) = called(replace());
    let (_, plan) = called(plan.resume(Err(failure(FailureKind::Duplicate, false))));
    let answer = answered(plan.resume(Err(failure(FailureKind::Other, true))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    let reason = answer.result.unwrap_err();
    assert!(
        reason
            .as_str()
            .ends_with("It may have been created by this request")
    );
}

/// An Update of a create whose outcome is unknown, issued ten minutes after it, that finds a
/// provider of the name.
fn confirm(previous: Previous, found: Observed) -> Step {
    let intent = Intent::Update {
        physical_id: id(&format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")),
        declared: declared("Corp", &[]),
        previous,
    };
    let (_, plan) = called(start(intent, at(SINCE + 600)));
    let (_, plan) = called(plan.resume(Err(failure(FailureKind::Duplicate, true))));
    plan.resume(Ok(Output::Provider(found)))
}

#[test]
fn an_update_that_confirms_a_create_answers_its_own_id_and_touches_the_provider() {
    // The clean-up of the unconfirmed id deletes what was not changed since it was made.
    for created in [SINCE + 5, SINCE + 600] {
        let made = observed(&declared("Corp", &[]), created);
        let (update, plan) = called(confirm(Previous::default(), made.clone()));
        assert!(matches!(
            update,
            Call::Update {
                details: Some(_),
                ..
            }
        ));
        let answer = answered(plan.resume(Ok(Output::Provider(made))));
        assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
        assert!(answer.result.is_ok());
    }
}

#[test]
fn an_update_that_makes_an_unconfirmed_create_again_touches_what_it_made() {
    let intent = Intent::Update {
        physical_id: id(&format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")),
        declared: declared("Corp", &[]),
        previous: Previous::default(),
    };
    let (_, plan) = called(start(intent, at(SINCE + 600)));
    let made = observed(&declared("Corp", &[]), SINCE + 600);
    let (update, plan) = called(plan.resume(Ok(Output::Provider(made.clone()))));
    assert!(matches!(update, Call::Update { .. }));
    let answer = answered(plan.resume(Ok(Output::Provider(made))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
}

#[test]
fn an_update_that_confirms_a_create_may_change_what_it_made() {
    let previous = |client: &str| Previous {
        kind: Some(ProviderType::Oidc),
        details: Details::from_iter([("client_id", client)]),
        ..Previous::default()
    };
    let mut made = observed(&declared("Corp", &[]), SINCE + 5);
    made.details = Details::from_iter([("client_id", "client-0")]);
    let (update, _) = called(confirm(previous("client-0"), made.clone()));
    assert!(matches!(update, Call::Update { .. }));
    // It is another's if the create would have made another, or if it was changed since.
    let answer = answered(confirm(previous("client-2"), made.clone()));
    assert!(answer.result.is_err());
    made.modified += 1;
    let answer = answered(confirm(previous("client-0"), made));
    assert_eq!(
        answer.physical_id,
        format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")
    );
}

#[test]
fn what_is_done_stays_done_without_its_certificate() {
    let mut signing = declared("Corp", &[]);
    signing.provider.kind = ProviderType::Saml;
    signing.provider.details = Details::from_iter([("RequestSigningAlgorithm", "rsa-sha256")]);
    for (outcome, certificate) in [
        (Ok(Output::Certificate("MIIC".into())), Ok("MIIC".into())),
        (
            Ok(Output::Nothing),
            Err("Cognito returned none".to_owned().into()),
        ),
        (
            Err(failure(FailureKind::Other, false)),
            Err("why".to_owned().into()),
        ),
    ] {
        let intent = Intent::Create {
            declared: signing.clone(),
            request_id: "r-1".to_owned(),
        };
        let (_, plan) = called(start(intent, at(SINCE)));
        let made = observed(&signing, SINCE);
        let (call, plan) = called(plan.resume(Ok(Output::Provider(made))));
        assert!(matches!(call, Call::SigningCertificate(id) if id.name == "Corp"));
        assert_eq!(plan.phase(), Phase::Settling);
        let answer = answered(plan.resume(outcome));
        assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
        let success = answer.result.unwrap();
        assert_eq!(success.signing_certificate, Some(certificate));
        assert!(matches!(success.provider, Some((_, Some(_)))));
    }
}

#[test]
fn acr_mapping_is_cleared_for_oidc_only() {
    for (kind, cleared) in [(ProviderType::Oidc, true), (ProviderType::Saml, false)] {
        let mut desired = declared("Corp", &[]);
        desired.provider.kind = kind;
        let levels: StringMap = [("Level1".to_owned(), "one".to_owned())].into();
        let mut previous = Previous::default();
        previous.members.acr_mapping = Some(levels.clone());
        let mut found = observed(&desired, SINCE - 60);
        found.members.acr_mapping = Some(levels);
        let intent = Intent::Update {
            physical_id: id("eu-west-1_Pool|Corp"),
            declared: desired,
            previous,
        };
        let (first, plan) = called(start(intent, at(SINCE)));
        let Call::Update { members, .. } = (if cleared {
            assert!(matches!(first, Call::Describe(_)));
            called(plan.resume(Ok(Output::Provider(found)))).0
        } else {
            first
        }) else {
            panic!("not an Update");
        };
        assert_eq!(members.acr_mapping, cleared.then(StringMap::new));
    }
}

#[test]
fn an_unconfirmed_create_is_undone_only_within_its_time_and_unchanged() {
    let delete = || Intent::Delete {
        physical_id: id(&format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")),
        described: Some(declared("Corp", &[])),
    };
    // (created, modified, deleted)
    for (created, modified, deleted) in [
        (SINCE, SINCE, true),
        (SINCE + 3_600, SINCE + 3_600, true),
        (SINCE - 1, SINCE - 1, false),
        (SINCE + 3_601, SINCE + 3_601, false),
        (SINCE, SINCE + 1, false),
    ] {
        let (_, plan) = called(start(delete(), at(SINCE + 4_000)));
        let mut found = observed(&declared("Corp", &[]), created);
        found.modified = modified * 1_000;
        let step = plan.resume(Ok(Output::Provider(found)));
        assert_eq!(
            matches!(step, Step::Call(..)),
            deleted,
            "{created} {modified}"
        );
    }
}

#[test]
fn identifiers_that_the_new_provider_holds_tell_that_it_was_made() {
    for (found, id) in [
        (Some("a.example"), "eu-west-1_Pool|Renamed"),
        (None, "eu-west-1_Pool|Corp"),
    ] {
        let (_, plan) = called(rename());
        let old = observed(&declared("Corp", &["a.example"]), 0);
        let (_, plan) = called(plan.resume(Ok(Output::Provider(old))));
        let (_, plan) = called(plan.resume(Ok(Output::Nothing)));
        let (_, plan) = called(plan.resume(Err(failure(FailureKind::Other, false))));
        // The look at the new provider fails too, so that the identifiers go back.
        let (_, plan) = called(plan.resume(Err(failure(FailureKind::Other, true))));
        let (look, plan) = called(plan.resume(Err(failure(FailureKind::Duplicate, true))));
        assert!(matches!(look, Call::Describe(id) if id.name == "Renamed"));
        let made = observed(&declared("Renamed", &Vec::from_iter(found)), SINCE);
        let answer = answered(plan.resume(Ok(Output::Provider(made))));
        assert_eq!(answer.physical_id, id);
        assert_eq!(answer.result.is_ok(), found.is_some());
    }
}
