use std::time::Duration;

use cfn_cognito_idp_support::cognito::Fault;
use serde_json::Value;

use crate::world::{POOL, World, deleted, failed, oidc, oidc_data, success};

const ID: &str = "eu-west-1_Pool|Corp";

/// Sends one event that makes that call first.
async fn first(world: &World, operation: &str) -> Value {
    match operation {
        "Create" => world.create(&oidc(POOL, "Corp")).await,
        "Update" => {
            world
                .update(ID, &oidc(POOL, "Corp"), &oidc(POOL, "Corp"))
                .await
        }
        _ => world.delete(ID, &oidc(POOL, "Corp")).await,
    }
}

/// A world in which there is what the call is for.
async fn ready(operation: &str) -> World {
    let world = World::new().await;
    if operation != "Create" {
        world.cognito.put(&oidc(POOL, "Corp"), 60);
    }
    world
}

fn met(operation: &str) -> Value {
    match operation {
        "Delete" => deleted(ID),
        _ => success(ID, oidc_data(POOL, "Corp")),
    }
}

#[tokio::test]
async fn what_passes_by_itself_is_retried_until_it_has_passed() {
    let faults = [
        Fault::THROTTLED,
        Fault::Error(400, "ThrottlingException", "Rate exceeded"),
        Fault::Error(400, "ConcurrentModificationException", "busy"),
        Fault::Error(500, "InternalErrorException", "oops"),
        Fault::NotJson(503),
        Fault::NotJson(429),
        Fault::NotJson(200),
        Fault::ResetBefore,
    ];
    for operation in ["Create", "Update", "Delete"] {
        for fault in faults {
            for times in [1, 12] {
                let world = ready(operation).await;
                world.cognito.script(operation, vec![fault; times]);
                assert_eq!(first(&world, operation).await, met(operation), "{fault:?}");
                assert_eq!(world.operations(), vec![operation; times + 1], "{fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_does_not_pass_is_tried_once() {
    let codes = [
        "InvalidParameterException",
        "NotAuthorizedException",
        "AccessDeniedException",
        "ExpiredTokenException",
        "LimitExceededException",
        "UnsupportedIdentityProviderException",
        "SomethingNewException",
    ];
    for operation in ["Create", "Update", "Delete"] {
        for code in codes {
            let world = ready(operation).await;
            world
                .cognito
                .script(operation, [Fault::Error(400, code, "no")]);
            let body = first(&world, operation).await;
            let reason = format!("{} identity provider ({ID}): {code}: no", doing(operation));
            let id = body["PhysicalResourceId"].as_str().unwrap();
            assert_eq!(body, failed(id, &reason));
            assert_eq!(world.operations(), [operation]);
        }
    }
}

fn doing(operation: &str) -> &'static str {
    match operation {
        "Create" => "creating",
        "Update" => "updating",
        _ => "deleting",
    }
}

#[tokio::test]
async fn a_call_that_hangs_costs_one_attempt() {
    for operation in ["Create", "Update", "Delete"] {
        let mut world = ready(operation).await;
        world.time = Duration::from_secs(6);
        world.cognito.script(operation, [Fault::HangBefore]);
        assert_eq!(first(&world, operation).await, met(operation));
        assert_eq!(world.operations(), [operation, operation]);
    }
}

#[tokio::test]
async fn a_host_that_takes_no_connection_is_tried_until_the_time_is_over() {
    let mut world = World::with_delay(Duration::from_millis(1_800)).await;
    world.time = Duration::from_secs(6);
    // The port is free once its server has gone.
    world.cognito = cfn_cognito_idp_support::cognito::Cognito::start(&[]).await;
    tokio::task::yield_now().await;
    let body = world.create(&oidc(POOL, "Corp")).await;
    let reason = body["Reason"].as_str().unwrap();
    assert!(reason.contains("the last: no connection: "), "{reason}");
    // Nothing was sent, so nothing can be left behind.
    assert_eq!(body["PhysicalResourceId"], crate::world::not_created());
}

#[tokio::test]
async fn throttled_for_ever_is_failed_in_time_and_changes_nothing() {
    for operation in ["Update", "Delete"] {
        let mut world = World::with_delay(Duration::from_millis(1_800)).await;
        world.cognito.put(&oidc(POOL, "Corp"), 60);
        world.time = Duration::from_secs(6);
        world.cognito.script_always(operation, Fault::THROTTLED);
        let body = first(&world, operation).await;
        let reason = format!(
            "{} identity provider ({ID}): the time was over after 2 failed attempts, the last: \
             TooManyRequestsException: Rate exceeded",
            doing(operation)
        );
        assert_eq!(body, failed(ID, &reason));
        assert_eq!(world.cognito.names(POOL), ["Corp"]);
    }
}
