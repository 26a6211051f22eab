use std::time::Duration;

use cfn_cognito_idp_support::{cognito::Fault, events};
use serde_json::{Value, json};

use crate::world::{
    FAR, ID, POOL, World, deleted, failed, not_created, oidc, oidc_data, success, uncounted, with,
    with_detail,
};

/// The least that Cognito takes for each type, and what of it is no attribute.
fn six_types() -> [(&'static str, Value); 6] {
    let social = json!({
        "client_id": "client-1", "client_secret": "planted-secret", "authorize_scopes": "email",
    });
    [
        (
            "SAML",
            json!({"MetadataURL": "https://idp.example.com/metadata"}),
        ),
        (
            "OIDC",
            json!({
                "client_id": "client-1", "client_secret": "planted-secret",
                "authorize_scopes": "openid", "oidc_issuer": "https://idp.example.com",
                "attributes_request_method": "POST",
            }),
        ),
        ("Google", social.clone()),
        ("Facebook", social.clone()),
        ("LoginWithAmazon", social),
        (
            "SignInWithApple",
            json!({
                "client_id": "client-1", "team_id": "TEAM", "key_id": "KEY",
                "private_key": "planted-private-key", "authorize_scopes": "email name",
            }),
        ),
    ]
}

#[tokio::test]
async fn create_makes_a_provider_of_each_type_in_one_call() {
    for (kind, details) in six_types() {
        let world = World::new().await;
        let name = if ["SAML", "OIDC"].contains(&kind) {
            "Corp"
        } else {
            kind
        };
        let properties = json!({
            "UserPoolId": POOL, "ProviderName": name, "ProviderType": kind,
            "ProviderDetails": details,
        });
        let body = world.create(&properties).await;

        let stored = world.cognito.provider(POOL, name).unwrap();
        let mut data = json!({
            "UserPoolId": POOL, "ProviderName": name, "ProviderType": kind,
            "SamlEntityId": "urn:amazon:cognito:sp:eu-west-1_Pool",
            "CreationDate": "a date", "LastModifiedDate": "a date",
        });
        for (key, value) in stored["ProviderDetails"].as_object().unwrap() {
            if !["client_secret", "private_key"].contains(&key.as_str()) {
                data[key] = value.clone();
            }
        }
        assert_eq!(body, success(&format!("{POOL}|{name}"), data));
        for (key, value) in details.as_object().unwrap() {
            assert_eq!(&stored["ProviderDetails"][key], value);
        }
        assert_eq!(world.operations(), ["Create"]);
    }
}

#[tokio::test]
async fn create_sends_every_member_that_is_declared_and_no_other() {
    let world = World::new().await;
    let mut properties = oidc(POOL, "Corp");
    world.create(&properties).await;
    let input = world.input("Create");
    for member in ["AttributeMapping", "IdpIdentifiers", "AcrMapping"] {
        assert_eq!(input.get(member), None);
    }

    properties["ProviderName"] = "Corp2".into();
    properties["AttributeMapping"] = json!({"email": "mail", "custom:dept": "dept"});
    properties["IdpIdentifiers"] = json!(["corp.example", "corp.test"]);
    properties["AcrMapping"] = json!({"Level2": "urn:acr:2"});
    world.create(&properties).await;
    let input = world.input("Create");
    for member in ["AttributeMapping", "IdpIdentifiers", "AcrMapping"] {
        assert_eq!(input[member], properties[member]);
    }
}

#[tokio::test]
async fn create_passes_100_kb_of_metadata_on_byte_for_byte() {
    let world = World::new().await;
    let document = include_str!("../metadata/shibboleth.xml");
    let line = "<mdui:Keywords xml:lang='de' a=\"q'&quot;&#9;\">Ünïcode&#xD; 株式会社 🦀 \\ \
                \t<![CDATA[<&]]></mdui:Keywords>\r\n";
    let (before, after) = document.split_once("</mdui:UIInfo>").unwrap();
    let lines = line.repeat(100_000 / line.len() + 1);
    let metadata = format!("{before}{lines}</mdui:UIInfo>{after}");
    // A byte order mark is not part of it.
    let given = format!("\u{feff}{metadata}");
    let properties = json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetails": {"MetadataFile": given},
    });
    let body = world.create(&properties).await;
    assert_eq!(body["Status"], "SUCCESS");
    assert_eq!(body["Data"].get("MetadataFile"), None);
    let stored = world.cognito.provider(POOL, "Corp").unwrap();
    assert_eq!(stored["ProviderDetails"]["MetadataFile"], metadata);
}

