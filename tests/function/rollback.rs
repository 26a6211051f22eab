//! What CloudFormation sends when a stack is rolled back, and what may still be under way then.

use std::time::Duration;

use cfn_cognito_idp_support::{
    cloudformation,
    cognito::Fault,
    events::{self, LOGICAL_ID},
};
use serde_json::{Value, json};

use crate::world::{
    ID, OTHER, POOL, World, answer, deleted, failed, oidc, oidc_data, success, undated, with,
    with_detail,
};

const NEW: &str = "eu-west-1_Pool|Renamed";
/// As CloudFormation makes them up for this resource of the stack `idp`.
const MADE_UP: &str = "idp-Corp-1A2B3C4D5E6F7";

/// The stored provider, but for when it was last changed.
fn stored(world: &World, pool: &str, name: &str) -> Option<Value> {
    let stored = world.cognito.provider(pool, name);
    stored.map(|stored| with(&stored, "LastModifiedDate", json!(null)))
}

fn changed(old: &Value) -> Value {
    with_detail(old, "authorize_scopes", "openid")
}

#[tokio::test]
async fn rollback_of_a_refused_update_keeps_members_set_by_hand() {
    let bare = oidc(POOL, "Corp");
    let mapping = json!({"email": "mail", "name": "cn"});
    let by_hand = with(
        &with(&bare, "AttributeMapping", mapping.clone()),
        "IdpIdentifiers",
        json!(["by.hand", "shared.example"]),
    );
    let declares = with(
        &with(&bare, "AttributeMapping", json!({"email": "mail"})),
        "IdpIdentifiers",
        json!(["shared.example"]),
    );
    // Refused by Cognito, and by this handler.
    for update in [
        with_detail(&declares, "refused", "x"),
        with(&declares, "AttributeMappings", json!({})),
    ] {
        let world = World::new().await;
        world.cognito.put(&by_hand, 3_600);
        let before = stored(&world, POOL, "Corp");
        let body = world.update(ID, &update, &bare).await;
        assert_eq!(body["Status"], "FAILED");
        let undone = world.update(ID, &bare, &update).await;
        assert_eq!(undone, success(ID, oidc_data(POOL, "Corp")));
        assert_eq!(stored(&world, POOL, "Corp"), before);
    }
}

#[tokio::test]
async fn members_that_are_no_longer_declared_lose_only_declared_entries() {
    let bare = oidc(POOL, "Corp");
    let declared = with(
        &with(
            &bare,
            "AttributeMapping",
            json!({"email": "mail", "name": "cn"}),
        ),
        "IdpIdentifiers",
        json!(["a.example", "b.example"]),
    );
    let since = with(
        &with(
            &declared,
            "AttributeMapping",
            json!({"email": "mail", "name": "displayName", "given_name": "gn"}),
        ),
        "IdpIdentifiers",
        json!(["b.example", "by.hand"]),
    );
    let world = World::new().await;
    world.cognito.put(&since, 3_600);
    let body = world.update(ID, &bare, &declared).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    let stored = stored(&world, POOL, "Corp").unwrap();
    assert_eq!(
        stored["AttributeMapping"],
        json!({"name": "displayName", "given_name": "gn"})
    );
    assert_eq!(stored["IdpIdentifiers"], json!(["by.hand"]));
    assert_eq!(world.operations(), ["Describe", "Update"]);
}

/// An Update is throttled in `operation`; while it waits for its turn it is cancelled, and its
/// rollback goes through. Returns its answer.
async fn cancelled(world: &World, operation: &str, new: &Value, old: &Value) -> Value {
    world.cognito.script(operation, [Fault::THROTTLED]);
    let first = events::update(&world.url(), ID, new, old);
    let (ended, ()) = tokio::join!(world.invoke(first), async {
        world.cognito.until_called(1).await;
        let other = world.another().await;
        world
            .cloudformation
            .set(LOGICAL_ID, "UPDATE_IN_PROGRESS", ID);
        let rollback = events::update(&world.url(), ID, old, new);
        let rollback = events::numbered(rollback, 1);
        let rollback = answer(world.invoke_on(&other, rollback).await);
        let mut restored = success(ID, oidc_data(POOL, "Corp"));
        restored["RequestId"] = events::request_id(1).into();
        assert_eq!(undated(rollback), restored);
        world.cloudformation.set(LOGICAL_ID, "UPDATE_COMPLETE", ID);
    });
    undated(answer(ended))
}

