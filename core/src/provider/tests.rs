mod declared;
mod paths;
mod schema;
mod sources;

use serde_json::json;

use super::*;

fn oidc() -> Value {
    json!({
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:idp",
        "UserPoolId": "eu-west-1_AbC",
        "ProviderName": "Corp",
        "ProviderType": "OIDC",
        "ProviderDetails": {
            "client_id": "id",
            "client_secret": "hunter2",
            "authorize_scopes": "openid",
            "oidc_issuer": "https://idp.example.com",
            "attributes_request_method": "GET",
        },
    })
}

/// Returns the minimal properties of a provider type.
fn minimal(kind: ProviderType, details: &[&str]) -> Value {
    let details: Map<String, Value> = details
        .iter()
        .map(|key| {
            let value = match *key {
                "oidc_issuer" => "https://idp.example.com",
                _ => "GET",
            };
            ((*key).to_owned(), value.into())
        })
        .collect();
    json!({
        "UserPoolId": "eu-west-1_AbC",
        "ProviderName": kind.fixed_name().unwrap_or("Corp"),
        "ProviderType": kind.as_str(),
        "ProviderDetails": details,
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut properties = oidc();
    properties[key] = value;
    properties
}

fn with_detail(key: &str, value: Value) -> Value {
    let mut properties = oidc();
    properties["ProviderDetails"][key] = value;
    properties
}

fn parsed(properties: &Value) -> Declared {
    Declared::try_from(properties).unwrap()
}

fn errors(properties: &Value) -> String {
    Declared::try_from(properties).unwrap_err().to_string()
}

#[test]
fn all_declared_properties_are_parsed() {
    let mut properties = oidc();
    properties["AttributeMapping"] = json!({"email": "mail", "custom:n": 42});
    properties["IdpIdentifiers"] = json!(["corp.example", "株"]);
    properties["AcrMapping"] = json!({"Level1": "urn:acr:1"});
    properties["AdoptExisting"] = json!("true");
    properties["Revision"] = json!(7);
    properties["ServiceTimeout"] = json!("60");
    let Declared {
        provider,
        sources,
        adopt_existing,
    } = parsed(&properties);
    assert_eq!(provider.id.to_string(), "eu-west-1_AbC|Corp");
    assert_eq!(provider.kind, ProviderType::Oidc);
    assert_eq!(provider.details.expose("client_secret"), Some("hunter2"));
    assert_eq!(
        provider.members,
        Members {
            attribute_mapping: Some(
                [("email", "mail"), ("custom:n", "42")]
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into()
            ),
            idp_identifiers: Some(vec!["corp.example".into(), "株".into()]),
            acr_mapping: Some([("Level1".to_owned(), "urn:acr:1".to_owned())].into()),
        }
    );
    assert!(sources.is_empty());
    assert!(adopt_existing);
    assert_eq!(service_timeout(&properties), Some(Duration::from_mins(1)));
}

#[test]
fn undeclared_members_are_none() {
    let declared = parsed(&oidc());
    assert_eq!(declared.provider.members, Members::default());
    assert!(!declared.adopt_existing);
    let emptied = parsed(&with("IdpIdentifiers", json!([])));
    assert_eq!(emptied.provider.members.idp_identifiers, Some(vec![]));
}

#[test]
fn booleans_and_numbers_are_parsed_as_strings() {
    let details = parsed(&with_detail("a", json!(true))).provider.details;
    assert_eq!(details.expose("a"), Some("true"));
    let details = parsed(&with_detail("a", json!(42))).provider.details;
    assert_eq!(details.expose("a"), Some("42"));
}

#[test]
fn unknown_details_are_passed_on() {
    let details = parsed(&with_detail("key_of_2030", json!("v")))
        .provider
        .details;
    assert_eq!(details.expose("key_of_2030"), Some("v"));
}

#[test]
fn every_type_names_its_missing_keys() {
    let cases: [(ProviderType, &[&str]); 6] = [
        (ProviderType::Saml, &["MetadataFile"]),
        (
            ProviderType::Oidc,
            &[
                "client_id",
                "authorize_scopes",
                "oidc_issuer",
                "attributes_request_method",
            ],
        ),
        (
            ProviderType::Google,
            &["client_id", "client_secret", "authorize_scopes"],
        ),
        (
            ProviderType::Facebook,
            &["client_id", "client_secret", "authorize_scopes"],
        ),
        (
            ProviderType::LoginWithAmazon,
            &["client_id", "client_secret", "authorize_scopes"],
        ),
        (
            ProviderType::SignInWithApple,
            &[
                "client_id",
                "team_id",
                "key_id",
                "private_key",
                "authorize_scopes",
            ],
        ),
    ];
    for (kind, keys) in cases {
        assert_eq!(parsed(&minimal(kind, keys)).provider.kind, kind);
        let all = errors(&minimal(kind, &[]));
        for key in keys {
            assert!(
                all.contains(&format!("ProviderDetails.{key} is required")),
                "{all}"
            );
        }
    }
    parsed(&minimal(ProviderType::Saml, &["MetadataURL"]));
}

#[test]
fn a_required_key_that_is_missing_is_looked_for_under_other_names() {
    use ProviderType::{Google, Oidc, Saml};
    let metadata = "ProviderDetails.MetadataURL or ProviderDetails.MetadataFile is required";
    let id = "ProviderDetails.client_id is required";
    for (kind, given, required, misspelt) in [
        (Saml, "MetadataUrl", metadata, true),
        (Saml, "metadata_file", metadata, true),
        (Saml, "IDPSignOut", metadata, false),
        (Google, "clientId", id, true),
        (Google, "app_id", id, true),
        (
            Oidc,
            "issuer",
            "ProviderDetails.oidc_issuer is required",
            true,
        ),
        // A documented key is no misspelt one, however near.
        (Google, "client_secret", id, false),
    ] {
        let mut from = minimal(kind, &[]);
        from["ProviderDetailsFrom"] = json!({given: {"SsmParameter": {"Name": "a"}}});
        for properties in [minimal(kind, &[given]), from] {
            let said = errors(&properties);
            let full = format!("{required}: is {given} misspelt?");
            assert!(said.contains(required), "{said}");
            assert_eq!(said.contains(&full), misspelt, "{said}");
        }
    }
    let many: Vec<_> = (0..100).map(|n| format!("key{n:03}")).collect();
    let mut many: Vec<_> = many.iter().map(String::as_str).collect();
    many.push("zclient_id");
    assert!(!errors(&minimal(Google, &many)).contains("misspelt"));
}

#[test]
fn metadata_url_and_file_are_mutually_exclusive() {
    let both = "MetadataURL and MetadataFile are both given (in ProviderDetails or \
                ProviderDetailsFrom), and Cognito accepts only one: remove one";
    let given = minimal(ProviderType::Saml, &["MetadataURL", "MetadataFile"]);
    assert_eq!(errors(&given), format!("invalid properties: {both}"));
    for (given, from) in [
        ("MetadataURL", "MetadataFile"),
        ("MetadataFile", "MetadataURL"),
    ] {
        let mut properties = minimal(ProviderType::Saml, &[given]);
        properties["ProviderDetailsFrom"] = json!({from: {"SsmParameter": {"Name": "a"}}});
        assert_eq!(errors(&properties), format!("invalid properties: {both}"));
    }
}

#[test]
fn oidc_issuer_must_be_an_https_url() {
    for (issuer, is_taken) in [
        ("https://idp.example.com", true),
        ("HTTPS://idp.example.com", true),
        ("http://idp.example.com", false),
        ("idp.example.com", false),
        ("https:/é", false),
        ("", false),
    ] {
        let declared = Declared::try_from(&with_detail("oidc_issuer", json!(issuer)));
        assert_eq!(declared.is_ok(), is_taken, "{issuer}");
        let mut provider = parsed(&oidc()).provider;
        let added = provider.add("oidc_issuer".to_owned(), issuer.into(), false);
        assert_eq!(added.is_ok(), is_taken, "{issuer}");
    }
    let mut google = minimal(
        ProviderType::Google,
        &["client_id", "client_secret", "authorize_scopes"],
    );
    google["ProviderDetails"]["oidc_issuer"] = json!("any");
    parsed(&google);
}

#[test]
fn all_errors_are_reported_together_without_values() {
    let properties = json!({
        "ServiceTimeout": "an hour",
        "UserPoolId": "my-pool",
        "ProviderName": "my-google",
        "ProviderType": "Google",
        "ProviderDetails": {
            "client_id": {"Ref": "Id"},
            "client_secret": "{{resolve:secretsmanager:google:SecretString:secret}}",
            "ActiveEncryptionCertificate": "MIIC",
        },
        "AttributeMappings": {"email": "mail"},
        "AttributeMapping": ["email"],
        "IdpIdentifiers": "corp.example",
        "AcrMapping": {"Level5": "a b"},
        "AdoptExisting": "yes",
    });
    assert_eq!(
        errors(&properties),
        "invalid properties (14 errors): \
         (1) AttributeMappings is not a property of this resource type: did you mean \
         AttributeMapping?; \
         (2) UserPoolId must be a user pool id of at most 55 characters, such as \
         eu-west-1_AbCdEf123; \
         (3) ProviderDetails.client_id must be a string, not a map of 1 entry; \
         (4) AttributeMapping must be a map of strings, not a list of 1 item; \
         (5) IdpIdentifiers must be a list of strings, not a string of 12 characters; \
         (6) AdoptExisting must be true or false, not a string of 3 characters; \
         (7) ServiceTimeout must be a whole number of seconds from 1 to 3600, \
         not a string of 7 characters; \
         (8) ProviderName must be Google: Cognito accepts no other name for this type; \
         (9) ProviderDetails.authorize_scopes is required; \
         (10) ProviderDetails.ActiveEncryptionCertificate is set by Cognito and cannot be \
         declared: remove it; \
         (11) ProviderDetails.client_secret contains a dynamic reference ({{resolve:…}}) that \
         CloudFormation did not resolve: declare it in ProviderDetailsFrom instead; \
         (12) AcrMapping is for OIDC providers only; \
         (13) the key of AcrMapping.Level5 must be one of Level1, Level2, Level3, Level4; \
         (14) AcrMapping.Level5 may contain only printable ASCII characters except spaces, double quotes and backslashes"
    );
}

#[test]
fn missing_properties_are_all_reported() {
    assert_eq!(
        errors(&json!({})),
        "invalid properties (4 errors): (1) UserPoolId is required; \
         (2) ProviderName is required; (3) ProviderType is required; \
         (4) ProviderDetails is required"
    );
    assert_eq!(
        errors(&json!(null)),
        "invalid properties: ResourceProperties must be a map, not null"
    );
    assert_eq!(
        errors(&with("ProviderName", json!(null))),
        "invalid properties: ProviderName is required"
    );
}

#[test]
fn every_limit_accepts_its_maximum_and_rejects_one_more() {
    let long = |count| "株".repeat(count);
    let list = |count| (0..count).map(|n| format!("id-{n}")).collect::<Vec<_>>();
    // (properties at the limit, one past it, what is said of the latter)
    let cases = [
        (
            with("ProviderName", long(32).into()),
            with("ProviderName", long(33).into()),
            "ProviderName must have 1 to 32 characters but has 33",
        ),
        (
            with("ProviderName", "x".into()),
            with("ProviderName", "".into()),
            "ProviderName must have 1 to 32 characters but has 0",
        ),
        (
            with_detail("MetadataFile", "x".repeat(131_072).into()),
            with_detail("MetadataFile", "x".repeat(131_073).into()),
            "ProviderDetails.MetadataFile must have at most 131072 characters but has 131073",
        ),
        (
            with("AttributeMapping", json!({long(32): ""})),
            with("AttributeMapping", json!({"a".repeat(33): ""})),
            "the key of AttributeMapping.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa must have 1 to 32 \
             characters but has 33",
        ),
        (
            with("AttributeMapping", json!({"a": "x".repeat(131_072)})),
            with("AttributeMapping", json!({"a": "x".repeat(131_073)})),
            "AttributeMapping.a must have at most 131072 characters but has 131073",
        ),
        (
            with("AttributeMapping", json!({"a": ""})),
            with("AttributeMapping", json!({"": ""})),
            "the key of AttributeMapping.\"\" must have 1 to 32 characters but has 0",
        ),
        (
            with("IdpIdentifiers", json!(list(50))),
            with("IdpIdentifiers", json!(list(51))),
            "IdpIdentifiers must have at most 50 items but has 51",
        ),
        (
            with("IdpIdentifiers", json!([long(40)])),
            with("IdpIdentifiers", json!(["ok", long(41)])),
            "IdpIdentifiers[1] must have 1 to 40 characters but has 41",
        ),
        (
            with("IdpIdentifiers", json!(["a b_+=.@-\t9"])),
            with("IdpIdentifiers", json!(["a/b"])),
            "IdpIdentifiers[0] may contain only letters, digits, spaces and _ + = . @ -",
        ),
        (
            with("AcrMapping", json!({"Level4": "x".repeat(64)})),
            with("AcrMapping", json!({"Level4": "x".repeat(65)})),
            "AcrMapping.Level4 must have 1 to 64 characters but has 65",
        ),
        (
            with("AcrMapping", json!({"Level1": "!~"})),
            with("AcrMapping", json!({"Level1": "\""})),
            "AcrMapping.Level1 may contain only printable ASCII characters except spaces, double \
             quotes and backslashes",
        ),
        (
            with("ServiceTimeout", json!(3600)),
            with("ServiceTimeout", json!(3601)),
            "ServiceTimeout must be a whole number of seconds from 1 to 3600, not a number",
        ),
        (
            with("ServiceTimeout", json!("1")),
            with("ServiceTimeout", json!("0")),
            "ServiceTimeout must be a whole number of seconds from 1 to 3600, not a string of 1 \
             character",
        ),
        (
            with("ProviderName", "a\u{a0}b ☂ | /".into()),
            with("ProviderName", "a\nb".into()),
            "ProviderName may contain only printable characters",
        ),
        (
            with_detail("attributes_request_method", "POST".into()),
            with_detail("attributes_request_method", "PUT".into()),
            "ProviderDetails.attributes_request_method must be GET or POST",
        ),
        (
            with("ProviderType", "OIDC".into()),
            with("ProviderType", "oidc".into()),
            "ProviderType must be one of SAML, OIDC, Google, Facebook, LoginWithAmazon, \
             SignInWithApple, not \"oidc\": did you mean OIDC?",
        ),
    ];
    for (at, past, said) in cases {
        parsed(&at);
        assert_eq!(errors(&past), format!("invalid properties: {said}"));
    }
}

#[test]
fn long_keys_are_truncated_in_messages() {
    let said = errors(&with(&"k".repeat(500), json!("v")));
    assert_eq!(
        said,
        format!(
            "invalid properties: {}… is not a property of this resource type",
            "k".repeat(64)
        )
    );
}

#[test]
fn invalid_previous_properties_are_tolerated() {
    let mut properties = oidc();
    properties["IdpIdentifiers"] = json!(["a", 7, {}]);
    properties["AttributeMapping"] = json!("not a map");
    properties["Whatever"] = json!(1);
    let previous = Previous::from(&properties);
    assert_eq!(previous.id.unwrap().to_string(), "eu-west-1_AbC|Corp");
    assert_eq!(previous.kind, Some(ProviderType::Oidc));
    assert_eq!(
        previous.members,
        Members {
            attribute_mapping: Some(StringMap::new()),
            idp_identifiers: Some(vec!["a".into(), "7".into()]),
            acr_mapping: None,
        }
    );
    for odd in [json!(null), json!([]), json!("x"), json!({"UserPoolId": 1})] {
        assert_eq!(Previous::from(&odd).id, None);
    }
}

#[test]
fn sources_are_parsed_and_satisfy_required_keys() {
    let mut properties = minimal(ProviderType::Google, &["client_id", "authorize_scopes"]);
    properties["ProviderDetailsFrom"] = json!({"client_secret": {
        "SecretsManager": {"SecretId": "google", "JsonKey": "secret", "VersionId": null},
        "S3": null,
    }});
    let declared = parsed(&properties);
    assert_eq!(declared.provider.details.expose("client_secret"), None);
    let location = Location::Secret {
        secret_id: "google".to_owned(),
        version_id: None,
        version_stage: None,
    };
    let json_key = Some("secret".to_owned());
    let source = Source { location, json_key };
    assert_eq!(
        declared.sources,
        [("client_secret".to_owned(), source)].into()
    );
}

#[test]
fn region_is_read_from_valid_arns_only() {
    let regions = [
        ("google", None),
        (
            "arn:aws:secretsmanager:eu-west-1:1:secret:google",
            Some("eu-west-1"),
        ),
        (
            "arn:aws-cn:ssm:cn-north-1:1:parameter/a",
            Some("cn-north-1"),
        ),
        ("arn:aws:ssm::1:parameter/a", None),
        ("arn:aws:ssm:evil.example/:1:parameter/a", None),
        ("arn:aws", None),
    ];
    for (name, region) in regions {
        let name = name.to_owned();
        assert_eq!(Location::Parameter { name }.region(), region);
    }
}
