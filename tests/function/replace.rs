use cfn_cognito_idp_support::{cognito::Fault, events};
use serde_json::{Value, json};

use crate::world::{
    FAR, OTHER, POOL, World, deleted, failed, oidc, oidc_data, success, with, with_detail,
};

const OLD: &str = "eu-west-1_Pool|Corp";
const NEW: &str = "eu-west-1_Pool|Renamed";

fn identified(name: &str, identifiers: &[&str]) -> Value {
    with(&oidc(POOL, name), "IdpIdentifiers", json!(identifiers))
}

/// A world in which the old provider was made an hour ago.
async fn after(old: &Value) -> World {
    let world = World::new().await;
    world.cognito.put(old, 3_600);
    world
}

fn identifiers(world: &World, name: &str) -> Value {
    world.cognito.provider(POOL, name).unwrap()["IdpIdentifiers"].clone()
}

#[tokio::test]
async fn a_rename_makes_the_new_one_and_its_clean_up_deletes_the_old_one() {
    let (old, new) = (oidc(POOL, "Corp"), oidc(POOL, "Renamed"));
    let world = after(&old).await;
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body, success(NEW, oidc_data(POOL, "Renamed")));
    assert_eq!(world.operations(), ["Create"]);
    assert_eq!(world.delete(OLD, &old).await, deleted(OLD));
    assert_eq!(world.operations(), ["Delete"]);
    assert_eq!(world.cognito.names(POOL), ["Renamed"]);
}

#[tokio::test]
async fn a_social_provider_moves_to_another_pool_and_region() {
    for pool in [OTHER, FAR] {
        let google = |pool| {
            json!({
                "UserPoolId": pool, "ProviderName": "Google", "ProviderType": "Google",
                "ProviderDetails": {
                    "client_id": "client-1", "client_secret": "planted-secret",
                    "authorize_scopes": "email",
                },
            })
        };
        let world = after(&google(POOL)).await;
        let body = world
            .update("eu-west-1_Pool|Google", &google(pool), &google(POOL))
            .await;
        assert_eq!(body["PhysicalResourceId"], format!("{pool}|Google"));
        assert_eq!(
            body["Data"]["SamlEntityId"],
            format!("urn:amazon:cognito:sp:{pool}")
        );
        assert_eq!(world.operations(), ["Create"]);
        assert_eq!(world.cognito.names(pool), ["Google"]);
    }
}

#[tokio::test]
async fn a_rename_to_another_type_is_a_replacement_as_any() {
    let old = oidc(POOL, "Corp");
    let new = json!({
        "UserPoolId": POOL, "ProviderName": "Renamed", "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://idp.example.com/metadata"},
    });
    let world = after(&old).await;
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body["PhysicalResourceId"], NEW);
    assert_eq!(body["Data"]["ProviderType"], "SAML");
    assert_eq!(world.operations(), ["Create"]);
}

#[tokio::test]
async fn a_rename_takes_shared_identifiers_along() {
    let old = identified("Corp", &["a.example", "b.example", "c.example"]);
    let new = identified("Renamed", &["b.example", "a.example", "d.example"]);
    let world = after(&old).await;
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body, success(NEW, oidc_data(POOL, "Renamed")));
    assert_eq!(
        world.input("Update"),
        json!({"UserPoolId": POOL, "ProviderName": "Corp", "IdpIdentifiers": ["c.example"]})
    );
    assert_eq!(world.operations(), ["Describe", "Update", "Create"]);
    assert_eq!(
        identifiers(&world, "Renamed"),
        json!(["b.example", "a.example", "d.example"])
    );
}

#[tokio::test]
async fn a_rename_without_shared_identifiers_leaves_the_old_ones_alone() {
    let old = identified("Corp", &["a.example"]);
    let new = identified("Renamed", &["b.example"]);
    let world = after(&old).await;
    world.update(OLD, &new, &old).await;
    assert_eq!(world.operations(), ["Create"]);
}

