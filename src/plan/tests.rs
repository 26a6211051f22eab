//! The paths that are decided by time, which are awkward to reach from outside.

use super::*;
use crate::provider::ProviderType;

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
        adopt_existing: false,
    }
}

fn observed(declared: &Declared, created: i64) -> Observed {
    Observed {
        kind: declared.provider.kind.as_str().to_owned(),
        details: declared.provider.details.clone(),
        members: declared.provider.members.clone(),
        created,
        creation_date: String::new(),
        last_modified_date: String::new(),
    }
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
    called(start(intent, SINCE)).1
}

fn rename() -> Step {
    let intent = Intent::Update {
        physical_id: "eu-west-1_Pool|Corp".to_owned(),
        declared: declared("Renamed", &["a.example"]),
        previous: Previous {
            members: declared("Corp", &["a.example"]).provider.members,
            ..Previous::default()
        },
    };
    start(intent, SINCE)
}

#[test]
fn a_create_that_ran_out_of_time_in_flight_is_described_in_closing() {
    let (call, plan) = called(create().resume(Err(failure(FailureKind::Other, false))));
    assert!(matches!(call, Call::Describe(_)));
    assert!(plan.is_closing());
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
    let answer = answered(plan.resume(Ok(Some(older))));
    assert_eq!(answer.physical_id, "not-created/r-1");
    assert_eq!(answer.result.unwrap_err(), "why");
}

#[test]
fn a_create_in_doubt_stays_unconfirmed_if_what_is_there_is_young_and_different() {
    // It may be ours, changed by somebody in between.
    let (_, plan) = called(create().resume(Err(failure(FailureKind::Other, false))));
    let young = observed(&declared("Corp", &["b.example"]), SINCE);
    let answer = answered(plan.resume(Ok(Some(young))));
    assert!(answer.physical_id.starts_with("unconfirmed/"));
}

#[test]
fn a_duplicate_after_a_doubt_is_settled_by_the_age_of_what_is_there() {
    for (created, id) in [
        (SINCE - 1, "not-created/r-1".to_owned()),
        (SINCE, format!("unconfirmed/{SINCE}/eu-west-1_Pool|Corp")),
    ] {
        let (_, plan) = called(create().resume(Err(failure(FailureKind::Duplicate, false))));
        assert!(!plan.is_closing());
        let other = observed(&declared("Corp", &["b.example"]), created);
        assert_eq!(answered(plan.resume(Ok(Some(other)))).physical_id, id);
    }
}

#[test]
fn identifiers_go_back_in_closing_when_the_create_ran_out_of_time() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example", "kept.example"]), 0);
    let (release, plan) = called(plan.resume(Ok(Some(old))));
    assert!(matches!(release, Call::Update { members, .. }
        if members.idp_identifiers == Some(vec!["kept.example".to_owned()])));
    assert!(!plan.is_closing());
    let (_, plan) = called(plan.resume(Ok(None)));
    // The create was not sent any more.
    let (restore, plan) = called(plan.resume(Err(failure(FailureKind::Other, true))));
    assert!(
        matches!(restore, Call::Update { id, details: None, members }
        if id.name == "Corp"
            && members.idp_identifiers
                == Some(vec!["a.example".to_owned(), "kept.example".to_owned()]))
    );
    assert!(plan.is_closing());
    let answer = answered(plan.resume(Ok(None)));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
}

#[test]
fn identifiers_of_a_provider_deleted_meanwhile_do_not_go_back() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example"]), 0);
    let (_, plan) = called(plan.resume(Ok(Some(old))));
    let (call, plan) = called(plan.resume(Err(failure(FailureKind::NotFound, true))));
    assert!(matches!(call, Call::Create(_)));
    let answer = answered(plan.resume(Err(failure(FailureKind::Other, true))));
    assert_eq!(answer.physical_id, "eu-west-1_Pool|Corp");
}

#[test]
fn a_replacement_in_doubt_puts_back_after_it_has_looked() {
    let (_, plan) = called(rename());
    let old = observed(&declared("Corp", &["a.example"]), 0);
    let (_, plan) = called(plan.resume(Ok(Some(old))));
    let (_, plan) = called(plan.resume(Ok(None)));
    let (look, plan) = called(plan.resume(Err(failure(FailureKind::Other, false))));
    assert!(matches!(look, Call::Describe(id) if id.name == "Renamed"));
    let (restore, plan) = called(plan.resume(Err(failure(FailureKind::NotFound, true))));
    assert!(matches!(restore, Call::Update { id, .. } if id.name == "Corp"));
    assert!(plan.is_closing());
}