#[tokio::test]
async fn an_update_that_waited_does_not_undo_its_rollback() {
    let old = oidc(POOL, "Corp");
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    let before = stored(&world, POOL, "Corp");
    let body = cancelled(&world, "Update", &changed(&old), &old).await;
    let reason = "updating identity provider (eu-west-1_Pool|Corp): TooManyRequestsException: Rate \
                  exceeded. Not retried: this request was superseded: CloudFormation no longer waits for it or has sent a newer one. Identity provider (eu-west-1_Pool|Corp) was changed after this request was issued";
    assert_eq!(body, failed(ID, reason));
    assert_eq!(stored(&world, POOL, "Corp"), before);
    assert_eq!(world.operations(), ["Update", "Update", "Describe"]);
    assert_eq!(world.cloudformation.take_asked(), [LOGICAL_ID]);
}

#[tokio::test]
async fn an_update_that_waited_stops_where_cloudformation_cannot_be_asked() {
    let old = oidc(POOL, "Corp");
    let gone = cloudformation::Fault::Error(400, "ValidationError", "Stack does not exist");
    for (fault, end) in [
        (gone, "ValidationError: Stack does not exist"),
        (
            cloudformation::Fault::THROTTLED,
            "Throttling: Rate exceeded",
        ),
        (
            cloudformation::Fault::Hang,
            "the attempt timed out: 127.0.0.1 did not respond",
        ),
    ] {
        let world = World::new().await;
        world.cognito.put(&old, 3_600);
        let before = stored(&world, POOL, "Corp");
        world.cloudformation.script_always(fault);
        let body = cancelled(&world, "Update", &changed(&old), &old).await;
        let reason = body["Reason"].as_str().unwrap();
        let why = "was changed after this request was issued, by a newer request or by someone \
                   else. It is not known whether CloudFormation still waits for this request: \
                   asking CloudFormation about Corp: ";
        assert!(reason.contains(why), "{reason}");
        assert!(reason.ends_with(end), "{reason}");
        assert_eq!(stored(&world, POOL, "Corp"), before);
    }
}

#[tokio::test]
async fn an_update_that_waited_asks_cloudformation_again_after_throttled_questions() {
    let old = oidc(POOL, "Corp");
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    world
        .cloudformation
        .script([cloudformation::Fault::THROTTLED; 2]);
    let body = cancelled(&world, "Update", &changed(&old), &old).await;
    let reason = body["Reason"].as_str().unwrap();
    let why = "this request was superseded: CloudFormation no longer waits for it or has sent a \
               newer one";
    assert!(reason.contains(why), "{reason}");
    assert_eq!(world.cloudformation.take_asked(), [LOGICAL_ID; 3]);
}

#[tokio::test]
async fn a_replacement_that_waited_makes_nothing_after_its_rollback() {
    let old = oidc(POOL, "Corp");
    for (pool, name) in [(POOL, "Renamed"), (OTHER, "Corp")] {
        for operation in ["Create", "Update"] {
            // With shared identifiers, it waits before it takes them off the old provider.
            let shares = operation == "Update";
            if shares && pool != POOL {
                continue;
            }
            let with_ids = |properties: &Value| {
                let identifiers = json!(shares.then_some(["a.example"]));
                with(properties, "IdpIdentifiers", identifiers)
            };
            let (old, new) = (with_ids(&old), with_ids(&oidc(pool, name)));
            let world = World::new().await;
            world.cognito.put(&old, 3_600);
            let before = stored(&world, POOL, "Corp");
            let body = cancelled(&world, operation, &new, &old).await;
            assert_eq!(body["PhysicalResourceId"], ID);
            let reason = body["Reason"].as_str().unwrap();
            assert!(
                reason.contains("Not retried: this request was superseded: "),
                "{reason}"
            );
            assert_eq!(
                stored(&world, pool, name).filter(|_| pool != POOL || name != "Corp"),
                None
            );
            assert_eq!(stored(&world, POOL, "Corp"), before);
        }
    }
}

