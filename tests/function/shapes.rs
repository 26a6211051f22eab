//! Events of every shape: each property missing, of the wrong type, at its limit and past it, and
//! events that are hardly any.

use std::time::Duration;

use cfn_cognito_idp_core::provider::PROPERTIES;
use cfn_cognito_idp_support::{events, lambda::epoch_ms};
use serde_json::{Value, json};

use crate::world::{
    ID, POOL, World, answer, deleted, error, failed, not_created, oidc, success, with,
};

/// Properties with everything that there is.
fn full() -> Value {
    let mut properties = oidc(POOL, "Corp");
    properties["ServiceTimeout"] = json!("600");
    properties["AttributeMapping"] = json!({"email": "mail"});
    properties["IdpIdentifiers"] = json!(["corp.example"]);
    properties["AcrMapping"] = json!({"Level1": "one"});
    properties["AdoptExisting"] = json!("false");
    properties["Revision"] = json!("1");
    properties
}

fn without(properties: &Value, property: &str) -> Value {
    let mut properties = properties.clone();
    properties.as_object_mut().unwrap().remove(property);
    properties
}

/// Refused with this reason and without a call, by a Create and by an Update; the Delete that
/// follows goes by the id alone.
async fn refused(world: &World, properties: &Value, reason: &str) {
    let reason = format!("invalid properties: {reason}");
    let body = world.create(properties).await;
    assert_eq!(body, failed(&not_created(), &reason));
    let body = world.update(ID, properties, &full()).await;
    assert_eq!(body, failed(ID, &reason));
    let id = not_created();
    assert_eq!(world.delete(&id, properties).await, deleted(&id));
    assert_eq!(world.operations(), [""; 0]);
}

/// Taken as it is, by Cognito with its own limits as well.
async fn taken(properties: &Value) {
    let world = World::new().await;
    if let Some(pool) = properties["UserPoolId"].as_str() {
        world.cognito.add_pool(pool);
    }
    let body = world.create(properties).await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    let id = body["PhysicalResourceId"].as_str().unwrap();
    assert_eq!(
        world.update(id, properties, properties).await["Status"],
        "SUCCESS"
    );
    assert_eq!(world.delete(id, properties).await, deleted(id));
    assert_eq!(world.operations(), ["Create", "Update", "Delete"]);
}

#[tokio::test]
async fn every_property_may_be_missing_or_is_named_as_required() {
    let world = World::new().await;
    for property in PROPERTIES {
        // Null is what `AWS::NoValue` leaves behind in some emulators.
        for properties in [
            without(&full(), property),
            with(&full(), property, json!(null)),
        ] {
            match property {
                "UserPoolId" | "ProviderName" | "ProviderType" | "ProviderDetails" => {
                    refused(&world, &properties, &format!("{property} is required")).await;
                }
                _ => taken(&properties).await,
            }
        }
    }
}

#[tokio::test]
async fn every_property_of_the_wrong_type_is_named_with_its_shape() {
    let world = World::new().await;
    let string = ("a string", json!(["a"]), "a list of 1 item");
    let map = (
        "a map of strings",
        json!("planted"),
        "a string of 7 characters",
    );
    // (property, what it must be, what it is, its shape)
    let cases = [
        ("UserPoolId", string.clone()),
        ("ProviderName", string.clone()),
        ("ProviderType", string.clone()),
        ("Revision", string),
        ("ProviderDetails", map.clone()),
        ("AttributeMapping", map.clone()),
        ("AcrMapping", map),
        (
            "IdpIdentifiers",
            ("a list of strings", json!({"a": 1}), "a map of 1 entry"),
        ),
        (
            "AdoptExisting",
            ("true or false", json!("yes"), "a string of 3 characters"),
        ),
        (
            "ServiceTimeout",
            (
                "a whole number of seconds from 1 to 3600",
                json!({}),
                "an empty map",
            ),
        ),
    ];
    for (property, (form, value, shape)) in cases {
        let reason = format!("{property} must be {form}, not {shape}");
        refused(&world, &with(&full(), property, value), &reason).await;
    }
    let inside = [
        ("ProviderDetails", json!({"client_id": ["planted"]})),
        ("AttributeMapping", json!({"email": {"planted": 1}})),
        ("AcrMapping", json!({"Level1": null})),
        ("IdpIdentifiers", json!([["planted"]])),
    ];
    for (property, value) in inside {
        let mut value = value;
        if property == "ProviderDetails" {
            value = full()[property].clone();
            value["client_id"] = json!(["planted"]);
        }
        let body = world.create(&with(&full(), property, value)).await;
        let reason = body["Reason"].as_str().unwrap();
        assert!(
            reason.starts_with(&format!("invalid properties: {property}")),
            "{reason}"
        );
        assert!(reason.contains(" must be a string, not "), "{reason}");
    }
    assert_eq!(world.operations(), [""; 0]);
}

/// A text of so many characters, each of more than one byte.
fn long(characters: usize) -> String {
    "é".repeat(characters)
}

