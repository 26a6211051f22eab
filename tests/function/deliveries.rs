//! Lambda delivers an event at least once, CloudFormation takes the first answer to it, and stacks
//! know nothing of each other.

use std::time::Duration;

use cfn_cognito_idp_support::{cognito::Fault, events};
use serde_json::{Value, json};

use crate::world::{
    ID, POOL, World, answer, deleted, failed, oidc, oidc_data, success, undated, with, with_detail,
};

const NEW: &str = "eu-west-1_Pool|Renamed";

/// An event of each kind, for a world in which there is what it is about, and its answer.
async fn cases() -> Vec<(World, Value, Value)> {
    let old = with(&oidc(POOL, "Corp"), "IdpIdentifiers", json!(["a.example"]));
    let new = with(&old, "ProviderName", json!("Renamed"));
    let changed = with_detail(&old, "authorize_scopes", "openid");
    let mut changed_data = oidc_data(POOL, "Corp");
    changed_data["authorize_scopes"] = "openid".into();
    let mut cases = Vec::new();
    for (kind, answer) in [
        ("create", success(ID, oidc_data(POOL, "Corp"))),
        ("update", success(ID, changed_data)),
        ("rename", success(NEW, oidc_data(POOL, "Renamed"))),
        ("delete", deleted(ID)),
    ] {
        let world = World::new().await;
        if kind != "create" {
            world.cognito.put(&old, 60);
        }
        let url = world.url();
        let event = match kind {
            "create" => events::create(&url, &old),
            "update" => events::update(&url, ID, &changed, &old),
            "rename" => events::update(&url, ID, &new, &old),
            _ => events::delete(&url, ID, &old),
        };
        cases.push((world, event, answer));
    }
    cases
}

/// What there is in the pool, but for when it was last changed.
fn pool(world: &World) -> Vec<Value> {
    let names = world.cognito.names(POOL).into_iter();
    let providers = names.filter_map(|name| world.cognito.provider(POOL, &name));
    providers
        .map(|provider| with(&provider, "LastModifiedDate", json!(null)))
        .collect()
}

#[tokio::test]
async fn an_event_delivered_again_after_a_restart_is_answered_the_same() {
    for (world, event, expected) in cases().await {
        let first = answer(world.invoke(event.clone()).await);
        let after_first = pool(&world);
        let restarted = world.another().await;
        let second = answer(world.invoke_on(&restarted, event).await);
        assert_eq!(undated(first), expected);
        assert_eq!(undated(second), expected);
        assert_eq!(pool(&world), after_first);
    }
}

#[tokio::test]
async fn an_event_delivered_twice_at_once_is_answered_the_same() {
    for (world, event, expected) in cases().await {
        let twin = world.another().await;
        let (first, second) = tokio::join!(
            world.invoke(event.clone()),
            world.invoke_on(&twin, event.clone())
        );
        assert_eq!(undated(answer(first)), expected);
        assert_eq!(undated(answer(second)), expected);
        // One delivery alone comes to the same.
        let after_both = pool(&world);
        answer(world.invoke(event).await);
        assert_eq!(pool(&world), after_both);
    }
}

/// The process ends in the middle of the first delivery, in the call of that operation, which was
/// carried out or not. The second delivery meets the request.
async fn killed(operation: &str, fault: Fault) {
    for (mut world, event, expected) in cases().await {
        world.cognito.script(operation, [fault]);
        let killed = tokio::time::timeout(Duration::from_mins(1), async {
            tokio::select! {
                ended = world.invoke(event.clone()) => Some(ended),
                () = world.cognito.until_hung() => None,
            }
        });
        let ended = killed.await.unwrap();
        if ended.is_some() {
            // This kind of event does not make that call.
            continue;
        }
        world.function.kill().await;
        let restarted = world.another().await;
        let second = answer(world.invoke_on(&restarted, event).await);
        assert_eq!(undated(second), expected, "{operation} {fault:?}");
    }
}

#[tokio::test]
async fn a_second_delivery_finishes_after_a_process_is_killed_before_its_call() {
    for operation in ["Create", "Describe", "Update", "Delete"] {
        killed(operation, Fault::HangBefore).await;
    }
}

#[tokio::test]
async fn a_second_delivery_finishes_after_a_process_is_killed_after_its_call() {
    for operation in ["Create", "Describe", "Update", "Delete"] {
        killed(operation, Fault::HangAfter).await;
    }
}

#[tokio::test]
async fn of_two_stacks_that_race_for_a_name_one_wins_and_the_others_rollback_leaves_it() {
    let world = World::new().await;
    let twin = world.another().await;
    let stacks = ["one", "two"].map(|stack| {
        let properties = with_detail(&oidc(POOL, "Corp"), "client_id", stack);
        let event = events::create(&world.url(), &properties);
        with(&event, "StackId", json!(stack))
    });
    let [one, two] = stacks.clone();
    let (one, two) = tokio::join!(world.invoke(one), world.invoke_on(&twin, two));
    let mut answers = [answer(one), answer(two)];
    answers.sort_by_key(|body| body["Status"] == "FAILED");
    let [winner, loser] = answers;
    assert_eq!(
        (&winner["Status"], &loser["Status"]),
        (&json!("SUCCESS"), &json!("FAILED"))
    );
    assert_eq!(winner["Data"]["client_id"], winner["StackId"]);
    let id = loser["PhysicalResourceId"].as_str().unwrap();
    assert!(id.starts_with("not-created/"), "{id}");

    let lost = stacks
        .iter()
        .find(|event| event["StackId"] == loser["StackId"])
        .unwrap();
    let before = world.cognito.provider(POOL, "Corp");
    world.delete(id, &lost["ResourceProperties"]).await;
    assert_eq!(world.cognito.provider(POOL, "Corp"), before);
}

#[tokio::test]
async fn a_cancelled_create_and_its_delete_with_a_generated_id_change_no_other_provider() {
    let world = World::new().await;
    world.cognito.put(&oidc(POOL, "Theirs"), 60);
    let before = pool(&world);
    let id = "idp-Corp-1A2B3C4D5E6F7";
    assert_eq!(world.delete(id, &oidc(POOL, "Theirs")).await, deleted(id));
    assert_eq!(world.operations(), [""; 0]);
    assert_eq!(pool(&world), before);
}

#[tokio::test]
async fn a_provider_deleted_behind_the_stacks_back_is_made_again_or_taken_for_deleted() {
    let corp = oidc(POOL, "Corp");
    let world = World::new().await;
    world.create(&corp).await;
    world.cognito.remove(POOL, "Corp");
    assert_eq!(
        world.update(ID, &corp, &corp).await,
        success(ID, oidc_data(POOL, "Corp"))
    );
    world.cognito.remove(POOL, "Corp");
    assert_eq!(world.delete(ID, &corp).await, deleted(ID));
    assert!(world.cognito.names(POOL).is_empty());
}

#[tokio::test]
async fn a_pool_deleted_behind_the_stacks_back_fails_an_update_and_not_a_delete() {
    let corp = oidc(POOL, "Corp");
    let world = World::new().await;
    world.create(&corp).await;
    world.cognito.remove_pool(POOL);
    let reason = "creating identity provider (eu-west-1_Pool|Corp): ResourceNotFoundException: \
                  User pool eu-west-1_Pool does not exist.";
    assert_eq!(world.update(ID, &corp, &corp).await, failed(ID, reason));
    assert_eq!(world.delete(ID, &corp).await, deleted(ID));
}