#[tokio::test]
async fn a_move_to_another_pool_leaves_the_old_identifiers_alone() {
    let old = identified("Corp", &["a.example"]);
    let new = with(&old, "UserPoolId", json!(OTHER));
    let world = after(&old).await;
    world.update(OLD, &new, &old).await;
    assert_eq!(world.operations(), ["Create"]);
}

#[tokio::test]
async fn a_rename_that_fails_answers_the_old_id_and_puts_the_identifiers_back() {
    let old = identified("Corp", &["a.example", "b.example"]);
    let new = with_detail(&identified("Renamed", &["a.example"]), "refused", "x");
    let world = after(&old).await;
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body["Status"], "FAILED");
    assert_eq!(body["PhysicalResourceId"], OLD);
    let reason = body["Reason"].as_str().unwrap();
    assert!(
        reason.starts_with("creating identity provider (eu-west-1_Pool|Renamed): InvalidParameter"),
        "{reason}"
    );
    assert_eq!(
        world.operations(),
        ["Describe", "Update", "Create", "Describe", "Update"]
    );
    assert_eq!(
        identifiers(&world, "Corp"),
        json!(["a.example", "b.example"])
    );
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn identifiers_that_cannot_be_restored_are_named_in_the_reason() {
    let old = identified("Corp", &["a.example"]);
    let new = with_detail(&identified("Renamed", &["a.example"]), "refused", "x");
    let world = after(&old).await;
    world.cognito.script(
        "Update",
        [
            Fault::None,
            Fault::Error(400, "NotAuthorizedException", "no"),
        ],
    );
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body["PhysicalResourceId"], OLD);
    let reason = body["Reason"].as_str().unwrap();
    assert!(
        reason.ends_with(
            ". The IdpIdentifiers removed from the old provider could not be restored: updating \
             identity \
             provider (eu-west-1_Pool|Corp): NotAuthorizedException: no"
        ),
        "{reason}"
    );
}

#[tokio::test]
async fn identifiers_that_may_have_been_removed_are_restored() {
    let old = identified("Corp", &["a.example"]);
    let new = identified("Renamed", &["a.example"]);
    let world = after(&old).await;
    // It acted without an answer, and the look that tells so is refused.
    let refusal = Fault::Error(400, "NotAuthorizedException", "no");
    world.cognito.script("Update", [Fault::ErrorAfter]);
    world.cognito.script("Describe", [Fault::None, refusal]);
    let body = world.update(OLD, &new, &old).await;
    let reason = "updating identity provider (eu-west-1_Pool|Corp): InternalErrorException: \
                  Internal error. Not retried: describing identity provider (eu-west-1_Pool|Corp): \
                  NotAuthorizedException: no";
    assert_eq!(body, failed(OLD, reason));
    assert_eq!(
        world.operations(),
        ["Describe", "Update", "Describe", "Update"]
    );
    assert_eq!(identifiers(&world, "Corp"), json!(["a.example"]));
}

#[tokio::test]
async fn a_rename_that_died_half_way_is_finished_or_undone_by_its_second_delivery() {
    // The first delivery took the identifiers off and made nothing.
    let old = identified("Corp", &["a.example"]);
    let half = with(&oidc(POOL, "Corp"), "IdpIdentifiers", json!([]));
    let new = identified("Renamed", &["a.example"]);
    let world = after(&half).await;
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body, success(NEW, oidc_data(POOL, "Renamed")));
    assert_eq!(world.operations(), ["Describe", "Create"]);

    let world = after(&half).await;
    let body = world
        .update(OLD, &with_detail(&new, "refused", "x"), &old)
        .await;
    assert_eq!(body["PhysicalResourceId"], OLD);
    assert_eq!(
        world.operations(),
        ["Describe", "Create", "Describe", "Update"]
    );
    assert_eq!(identifiers(&world, "Corp"), json!(["a.example"]));
}

