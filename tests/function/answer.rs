use std::time::Duration;

use cfn_cognito_idp_support::{
    cognito::Fault as CognitoFault,
    events::{self, REQUEST_ID},
    lambda::epoch_ms,
    responses::{Fault, Put, Responses},
};
use serde_json::{Value, json};

use crate::world::{ID, POOL, World, answer, error, failed, not_created, oidc, with, with_detail};

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
        Fault::Hang,
    ];
    for fault in faults {
        let mut world = World::new().await;
        world.time = Duration::from_secs(30);
        let (url, corp) = (world.url(), oidc(POOL, "Corp"));
        for (operation, event) in [
            ("Create", events::create(&url, &corp)),
            ("Update", events::update(&url, ID, &corp, &corp)),
            ("Delete", events::delete(&url, ID, &corp)),
        ] {
            world.responses.script([fault, fault]);
            let returned = answer(world.invoke(event).await);
            assert_eq!(returned["Status"], "SUCCESS");
            let bodies: Vec<Value> = world.responses.take_puts().iter().map(Put::json).collect();
            assert_eq!(bodies, vec![returned; 3], "{operation} {fault:?}");
            assert_eq!(world.operations(), [operation]);
        }
    }
}

#[tokio::test]
async fn a_put_that_is_refused_ends_the_invocation_in_an_error() {
    for status in [403, 404, 307] {
        let world = World::new().await;
        world.responses.script([Fault::Status(status)]);
        let event = events::create(&world.url(), &oidc(POOL, "Corp"));
        let error = error(world.invoke(event.clone()).await);
        assert!(
            error.starts_with(
                "the response could not be delivered to 127.0.0.1 (attempts: 1): HTTP"
            ),
            "{error}"
        );

        // So Lambda delivers the event again, and it finds what it made.
        assert_eq!(world.send(event).await["Status"], "SUCCESS");
    }
}

#[tokio::test]
async fn a_put_that_is_never_taken_ends_the_invocation_in_an_error() {
    let mut world = World::new().await;
    world.time = Duration::from_secs(2);
    world.responses.script([Fault::Status(500); 100]);
    let event = events::create(&world.url(), &oidc(POOL, "Corp"));
    let error = error(world.invoke(event).await);
    // The last attempt may have had too little time for its answer.
    assert!(
        error.starts_with("the response could not be delivered to 127.0.0.1 (attempts: "),
        "{error}"
    );
    assert!(world.responses.puts().len() > 1);
}

