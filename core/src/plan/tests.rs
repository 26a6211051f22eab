//! Tests of paths that depend on time and are hard to reach from outside.

mod adoption;
mod apply;
mod before_retry;
mod calls;
mod comparison;
mod create;
mod delete;
mod drift;
mod in_place;
mod ownership;
mod replace;

use super::*;
use crate::{
    details::Details,
    provider::{Members, ProviderType, Sources, StringMap},
};

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

/// Returns the timing of a request that was received when it was issued.
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

fn failure(kind: CallErrorKind, in_doubt: bool) -> CallError {
    CallError {
        kind,
        text: "why".to_owned(),
        in_doubt,
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

/// Returns the reason of an answer that is FAILED.
fn reason(answer: Answer) -> String {
    answer.result.unwrap_err().to_string()
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
fn a_create_that_timed_out_in_flight_is_described() {
    let (call, plan) = called(create().resume(Err(failure(CallErrorKind::Other, true))));
    assert!(matches!(call, Call::Describe(_)));
    assert_eq!(plan.phase(), Phase::Verify);
    let answer = answered(plan.resume(Err(failure(CallErrorKind::NotFound, false))));
    assert_eq!(
        answer.physical_id,
        format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")
    );
}

#[test]
fn an_older_provider_is_not_the_work_of_a_create_in_doubt() {
    let (_, plan) = called(create().resume(Err(failure(CallErrorKind::Other, true))));
    let older = observed(&declared("Corp", &[]), SINCE - 1);
    let answer = answered(plan.resume(Ok(Output::Provider(older))));
    assert_eq!(answer.physical_id, "not-created/r-1");
    assert_eq!(reason(answer), "why");
}

#[test]
fn a_create_in_doubt_stays_unconfirmed_if_a_newer_provider_differs() {
    // It may be this request's own provider, changed meanwhile.
    let (_, plan) = called(create().resume(Err(failure(CallErrorKind::Other, true))));
    let young = observed(&declared("Corp", &["b.example"]), SINCE);
    let answer = answered(plan.resume(Ok(Output::Provider(young))));
    assert!(answer.physical_id.starts_with("unconfirmed/"));
}

#[test]
fn a_duplicate_after_a_create_in_doubt_is_judged_by_the_age_of_the_provider() {
    for (created, id) in [
        (SINCE - 1, "not-created/r-1".to_owned()),
        (SINCE, format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")),
    ] {
        let (_, plan) = called(create().resume(Err(failure(CallErrorKind::Duplicate, true))));
        assert_eq!(plan.phase(), Phase::Verify);
        let other = observed(&declared("Corp", &["b.example"]), created);
        assert_eq!(
            answered(plan.resume(Ok(Output::Provider(other)))).physical_id,
            id
        );
    }
}

#[test]
fn identifiers_are_restored_when_the_create_times_out() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example", "kept.example"]), 0);
    let (release, plan) = called(plan.resume(Ok(Output::Provider(old))));
    assert!(matches!(release, Call::Update { members, .. }
        if members.idp_identifiers == Some(vec!["kept.example".to_owned()])));
    assert_eq!(plan.phase(), Phase::Apply);
    let (_, plan) = called(plan.resume(Ok(Output::Nothing)));
    // The create was not sent again.
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, false))));
    let (restore, plan) = called(plan.resume(Err(failure(CallErrorKind::NotFound, false))));
    assert!(
        matches!(restore, Call::Update { id, details: None, members }
        if id.name == "Corp"
            && members.idp_identifiers
                == Some(vec!["a.example".to_owned(), "kept.example".to_owned()]))
    );
    assert_eq!(plan.phase(), Phase::Undo);
    let answer = answered(plan.resume(Ok(Output::Nothing)));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
}

#[test]
fn identifiers_of_a_deleted_provider_are_not_restored() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example"]), 0);
    let (_, plan) = called(plan.resume(Ok(Output::Provider(old))));
    let (call, plan) = called(plan.resume(Err(failure(CallErrorKind::NotFound, false))));
    assert!(matches!(call, Call::Create(_)));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, false))));
    let answer = answered(plan.resume(Err(failure(CallErrorKind::NotFound, false))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
}

#[test]
fn a_replacement_in_doubt_is_described_before_identifiers_are_restored() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example"]), 0);
    let (_, plan) = called(plan.resume(Ok(Output::Provider(old))));
    let (_, plan) = called(plan.resume(Ok(Output::Nothing)));
    let (look, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, true))));
    assert!(matches!(look, Call::Describe(id) if id.name == "Renamed"));
    let (restore, plan) = called(plan.resume(Err(failure(CallErrorKind::NotFound, false))));
    assert!(matches!(restore, Call::Update { id, .. } if id.name == "Corp"));
    assert_eq!(plan.phase(), Phase::Undo);
}

