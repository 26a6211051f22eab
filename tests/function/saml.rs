//! SAML: the metadata are looked at before they are sent, and the answer has what the other side
//! needs to know.

use cfn_cognito_idp_support::{cognito::Fault, events};
use serde_json::{Value, json};

use crate::world::{ID, OTHER, POOL, World, failed, not_created, oidc, success, with, with_detail};

const OKTA: &str = include_str!("../metadata/okta.xml");
const EXPIRED: &str = include_str!("../metadata/expired.xml");

fn saml(details: Value) -> Value {
    json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetails": details,
    })
}

fn file(document: &str) -> Value {
    saml(json!({"MetadataFile": document}))
}

/// With requests that are signed.
fn signing() -> Value {
    saml(json!({
        "MetadataURL": "https://idp.example.com/metadata",
        "RequestSigningAlgorithm": "rsa-sha256",
    }))
}

/// The attributes of a provider with these details.
fn data(pool: &str, name: &str, more: Value) -> Value {
    let mut data = json!({
        "UserPoolId": pool,
        "ProviderName": name,
        "ProviderType": "SAML",
        "SamlEntityId": format!("urn:amazon:cognito:sp:{pool}"),
        "CreationDate": "a date",
        "LastModifiedDate": "a date",
        "ActiveEncryptionCertificate": "MIICexample",
        "SSORedirectBindingURI": "https://idp.example.com/sso",
        "SLORedirectBindingURI": "https://idp.example.com/slo",
    });
    for (key, value) in more.as_object().unwrap() {
        data[key] = value.clone();
    }
    data
}

/// What the metadata of [`OKTA`] tell.
fn okta_data() -> Value {
    data(
        POOL,
        "Corp",
        json!({
            "SamlIdpEntityId": "http://www.okta.com/exk1example",
            "SamlCertificateNotAfter": "2099-12-31T23:59:59Z",
        }),
    )
}

fn signing_data(pool: &str, name: &str) -> Value {
    let more = json!({
        "MetadataURL": "https://idp.example.com/metadata",
        "RequestSigningAlgorithm": "rsa-sha256",
        "SigningCertificate": "MIICsigning",
    });
    data(pool, name, more)
}

fn without_certificate(mut data: Value) -> Value {
    data.as_object_mut().unwrap().remove("SigningCertificate");
    data
}

/// The lines at WARN, with their errors.
fn warnings(world: &World) -> Vec<(String, String)> {
    let text = |line: &Value, key| line[key].as_str().unwrap_or_default().to_owned();
    let lines = world.log().into_iter();
    lines
        .filter(|line| line["level"] == "WARN")
        .map(|line| (text(&line, "message"), text(&line, "error")))
        .collect()
}

