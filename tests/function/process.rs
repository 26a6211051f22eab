//! What the process itself does: its log, its trust roots, its start outside of Lambda.

use std::{path::Path, process::Command, time::Duration};

use cfn_cognito_idp_support::{
    cognito::{Cognito, Fault},
    events,
    lambda::{Ended, Function},
    responses::{self, Responses},
    storm::{
        Kind,
        rollback::{Change, Mistake, rollback},
        storm,
    },
};
use serde_json::json;

use crate::world::{BINARY, ID, POOL, World, answer, error, oidc, with, with_detail};

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[tokio::test]
async fn a_log_line_is_json_with_the_outcome_and_the_provider() {
    let world = World::with(&[]).await;
    world.cognito.script("Create", [Fault::THROTTLED]);
    world.create(&oidc(POOL, "Corp")).await;
    let lines = world.log();
    let messages: Vec<&str> = lines
        .iter()
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert_eq!(messages, ["retrying", "created"]);
    for line in &lines {
        assert_eq!(
            line["span"],
            json!({
                "name": "request",
                "version": VERSION,
                "stack": events::STACK_ID,
                "logical_id": events::LOGICAL_ID,
                "request_id": events::REQUEST_ID,
                "pool": POOL,
                "provider": "Corp",
            })
        );
    }
    assert_eq!(lines[0]["error"], "TooManyRequestsException");
    assert_eq!(lines[0]["attempt"], 1);
    assert_eq!(lines[1]["physical_id"], ID);
}

#[tokio::test]
async fn the_saved_queries_name_fields_and_messages_of_the_log() {
    let template = include_str!("../../template.yaml");
    let world = World::with(&[]).await;
    world.cognito.script("Create", [Fault::THROTTLED]);
    world.create(&oidc(POOL, "Corp")).await;
    let span = &world.log()[0]["span"];
    let fields = template.split("span.").skip(1).map(|rest| {
        rest.split(|c: char| !c.is_ascii_lowercase() && c != '_')
            .next()
            .unwrap()
    });
    let mut count = 0;
    for field in fields {
        assert!(span.get(field).is_some(), "{field}");
        count += 1;
    }
    assert!(count > 10);

    error(world.invoke(json!({"junk": 1})).await);
    for line in [&world.log()[0], &world.log()[2]] {
        let message = line["message"].as_str().unwrap();
        let filter = format!("message = \"{message}\"");
        assert!(template.contains(&filter), "{filter}");
    }
}

#[tokio::test]
async fn a_line_about_an_event_without_a_response_names_its_stack_resource_and_provider() {
    let world = World::with(&[]).await;
    world.responses.script([responses::Fault::Status(403)]);
    let refused = events::create(&world.url(), &oidc(POOL, "Corp"));
    let elsewhere = events::delete("https://example.com/", ID, &oidc(POOL, "Corp"));
    let mut nowhere = elsewhere.clone();
    nowhere.as_object_mut().unwrap().remove("ResponseURL");
    for event in [refused, elsewhere, nowhere] {
        error(world.invoke(event).await);
        let line = world.log().pop().unwrap();
        assert_eq!(line["message"], "no response was sent to CloudFormation");
        let span = json!({
            "name": "request",
            "version": VERSION,
            "stack": events::STACK_ID,
            "logical_id": events::LOGICAL_ID,
            "request_id": events::REQUEST_ID,
            "pool": POOL,
            "provider": "Corp",
        });
        assert_eq!(line["span"], span);
    }
    // What an event does not tell is left out.
    error(world.invoke(json!({"junk": 1})).await);
    let line = world.log().pop().unwrap();
    assert_eq!(line["span"], json!({"name": "request", "version": VERSION}));
}

#[tokio::test]
async fn a_line_about_invalid_properties_names_what_is_valid_in_them() {
    let world = World::with(&[]).await;
    let invalid = with(&oidc(POOL, "Corp"), "ProviderType", json!("Oidc"));
    let long = with(&invalid, "ProviderName", json!("x".repeat(33)));
    let elsewhere = with(&invalid, "UserPoolId", json!("no pool"));
    for (properties, pool, provider) in [
        (invalid, json!(POOL), json!("Corp")),
        (long, json!(POOL), json!(null)),
        (elsewhere, json!(null), json!("Corp")),
    ] {
        world.create(&properties).await;
        let line = world.log().pop().unwrap();
        assert_eq!(line["status"], "FAILED");
        assert_eq!(line["span"]["pool"], pool);
        assert_eq!(line["span"]["provider"], provider);
    }
}

#[tokio::test]
async fn a_retried_put_names_its_host() {
    let world = World::with(&[]).await;
    world.responses.script([responses::Fault::Status(503)]);
    world
        .invoke(events::create(&world.url(), &oidc(POOL, "Corp")))
        .await;
    let line = world.log().pop().unwrap();
    assert_eq!(line["message"], "retrying");
    assert_eq!(line["host"], "127.0.0.1");
}

#[test]
fn the_version_is_printed() {
    let printed = Command::new(BINARY).arg("--version").output().unwrap();
    assert!(printed.status.success());
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(printed, format!("cfn-cognito-idp {VERSION}\n"));
}