#[test]
fn a_duplicate_that_cannot_be_described_may_be_ours() {
    // An earlier delivery of the same event created it, and the response was lost.
    let (_, plan) = called(create().resume(Err(failure(CallErrorKind::Duplicate, false))));
    let answer = answered(plan.resume(Err(failure(CallErrorKind::Other, false))));
    assert!(answer.physical_id.starts_with("unconfirmed/"));
    assert_eq!(
        reason(answer),
        "why. Describing the existing provider failed: why. The existing provider may be the work of this request; it was left in place"
    );
}

#[test]
fn a_replacement_created_by_this_request_succeeds_without_another_call() {
    // If it were updated first and the update rejected, the answer would have the old id and orphan
    // the new provider.
    for in_doubt in [false, true] {
        let (_, plan) = called(replace());
        let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, in_doubt))));
        let made = observed(&declared("Renamed", &[]), SINCE);
        let answer = answered(plan.resume(Ok(Output::Provider(made))));
        assert_eq!(answer.physical_id, "eu-west-1_Pool|Renamed");
        assert!(answer.result.is_ok());
    }
}

#[test]
fn a_replacement_that_cannot_be_described_may_exist() {
    let (_, plan) = called(replace());
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, true))));
    let answer = answered(plan.resume(Err(failure(CallErrorKind::Other, false))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
    let reason = reason(answer);
    assert!(
        reason.as_str().ends_with(
            "The existing provider may be the work of this request; it was left in place"
        )
    );
}

/// Returns an Update that follows a Create of unknown outcome by ten minutes and finds a provider
/// with the name.
fn confirm(previous: Previous, found: Observed) -> Step {
    let intent = Intent::Update {
        physical_id: id(&format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")),
        declared: declared("Corp", &[]),
        previous,
    };
    let (_, plan) = called(start(intent, at(SINCE + 600)));
    let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, false))));
    plan.resume(Ok(Output::Provider(found)))
}

#[test]
fn a_confirming_update_returns_its_id_and_updates_the_provider() {
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
fn an_update_that_recreates_an_unconfirmed_provider_updates_it() {
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
fn a_confirming_update_may_change_the_created_provider() {
    let previous = |client: &str| Previous {
        kind: Some(ProviderType::Oidc),
        details: Details::from_iter([("client_id", client)]),
        ..Previous::default()
    };
    let mut made = observed(&declared("Corp", &[]), SINCE + 5);
    made.details = Details::from_iter([("client_id", "client-0")]);
    let (update, _) = called(confirm(previous("client-0"), made.clone()));
    assert!(matches!(update, Call::Update { .. }));
    // It belongs to another if it differs from the create's provider or was changed since.
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
fn a_missing_signing_certificate_does_not_fail_the_request() {
    let mut signing = declared("Corp", &[]);
    signing.provider.kind = ProviderType::Saml;
    signing.provider.details = Details::from_iter([("RequestSigningAlgorithm", "rsa-sha256")]);
    for (outcome, certificate) in [
        (Ok(Output::Certificate("MIIC".into())), Ok("MIIC".into())),
        (
            Ok(Output::Nothing),
            Err("Cognito returned no certificate".to_owned().into()),
        ),
        (
            Err(failure(CallErrorKind::Other, true)),
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
        assert_eq!(plan.phase(), Phase::Verify);
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
fn an_unconfirmed_provider_is_deleted_only_if_created_in_time_and_unchanged() {
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
fn identifiers_held_by_the_new_provider_prove_its_creation() {
    for (found, id) in [
        (Some("a.example"), "eu-west-1_Pool|Renamed"),
        (None, "eu-west-1_Pool|Corp"),
    ] {
        let (_, plan) = called(rename());
        let old = observed(&declared("Corp", &["a.example"]), 0);
        let (_, plan) = called(plan.resume(Ok(Output::Provider(old))));
        let (_, plan) = called(plan.resume(Ok(Output::Nothing)));
        let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, true))));
        // Describing the new provider fails too, so the identifiers are restored.
        let (_, plan) = called(plan.resume(Err(failure(CallErrorKind::Other, false))));
        let (look, plan) = called(plan.resume(Err(failure(CallErrorKind::Duplicate, false))));
        assert!(matches!(look, Call::Describe(id) if id.name == "Renamed"));
        let made = observed(&declared("Renamed", &Vec::from_iter(found)), SINCE);
        let answer = answered(plan.resume(Ok(Output::Provider(made))));
        assert_eq!(answer.physical_id, id);
        assert_eq!(answer.result.is_ok(), found.is_some());
    }
}
