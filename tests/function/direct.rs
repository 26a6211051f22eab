//! `DetectDrift` and `Apply`: requests that no response URL comes with.

use std::time::Duration;

use cfn_cognito_idp_support::{cloudformation, cognito::Fault, events, lambda::Ended};
use serde_json::{Value, json};

use crate::{
    sources,
    world::{ID, POOL, World, answer, oidc, with, with_detail},
};

const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/idp/1";

fn detect(properties: &Value) -> Value {
    json!({
        "RequestType": "DetectDrift",
        "PhysicalResourceId": ID,
        "ResourceProperties": properties,
    })
}

fn apply(properties: &Value) -> Value {
    with(&detect(properties), "RequestType", json!("Apply"))
}

fn in_stack(event: &Value, time: &str) -> Value {
    let event = with(event, "StackId", json!(STACK));
    let event = with(&event, "LogicalResourceId", json!("Corp"));
    with(&event, "Time", json!(time))
}

/// Sends an event and returns what the invocation returned; nothing is sent to CloudFormation.
async fn send(world: &World, event: Value) -> Value {
    let returned = answer(world.invoke(event).await);
    assert_eq!(world.responses.puts().len(), 0);
    returned
}

/// Returns the error that the invocation ended in.
async fn refused(world: &World, event: Value) -> String {
    match world.invoke(event).await {
        Ended::Failed(error) => {
            assert_eq!(error["errorType"], "Failed");
            error["errorMessage"].as_str().unwrap().to_owned()
        }
        Ended::Returned(value) => panic!("{value}"),
    }
}

fn status(result: &Value) -> &str {
    result["StackResourceDriftStatus"].as_str().unwrap()
}

/// The lines of the log that are metrics.
fn metrics(world: &World) -> Vec<Value> {
    let lines = world.log().into_iter();
    lines.filter(|line| line.get("_aws").is_some()).collect()
}