#[tokio::test]
async fn an_event_without_a_usable_url_fails_before_any_call() {
    let world = World::new().await;
    let at = |url: &str| events::create(url, &oidc(POOL, "Corp"));
    let cases = [
        (
            json!({"junk": 1}),
            "the event has no ResponseURL, so it is not from CloudFormation, and its RequestType is neither Apply nor DetectDrift",
        ),
        (
            at("https://example.com/?X-Amz-Signature=planted"),
            "the ResponseURL points to example.com, which is not an AWS host; add it to RESPONSE_URL_HOSTS to allow it",
        ),
        (
            at("http://s3.amazonaws.com/?X-Amz-Signature=planted"),
            "the ResponseURL must use https; add its host to RESPONSE_URL_HOSTS to allow plain http",
        ),
    ];
    for (event, expected) in cases {
        assert_eq!(error(world.invoke(event).await), expected);
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
            "invalid properties: ResourceProperties must be a map, not a list of 2 items",
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
async fn the_service_timeout_bounds_the_work_from_the_time_of_the_request() {
    let world = World::new().await;
    let properties = with(&oidc(POOL, "Corp"), "ServiceTimeout", json!("30"));
    let url = world.responses.url(Some(&events::amz_date(60)));
    let body = world.send(events::create(&url, &properties)).await;
    // An earlier delivery may have had the time.
    let id = body["PhysicalResourceId"].as_str().unwrap();
    assert!(id.starts_with("unconfirmed/"), "{id}");
    let reason = "creating identity provider (eu-west-1_Pool|Corp): not attempted: no time left. The provider may have been created by an earlier delivery of this request";
    assert_eq!(body, failed(id, reason));
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
    let id = body["PhysicalResourceId"].as_str().unwrap();
    assert!(id.starts_with("unconfirmed/"), "{id}");
    assert_eq!(world.operations(), [""; 0]);
}

/// The attribute of an OIDC provider that is left out first.
const LAST: &str = "attributes_url_add_attributes";

/// Properties whose answer is so many bytes longer than that without the long value.
fn longer(bytes: usize) -> Value {
    // Two bytes each, and one for an odd number.
    let value = "é".repeat(bytes / 2) + &"e".repeat(bytes % 2);
    with_detail(&oidc(POOL, "Corp"), LAST, &value)
}

#[tokio::test]
async fn an_attribute_that_fits_to_the_byte_is_sent_and_one_byte_more_leaves_it_out() {
    let world = World::new().await;
    // The size of the answer without the dates, whose length changes, and whether it has it all.
    let answered = async |bytes| {
        let event = events::create(&world.url(), &longer(bytes));
        let body = answer(world.invoke(event).await);
        world.delete(ID, &json!({})).await;
        let date = |key: &str| body["Data"][key].as_str().unwrap().len();
        let dates = date("CreationDate") + date("LastModifiedDate");
        let whole = body["Data"].get(LAST).is_some();
        (body.to_string().len(), dates, whole)
    };
    let (size, dates, _) = answered(0).await;
    let rest = size - dates;
    let mut left_out = 0;
    for bytes in (4_096 - size - 12)..(4_096 - size + 12) {
        let (size, dates, whole) = answered(bytes).await;
        assert_eq!(whole, rest + dates + bytes <= 4_096);
        assert!(size <= 4_096);
        assert_eq!(whole, size == rest + dates + bytes);
        left_out += usize::from(!whole);
    }
    let warned = world
        .log()
        .into_iter()
        .filter(|line| line["attributes"] == LAST);
    assert_eq!(warned.count(), left_out);
    assert!((1..24).contains(&left_out));
}

#[tokio::test]
async fn a_reason_longer_than_the_limit_is_cut_at_a_character_and_arrives() {
    let world = World::new().await;
    for shift in 0..4 {
        let mut properties = oidc(POOL, "Corp");
        for number in 0..400 {
            properties[format!("{}株{number}", "a".repeat(shift))] = json!(1);
        }
        world.create(&properties).await;
        let put = world.responses.puts().pop().unwrap();
        assert!(
            (4_080..=4_096).contains(&put.body.len()),
            "{}",
            put.body.len()
        );
        let reason = put.json()["Reason"].as_str().unwrap().to_owned();
        assert!(
            reason.starts_with("invalid properties (400 errors): (1) "),
            "{reason}"
        );
        assert!(!reason.contains(char::REPLACEMENT_CHARACTER), "{reason}");
        assert!(
            reason.ends_with("is not a property of this resource type"),
            "{reason}"
        );
        assert_eq!(put.json()["RequestId"], REQUEST_ID);
    }
}

#[tokio::test]
async fn any_bytes_that_say_where_to_are_answered_once() {
    let world = World::new().await;
    let deep = "[".repeat(50_000) + &"]".repeat(50_000);
    let event = |kind: &str, odd: &str| {
        let properties = json!({"Odd": "ODD"});
        let mut event = events::create(&world.url(), &properties);
        event["RequestType"] = kind.into();
        event["PhysicalResourceId"] = "not-created/1".into();
        event.to_string().replace(r#""ODD""#, odd).into_bytes()
    };
    let mut payloads = Vec::new();
    for odd in [deep.as_str(), r#""\ud83e""#, "-1e999", r#"{"\ud83e": 1}"#] {
        payloads.extend([
            (event("Create", odd), "FAILED"),
            (event("Delete", odd), "SUCCESS"),
        ]);
    }
    let mut broken = event("Create", "1");
    broken.truncate(broken.len() - 9);
    let mut latin = event("Create", r#""?""#);
    let at = latin.iter().rposition(|byte| *byte == b'?').unwrap();
    latin[at] = 0xe9;
    let twice = [event("Create", "1"), b"{}".to_vec()].concat();
    payloads.extend([broken, latin, twice].map(|payload| (payload, "FAILED")));
    for (number, (payload, status)) in payloads.into_iter().enumerate() {
        let ended = world
            .function
            .invoke_until(payload, epoch_ms() + 60_000)
            .await;
        let body = answer(ended);
        assert_eq!(body["Status"], status, "{number}: {body}");
        assert_eq!(body["RequestId"], REQUEST_ID);
        assert_eq!(body["PhysicalResourceId"], "not-created/1");
        let puts = world.responses.take_puts();
        assert_eq!(puts.len(), 1);
        assert_eq!(puts[0].json(), body);
    }
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn control_characters_reach_neither_the_stack_nor_the_log() {
    let odd = "a\u{1}b\u{1b}c\u{7f}d\u{85}e\u{fffe}f\u{ffff}";
    let is_odd = |c: char| c.is_control() && c != '\n' || ['\u{fffe}', '\u{ffff}'].contains(&c);
    let world = World::new().await;
    let quoting = CognitoFault::Error(400, "InvalidParameterException", "a\u{1}b\u{7f}c\u{ffff}");
    let mut event = events::create(&world.url(), &oidc(POOL, "Corp"));
    let mut properties = oidc(POOL, "Corp");
    properties[odd] = json!(1);
    properties["ProviderDetails"][odd] = json!([]);
    world.cognito.script("Create", [quoting]);
    for properties in [properties, oidc(POOL, "Corp"), oidc(POOL, "Co\u{ffff}rp")] {
        event["ResourceProperties"] = properties;
        let ended = world.invoke(event.clone()).await;
        let reason = answer(ended)["Reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(!reason.contains(is_odd), "{reason:?}");
    }
    let log = world.function.log().text();
    assert!(!log.contains(is_odd), "{log:?}");
}

#[tokio::test]
async fn a_redirect_of_the_put_is_followed_with_the_name_that_is_signed() {
    for status in [301, 302, 307, 308] {
        let world = World::new().await;
        let elsewhere = Responses::start().await;
        let hosts = format!("{},{}", world.responses.authority(), elsewhere.authority());
        let function = world.with_hosts(&hosts).await;
        world.responses.redirect_to(&elsewhere.url(None));
        world.responses.script([Fault::Redirect(status)]);
        let event = events::create(&world.url(), &oidc(POOL, "Corp"));
        let body = answer(world.invoke_on(&function, event).await);
        let (first, second) = (world.responses.take_puts(), elsewhere.take_puts());
        assert_eq!((first.len(), second.len()), (1, 1));
        assert_eq!(second[0].json(), body);
        assert_eq!(second[0].target, first[0].target);
        assert_eq!(second[0].headers["host"], first[0].headers["host"]);
    }
}

#[tokio::test]
async fn a_redirect_of_the_put_to_another_host_is_not_followed() {
    let world = World::new().await;
    let elsewhere = Responses::start().await;
    world.responses.redirect_to(&elsewhere.url(None));
    world.responses.script([Fault::Redirect(307)]);
    let event = events::create(&world.url(), &oidc(POOL, "Corp"));
    let why = error(world.invoke(event).await);
    assert!(why.ends_with("HTTP status 307 Temporary Redirect"), "{why}");
    assert_eq!(world.responses.take_puts().len(), 1);
    assert!(elsewhere.take_puts().is_empty());
}