#[tokio::test]
async fn a_cancelled_replacement_deletes_the_provider_of_its_unanswered_create() {
    let (old, new) = (oidc(POOL, "Corp"), oidc(POOL, "Renamed"));
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    world.cognito.script("Create", [Fault::ErrorAfter]);
    world.cloudformation.set(LOGICAL_ID, "UPDATE_FAILED", ID);
    let body = world.update(ID, &new, &old).await;
    assert_eq!(body["Status"], "FAILED");
    assert_eq!(
        world.operations(),
        ["Create", "Describe", "Describe", "Delete"]
    );
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn a_replacement_keeps_the_provider_that_another_delivery_has_reported() {
    let (old, new) = (oidc(POOL, "Corp"), oidc(POOL, "Renamed"));
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    world.cognito.script("Create", [Fault::ErrorAfter]);
    let id = "eu-west-1_Pool|Renamed";
    world.cloudformation.set(LOGICAL_ID, "UPDATE_COMPLETE", id);
    let body = world.update(ID, &new, &old).await;
    assert_eq!(body["Status"], "FAILED");
    assert_eq!(world.operations(), ["Create", "Describe"]);
    assert_eq!(world.cognito.names(POOL), ["Corp", "Renamed"]);
}

#[tokio::test]
async fn an_update_that_waited_and_is_still_wanted_is_applied_over_another_change() {
    let old = oidc(POOL, "Corp");
    let new = changed(&old);
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    world.cognito.script("Update", [Fault::THROTTLED]);
    world
        .cloudformation
        .set(LOGICAL_ID, "UPDATE_IN_PROGRESS", ID);
    let event = events::update(&world.url(), ID, &new, &old);
    let (ended, ()) = tokio::join!(world.invoke(event), async {
        world.cognito.until_called(1).await;
        world.cognito.touch(POOL, "Corp");
    });
    assert_eq!(answer(ended)["Status"], "SUCCESS");
    assert_eq!(world.operations(), ["Update", "Describe", "Update"]);
    let stored = stored(&world, POOL, "Corp").unwrap();
    assert_eq!(stored["ProviderDetails"]["authorize_scopes"], "openid");
}

#[tokio::test]
async fn an_update_that_waited_for_a_provider_that_is_gone_asks_before_it_makes_it_again() {
    let old = oidc(POOL, "Corp");
    for (status, made) in [("UPDATE_IN_PROGRESS", true), ("DELETE_COMPLETE", false)] {
        let world = World::new().await;
        world.cognito.put(&old, 3_600);
        world.cognito.script("Update", [Fault::THROTTLED]);
        world.cloudformation.set(LOGICAL_ID, status, ID);
        let event = events::update(&world.url(), ID, &changed(&old), &old);
        let (ended, ()) = tokio::join!(world.invoke(event), async {
            world.cognito.until_called(1).await;
            world.cognito.remove(POOL, "Corp");
        });
        assert_eq!(answer(ended)["Status"] == "SUCCESS", made);
        assert_eq!(world.cognito.names(POOL).is_empty(), !made);
    }
}

#[tokio::test]
async fn rollback_to_an_unchanged_provider_succeeds_though_cognito_refuses_it() {
    let old = with(
        &oidc(POOL, "Corp"),
        "AttributeMapping",
        json!({"email": "mail"}),
    );
    let new = changed(&old);
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    let down = "Non-ok status code 404 returned from remote metadata source";
    let refusal = Fault::Error(400, "InvalidParameterException", down);
    world.cognito.script_always("Update", refusal);
    let body = world.update(ID, &new, &old).await;
    let reason = format!(
        "updating identity provider (eu-west-1_Pool|Corp): InvalidParameterException: {down}"
    );
    assert_eq!(body, failed(ID, &reason));
    let undone = world.update(ID, &old, &new).await;
    assert_eq!(undone, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(
        world.operations(),
        ["Update", "Describe", "Update", "Describe"]
    );
}

#[tokio::test]
async fn rollback_succeeds_while_the_metadata_url_is_down() {
    let old = json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://idp.example.com/metadata"},
        "AttributeMapping": {"email": "mail"},
    });
    let new = with(&old, "AttributeMapping", json!({"email": "upn"}));
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    let before = stored(&world, POOL, "Corp");
    world
        .cognito
        .metadata_down("https://idp.example.com/metadata");
    let body = world.update(ID, &new, &old).await;
    let reason = "updating identity provider (eu-west-1_Pool|Corp): InvalidParameterException: \
                  Non-ok status code 404 returned from remote metadata source";
    assert_eq!(body, failed(ID, reason));
    let undone = world.update(ID, &old, &new).await;
    assert_eq!(undone["Status"], "SUCCESS", "{undone}");
    assert_eq!(stored(&world, POOL, "Corp"), before);
}