#[tokio::test]
async fn a_provider_as_declared_is_in_sync_and_one_changed_by_hand_is_modified() {
    let declared = with(
        &with(
            &oidc(POOL, "Corp"),
            "AttributeMapping",
            json!({"email": "email", "name": "name"}),
        ),
        "IdpIdentifiers",
        json!(["corp.example", "old.example"]),
    );
    let world = World::new().await;
    world.cognito.put(&declared, 60);
    let before = world.cognito.provider(POOL, "Corp");
    let in_sync = send(&world, detect(&declared)).await;
    assert_eq!(status(&in_sync), "IN_SYNC");
    assert_eq!(in_sync["PropertyDifferences"], json!([]));
    assert_eq!(in_sync["PhysicalResourceId"], ID);
    assert_eq!(in_sync["ResourceType"], "Custom::CognitoIdentityProvider");
    assert_eq!(world.cognito.provider(POOL, "Corp"), before);

    let by_hand = with_detail(&declared, "client_id", "someone-elses");
    let by_hand = with_detail(&by_hand, "client_secret", "planted-someone-elses");
    let by_hand = with(
        &by_hand,
        "AttributeMapping",
        json!({"email": "mail", "a/b~c": "x"}),
    );
    let by_hand = with(
        &by_hand,
        "IdpIdentifiers",
        json!(["corp.example", "new.example"]),
    );
    world.cognito.remove(POOL, "Corp");
    world.cognito.put(&by_hand, 30);
    let modified = send(&world, detect(&declared)).await;
    assert_eq!(status(&modified), "MODIFIED");
    let difference = |path: &str, expected: &str, actual: &str, kind: &str| {
        json!({
            "PropertyPath": path, "ExpectedValue": expected, "ActualValue": actual,
            "DifferenceType": kind,
        })
    };
    assert_eq!(
        modified["PropertyDifferences"],
        json!([
            difference(
                "/ProviderDetails/client_id",
                "client-1",
                "someone-elses",
                "NOT_EQUAL"
            ),
            difference("/ProviderDetails/client_secret", "***", "***", "NOT_EQUAL"),
            difference("/AttributeMapping/a~1b~0c", "null", "x", "ADD"),
            difference("/AttributeMapping/email", "email", "mail", "NOT_EQUAL"),
            difference("/AttributeMapping/name", "name", "null", "REMOVE"),
            difference("/IdpIdentifiers/1", "old.example", "null", "REMOVE"),
            difference("/IdpIdentifiers/1", "null", "new.example", "ADD"),
        ])
    );
    assert_eq!(world.operations(), ["Describe", "Describe"]);

    let lines = metrics(&world);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["Drifted"], &lines[1]["Drifted"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(lines[1]["pool"], POOL);
    assert_eq!(lines[1]["provider"], "Corp");
    assert_eq!(lines[1]["status"], "MODIFIED");
    assert_eq!(lines[1]["properties"][0], "/ProviderDetails/client_id");
    assert_eq!(
        lines[1]["_aws"]["CloudWatchMetrics"],
        json!([{
            "Namespace": "CfnCognitoIdp", "Dimensions": [[]],
            "Metrics": [{"Name": "Drifted", "Unit": "Count"}],
        }])
    );
    assert!(lines[1]["_aws"]["Timestamp"].is_u64());
}

#[tokio::test]
async fn the_metric_is_written_at_every_log_level() {
    for (level, written) in [("WARN", "WARN"), ("FATAL", "FATAL"), ("", "INFO")] {
        let world = World::with(&[("AWS_LAMBDA_LOG_LEVEL", level), ("RUST_LOG", "")]).await;
        send(&world, detect(&oidc(POOL, "Corp"))).await;
        let lines = metrics(&world);
        assert_eq!(lines.len(), 1);
        // Lambda discards lines below its level.
        assert_eq!(lines[0]["level"], written);
        assert_eq!(lines[0]["Drifted"], 1);
    }
}

#[tokio::test]
async fn undeclared_members_are_not_compared() {
    let world = World::new().await;
    let by_hand = with(
        &oidc(POOL, "Corp"),
        "AttributeMapping",
        json!({"email": "mail"}),
    );
    let by_hand = with(&by_hand, "IdpIdentifiers", json!(["corp.example"]));
    world.cognito.put(&by_hand, 60);
    assert_eq!(
        status(&send(&world, detect(&oidc(POOL, "Corp"))).await),
        "IN_SYNC"
    );
    // Declared empty, they are.
    let empty = with(&oidc(POOL, "Corp"), "IdpIdentifiers", json!([]));
    assert_eq!(status(&send(&world, detect(&empty)).await), "MODIFIED");
}

#[tokio::test]
async fn a_deleted_provider_is_deleted_and_another_type_is_modified() {
    let world = World::new().await;
    let deleted = send(&world, detect(&oidc(POOL, "Corp"))).await;
    assert_eq!(status(&deleted), "DELETED");
    assert_eq!(metrics(&world)[0]["Drifted"], 1);
    let saml = json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://idp.example.com/metadata"},
    });
    world.cognito.put(&saml, 60);
    let modified = send(&world, detect(&oidc(POOL, "Corp"))).await;
    assert_eq!(
        modified["PropertyDifferences"][0]["PropertyPath"],
        "/ProviderType"
    );
}

fn apple(key: &str) -> Value {
    json!({
        "UserPoolId": POOL, "ProviderName": "SignInWithApple", "ProviderType": "SignInWithApple",
        "ProviderDetails": {
            "client_id": "com.example", "team_id": "T", "key_id": "K", "private_key": key,
            "authorize_scopes": "email",
        },
    })
}

#[tokio::test]
async fn a_private_key_cannot_be_compared_and_is_not_called_in_sync() {
    let world = World::new().await;
    world.cognito.put(&apple("one"), 60);
    let id = format!("{POOL}|SignInWithApple");
    let event = with(&detect(&apple("two")), "PhysicalResourceId", json!(id));
    let result = send(&world, event.clone()).await;
    assert_eq!(status(&result), "NOT_CHECKED");
    assert_eq!(
        result["PropertiesNotCompared"],
        json!(["/ProviderDetails/private_key"])
    );
    assert_eq!(metrics(&world)[0]["Drifted"], 0);
    // An Apply sends it in any case.
    let event = with(&event, "RequestType", json!("Apply"));
    let expected = json!({"PhysicalResourceId": id, "Applied": true});
    assert_eq!(send(&world, event).await, expected);
    let stored = world.cognito.provider(POOL, "SignInWithApple").unwrap();
    assert_eq!(stored["ProviderDetails"]["private_key"], "two");
}