#[tokio::test]
async fn every_property_is_taken_at_its_limit_and_refused_one_past_it() {
    let world = World::new().await;
    let pool = |length: usize| format!("eu-west-1_{}", "P".repeat(length - 10));
    let detail = |value: String| {
        let mut details = full()["ProviderDetails"].clone();
        details["client_id"] = value.into();
        details
    };
    let identifiers = |count: usize| (0..count).map(|n| json!(n.to_string())).collect::<Value>();
    // (property, at the limit, past it, the reason)
    let cases = [
        (
            "UserPoolId",
            json!(pool(55)),
            json!(pool(56)),
            "UserPoolId must be a user pool id of at most 55 characters, such as \
             eu-west-1_AbCdEf123",
        ),
        (
            "ProviderName",
            json!(long(32)),
            json!(long(33)),
            "ProviderName must have 1 to 32 characters but has 33",
        ),
        (
            "ProviderName",
            // Of shorter names Cognito is the judge: providers that were made before have them.
            json!("abc"),
            json!(""),
            "ProviderName must have 1 to 32 characters but has 0",
        ),
        (
            "ProviderDetails",
            detail(long(131_072)),
            detail(long(131_073)),
            "ProviderDetails.client_id must have at most 131072 characters but has 131073",
        ),
        (
            "AttributeMapping",
            json!({long(32): ""}),
            json!({long(33): ""}),
            "the key of AttributeMapping.ééééééééééééééééééééééééééééééééé must have 1 to 32 \
             characters but has 33",
        ),
        (
            "AttributeMapping",
            json!({"email": long(131_072)}),
            json!({"email": long(131_073)}),
            "AttributeMapping.email must have at most 131072 characters but has 131073",
        ),
        (
            "IdpIdentifiers",
            identifiers(50),
            identifiers(51),
            "IdpIdentifiers must have at most 50 items but has 51",
        ),
        (
            "IdpIdentifiers",
            json!([long(40), "a"]),
            json!([long(41), "a"]),
            "IdpIdentifiers[0] must have 1 to 40 characters but has 41",
        ),
        (
            "AcrMapping",
            json!({"Level4": "a".repeat(64)}),
            json!({"Level4": "a".repeat(65)}),
            "AcrMapping.Level4 must have 1 to 64 characters but has 65",
        ),
        (
            "AcrMapping",
            json!({"Level1": "a"}),
            json!({"Level5": "a"}),
            "the key of AcrMapping.Level5 must be one of Level1, Level2, Level3, Level4",
        ),
        (
            "ServiceTimeout",
            json!("3600"),
            json!("3601"),
            "ServiceTimeout must be a whole number of seconds from 1 to 3600, not a string of 4 \
             characters",
        ),
        (
            "ServiceTimeout",
            json!(20),
            json!(0),
            "ServiceTimeout must be a whole number of seconds from 1 to 3600, not a number",
        ),
    ];
    for (property, at, past, reason) in cases {
        taken(&with(&full(), property, at)).await;
        refused(&world, &with(&full(), property, past), reason).await;
    }
}

#[tokio::test]
async fn properties_that_are_not_a_map_get_a_response() {
    let world = World::new().await;
    for (properties, shape) in [
        (json!(null), "null"),
        (json!([1, 2]), "a list of 2 items"),
        (json!("planted"), "a string of 7 characters"),
    ] {
        let reason = format!("ResourceProperties must be a map, not {shape}");
        refused(&world, &properties, &reason).await;
    }
    let event = without(&events::create(&world.url(), &full()), "ResourceProperties");
    assert_eq!(world.send(event).await["Status"], "FAILED");
}

#[tokio::test]
async fn an_unknown_request_type_is_answered() {
    let world = World::new().await;
    for kind in [
        json!("Rename"),
        json!(""),
        json!(null),
        json!(7),
        json!(["Create"]),
    ] {
        let event = events::create(&world.url(), &full());
        let body = world.send(with(&event, "RequestType", kind)).await;
        assert_eq!(body["Status"], "FAILED");
        assert_eq!(body["PhysicalResourceId"], not_created());
        let reason = body["Reason"].as_str().unwrap();
        assert!(
            reason.starts_with("the event is not a CloudFormation custom"),
            "{reason}"
        );
    }
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn an_event_without_a_response_url_fails_and_the_next_event_is_served() {
    let mut world = World::new().await;
    for junk in [
        "{}",
        "[]",
        "null",
        "{\"ResponseURL\": 7}",
        "no json at all",
        "",
    ] {
        let ended = world.function.invoke_until(junk, epoch_ms() + 60_000).await;
        error(ended);
        assert!(!world.function.has_ended(), "{junk}");
    }
    assert_eq!(world.create(&full()).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_deadline_in_the_past_is_no_deadline() {
    let world = World::new().await;
    let event = events::create(&world.url(), &full());
    let ended = world.function.invoke_until(event.to_string(), 0).await;
    assert_eq!(answer(ended)["Status"], "SUCCESS");
}

#[tokio::test]
async fn a_deadline_in_two_seconds_and_one_in_fifteen_minutes_are_kept() {
    let mut world = World::new().await;
    for (seconds, name) in [(2, "Soon"), (900, "Late")] {
        world.time = Duration::from_secs(seconds);
        let body = world.create(&oidc(POOL, name)).await;
        let id = format!("{POOL}|{name}");
        assert_eq!(body, success(&id, crate::world::oidc_data(POOL, name)));
    }
}

#[tokio::test]
async fn a_call_that_never_returns_is_answered_before_a_deadline_in_two_seconds() {
    let mut world = World::new().await;
    world.time = Duration::from_secs(2);
    for operation in ["Create", "Describe", "Update", "Delete"] {
        let hang = cfn_cognito_idp_support::cognito::Fault::HangBefore;
        world.cognito.script_always(operation, hang);
    }
    for body in [
        world.create(&full()).await,
        world.update(ID, &full(), &full()).await,
        world.delete(ID, &full()).await,
    ] {
        assert_eq!(body["Status"], "FAILED");
    }
}
