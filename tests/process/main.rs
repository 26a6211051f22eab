//! The executable as Lambda runs it: a process that polls a Runtime API.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::{path::Path, process::Command, time::Duration};

use cfn_cognito_idp_support::{
    cognito::{self, Cognito},
    events,
    lambda::{Ended, Function},
    responses::{Put, Responses},
};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_cfn-cognito-idp");
const POOL: &str = "eu-west-1_Pool";

/// What must never be seen outside of the calls to Cognito.
const PLANTED: [&str; 5] = [
    "planted-client-secret",
    "planted-access-key-secret",
    "planted-session-token",
    "planted%2Fsignature",
    "planted/signature",
];

struct World {
    cognito: Cognito,
    responses: Responses,
    function: Function,
}

impl World {
    async fn new(environment: &[(&str, &str)]) -> Self {
        let cognito = Cognito::start(&[POOL]).await;
        let responses = Responses::start().await;
        let mut all = vec![
            ("AWS_ENDPOINT_URL", cognito.url()),
            ("RESPONSE_URL_HOSTS", responses.authority()),
        ];
        all.extend(
            environment
                .iter()
                .map(|(key, value)| (*key, (*value).to_owned())),
        );
        let function = Function::start(Path::new(BINARY), &all).await;
        Self {
            cognito,
            responses,
            function,
        }
    }

    fn create(&self, name: &str) -> Value {
        let url = self.responses.url(Some(&events::amz_date(0)));
        events::create(&url, &properties(name))
    }

    async fn invoke(&self, event: &Value) -> Ended {
        self.function.invoke(event, Duration::from_mins(5)).await
    }
}

fn properties(name: &str) -> Value {
    json!({
        "UserPoolId": POOL,
        "ProviderName": name,
        "ProviderType": "OIDC",
        "ProviderDetails": {
            "client_id": "client-1",
            "client_secret": "planted-client-secret",
            "authorize_scopes": "openid",
            "oidc_issuer": "https://idp.example.com",
            "attributes_request_method": "GET",
        },
    })
}

fn status(ended: &Ended) -> &str {
    match ended {
        Ended::Returned(body) => body["Status"].as_str().unwrap(),
        Ended::Failed(_) => "error",
    }
}

#[tokio::test]
async fn the_life_of_a_resource_in_one_process() {
    let world = World::new(&[]).await;
    let url = world.responses.url(Some(&events::amz_date(0)));
    let (one, two) = (properties("One"), properties("Two"));
    let life = [
        events::create(&url, &one),
        events::update(&url, "eu-west-1_Pool|One", &one, &one),
        events::update(&url, "eu-west-1_Pool|One", &two, &one),
        events::delete(&url, "eu-west-1_Pool|One", &one),
        events::delete(&url, "eu-west-1_Pool|Two", &two),
    ];
    let mut returned = Vec::new();
    for event in life {
        let ended = world.invoke(&event).await;
        assert_eq!(status(&ended), "SUCCESS");
        if let Ended::Returned(body) = ended {
            returned.push(body);
        }
    }
    let arrived: Vec<Value> = world.responses.puts().iter().map(Put::json).collect();
    assert_eq!(arrived, returned);
    // One call for each event.
    assert_eq!(
        world.cognito.take_operations(),
        ["Create", "Update", "Create", "Delete", "Delete"]
    );
    assert!(world.cognito.names(POOL).is_empty());
}

#[tokio::test]
async fn an_event_that_nobody_can_be_answered_for_is_an_error_and_the_next_one_is_served() {
    let mut world = World::new(&[]).await;
    for junk in [
        "{}",
        "[]",
        "null",
        "{\"ResponseURL\": 7}",
        "no json at all",
        "",
    ] {
        let deadline = cfn_cognito_idp_support::lambda::epoch_ms() + 60_000;
        let ended = world.function.invoke_until(junk, deadline).await;
        assert_eq!(status(&ended), "error", "{junk}");
        assert!(!world.function.has_ended(), "{junk}");
    }
    let ended = world.invoke(&world.create("Corp")).await;
    assert_eq!(status(&ended), "SUCCESS");
}

#[tokio::test]
async fn a_deadline_in_the_past_is_no_deadline() {
    let world = World::new(&[]).await;
    let ended = world
        .function
        .invoke_until(world.create("Corp").to_string(), 0)
        .await;
    assert_eq!(status(&ended), "SUCCESS");
}

#[tokio::test]
async fn a_call_that_never_returns_is_answered_before_the_deadline() {
    let world = World::new(&[]).await;
    world
        .cognito
        .script_always("Create", cognito::Fault::HangBefore);
    world
        .cognito
        .script_always("Describe", cognito::Fault::HangBefore);
    let time = Duration::from_secs(2);
    let ended = world.function.invoke(&world.create("Corp"), time).await;
    assert_eq!(status(&ended), "FAILED");
    assert_eq!(world.responses.puts().len(), 1);
}

