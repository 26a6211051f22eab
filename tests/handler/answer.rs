use std::time::Duration;

use cfn_cognito_idp_support::{
    cognito,
    events::{self, REQUEST_ID},
    responses::{Fault, Put},
};
use serde_json::{Value, json};

use crate::world::{POOL, World, deleted, failed, not_created, oidc, with};

#[tokio::test]
async fn the_put_carries_the_url_byte_for_byte_and_an_empty_content_type() {
    let world = World::new().await;
    let url = world.url();
    let event = events::create(&url, &oidc(POOL, "Corp"));
    world.send(event).await;
    let put = world.responses.puts().pop().unwrap();
    assert!(url.ends_with(&put.target), "{url} {}", put.target);
    assert_eq!(put.headers["content-type"], "");
    assert_eq!(put.headers["content-length"], put.body.len().to_string());
}

#[tokio::test]
async fn a_put_that_fails_in_passing_is_sent_again() {
    let faults = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Status(429),
        Fault::Reset,
    ];
    for fault in faults {
        let world = World::new().await;
        world.responses.script([fault, fault]);
        let event = events::create(&world.url(), &oidc(POOL, "Corp"));
        let returned = world.invoke(event).await.unwrap();
        let bodies: Vec<Value> = world.responses.puts().iter().map(Put::json).collect();
        assert_eq!(bodies, vec![returned; 3], "{fault:?}");
        assert_eq!(world.operations(), ["Create"]);
    }
}

#[tokio::test]
async fn a_put_that_is_refused_ends_the_invocation_in_an_error() {
    for status in [403, 404, 307] {
        let world = World::new().await;
        world.responses.script([Fault::Status(status)]);
        let event = events::create(&world.url(), &oidc(POOL, "Corp"));
        let error = world.invoke(event.clone()).await.unwrap_err().to_string();
        assert!(
            error.starts_with("the answer could not be delivered to 127.0.0.1 in 1 attempts: HTTP"),
            "{error}"
        );
        assert!(!error.contains("planted"), "{error}");

        // So Lambda delivers the event again, and it finds what it made.
        assert_eq!(world.send(event).await["Status"], "SUCCESS");
    }
}

#[tokio::test]
async fn a_put_that_is_never_taken_ends_the_invocation_in_an_error() {
    let mut world = World::with_delay(Duration::from_millis(500)).await;
    world.time = Duration::from_secs(2);
    world.responses.script([Fault::Status(500); 100]);
    let event = events::create(&world.url(), &oidc(POOL, "Corp"));
    let error = world.invoke(event).await.unwrap_err().to_string();
    assert!(
        error.ends_with("HTTP status 500 Internal Server Error"),
        "{error}"
    );
    assert!(world.responses.puts().len() > 1);
}

