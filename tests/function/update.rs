use cfn_cognito_idp_support::{cognito::Fault, events};
use serde_json::json;

use crate::world::{ID, POOL, World, deleted, failed, oidc, oidc_data, success, with, with_detail};

#[tokio::test]
async fn update_sends_the_whole_details_in_one_call() {
    let world = World::new().await;
    let old = with_detail(
        &oidc(POOL, "Corp"),
        "attributes_url",
        "https://idp.example.com/a",
    );
    world.create(&old).await;
    world.operations();
    let new = with_detail(&oidc(POOL, "Corp"), "client_id", "client-2");
    let body = world.update(ID, &new, &old).await;
    let mut data = oidc_data(POOL, "Corp");
    data["client_id"] = "client-2".into();
    assert_eq!(body, success(ID, data));
    assert_eq!(
        world.input("Update"),
        json!({
            "UserPoolId": POOL,
            "ProviderName": "Corp",
            "ProviderDetails": new["ProviderDetails"],
        })
    );
    assert_eq!(world.operations(), ["Update"]);
}

#[tokio::test]
async fn update_is_a_three_way_merge_of_the_optional_members() {
    let members = [
        (
            "AttributeMapping",
            json!({"email": "mail"}),
            json!({"email": "upn"}),
            json!({}),
        ),
        (
            "IdpIdentifiers",
            json!(["a.example"]),
            json!(["b.example"]),
            json!([]),
        ),
        (
            "AcrMapping",
            json!({"Level1": "one"}),
            json!({"Level1": "uno"}),
            json!({}),
        ),
    ];
    for (member, one, two, empty) in members {
        let bare = oidc(POOL, "Corp");
        let (with_one, with_two) = (
            with(&bare, member, one.clone()),
            with(&bare, member, two.clone()),
        );
        // (previous, desired, what is sent)
        let cases = [
            (&bare, &with_one, Some(&one)),
            (&with_one, &with_two, Some(&two)),
            (&with_one, &with_one, Some(&one)),
            (&with_one, &bare, Some(&empty)),
            (&bare, &bare, None),
        ];
        for (previous, desired, sent) in cases {
            let world = World::new().await;
            world.cognito.put(previous, 60);
            let body = world.update(ID, desired, previous).await;
            assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
            assert_eq!(world.input("Update").get(member), sent, "{member}");
            // What takes something away looks first.
            let looks = previous.get(member).is_some() && desired.get(member).is_none();
            let calls: &[_] = if looks {
                &["Describe", "Update"]
            } else {
                &["Update"]
            };
            assert_eq!(world.operations(), calls);
        }
    }
}

#[tokio::test]
async fn update_keeps_undeclared_members() {
    let world = World::new().await;
    let elsewhere = with(
        &oidc(POOL, "Corp"),
        "AttributeMapping",
        json!({"email": "mail"}),
    );
    world.cognito.put(&elsewhere, 60);
    world
        .update(ID, &oidc(POOL, "Corp"), &oidc(POOL, "Corp"))
        .await;
    let stored = world.cognito.provider(POOL, "Corp").unwrap();
    assert_eq!(stored["AttributeMapping"], json!({"email": "mail"}));
}

#[tokio::test]
async fn update_of_a_provider_that_is_gone_creates_it_again() {
    let world = World::new().await;
    let body = world
        .update(ID, &oidc(POOL, "Corp"), &oidc(POOL, "Corp"))
        .await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.operations(), ["Update", "Create"]);
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn update_in_a_pool_that_is_gone_fails_with_its_own_id() {
    let world = World::new().await;
    world.cognito.remove_pool(POOL);
    let body = world
        .update(ID, &oidc(POOL, "Corp"), &oidc(POOL, "Corp"))
        .await;
    let reason = "creating identity provider (eu-west-1_Pool|Corp): ResourceNotFoundException: \
                  User pool eu-west-1_Pool does not exist.";
    assert_eq!(body, failed(ID, reason));
    assert_eq!(world.operations(), ["Update", "Create"]);
}

#[tokio::test]
async fn update_that_cognito_refuses_leaves_the_provider_and_the_id() {
    let world = World::new().await;
    world.create(&oidc(POOL, "Corp")).await;
    world.operations();
    let before = world.cognito.provider(POOL, "Corp");
    let new = with_detail(&oidc(POOL, "Corp"), "refused", "planted-value");
    let body = world.update(ID, &new, &oidc(POOL, "Corp")).await;
    let reason = "updating identity provider (eu-west-1_Pool|Corp): InvalidParameterException: \
                  Value \"***\" at 'providerDetails.refused' failed to satisfy constraint; \
                  client_secret was \"***\"";
    assert_eq!(body, failed(ID, reason));
    assert_eq!(world.operations(), ["Update", "Describe"]);
    assert_eq!(world.cognito.provider(POOL, "Corp"), before);

    // What CloudFormation does next.
    let undone = world.update(ID, &oidc(POOL, "Corp"), &new).await;
    assert_eq!(undone, success(ID, oidc_data(POOL, "Corp")));
}