#[tokio::test]
async fn calls_go_to_the_region_of_the_pool() {
    let world = World::new().await;
    world.create(&oidc(POOL, "Corp")).await;
    world.create(&oidc(FAR, "Corp")).await;
    let regions: Vec<_> = world
        .cognito
        .calls()
        .into_iter()
        .map(|call| call.region)
        .collect();
    assert_eq!(regions, ["eu-west-1", "ap-south-2"]);
}

#[tokio::test]
async fn create_retried_after_a_lost_answer_finds_its_own() {
    for fault in [Fault::ResetAfter, Fault::ErrorAfter] {
        let world = World::new().await;
        world.cognito.script("Create", [fault]);
        let body = world.create(&oidc(POOL, "Corp")).await;
        assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
        assert_eq!(world.operations(), ["Create", "Create", "Describe"]);
    }
}

#[tokio::test]
async fn create_delivered_twice_gives_the_same_answer() {
    let world = World::new().await;
    let event = events::create(&world.url(), &oidc(POOL, "Corp"));
    let first = world.send(event.clone()).await;
    let second = world.send(event).await;
    assert_eq!(first, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(second, first);
    assert_eq!(world.operations(), ["Create", "Create", "Describe"]);
}

#[tokio::test]
async fn create_delivered_twice_ignores_keys_that_cognito_adds() {
    for (kind, details) in six_types().into_iter().skip(2) {
        let world = World::new().await;
        let event = events::create(
            &world.url(),
            &json!({
                "UserPoolId": POOL, "ProviderName": kind, "ProviderType": kind,
                "ProviderDetails": details, "AttributeMapping": {"email": "email"},
            }),
        );
        let first = world.send(event.clone()).await;
        assert_eq!(first["Status"], "SUCCESS");
        assert_eq!(world.send(event).await, first);
    }
}

fn exists(name: &str) -> String {
    format!(
        "identity provider {name} already exists in user pool eu-west-1_Pool and was not \
         changed. To adopt it, set AdoptExisting: true. From then on the stack owns it, and deletes it when the resource is deleted. If another resource declares it, such as this resource under an earlier logical id, first set DeletionPolicy: Retain for that one and deploy it, because its Delete would remove the provider"
    )
}

#[tokio::test]
async fn create_over_a_provider_that_is_older_than_the_request_is_refused() {
    let world = World::new().await;
    world.cognito.put(&oidc(POOL, "Corp"), 2);
    let before = world.cognito.provider(POOL, "Corp");
    let body = world.create(&oidc(POOL, "Corp")).await;
    assert_eq!(body, failed(&not_created(), &exists("Corp")));
    assert_eq!(world.operations(), ["Create", "Describe"]);
    assert_eq!(world.cognito.provider(POOL, "Corp"), before);
}

#[tokio::test]
async fn create_over_a_provider_that_differs_is_refused() {
    let theirs = [
        with_detail(&oidc(POOL, "Corp"), "client_secret", "another"),
        with_detail(&oidc(POOL, "Corp"), "client_id", "another"),
        with(
            &oidc(POOL, "Corp"),
            "AttributeMapping",
            json!({"email": "mail"}),
        ),
        with(
            &oidc(POOL, "Corp"),
            "IdpIdentifiers",
            json!(["corp.example"]),
        ),
        with(&oidc(POOL, "Corp"), "AcrMapping", json!({"Level1": "one"})),
        json!({
            "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
            "ProviderDetails": {"MetadataURL": "https://idp.example.com"},
        }),
    ];
    for theirs in theirs {
        let world = World::new().await;
        world.cognito.put(&theirs, 0);
        let before = world.cognito.provider(POOL, "Corp");
        // Issued earlier, so that the age of the provider does not decide.
        let url = world.responses.url(Some(&events::amz_date(60)));
        let body = world.send(events::create(&url, &oidc(POOL, "Corp"))).await;
        assert_eq!(body, failed(&not_created(), &exists("Corp")));
        assert_eq!(world.operations(), ["Create", "Describe"]);
        assert_eq!(world.cognito.provider(POOL, "Corp"), before);
    }
}

#[tokio::test]
async fn create_refused_and_rolled_back_leaves_the_others_provider() {
    let world = World::new().await;
    world.cognito.put(&oidc(POOL, "Corp"), 60);
    let before = world.cognito.provider(POOL, "Corp");
    let body = world.create(&oidc(POOL, "Corp")).await;
    let id = body["PhysicalResourceId"].as_str().unwrap();
    assert_eq!(world.delete(id, &oidc(POOL, "Corp")).await, deleted(id));
    assert_eq!(world.operations(), ["Create", "Describe"]);
    assert_eq!(world.cognito.provider(POOL, "Corp"), before);
}

#[tokio::test]
async fn create_without_a_date_counts_from_the_start_of_the_invocation() {
    let world = World::new().await;
    let url = world.responses.url(None);
    world.cognito.put(&oidc(POOL, "Corp"), 2);
    let body = world.send(events::create(&url, &oidc(POOL, "Corp"))).await;
    assert_eq!(body, failed(&not_created(), &exists("Corp")));

    world.cognito.script("Create", [Fault::ResetAfter]);
    let body = world.send(events::create(&url, &oidc(POOL, "Mine"))).await;
    assert_eq!(
        body,
        success("eu-west-1_Pool|Mine", oidc_data(POOL, "Mine"))
    );
}

#[tokio::test]
async fn create_with_adopt_existing_brings_the_provider_to_the_desired_state() {
    let world = World::new().await;
    let theirs = with_detail(&oidc(POOL, "Corp"), "client_secret", "another");
    let theirs = with(&theirs, "IdpIdentifiers", json!(["kept.example"]));
    world.cognito.put(&theirs, 60);
    let mine = with(&oidc(POOL, "Corp"), "AdoptExisting", json!("true"));
    let mine = with(&mine, "AttributeMapping", json!({"email": "mail"}));
    let body = world.create(&mine).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.operations(), ["Create", "Describe", "Update"]);
    let stored = world.cognito.provider(POOL, "Corp").unwrap();
    assert_eq!(
        stored["ProviderDetails"]["client_secret"],
        "planted-client-secret"
    );
    assert_eq!(stored["AttributeMapping"], json!({"email": "mail"}));
    // Never declared, so never touched.
    assert_eq!(stored["IdpIdentifiers"], json!(["kept.example"]));
}