#[tokio::test]
async fn a_rotated_secret_is_applied_once() {
    let (world, stores) = sources::world().await;
    let declared = sources::corp(sources::secret());
    let old = with_detail(&oidc(POOL, "Corp"), "client_secret", "planted-old");
    world.cognito.put(&old, 60);
    let drift = send(&world, detect(&declared)).await;
    assert_eq!(
        drift["PropertyDifferences"][0]["PropertyPath"],
        "/ProviderDetails/client_secret"
    );
    let expected = |applied| json!({"PhysicalResourceId": ID, "Applied": applied});
    assert_eq!(send(&world, apply(&declared)).await, expected(true));
    assert_eq!(send(&world, apply(&declared)).await, expected(false));
    assert_eq!(status(&send(&world, detect(&declared)).await), "IN_SYNC");
    assert_eq!(
        world.operations(),
        ["Describe", "Describe", "Update", "Describe", "Describe"]
    );
    stores.put_secret("google", "", r#"{"secret": "planted-rotated"}"#);
    assert_eq!(send(&world, apply(&declared)).await, expected(true));
    let provider = world.cognito.provider(POOL, "Corp").unwrap();
    assert_eq!(
        provider["ProviderDetails"]["client_secret"],
        "planted-rotated"
    );
    let lines = metrics(&world);
    let counts: Vec<_> = lines
        .iter()
        .filter_map(|line| line.get("Applied"))
        .collect();
    assert_eq!(counts, [&json!(1), &json!(0), &json!(1)]);
}

#[tokio::test]
async fn an_apply_neither_creates_nor_changes_the_type_and_keeps_what_is_not_declared() {
    let world = World::new().await;
    let error = refused(&world, apply(&oidc(POOL, "Corp"))).await;
    assert_eq!(
        error,
        "identity provider eu-west-1_Pool|Corp does not exist, and Apply creates none: change \
         Revision and deploy its stack"
    );
    assert_eq!(world.operations(), ["Describe"]);
    let saml = json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://idp.example.com/metadata"},
    });
    world.cognito.put(&saml, 60);
    let error = refused(&world, apply(&oidc(POOL, "Corp"))).await;
    assert!(
        error.starts_with("Cognito cannot change the type of identity provider"),
        "{error}"
    );
    world.cognito.remove(POOL, "Corp");
    let by_hand = with(
        &oidc(POOL, "Corp"),
        "AttributeMapping",
        json!({"email": "mail"}),
    );
    world
        .cognito
        .put(&with_detail(&by_hand, "client_id", "other"), 60);
    send(&world, apply(&oidc(POOL, "Corp"))).await;
    let stored = world.cognito.provider(POOL, "Corp").unwrap();
    assert_eq!(stored["AttributeMapping"], json!({"email": "mail"}));
    assert_eq!(stored["ProviderDetails"]["client_id"], "client-1");
}

#[tokio::test]
async fn an_apply_is_retried_after_a_look_and_stops_where_someone_else_has_changed_the_provider() {
    let world = World::new().await;
    let drifted = with_detail(&oidc(POOL, "Corp"), "client_id", "other");
    world.cognito.put(&drifted, 60);
    world.cognito.script("Update", [Fault::THROTTLED]);
    let result = send(&world, apply(&oidc(POOL, "Corp"))).await;
    assert_eq!(result["Applied"], true);
    assert_eq!(
        world.operations(),
        ["Describe", "Update", "Describe", "Update"]
    );

    // The response is lost, and the change was made.
    world.cognito.remove(POOL, "Corp");
    world.cognito.put(&drifted, 60);
    world.cognito.script("Update", [Fault::ErrorAfter]);
    assert_eq!(
        send(&world, apply(&oidc(POOL, "Corp"))).await["Applied"],
        true
    );
    assert_eq!(world.operations(), ["Describe", "Update", "Describe"]);
}