#[tokio::test]
async fn the_log_level_of_lambda_is_kept_and_errors_name_their_request() {
    let world = World::with(&[("AWS_LAMBDA_LOG_LEVEL", "ERROR"), ("RUST_LOG", "")]).await;
    world.create(&oidc(POOL, "Corp")).await;
    let mut refused = oidc(POOL, "Corp");
    refused["ProviderType"] = "Oidc".into();
    world.create(&refused).await;
    error(world.invoke(json!({"junk": 1})).await);
    let lines = world.log();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["span"]["logical_id"], events::LOGICAL_ID);
    assert_eq!(lines[0]["status"], "FAILED");
    assert_eq!(
        lines[1]["error"],
        "the event has no ResponseURL, so it is not from CloudFormation, and its RequestType is neither Apply nor DetectDrift"
    );
}

/// Every test of this suite ends with a look for secrets in all that the function said, at the
/// level TRACE. Here it is the other levels, and the targets that would say the most.
#[tokio::test]
async fn no_level_of_logging_shows_a_secret() {
    let loud = "hyper=trace,reqwest=trace,aws_smithy_runtime=trace,lambda_runtime=trace,trace";
    // (AWS_LAMBDA_LOG_LEVEL, RUST_LOG, whether every call has a line)
    for (lambda, rust_log, calls) in [
        ("ERROR", "", false),
        ("WARN", "", false),
        ("INFO", "", false),
        ("DEBUG", "", true),
        ("TRACE", "", true),
        ("ERROR", loud, true),
        ("ERROR", "debug", true),
        ("TRACE", "warn", false),
        ("TRACE", "a=b=c", true),
    ] {
        let world = World::with(&[("AWS_LAMBDA_LOG_LEVEL", lambda), ("RUST_LOG", rust_log)]).await;
        world.cognito.script("Create", [Fault::ResetAfter]);
        world.create(&oidc(POOL, "Corp")).await;
        let refused = with_detail(&oidc(POOL, "Other"), "refused", "planted-value");
        assert_eq!(world.create(&refused).await["Status"], "FAILED");
        error(
            world
                .invoke(json!({"client_secret": "planted-client-secret"}))
                .await,
        );
        world.delete(ID, &oidc(POOL, "Corp")).await;
        let logged = world.log().iter().any(|line| line["message"] == "called");
        assert_eq!(logged, calls, "{lambda} {rust_log}");
    }
}

#[tokio::test]
async fn a_ca_bundle_adds_trust_roots_and_the_endpoint_of_the_service_is_taken() {
    let cognito = Cognito::start(&[POOL]).await;
    let responses = Responses::start_tls("localhost").await;
    let host = format!("localhost:{}", responses.server().port());
    let url = responses
        .url(Some(&events::amz_date(0)))
        .replace(&responses.server().url(), &format!("https://{host}"));
    let bundle = std::env::temp_dir().join(format!("ca-{}.pem", responses.server().port()));
    std::fs::write(&bundle, responses.server().certificate()).unwrap();
    let environment = [
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", cognito.url()),
        ("RESPONSE_URL_HOSTS", host.clone()),
        ("AWS_CA_BUNDLE", bundle.display().to_string()),
    ];
    let event = events::create(&url, &oidc(POOL, "Corp"));
    let time = Duration::from_secs(4);

    let function = Function::start(Path::new(BINARY), &environment).await;
    assert_eq!(
        answer(function.invoke(&event, time).await)["Status"],
        "SUCCESS"
    );
    std::fs::remove_file(&bundle).unwrap();

    // A bundle that is not there is a warning, and its roots are not trusted.
    let function = Function::start(Path::new(BINARY), &environment).await;
    let ended = function.invoke(&event, time).await;
    let Ended::Failed(error) = ended else {
        panic!("the invocation was answered: {ended:?}");
    };
    assert_eq!(error["errorType"], "Unanswered");
    assert!(function.log().text().contains("AWS_CA_BUNDLE is ignored"));
}

#[tokio::test]
async fn twenty_providers_at_once_are_all_made_under_the_published_quotas() {
    let report = storm(Path::new(BINARY), Kind::Create, 20, 1).await;
    assert_eq!((report.succeeded, report.done), (20, 20));
}

#[tokio::test]
async fn twenty_updates_with_one_mistake_are_all_rolled_back() {
    for (change, mistake) in [
        (Change::InPlace, Mistake::Detail),
        (Change::Name, Mistake::Detail),
        (Change::InPlace, Mistake::Property),
        (Change::Name, Mistake::Property),
    ] {
        let report = rollback(Path::new(BINARY), change, mistake, 20).await;
        assert_eq!((report.rolled_back, report.restored), (20, 20));
        assert_eq!(report.unanswered, 0);
        // How many calls the quota admits without a wait depends on the time that they take.
        assert_eq!(report.made_by_retry, 0, "{report:?}");
    }
}

#[test]
fn outside_of_lambda_the_executable_prints_its_purpose() {
    let output = Command::new(BINARY).env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1);
    for expected in [
        "Custom::CognitoIdentityProvider",
        "cargo lambda watch",
        "cargo lambda invoke",
    ] {
        assert!(said.contains(expected), "{said}");
    }
}