#[tokio::test]
async fn update_with_invalid_properties_makes_no_call_and_keeps_the_id() {
    let world = World::new().await;
    let new = with(&oidc(POOL, "Corp"), "ProviderType", json!("Oidc"));
    let body = world.update(ID, &new, &oidc(POOL, "Corp")).await;
    let reason = "invalid properties: ProviderType must be one of SAML, OIDC, Google, Facebook, \
                  LoginWithAmazon, SignInWithApple, not \"Oidc\": did you mean OIDC?";
    assert_eq!(body, failed(ID, reason));
    assert_eq!(world.operations(), [""; 0]);
}

fn saml(name: &str) -> serde_json::Value {
    json!({
        "UserPoolId": POOL, "ProviderName": name, "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://idp.example.com/metadata"},
    })
}

#[tokio::test]
async fn update_to_another_type_is_refused_and_undone_without_a_change() {
    let world = World::new().await;
    world.create(&oidc(POOL, "Corp")).await;
    world.operations();
    let before = world.cognito.provider(POOL, "Corp");
    let body = world.update(ID, &saml("Corp"), &oidc(POOL, "Corp")).await;
    let reason = "the type of identity provider eu-west-1_Pool|Corp cannot be changed from OIDC \
                  to SAML: choose another ProviderName";
    assert_eq!(body, failed(ID, reason));
    assert_eq!(world.operations(), ["Describe"]);
    assert_eq!(world.cognito.provider(POOL, "Corp"), before);

    // CloudFormation undoes it by the same Update turned round, which has to succeed.
    let undone = world.update(ID, &oidc(POOL, "Corp"), &saml("Corp")).await;
    assert_eq!(undone, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.operations(), ["Describe", "Update"]);
}

#[tokio::test]
async fn update_to_another_type_of_a_provider_that_is_gone_creates_it() {
    let world = World::new().await;
    let body = world.update(ID, &oidc(POOL, "Corp"), &saml("Corp")).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.operations(), ["Describe", "Create"]);
}

#[tokio::test]
async fn update_from_another_handler_keeps_its_provider() {
    let world = World::new().await;
    let foreign = "2026/11/22/[$LATEST]0123456789abcdef";
    world.cognito.put(&oidc(POOL, "Corp"), 60);
    let mut previous = oidc(POOL, "Corp");
    previous["SomethingOfTheirs"] = json!({"a": [1]});
    let body = world.update(foreign, &oidc(POOL, "Corp"), &previous).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.operations(), ["Update"]);

    // The id has changed, so CloudFormation deletes the one before.
    let body = world.delete(foreign, &previous).await;
    assert_eq!(body, deleted(foreign));
    assert_eq!(world.operations(), [""; 0]);
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn update_from_another_handler_that_fails_keeps_the_other_id() {
    let world = World::new().await;
    let theirs = with_detail(&oidc(POOL, "Corp"), "client_id", "client-0");
    world.cognito.put(&theirs, 60);
    world.cognito.script(
        "Update",
        [Fault::Error(400, "NotAuthorizedException", "no")],
    );
    let body = world
        .update("their-id", &oidc(POOL, "Corp"), &oidc(POOL, "Corp"))
        .await;
    let reason = "updating identity provider (eu-west-1_Pool|Corp): NotAuthorizedException: no";
    assert_eq!(body, failed("their-id", reason));
}

#[tokio::test]
async fn update_of_a_resource_that_was_never_created_creates_it() {
    let world = World::new().await;
    for id in ["not-created/r-1", "their-id"] {
        let body = world.update(id, &oidc(POOL, "Corp"), &json!({})).await;
        assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
        assert_eq!(world.operations(), ["Create"]);
        world.cognito.remove(POOL, "Corp");
    }
}

#[tokio::test]
async fn update_delivered_twice_gives_the_same_answer() {
    let world = World::new().await;
    world.create(&oidc(POOL, "Corp")).await;
    world.operations();
    let new = with_detail(&oidc(POOL, "Corp"), "authorize_scopes", "openid email");
    let event = events::update(&world.url(), ID, &new, &oidc(POOL, "Corp"));
    let first = world.send(event.clone()).await;
    assert_eq!(world.send(event).await, first);
    assert_eq!(world.operations(), ["Update", "Update"]);
}

#[tokio::test]
async fn a_provider_whose_name_cognito_no_longer_gives_is_updated_and_deleted() {
    let id = "eu-west-1_Pool|corp_idp";
    let refused = World::new().await.create(&oidc(POOL, "corp_idp")).await;
    let reason = refused["Reason"].as_str().unwrap();
    assert!(reason.contains("failed to satisfy constraint"), "{reason}");

    let old = oidc(POOL, "corp_idp");
    let new = with_detail(&old, "authorize_scopes", "openid email");
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    assert_eq!(world.update(id, &new, &old).await["Status"], "SUCCESS");
    assert_eq!(world.delete(id, &old).await, deleted(id));
    assert!(world.cognito.names(POOL).is_empty());
}