#[tokio::test]
async fn an_apply_never_runs_over_an_operation_of_its_stack() {
    let world = World::new().await;
    let drifted = with_detail(&oidc(POOL, "Corp"), "client_id", "other");
    world.cognito.put(&drifted, 60);
    let event = in_stack(&apply(&oidc(POOL, "Corp")), "2020-01-01T00:00:00Z");
    let past = in_stack(&apply(&oidc(POOL, "Corp")), "2099-01-01T00:00:00Z");

    world.cloudformation.set("Corp", "UPDATE_IN_PROGRESS", ID);
    let error = refused(&world, past.clone()).await;
    assert!(
        error.starts_with("CloudFormation is changing the resource"),
        "{error}"
    );
    world.cloudformation.set("Corp", "UPDATE_COMPLETE", ID);
    let error = refused(&world, event).await;
    assert!(error.starts_with("superseded: "), "{error}");
    assert!(!world.operations().contains(&"Update".to_owned()));
    assert_eq!(send(&world, past.clone()).await["Applied"], true);
    // Where nothing differs, there is nothing to ask.
    world.cloudformation.take_asked();
    assert_eq!(send(&world, past.clone()).await["Applied"], false);
    assert_eq!(world.cloudformation.take_asked().len(), 0);

    world.cognito.remove(POOL, "Corp");
    world.cognito.put(&drifted, 60);
    world.operations();
    world
        .cloudformation
        .script_always(cloudformation::Fault::Error(
            403,
            "AccessDenied",
            "not allowed",
        ));
    let error = refused(&world, past).await;
    assert!(
        error.starts_with("it is not known whether CloudFormation"),
        "{error}"
    );
    assert_eq!(world.operations(), ["Describe"]);
}

#[tokio::test]
async fn everything_wrong_with_a_direct_request_is_named_at_once() {
    let world = World::new().await;
    let mut event = apply(&with(&oidc(POOL, "Corp"), "ProviderName", json!("Other")));
    event["StackId"] = json!(STACK);
    event["Time"] = json!("yesterday");
    assert_eq!(
        refused(&world, event).await,
        "invalid Apply (3 errors): (1) PhysicalResourceId names eu-west-1_Pool|Corp, and \
         ResourceProperties name eu-west-1_Pool|Other; (2) StackId and LogicalResourceId must be \
         given together; (3) Time must be a date and time in ISO 8601, in UTC"
    );
    let event = json!({
        "RequestType": "DetectDrift", "PhysicalResourceId": "idp-Corp-1A2B3C4D5E6F",
        "ResourceProperties": {"UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "Google"},
    });
    assert_eq!(
        refused(&world, event).await,
        "invalid DetectDrift (3 errors): (1) PhysicalResourceId must be the id of a provider, \
         <UserPoolId>|<ProviderName>; (2) ProviderDetails is required; (3) ProviderName must be \
         Google: Cognito accepts no other name for this type"
    );
    assert_eq!(
        refused(&world, json!({"RequestType": "DetectDrift"})).await,
        "invalid DetectDrift (2 errors): (1) PhysicalResourceId is required; (2) \
         ResourceProperties is required"
    );
    assert_eq!(world.operations(), [""; 0]);
    assert_eq!(metrics(&world), [json!(null); 0]);
}

#[tokio::test]
async fn a_direct_request_that_fails_is_loud() {
    let world = World::new().await;
    world.cognito.script_always(
        "Describe",
        Fault::Error(400, "NotAuthorizedException", "no"),
    );
    let error = refused(&world, detect(&oidc(POOL, "Corp"))).await;
    assert_eq!(
        error,
        "describing identity provider (eu-west-1_Pool|Corp): NotAuthorizedException: no"
    );
    let line = world.log().pop().unwrap();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["message"], error);
    assert_eq!(line["span"]["provider"], "Corp");
    assert_eq!(metrics(&world), [json!(null); 0]);
}