#[tokio::test]
async fn create_with_adopt_existing_cannot_change_the_type() {
    let world = World::new().await;
    world.cognito.put(
        &json!({
            "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
            "ProviderDetails": {"MetadataURL": "https://idp.example.com"},
        }),
        60,
    );
    let mine = with(&oidc(POOL, "Corp"), "AdoptExisting", json!(true));
    let body = world.create(&mine).await;
    let reason = "identity provider Corp already exists in user pool eu-west-1_Pool and was not \
                  changed. It cannot be adopted as OIDC: its type is SAML, and Cognito cannot change a provider's type";
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), ["Create", "Describe"]);
}

#[tokio::test]
async fn create_with_an_identifier_that_is_taken_says_so() {
    let world = World::new().await;
    let theirs = with(
        &oidc(POOL, "Theirs"),
        "IdpIdentifiers",
        json!(["corp.example"]),
    );
    world.cognito.put(&theirs, 60);
    let mine = with(
        &oidc(POOL, "Corp"),
        "IdpIdentifiers",
        json!(["corp.example"]),
    );
    let body = world.create(&mine).await;
    let reason = "creating identity provider (eu-west-1_Pool|Corp): DuplicateProviderException: \
                  The identifier \"corp.example\" is already in use. No provider has this name, \
                                   so another provider in the pool must hold one of the declared IdpIdentifiers";
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), ["Create", "Describe"]);
}

#[tokio::test]
async fn create_that_cognito_refuses_carries_its_message_whole_and_no_secret() {
    let world = World::new().await;
    let properties = with_detail(&oidc(POOL, "Corp"), "refused", "planted-value");
    let body = world.create(&properties).await;
    let reason = "creating identity provider (eu-west-1_Pool|Corp): InvalidParameterException: \
                  Value \"***\" at 'providerDetails.refused' failed to satisfy constraint; \
                  client_secret was \"***\"";
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), ["Create"]);
}