#[tokio::test]
async fn an_answer_that_cannot_be_delivered_is_an_error_of_the_invocation() {
    let world = World::new(&[]).await;
    world
        .responses
        .script([cfn_cognito_idp_support::responses::Fault::Status(403)]);
    let ended = world.invoke(&world.create("Corp")).await;
    let Ended::Failed(error) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(
        error["errorMessage"],
        "the answer could not be delivered to 127.0.0.1 in 1 attempts: HTTP status 403 Forbidden"
    );
}

#[tokio::test]
async fn a_log_line_is_json_and_says_what_was_decided_about_what() {
    let world = World::new(&[]).await;
    world.cognito.script("Create", [cognito::Fault::THROTTLED]);
    world.invoke(&world.create("Corp")).await;
    let log = world.function.stop().await;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
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
                "stack": events::STACK_ID,
                "logical_id": events::LOGICAL_ID,
                "request_id": events::REQUEST_ID,
                "pool": POOL,
                "provider": "Corp",
            })
        );
    }
    assert_eq!(lines[0]["fault"], "TooManyRequestsException");
    assert_eq!(lines[0]["attempt"], 1);
    assert_eq!(lines[1]["physical_id"], "eu-west-1_Pool|Corp");
}

#[tokio::test]
async fn no_level_of_logging_shows_a_secret() {
    for level in [
        "trace",
        "hyper=trace,aws_smithy_runtime=trace,lambda_runtime=trace,trace",
    ] {
        let world = World::new(&[("RUST_LOG", level), ("AWS_LAMBDA_LOG_LEVEL", "TRACE")]).await;
        world.cognito.script("Create", [cognito::Fault::ResetAfter]);
        world.invoke(&world.create("Corp")).await;
        let mut refused = world.create("Other");
        refused["ResourceProperties"]["ProviderDetails"]["refused"] = "x".into();
        world.invoke(&refused).await;
        world
            .invoke(&json!({"client_secret": "planted-client-secret"}))
            .await;
        let log = world.function.stop().await;
        assert!(log.contains("\"message\":\"called\""), "{log}");
        for planted in PLANTED {
            assert!(!log.contains(planted), "{planted} in {log}");
            for put in world.responses.puts() {
                assert!(!String::from_utf8_lossy(&put.body).contains(planted));
            }
        }
    }
}

#[tokio::test]
async fn the_log_level_of_lambda_is_kept_and_errors_name_their_request() {
    let world = World::new(&[("AWS_LAMBDA_LOG_LEVEL", "ERROR"), ("RUST_LOG", "")]).await;
    world.invoke(&world.create("Corp")).await;
    let mut refused = world.create("Other");
    refused["ResourceProperties"]["ProviderType"] = "Oidc".into();
    world.invoke(&refused).await;
    world.invoke(&json!({"junk": 1})).await;
    let log = world.function.stop().await;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert_eq!(lines[0]["span"]["logical_id"], events::LOGICAL_ID);
    assert_eq!(lines[0]["status"], "FAILED");
    assert_eq!(
        lines[1]["error"],
        "the event is not from CloudFormation: it has no ResponseURL"
    );
}

#[tokio::test]
async fn a_ca_bundle_adds_trust_roots_and_the_endpoint_of_the_service_is_taken() {
    let cognito = Cognito::start(&[POOL]).await;
    let responses = Responses::start_tls().await;
    let host = format!("localhost:{}", responses.server().port());
    let url = responses
        .url(Some(&events::amz_date(0)))
        .replace(&responses.server().url(), &format!("https://{host}"));
    let bundle = std::env::temp_dir().join(format!("ca-{}.pem", responses.server().port()));
    std::fs::write(&bundle, responses.server().certificate()).unwrap();
    let environment = |bundle: &Path| {
        vec![
            ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", cognito.url()),
            ("RESPONSE_URL_HOSTS", host.clone()),
            ("AWS_CA_BUNDLE", bundle.display().to_string()),
        ]
    };
    let event = events::create(&url, &properties("Corp"));
    let time = Duration::from_secs(4);

    let function = Function::start(Path::new(BINARY), &environment(&bundle)).await;
    assert_eq!(status(&function.invoke(&event, time).await), "SUCCESS");
    std::fs::remove_file(&bundle).unwrap();

    // A bundle that is not there is a warning, and its roots are not trusted.
    let function = Function::start(Path::new(BINARY), &environment(&bundle)).await;
    assert_eq!(status(&function.invoke(&event, time).await), "error");
    assert!(function.stop().await.contains("AWS_CA_BUNDLE was not used"));
}

#[tokio::test]
async fn twenty_providers_at_once_are_all_made_under_the_published_quotas() {
    let report = cfn_cognito_idp_support::storm::storm(Path::new(BINARY), 20, 1).await;
    assert_eq!((report.succeeded, report.created), (20, 20));
}

#[test]
fn outside_of_lambda_it_says_what_it_is() {
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