#[tokio::test]
async fn undeclared_providers_of_a_pool_are_reported_from_all_pages() {
    let world = World::new().await;
    let names: Vec<String> = (0..130).map(|number| format!("Corp{number:03}")).collect();
    for name in &names {
        world.cognito.put(&oidc(POOL, name), 60);
    }
    let event = |declared: &[String]| json!({"RequestType": "DetectDrift", "UserPoolId": POOL, "DeclaredProviders": declared});
    let in_sync = send(&world, event(&names)).await;
    assert_eq!(status(&in_sync), "IN_SYNC");
    assert_eq!(in_sync["UserPoolId"], POOL);
    assert_eq!(world.operations(), ["ListIdentityProviders"; 3]);

    world
        .cognito
        .script("ListIdentityProviders", [Fault::THROTTLED]);
    let mut declared = names.clone();
    declared[129] = "Gone".to_owned();
    let modified = send(&world, event(&declared)).await;
    assert_eq!(status(&modified), "MODIFIED");
    let differences = modified["PropertyDifferences"].as_array().unwrap();
    assert_eq!(differences.len(), 2);
    assert_eq!(differences[0]["PropertyPath"], "/DeclaredProviders/Corp129");
    assert_eq!(differences[0]["DifferenceType"], "ADD");
    let undeclared: Value =
        serde_json::from_str(differences[0]["ActualValue"].as_str().unwrap()).unwrap();
    assert_eq!(undeclared["ProviderType"], "OIDC");
    assert!(undeclared["CreationDate"].as_str().unwrap().ends_with('Z'));
    assert_eq!(differences[1]["PropertyPath"], "/DeclaredProviders/Gone");
    assert_eq!(differences[1]["DifferenceType"], "REMOVE");
    let lines = metrics(&world);
    assert_eq!(lines[1]["Drifted"], 1);
    assert_eq!(lines[1]["pool"], POOL);
    assert_eq!(lines[1].get("provider"), None);

    let both = with(&event(&names), "PhysicalResourceId", json!(ID));
    let error = refused(&world, both).await;
    assert!(error.contains("exclude each other"), "{error}");
    let pool = json!({"RequestType": "DetectDrift", "UserPoolId": POOL});
    let with_names = |names| with(&pool, "DeclaredProviders", names);
    for event in [
        pool.clone(),
        with_names(json!("Corp")),
        with_names(json!([1])),
    ] {
        let error = refused(&world, event).await;
        assert_eq!(
            error,
            "invalid DetectDrift: DeclaredProviders must be a list of strings"
        );
    }
}

#[tokio::test]
async fn the_properties_are_an_attribute_unless_a_secret_is_in_them() {
    let (world, _stores) = sources::world().await;
    let declared = sources::corp(sources::secret());
    let create = events::create(&world.url(), &declared);
    let body = answer(world.invoke(create).await);
    let mut expected = declared.clone();
    expected.as_object_mut().unwrap().remove("ServiceToken");
    let text = body["Data"]["ResourceProperties"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), expected);
    let update = events::update(&world.url(), ID, &oidc(POOL, "Corp"), &declared);
    let body = answer(world.invoke(update).await);
    assert_eq!(body["Status"], "SUCCESS");
    assert_eq!(body["Data"].get("ResourceProperties"), None);
}

#[tokio::test]
async fn faults_of_cognito_are_retried_for_direct_requests_as_for_all_others() {
    let faults = [
        Fault::THROTTLED,
        Fault::Error(500, "InternalErrorException", "Internal error"),
        Fault::ErrorAfter,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::NotJson(503),
    ];
    for fault in faults {
        let world = World::new().await;
        let drifted = with_detail(&oidc(POOL, "Corp"), "client_id", "other");
        world.cognito.put(&drifted, 60);
        world.cognito.script("Describe", [fault]);
        assert_eq!(
            status(&send(&world, detect(&oidc(POOL, "Corp"))).await),
            "MODIFIED"
        );
        world.cognito.script("Update", [fault, Fault::THROTTLED]);
        let result = send(&world, apply(&oidc(POOL, "Corp"))).await;
        assert_eq!(result["Applied"], true, "{fault:?}");
        assert_eq!(
            status(&send(&world, detect(&oidc(POOL, "Corp"))).await),
            "IN_SYNC"
        );
    }
}

#[tokio::test]
async fn a_direct_request_ends_before_its_deadline_whatever_hangs() {
    let mut world = World::new().await;
    world.time = Duration::from_secs(2);
    world.cognito.put(&oidc(POOL, "Corp"), 60);
    world.cognito.script_always("Describe", Fault::HangBefore);
    for event in [detect(&oidc(POOL, "Corp")), apply(&oidc(POOL, "Corp"))] {
        let error = refused(&world, event).await;
        assert!(error.contains("timed out"), "{error}");
    }
}

#[tokio::test]
async fn unknown_events_without_a_response_url_are_errors() {
    let world = World::new().await;
    for event in [
        json!({"RequestType": "Detect", "PhysicalResourceId": ID}),
        json!({"RequestType": "Create", "ResourceProperties": oidc(POOL, "Corp")}),
        json!({"RequestType": "Apply", "ResponseURL": null}),
        json!(["DetectDrift"]),
    ] {
        let Ended::Failed(error) = world.invoke(event.clone()).await else {
            panic!("{event}");
        };
        assert_eq!(error["errorType"], "Unanswered");
        assert_eq!(
            error["errorMessage"],
            "the event has no ResponseURL, so it is not from CloudFormation, and its RequestType is neither Apply nor DetectDrift"
        );
    }
    assert_eq!(world.operations(), [""; 0]);
}