#[tokio::test]
async fn an_event_without_a_usable_url_is_an_error_before_anything_is_done() {
    let world = World::new().await;
    let at = |url: &str| events::create(url, &oidc(POOL, "Corp"));
    let cases = [
        (
            json!({"junk": 1}),
            "the event is not from CloudFormation: it has no ResponseURL",
        ),
        (
            at("https://example.com/?X-Amz-Signature=planted"),
            "the ResponseURL must be on a host of AWS, not on example.com: allow others in RESPONSE_URL_HOSTS",
        ),
        (
            at("http://s3.amazonaws.com/?X-Amz-Signature=planted"),
            "the ResponseURL must be https: allow its host in RESPONSE_URL_HOSTS for plain http",
        ),
    ];
    for (event, expected) in cases {
        assert_eq!(world.invoke(event).await.unwrap_err().to_string(), expected);
    }
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn an_event_that_makes_no_sense_is_answered() {
    let world = World::new().await;
    let create = events::create(&world.url(), &oidc(POOL, "Corp"));
    let cases = [
        (
            with(&create, "RequestType", json!("Rename")),
            "the event is not a CloudFormation custom resource request: unknown variant `Rename`, expected one of `Create`, `Update`, `Delete`",
        ),
        (
            with(&create, "ResourceProperties", json!(null)),
            "invalid properties: ResourceProperties must be a map, not null",
        ),
        (
            with(&create, "ResourceProperties", json!([1, 2])),
            "invalid properties: ResourceProperties must be a map, not a list of 2",
        ),
    ];
    for (event, reason) in cases {
        assert_eq!(world.send(event).await, failed(&not_created(), reason));
    }
    // With nothing but a way to answer, that is what is used.
    let body = world.send(json!({"ResponseURL": world.url()})).await;
    assert_eq!(body["Status"], "FAILED");
    assert_eq!(body["PhysicalResourceId"], "not-created/");
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn a_failed_update_that_makes_no_sense_repeats_its_id() {
    let world = World::new().await;
    let mut event = events::update(&world.url(), "any-id", &json!({}), &json!({}));
    event["StackId"] = json!(7);
    let body = world.send(event).await;
    assert_eq!(body["PhysicalResourceId"], "any-id");
}

#[tokio::test]
async fn a_panic_in_the_work_is_an_answer() {
    let world = World::with_jitter(Duration::from_millis(1), || panic!("planted-panic")).await;
    let reason = "internal error: the handler panicked; its log says where";
    // The attempt before the panic was carried out, so that its Delete has to look.
    world.cognito.script("Create", [cognito::Fault::ResetAfter]);
    let body = world.create(&oidc(POOL, "Corp")).await;
    let id = body["PhysicalResourceId"].as_str().unwrap();
    assert!(id.starts_with("unconfirmed/"), "{id}");
    assert_eq!(body, failed(id, reason));
    assert_eq!(world.delete(id, &oidc(POOL, "Corp")).await, deleted(id));
    assert!(world.cognito.names(POOL).is_empty());

    world.cognito.script("Delete", [cognito::Fault::THROTTLED]);
    let body = world.delete("eu-west-1_Pool|Corp", &json!({})).await;
    assert_eq!(body, failed("eu-west-1_Pool|Corp", reason));
}

#[tokio::test]
async fn the_service_timeout_bounds_the_work_from_the_time_of_the_request() {
    let world = World::new().await;
    let properties = with(&oidc(POOL, "Corp"), "ServiceTimeout", json!("30"));
    let url = world.responses.url(Some(&events::amz_date(60)));
    let body = world.send(events::create(&url, &properties)).await;
    let reason = "creating identity provider (eu-west-1_Pool|Corp): there was no time left for it";
    assert_eq!(body, failed(&not_created(), reason));
    // CloudFormation has given up: making something now would leave it behind.
    assert_eq!(world.operations(), [""; 0]);

    let body = world.create(&properties).await;
    assert_eq!(body["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_request_that_is_an_hour_old_is_not_begun() {
    let world = World::new().await;
    let url = world.responses.url(Some(&events::amz_date(3_601)));
    let body = world.send(events::create(&url, &oidc(POOL, "Corp"))).await;
    assert_eq!(body["PhysicalResourceId"], not_created());
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn a_reason_longer_than_the_limit_is_cut_and_arrives() {
    let world = World::new().await;
    let mut properties = oidc(POOL, "Corp");
    for number in 0..400 {
        properties[format!("株{number}")] = json!(1);
    }
    let event = events::create(&world.url(), &properties);
    world.invoke(event).await.unwrap();
    let put = world.responses.puts().pop().unwrap();
    assert!(
        (4_080..=4_096).contains(&put.body.len()),
        "{}",
        put.body.len()
    );
    let reason = put.json()["Reason"].as_str().unwrap().to_owned();
    assert!(
        reason.starts_with("invalid properties (400 problems): (1) 株0 is not"),
        "{reason}"
    );
    assert!(
        reason.ends_with("is not a property of this resource type"),
        "{reason}"
    );
    assert_eq!(put.json()["RequestId"], REQUEST_ID);
}