#[tokio::test]
async fn a_refused_update_of_a_key_that_cognito_hides_fails() {
    let apple = |key: &str| {
        json!({
            "UserPoolId": POOL, "ProviderName": "SignInWithApple", "ProviderType": "SignInWithApple",
            "ProviderDetails": {
                "client_id": "client-1", "team_id": "team-1", "key_id": "key-1",
                "private_key": key, "authorize_scopes": "email",
            },
        })
    };
    let id = "eu-west-1_Pool|SignInWithApple";
    let (old, new) = (apple("planted-one"), apple("planted-two"));
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    let refusal = Fault::Error(400, "InvalidParameterException", "no");
    world.cognito.script("Update", [refusal, refusal]);
    assert_eq!(world.update(id, &new, &old).await["Status"], "FAILED");
    assert_eq!(world.update(id, &old, &old).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn rollback_of_a_rename_succeeds_though_cognito_refuses_the_old_provider() {
    let (old, new) = (oidc(POOL, "Corp"), oidc(POOL, "Renamed"));
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    world.update(ID, &new, &old).await;
    let refusal = Fault::Error(400, "InvalidParameterException", "no");
    world.cognito.script("Create", [refusal]);
    let undone = world.update(NEW, &old, &new).await;
    assert_eq!(undone, success(ID, oidc_data(POOL, "Corp")));
}

#[tokio::test]
async fn an_update_under_a_generated_id_changes_no_other_provider() {
    let corp = oidc(POOL, "Corp");
    let world = World::new().await;
    let theirs = with_detail(&corp, "client_id", "theirs");
    world.cognito.put(&theirs, 3_600);
    let before = stored(&world, POOL, "Corp");
    let body = world.update(MADE_UP, &corp, &corp).await;
    assert_eq!(body["Status"], "FAILED");
    assert_eq!(body["PhysicalResourceId"], MADE_UP);
    assert_eq!(stored(&world, POOL, "Corp"), before);

    world.cognito.remove(POOL, "Corp");
    let body = world.update(MADE_UP, &corp, &corp).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.delete(MADE_UP, &corp).await, deleted(MADE_UP));
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn an_update_that_carries_on_says_that_its_create_is_in_doubt() {
    let corp = oidc(POOL, "Corp");
    for id in ["not-created/f4ef1b10", MADE_UP] {
        let mut world = World::new().await;
        world.time = Duration::from_secs(12);
        world.cognito.script_always("Create", Fault::HangAfter);
        world.cognito.script_always("Describe", Fault::HangBefore);
        let body = world.update(id, &corp, &corp).await;
        assert_eq!(body["Status"], "FAILED");
        let unconfirmed = body["PhysicalResourceId"].as_str().unwrap().to_owned();
        assert!(unconfirmed.starts_with("unconfirmed/"), "{unconfirmed}");
        world.cognito.script_always("Describe", Fault::None);
        assert_eq!(
            world.delete(&unconfirmed, &corp).await,
            deleted(&unconfirmed)
        );
        assert!(world.cognito.names(POOL).is_empty());
    }
}

#[tokio::test]
async fn a_rename_in_doubt_names_the_identifiers_that_are_not_restored() {
    let old = with(&oidc(POOL, "Corp"), "IdpIdentifiers", json!(["a.example"]));
    let new = with(&old, "ProviderName", json!("Renamed"));
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world.cognito.put(&old, 3_600);
    world.cognito.script("Describe", [Fault::None]);
    world.cognito.script_always("Create", Fault::HangAfter);
    world.cognito.script_always("Describe", Fault::HangBefore);
    let body = world.update(ID, &new, &old).await;
    assert_eq!(body["PhysicalResourceId"], ID);
    let reason = body["Reason"].as_str().unwrap();
    assert!(
        reason.contains("The provider may or may not have been created"),
        "{reason}"
    );
    assert!(
        reason.contains("IdpIdentifiers removed from the old provider could not be restored"),
        "{reason}"
    );

    // So does its rollback.
    world.cognito.script_always("Describe", Fault::None);
    let undone = world.update(ID, &old, &new).await;
    let reason = undone["Reason"].as_str().unwrap();
    let hint = "Identity provider eu-west-1_Pool|Renamed, which the previous request may have \
                created, may hold these IdpIdentifiers: delete it, then deploy again";
    assert!(reason.ends_with(hint), "{reason}");
    world.cognito.remove(POOL, "Renamed");
    let undone = world.update(ID, &old, &new).await;
    assert_eq!(undone, success(ID, oidc_data(POOL, "Corp")));
}

#[tokio::test]
async fn a_create_that_an_update_confirms_is_a_resource_as_any_other() {
    let corp = oidc(POOL, "Corp");
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world.cognito.script_always("Create", Fault::HangAfter);
    world.cognito.script_always("Describe", Fault::HangBefore);
    let unconfirmed = world.create(&corp).await["PhysicalResourceId"].clone();
    let unconfirmed = unconfirmed.as_str().unwrap();
    assert!(unconfirmed.starts_with("unconfirmed/"), "{unconfirmed}");
    for operation in ["Create", "Describe"] {
        world.cognito.script_always(operation, Fault::None);
    }

    // It may change something at once.
    let new = changed(&corp);
    let mut data = oidc_data(POOL, "Corp");
    data["authorize_scopes"] = "openid".into();
    let body = world.update(unconfirmed, &new, &corp).await;
    assert_eq!(body, success(ID, data));
    // The clean-up of the id before spares it, whichever properties it carries.
    for properties in [&corp, &new] {
        assert_eq!(
            world.delete(unconfirmed, properties).await,
            deleted(unconfirmed)
        );
    }
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
    assert_eq!(world.update(ID, &corp, &new).await["Status"], "SUCCESS");
    assert_eq!(world.delete(ID, &corp).await, deleted(ID));
    assert!(world.cognito.names(POOL).is_empty());
}

#[tokio::test]
async fn a_create_that_was_not_carried_out_is_made_by_an_update_and_outlives_the_clean_up() {
    let corp = oidc(POOL, "Corp");
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world.cognito.script_always("Create", Fault::HangBefore);
    let unconfirmed = world.create(&corp).await["PhysicalResourceId"].clone();
    let unconfirmed = unconfirmed.as_str().unwrap();
    world.cognito.script_always("Create", Fault::None);
    let body = world.update(unconfirmed, &corp, &corp).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.delete(unconfirmed, &corp).await, deleted(unconfirmed));
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn a_late_delete_keeps_a_provider_created_after_its_request() {
    let corp = oidc(POOL, "Corp");
    for (made_ago, left) in [(10, true), (3_600, false)] {
        let world = World::new().await;
        world.cognito.put(&corp, made_ago);
        let url = world.responses.url(Some(&events::amz_date(60)));
        let body = world.send(events::delete(&url, ID, &corp)).await;
        assert_eq!(body, deleted(ID));
        assert_eq!(!world.cognito.names(POOL).is_empty(), left);
        assert_eq!(world.operations()[0], "Describe");
    }
}

#[tokio::test]
async fn a_late_create_that_is_refused_finds_the_provider_of_an_earlier_delivery() {
    let corp = oidc(POOL, "Corp");
    let refusal = Fault::Error(400, "InvalidParameterException", "no");
    let url = |world: &World| world.responses.url(Some(&events::amz_date(60)));

    let world = World::new().await;
    world.cognito.put(&corp, 50);
    world.cognito.script("Create", [refusal]);
    let body = world.send(events::create(&url(&world), &corp)).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));

    let world = World::new().await;
    world.cognito.put(&corp, 50);
    world.cognito.script("Create", [refusal]);
    world.cognito.script("Describe", [refusal]);
    let body = world.send(events::create(&url(&world), &corp)).await;
    let id = body["PhysicalResourceId"].as_str().unwrap();
    assert!(id.starts_with("unconfirmed/"), "{id}");
    let reason = "creating identity provider (eu-west-1_Pool|Corp): InvalidParameterException: no. \
                  The provider may have been created by an earlier delivery of this request";
    assert_eq!(body, failed(id, reason));
    assert_eq!(world.delete(id, &corp).await, deleted(id));
    assert!(world.cognito.names(POOL).is_empty());

    let world = World::new().await;
    world.cognito.script("Create", [refusal]);
    let body = world.send(events::create(&url(&world), &corp)).await;
    assert!(
        body["PhysicalResourceId"]
            .as_str()
            .unwrap()
            .starts_with("not-created/")
    );
}

#[tokio::test]
async fn an_adoption_in_doubt_says_that_the_provider_may_have_been_changed() {
    let corp = with(&oidc(POOL, "Corp"), "AdoptExisting", json!("true"));
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world
        .cognito
        .put(&with_detail(&corp, "client_id", "theirs"), 3_600);
    world.cognito.script_always("Update", Fault::HangBefore);
    let body = world.create(&corp).await;
    assert!(
        body["PhysicalResourceId"]
            .as_str()
            .unwrap()
            .starts_with("not-created/")
    );
    let reason = body["Reason"].as_str().unwrap();
    assert!(
        reason.ends_with("The provider may or may not have been changed"),
        "{reason}"
    );
}

#[tokio::test]
async fn the_older_response_url_tells_when_its_request_was_issued() {
    let corp = oidc(POOL, "Corp");
    let world = World::new().await;
    world.cognito.put(&corp, 50);
    let url = world.responses.older_url(60);
    let body = world.send(events::create(&url, &corp)).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));

    let world = World::new().await;
    world.cognito.put(&corp, 70);
    let url = world.responses.older_url(60);
    let body = world.send(events::create(&url, &corp)).await;
    assert_eq!(body["Status"], "FAILED");
}