#[tokio::test]
async fn a_rename_to_a_name_that_is_taken_is_refused_and_changes_nothing() {
    let old = oidc(POOL, "Corp");
    let world = after(&old).await;
    let theirs = with_detail(&oidc(POOL, "Renamed"), "client_secret", "another");
    world.cognito.put(&theirs, 60);
    let before = world.cognito.provider(POOL, "Renamed");
    let body = world.update(OLD, &oidc(POOL, "Renamed"), &old).await;
    let reason = "identity provider Renamed already exists in user pool eu-west-1_Pool and was \
                  not changed. To adopt it, set AdoptExisting: true. From then on the stack owns it, and deletes it when the resource is deleted. If another resource declares it, such as this resource under an earlier logical id, first set DeletionPolicy: Retain for that one and deploy it, because its Delete would remove the provider";
    assert_eq!(body, failed(OLD, reason));
    assert_eq!(world.operations(), ["Create", "Describe"]);
    assert_eq!(world.cognito.provider(POOL, "Renamed"), before);

    // CloudFormation undoes the Update; the other provider is still none of its business.
    let undone = world.update(OLD, &old, &oidc(POOL, "Renamed")).await;
    assert_eq!(undone, success(OLD, oidc_data(POOL, "Corp")));
    assert_eq!(world.operations(), ["Update"]);
    assert_eq!(world.cognito.provider(POOL, "Renamed"), before);
}

#[tokio::test]
async fn a_rename_to_a_name_that_is_taken_adopts_it_if_told_to() {
    let old = oidc(POOL, "Corp");
    let world = after(&old).await;
    let theirs = with_detail(&oidc(POOL, "Renamed"), "client_secret", "another");
    world.cognito.put(&theirs, 60);
    let new = with(&oidc(POOL, "Renamed"), "AdoptExisting", json!("true"));
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body, success(NEW, oidc_data(POOL, "Renamed")));
    assert_eq!(world.operations(), ["Create", "Describe", "Update"]);
    let stored = world.cognito.provider(POOL, "Renamed").unwrap();
    assert_eq!(
        stored["ProviderDetails"]["client_secret"],
        "planted-client-secret"
    );
}

#[tokio::test]
async fn a_rename_that_adopts_takes_shared_identifiers_along() {
    let world = after(&identified("Corp", &["a.example", "b.example"])).await;
    let theirs = with_detail(&oidc(POOL, "Renamed"), "client_secret", "another");
    world.cognito.put(&theirs, 60);
    let new = with(
        &identified("Renamed", &["a.example"]),
        "AdoptExisting",
        json!("true"),
    );
    let old = identified("Corp", &["a.example", "b.example"]);
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body, success(NEW, oidc_data(POOL, "Renamed")));
    assert_eq!(
        world.operations(),
        ["Describe", "Update", "Create", "Describe", "Update"]
    );
    assert_eq!(identifiers(&world, "Renamed"), json!(["a.example"]));
    assert_eq!(identifiers(&world, "Corp"), json!(["b.example"]));
}

#[tokio::test]
async fn a_rename_that_adopted_a_provider_deletes_it_when_undone() {
    // It was the stack's by then. docs/migrating.md says what helps.
    let old = oidc(POOL, "Corp");
    let world = after(&old).await;
    let theirs = with_detail(&oidc(POOL, "Renamed"), "client_secret", "another");
    world.cognito.put(&theirs, 60);
    let new = with(&oidc(POOL, "Renamed"), "AdoptExisting", json!("true"));
    world.update(OLD, &new, &old).await;
    let undone = world.update(NEW, &old, &new).await;
    assert_eq!(undone, success(OLD, oidc_data(POOL, "Corp")));
    assert_eq!(world.delete(NEW, &new).await, deleted(NEW));
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn a_rename_that_cannot_adopt_puts_the_identifiers_back() {
    let old = identified("Corp", &["a.example"]);
    let new = with(
        &identified("Renamed", &["a.example"]),
        "AdoptExisting",
        json!("true"),
    );
    let saml = json!({
        "UserPoolId": POOL, "ProviderName": "Renamed", "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://idp.example.com"},
    });
    let another = with_detail(&oidc(POOL, "Renamed"), "client_secret", "another");
    let refusal = Fault::Error(400, "InvalidParameterException", "no");
    let another_type = "identity provider Renamed already exists in user pool eu-west-1_Pool and \
                        was not changed. It cannot be adopted as OIDC: its type is SAML, and Cognito cannot change a provider's type";
    for (theirs, updates, reason) in [
        (saml, vec![], another_type),
        // The first takes the identifiers off.
        (
            another,
            vec![Fault::None, refusal],
            "updating identity provider (eu-west-1_Pool|Renamed): InvalidParameterException: no",
        ),
    ] {
        let world = after(&old).await;
        world.cognito.put(&theirs, 60);
        let before = world.cognito.provider(POOL, "Renamed");
        world.cognito.script("Update", updates);
        let body = world.update(OLD, &new, &old).await;
        assert_eq!(body, failed(OLD, reason));
        assert_eq!(world.operations().last().unwrap(), "Update");
        assert_eq!(identifiers(&world, "Corp"), json!(["a.example"]));
        assert_eq!(world.cognito.provider(POOL, "Renamed"), before);
    }
}