#[tokio::test]
async fn each_mistake_in_metadata_is_named_and_nothing_is_called() {
    let world = World::new().await;
    let other_role = OKTA.replace("IDPSSODescriptor", "SPSSODescriptor");
    for (document, reason) in [
        (
            "https://planted.example.com",
            "is a URL: give it as ProviderDetails.MetadataURL, or give the document that is there",
        ),
        (
            "planted.xml",
            "is not XML: it must be the text of the metadata, not the name of a file",
        ),
        ("<a>\n<planted></a>", "is not well-formed XML (line 2)"),
        (
            "<html><body>planted</body></html>",
            "is not SAML metadata: its root is neither EntityDescriptor nor EntitiesDescriptor",
        ),
        (
            other_role.as_str(),
            "describes no identity provider: it has no IDPSSODescriptor",
        ),
        (
            &OKTA.replace("HTTP-Redirect", "SOAP"),
            "has no SingleSignOnService with the HTTP-Redirect binding: add one, or set ProviderDetails.SSORedirectBindingURI",
        ),
        (
            &OKTA.replace("\"signing\"", "\"encryption\""),
            "has no signing certificate: its IDPSSODescriptor needs a KeyDescriptor with \
             use=\"signing\", or without use, that holds an X509Certificate",
        ),
    ] {
        let reason = format!("invalid properties: ProviderDetails.MetadataFile {reason}");
        let body = world.create(&file(document)).await;
        assert_eq!(body, failed(&not_created(), &reason));
        let body = world.update(ID, &file(document), &file(OKTA)).await;
        assert_eq!(body, failed(ID, &reason));
    }
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn metadata_whose_certificates_have_expired_are_refused_where_they_are_new() {
    let world = World::new().await;
    let body = world.create(&file(EXPIRED)).await;
    let expired = "has only expired signing certificates; the last one expired on \
                   2020-01-01T00:00:00Z";
    let reason = format!("invalid properties: ProviderDetails.MetadataFile {expired}");
    assert_eq!(body, failed(&not_created(), &reason));
    assert_eq!(world.operations(), [""; 0]);

    // A rollback brings back what has expired meanwhile; Cognito is the judge.
    world.create(&file(OKTA)).await;
    let body = world.update(ID, &file(EXPIRED), &file(OKTA)).await;
    assert_eq!(body["Status"], "SUCCESS");
    assert_eq!(
        body["Data"]["SamlCertificateNotAfter"],
        "2020-01-01T00:00:00Z"
    );
    assert_eq!(world.operations(), ["Create", "Update"]);
    let warned = "ProviderDetails.MetadataFile may not work with Cognito".to_owned();
    let warning = (warned, expired.to_owned());
    assert_eq!(warnings(&world), vec![warning.clone()]);

    // So is it where a provider is taken over as it is, and the others mistakes are those of both.
    world.cognito.remove(POOL, "Corp");
    world.cognito.put(&file(EXPIRED), 60);
    let adopting = with(&file(EXPIRED), "AdoptExisting", json!("true"));
    let body = world.create(&adopting).await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    assert_eq!(world.operations(), ["Create", "Describe", "Update"]);
    assert_eq!(warnings(&world), vec![warning; 2]);
    let body = world.create(&with(&adopting, "Typo", json!(1))).await;
    let reason = "invalid properties: Typo is not a property of this resource type";
    assert_eq!(body, failed(&not_created(), reason));
}

#[tokio::test]
async fn mistakes_in_metadata_are_named_with_those_in_other_properties() {
    let world = World::new().await;
    let document = OKTA
        .replace("HTTP-Redirect", "SOAP")
        .replace("\"signing\"", "\"encryption\"");
    let properties = with(&file(&document), "Typo", json!(1));
    let body = world.create(&properties).await;
    let reason = "invalid properties (3 errors): (1) Typo is not a property of this resource \
                  type; (2) ProviderDetails.MetadataFile has no SingleSignOnService with the HTTP-Redirect binding: add one, or set ProviderDetails.SSORedirectBindingURI; (3) ProviderDetails.MetadataFile \
                  has no signing certificate: its IDPSSODescriptor needs a KeyDescriptor with \
                  use=\"signing\", or without use, that holds an X509Certificate";
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn metadata_that_cognito_may_take_are_sent_with_a_warning() {
    let world = World::new().await;
    let document = format!(
        "<!DOCTYPE planted [<!ENTITY a \"planted\">]>{}",
        &OKTA[39..]
    );
    let body = world.create(&file(&document)).await;
    assert_eq!(body, success(ID, data(POOL, "Corp", json!({}))));
    assert_eq!(
        world.input("Create")["ProviderDetails"]["MetadataFile"],
        document
    );
    assert_eq!(
        warnings(&world),
        [(
            "ProviderDetails.MetadataFile may not work with Cognito".to_owned(),
            "has a DOCTYPE and was not checked".to_owned()
        )]
    );
}

#[tokio::test]
async fn metadata_are_sent_and_compared_without_a_byte_order_mark() {
    let world = World::new().await;
    let sent = |operation| world.input(operation)["ProviderDetails"]["MetadataFile"].clone();
    let marked = file(&format!("\u{feff}\n {OKTA}"));
    let event = events::create(&world.url(), &marked);
    // The second delivery finds what the first one made.
    for _ in 0..2 {
        assert_eq!(world.send(event.clone()).await, success(ID, okta_data()));
        assert_eq!(sent("Create"), OKTA);
    }
    let body = world.update(ID, &marked, &file(OKTA)).await;
    assert_eq!(body, success(ID, okta_data()));
    assert_eq!(sent("Update"), OKTA);
    assert_eq!(
        world.operations(),
        ["Create", "Create", "Describe", "Update"]
    );
    // Cognito may have them as they were given to another handler.
    world.cognito.remove(POOL, "Corp");
    world.cognito.put(&marked, 0);
    assert_eq!(world.send(event).await, success(ID, okta_data()));
    assert_eq!(world.operations(), ["Create", "Describe"]);
    // What is not sent does not count as too long.
    let longest = OKTA.to_owned() + &" ".repeat(131_072 - OKTA.chars().count());
    let body = world
        .update(ID, &file(&format!("\u{feff}{longest}")), &marked)
        .await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
}

#[tokio::test]
async fn metadata_attributes_are_in_every_response() {
    let world = World::new().await;
    let event = events::create(&world.url(), &file(OKTA));
    for _ in 0..2 {
        assert_eq!(world.send(event.clone()).await, success(ID, okta_data()));
    }
    let body = world.update(ID, &file(OKTA), &file(OKTA)).await;
    assert_eq!(body, success(ID, okta_data()));
    assert_eq!(
        world.operations(),
        ["Create", "Create", "Describe", "Update"]
    );
    // Not of metadata that Cognito fetches, and not of another type.
    let url = saml(json!({"MetadataURL": "https://idp.example.com/metadata"}));
    let body = world.update(ID, &url, &file(OKTA)).await;
    assert_eq!(body["Data"].get("SamlIdpEntityId"), None);
    let odd = with_detail(&oidc(OTHER, "Corp"), "MetadataFile", "planted");
    assert_eq!(world.create(&odd).await["Status"], "SUCCESS");
}

#[tokio::test]
async fn the_certificate_that_signs_requests_is_an_attribute() {
    let world = World::new().await;
    let event = events::create(&world.url(), &signing());
    let expected = success(ID, signing_data(POOL, "Corp"));
    assert_eq!(world.send(event.clone()).await, expected);
    assert_eq!(world.operations(), ["Create", "GetSigningCertificate"]);
    // The second delivery finds it made.
    assert_eq!(world.send(event).await, expected);
    assert_eq!(
        world.input("GetSigningCertificate"),
        json!({"UserPoolId": POOL})
    );
    assert_eq!(
        world.operations(),
        ["Create", "Describe", "GetSigningCertificate"]
    );
    assert_eq!(world.update(ID, &signing(), &signing()).await, expected);
    assert_eq!(world.operations(), ["Update", "GetSigningCertificate"]);

    let moved = with(&signing(), "UserPoolId", json!(OTHER));
    let id = format!("{OTHER}|Corp");
    let body = world.update(ID, &moved, &signing()).await;
    assert_eq!(body, success(&id, signing_data(OTHER, "Corp")));
    assert_eq!(
        world.input("GetSigningCertificate"),
        json!({"UserPoolId": OTHER})
    );
    assert_eq!(world.operations(), ["Create", "GetSigningCertificate"]);

    world.delete(&id, &moved).await;
    assert_eq!(world.operations(), ["Delete"]);
}

#[tokio::test]
async fn the_certificate_is_not_asked_for_where_no_request_is_signed() {
    let world = World::new().await;
    for algorithm in [json!(null), json!("")] {
        let mut unsigned = signing();
        unsigned["ProviderDetails"]["RequestSigningAlgorithm"] = algorithm.clone();
        if algorithm.is_null() {
            let details = unsigned["ProviderDetails"].as_object_mut().unwrap();
            details.remove("RequestSigningAlgorithm");
        }
        world.create(&unsigned).await;
        world.update(ID, &unsigned, &signing()).await;
        world.delete(ID, &unsigned).await;
        assert_eq!(world.operations(), ["Create", "Update", "Delete"]);
    }
    world.cognito.put(&oidc(POOL, "Corp"), 60);
    world.create(&signing()).await;
    assert_eq!(world.operations(), ["Create", "Describe"]);
}

#[tokio::test]
async fn a_signing_certificate_that_cannot_be_fetched_is_omitted() {
    let world = World::new().await;
    let denied = Fault::Error(400, "AccessDeniedException", "User is not authorized");
    world.cognito.script_always("GetSigningCertificate", denied);
    let expected = without_certificate(signing_data(POOL, "Corp"));
    let body = world.create(&signing()).await;
    assert_eq!(body, success(ID, expected.clone()));
    assert_eq!(world.operations(), ["Create", "GetSigningCertificate"]);
    let body = world.update(ID, &signing(), &signing()).await;
    assert_eq!(body, success(ID, expected));
    let warning = (
        "attribute omitted: SigningCertificate".to_owned(),
        "getting the signing certificate for identity provider (eu-west-1_Pool|Corp): \
         AccessDeniedException: User is not authorized"
            .to_owned(),
    );
    assert_eq!(warnings(&world), vec![warning; 2]);
}

#[tokio::test]
async fn a_certificate_that_is_throttled_is_waited_for() {
    let world = World::new().await;
    world
        .cognito
        .script("GetSigningCertificate", [Fault::THROTTLED]);
    let body = world.create(&signing()).await;
    assert_eq!(body, success(ID, signing_data(POOL, "Corp")));
    assert_eq!(
        world.operations(),
        ["Create", "GetSigningCertificate", "GetSigningCertificate"]
    );
}

#[tokio::test]
async fn a_certificate_that_never_comes_does_not_keep_the_answer() {
    let mut world = World::new().await;
    world.time = std::time::Duration::from_secs(4);
    world
        .cognito
        .script_always("GetSigningCertificate", Fault::HangBefore);
    let expected = without_certificate(signing_data(POOL, "Corp"));
    let body = world.create(&signing()).await;
    assert_eq!(body, success(ID, expected));
}
