use cfn_cognito_idp_support::cognito::Fault;
use serde_json::json;

use crate::world::{ID, OTHER, POOL, World, deleted, failed, oidc, with, with_detail};

#[tokio::test]
async fn delete_goes_by_the_physical_id_whatever_the_properties_are() {
    for properties in [
        oidc(POOL, "Corp"),
        oidc(OTHER, "Another"),
        json!(null),
        json!([1]),
        json!("x"),
        json!({"UserPoolId": 7}),
    ] {
        let world = World::new().await;
        world.cognito.put(&oidc(POOL, "Corp"), 60);
        world.cognito.put(&oidc(OTHER, "Another"), 60);
        assert_eq!(world.delete(ID, &properties).await, deleted(ID));
        assert_eq!(world.operations(), ["Delete"]);
        assert!(world.cognito.names(POOL).is_empty());
        assert_eq!(world.cognito.names(OTHER), ["Another"]);
    }
}

#[tokio::test]
async fn delete_of_a_name_with_a_bar_splits_the_id_at_the_first() {
    let world = World::new().await;
    world.cognito.put(&oidc(POOL, "a|b"), 60);
    world.delete("eu-west-1_Pool|a|b", &json!({})).await;
    assert!(world.cognito.names(POOL).is_empty());
}

#[tokio::test]
async fn delete_of_a_missing_provider_succeeds() {
    let world = World::new().await;
    assert_eq!(world.delete(ID, &oidc(POOL, "Corp")).await, deleted(ID));
    assert_eq!(world.operations(), ["Delete"]);
    world.cognito.remove_pool(POOL);
    assert_eq!(world.delete(ID, &oidc(POOL, "Corp")).await, deleted(ID));
    assert_eq!(world.operations(), ["Delete"]);
}

#[tokio::test]
async fn delete_retried_after_a_lost_answer_succeeds() {
    for fault in [Fault::ResetAfter, Fault::ErrorAfter] {
        let world = World::new().await;
        world.cognito.put(&oidc(POOL, "Corp"), 60);
        world.cognito.script("Delete", [fault]);
        assert_eq!(world.delete(ID, &oidc(POOL, "Corp")).await, deleted(ID));
        assert_eq!(world.operations(), ["Delete", "Describe"]);
    }
}

#[tokio::test]
async fn delete_of_an_id_that_was_never_issued_touches_nothing() {
    let ids = [
        "not-created/f4ef1b10-c39a-44e3-99c0-fbf7e53c3943",
        "idp-Corp-1A2B3C4D5E6F7",
        "2026/11/22/[$LATEST]0123456789abcdef",
        "eu-west-1_Pool/Corp",
        "Corp",
    ];
    for id in ids {
        let world = World::new().await;
        world.cognito.put(&oidc(POOL, "Corp"), 0);
        assert_eq!(world.delete(id, &oidc(POOL, "Corp")).await, deleted(id));
        assert_eq!(world.operations(), [""; 0]);
        assert_eq!(world.cognito.names(POOL), ["Corp"]);
    }
}

#[tokio::test]
async fn delete_that_is_refused_says_so_with_the_same_id() {
    let world = World::new().await;
    world.cognito.put(&oidc(POOL, "Corp"), 60);
    world.cognito.script(
        "Delete",
        [Fault::Error(400, "NotAuthorizedException", "no")],
    );
    let body = world.delete(ID, &oidc(POOL, "Corp")).await;
    let reason = "deleting identity provider (eu-west-1_Pool|Corp): NotAuthorizedException: no";
    assert_eq!(body, failed(ID, reason));
    assert_eq!(world.operations(), ["Delete"]);
}

/// The id of a Create that was issued so many seconds ago.
fn unconfirmed(seconds_ago: u64) -> String {
    let now = cfn_cognito_idp_support::lambda::epoch_ms() / 1_000;
    format!("unconfirmed/{}/{ID}", now - seconds_ago)
}

#[tokio::test]
async fn delete_of_an_unconfirmed_create_removes_the_provider_of_that_create() {
    let world = World::new().await;
    world.cognito.put(&oidc(POOL, "Corp"), 30);
    let id = unconfirmed(60);
    assert_eq!(world.delete(&id, &oidc(POOL, "Corp")).await, deleted(&id));
    assert_eq!(world.operations(), ["Describe", "Delete"]);
    assert!(world.cognito.names(POOL).is_empty());
}

#[tokio::test]
async fn delete_of_an_unconfirmed_create_leaves_everything_else() {
    let mine = oidc(POOL, "Corp");
    // (what is there, how old it is, the properties of the event)
    let cases = [
        (mine.clone(), 90, mine.clone()),
        (
            with_detail(&mine, "client_secret", "another"),
            30,
            mine.clone(),
        ),
        (
            with(&mine, "IdpIdentifiers", json!(["a.example"])),
            30,
            mine.clone(),
        ),
        (mine.clone(), 30, json!(null)),
        (mine.clone(), 30, oidc(OTHER, "Corp")),
    ];
    for (theirs, age, properties) in cases {
        let world = World::new().await;
        world.cognito.put(&theirs, age);
        let id = unconfirmed(60);
        assert_eq!(world.delete(&id, &properties).await, deleted(&id));
        assert_eq!(world.operations(), ["Describe"]);
        assert_eq!(world.cognito.names(POOL), ["Corp"]);
    }
}

#[tokio::test]
async fn delete_of_an_unconfirmed_create_that_made_nothing_succeeds() {
    let world = World::new().await;
    let id = unconfirmed(60);
    assert_eq!(world.delete(&id, &oidc(POOL, "Corp")).await, deleted(&id));
    assert_eq!(world.operations(), ["Describe"]);
}

#[tokio::test]
async fn delete_of_an_unconfirmed_create_fails_if_it_cannot_look() {
    let world = World::new().await;
    world.cognito.script(
        "Describe",
        [Fault::Error(400, "NotAuthorizedException", "no")],
    );
    let id = unconfirmed(60);
    let body = world.delete(&id, &oidc(POOL, "Corp")).await;
    let reason = "describing identity provider (eu-west-1_Pool|Corp): NotAuthorizedException: no";
    assert_eq!(body, failed(&id, reason));
}