#[tokio::test]
async fn a_rename_undone_by_a_rollback_takes_the_old_provider_back() {
    let old = identified("Corp", &["a.example"]);
    let new = identified("Renamed", &["a.example"]);
    let world = after(&old).await;
    world.update(OLD, &new, &old).await;
    world.operations();

    // Another resource failed. The old provider has not been cleaned up yet.
    let body = world.update(NEW, &old, &new).await;
    assert_eq!(body, success(OLD, oidc_data(POOL, "Corp")));
    assert_eq!(
        world.operations(),
        ["Describe", "Update", "Create", "Describe", "Update"]
    );
    assert_eq!(identifiers(&world, "Corp"), json!(["a.example"]));
    assert_eq!(world.delete(NEW, &new).await, deleted(NEW));
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn a_rename_is_undone_past_a_member_that_was_set_by_hand() {
    let (old, new) = (oidc(POOL, "Corp"), oidc(POOL, "Renamed"));
    let world = after(&with(&old, "AttributeMapping", json!({"email": "mail"}))).await;
    world.update(OLD, &new, &old).await;
    let body = world.update(NEW, &old, &new).await;
    assert_eq!(body, success(OLD, oidc_data(POOL, "Corp")));
    let stored = world.cognito.provider(POOL, "Corp").unwrap();
    assert_eq!(stored["AttributeMapping"], json!({"email": "mail"}));
}

#[tokio::test]
async fn a_rename_delivered_twice_gives_the_same_answer() {
    for shared in [&[][..], &["a.example"]] {
        let (old, new) = (identified("Corp", shared), identified("Renamed", shared));
        let world = after(&old).await;
        let event = events::update(&world.url(), OLD, &new, &old);
        let first = world.send(event.clone()).await;
        assert_eq!(first, success(NEW, oidc_data(POOL, "Renamed")));
        assert_eq!(world.send(event).await, first);
        assert_eq!(identifiers(&world, "Renamed"), json!(shared));
    }
}

#[tokio::test]
async fn a_rename_whose_create_lost_its_answer_finds_its_own() {
    let (old, new) = (oidc(POOL, "Corp"), oidc(POOL, "Renamed"));
    let world = after(&old).await;
    world.cognito.script("Create", [Fault::ResetAfter]);
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body, success(NEW, oidc_data(POOL, "Renamed")));
    assert_eq!(
        world.operations(),
        ["Create", "Describe", "Create", "Describe"]
    );
}

#[tokio::test]
async fn a_rename_from_another_handler_names_the_old_one_by_its_properties() {
    let old = identified("Corp", &["a.example"]);
    let new = identified("Renamed", &["a.example"]);
    let world = after(&old).await;
    let body = world.update("their-id", &new, &old).await;
    assert_eq!(body, success(NEW, oidc_data(POOL, "Renamed")));
    assert_eq!(world.operations(), ["Describe", "Update", "Create"]);
}

#[tokio::test]
async fn a_rename_of_a_provider_that_is_gone_makes_the_new_one() {
    let old = identified("Corp", &["a.example"]);
    let new = identified("Renamed", &["a.example"]);
    let world = World::new().await;
    let body = world.update(OLD, &new, &old).await;
    assert_eq!(body, success(NEW, oidc_data(POOL, "Renamed")));
    assert_eq!(world.operations(), ["Describe", "Create"]);
}