#[tokio::test]
async fn create_in_a_pool_that_does_not_exist_fails_at_once() {
    let world = World::new().await;
    let body = world.create(&oidc("eu-west-1_Gone", "Corp")).await;
    let reason = "creating identity provider (eu-west-1_Gone|Corp): ResourceNotFoundException: \
                  User pool eu-west-1_Gone does not exist.";
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), ["Create"]);
}

#[tokio::test]
async fn create_beyond_the_quota_fails_after_one_call() {
    let world = World::new().await;
    world.cognito.limit(0);
    let body = world.create(&oidc(POOL, "Corp")).await;
    let reason = "creating identity provider (eu-west-1_Pool|Corp): LimitExceededException: The \
                  maximum number of identity providers for this user pool has been reached.";
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), ["Create"]);
}

#[tokio::test]
async fn create_with_invalid_properties_makes_no_call() {
    let world = World::new().await;
    let properties = with(&oidc(POOL, "Corp"), "AttributeMappings", json!({}));
    let body = world.create(&properties).await;
    let reason = "invalid properties: AttributeMappings is not a property of this resource type: \
                  did you mean AttributeMapping?";
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), [""; 0]);
}

/// The id of a Create whose outcome is unknown.
fn unconfirmed(body: &Value) -> String {
    let id = body["PhysicalResourceId"].as_str().unwrap();
    let since = id
        .strip_prefix("unconfirmed/")
        .unwrap()
        .strip_suffix("/eu-west-1_Pool|Corp");
    assert!(since.unwrap().parse::<u64>().is_ok(), "{id}");
    id.to_owned()
}

#[tokio::test]
async fn create_in_doubt_at_the_deadline_says_so_and_its_delete_removes_the_provider() {
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world.cognito.script_always("Create", Fault::HangAfter);
    world.cognito.script_always("Describe", Fault::HangBefore);
    let body = world.create(&oidc(POOL, "Corp")).await;
    let id = unconfirmed(&body);
    let reason = "creating identity provider (eu-west-1_Pool|Corp): timed out after 2 failed \
                  attempts; last error: the attempt timed out: 127.0.0.1 did not respond. The \
                  provider may or may not have been created";
    assert_eq!(body, failed(&id, reason));
    assert_eq!(world.cognito.names(POOL), ["Corp"]);

    world.cognito.script_always("Describe", Fault::None);
    world.operations();
    assert_eq!(world.delete(&id, &oidc(POOL, "Corp")).await, deleted(&id));
    assert_eq!(world.operations(), ["Describe", "Delete"]);
    assert!(world.cognito.names(POOL).is_empty());
}

#[tokio::test]
async fn create_whose_answer_never_came_is_settled_by_describe() {
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world.cognito.script_always("Create", Fault::HangAfter);
    let body = world.create(&oidc(POOL, "Corp")).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.operations().last().unwrap(), "Describe");
}

#[tokio::test]
async fn create_whose_calls_were_lost_is_unconfirmed_even_if_no_provider_exists() {
    // The lost request may still arrive after the Describe.
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world.cognito.script_always("Create", Fault::HangBefore);
    let body = world.create(&oidc(POOL, "Corp")).await;
    unconfirmed(&body);
    assert_eq!(body["Status"], "FAILED");
    assert_eq!(world.operations().last().unwrap(), "Describe");
}

#[tokio::test]
async fn create_that_was_only_ever_throttled_made_nothing() {
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world.cognito.script_always("Create", Fault::THROTTLED);
    let body = world.create(&oidc(POOL, "Corp")).await;
    let reason = "creating identity provider (eu-west-1_Pool|Corp): timed out after N failed \
                  attempts; last error: TooManyRequestsException: Rate exceeded";
    assert_eq!(uncounted(body), failed(&not_created(), reason));
    assert!(!world.operations().contains(&"Describe".to_owned()));
}

#[tokio::test]
async fn create_refused_after_an_attempt_that_may_have_acted_is_settled_first() {
    let world = World::new().await;
    world.cognito.script(
        "Create",
        [
            Fault::ResetAfter,
            Fault::Error(400, "NotAuthorizedException", "no"),
        ],
    );
    let body = world.create(&oidc(POOL, "Corp")).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.operations(), ["Create", "Create", "Describe"]);
}
