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

/// The minimal properties of a type.
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

fn problems(properties: &Value) -> String {
    Declared::try_from(properties).unwrap_err().to_string()
}

#[test]
fn everything_declared_arrives() {
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
fn what_is_not_declared_is_not_empty() {
    let declared = parsed(&oidc());
    assert_eq!(declared.provider.members, Members::default());
    assert!(!declared.adopt_existing);
    let emptied = parsed(&with("IdpIdentifiers", json!([])));
    assert_eq!(emptied.provider.members.idp_identifiers, Some(vec![]));
}

#[test]
fn booleans_and_numbers_are_taken_as_strings() {
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
        let all = problems(&minimal(kind, &[]));
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
fn metadata_are_given_once() {
    let both = "only one of MetadataURL and MetadataFile may be given, in ProviderDetails or \
                ProviderDetailsFrom: remove the other";
    let given = minimal(ProviderType::Saml, &["MetadataURL", "MetadataFile"]);
    assert_eq!(problems(&given), format!("invalid properties: {both}"));
    for (given, from) in [
        ("MetadataURL", "MetadataFile"),
        ("MetadataFile", "MetadataURL"),
    ] {
        let mut properties = minimal(ProviderType::Saml, &[given]);
        properties["ProviderDetailsFrom"] = json!({from: {"SsmParameter": {"Name": "a"}}});
        assert_eq!(problems(&properties), format!("invalid properties: {both}"));
    }
}

#[test]
fn an_issuer_is_a_url_of_https() {
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
fn all_problems_are_named_at_once_and_no_value_is_shown() {
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
        problems(&properties),
        "invalid properties (14 problems): \
         (1) AttributeMappings is not a property of this resource type: did you mean AttributeMapping?; \
         (2) UserPoolId must be a user pool id such as eu-west-1_AbCdEf123, of 1 to 55 characters, \
         not a string of 7 characters; \
         (3) ProviderDetails.client_id must be a string, not a map of 1; \
         (4) AttributeMapping must be a map of strings, not a list of 1; \
         (5) IdpIdentifiers must be a list of strings, not a string of 12 characters; \
         (6) AdoptExisting must be true or false, not a string of 3 characters; \
         (7) ServiceTimeout must be a whole number of seconds from 1 to 3600, \
         not a string of 7 characters; \
         (8) ProviderName must be Google, as every provider of that type is called in Cognito; \
         (9) ProviderDetails.authorize_scopes is required; \
         (10) ProviderDetails.ActiveEncryptionCertificate is returned by Cognito and cannot be \
         set: remove it; \
         (11) ProviderDetails.client_secret holds a dynamic reference that CloudFormation left \
         unresolved ({{resolve:…}}): name its source in ProviderDetailsFrom; \
         (12) AcrMapping is for OIDC providers only; \
         (13) the key of AcrMapping.Level5 must be one of Level1, Level2, Level3, Level4, \
         not a string of 6 characters; \
         (14) AcrMapping.Level5 may hold only printable ASCII without spaces, quotes and \
         backslashes"
    );
}

#[test]
fn nothing_at_all_is_said_in_one_sentence_each() {
    assert_eq!(
        problems(&json!({})),
        "invalid properties (4 problems): (1) UserPoolId is required; \
         (2) ProviderName is required; (3) ProviderType is required; \
         (4) ProviderDetails is required"
    );
    assert_eq!(
        problems(&json!(null)),
        "invalid properties: ResourceProperties must be a map, not null"
    );
    assert_eq!(
        problems(&with("ProviderName", json!(null))),
        "invalid properties: ProviderName is required"
    );
}

#[test]
fn every_limit_holds_at_the_limit_and_one_past_it() {
    let long = |count| "株".repeat(count);
    let list = |count| (0..count).map(|n| format!("id-{n}")).collect::<Vec<_>>();
    // (properties at the limit, one past it, what is said of the latter)
    let cases = [
        (
            with("ProviderName", long(32).into()),
            with("ProviderName", long(33).into()),
            "ProviderName must have 1 to 32 characters, it has 33",
        ),
        (
            with("ProviderName", "x".into()),
            with("ProviderName", "".into()),
            "ProviderName must have 1 to 32 characters, it has 0",
        ),
        (
            with_detail("MetadataFile", "x".repeat(131_072).into()),
            with_detail("MetadataFile", "x".repeat(131_073).into()),
            "ProviderDetails.MetadataFile must have 0 to 131072 characters, it has 131073",
        ),
        (
            with("AttributeMapping", json!({long(32): ""})),
            with("AttributeMapping", json!({"a".repeat(33): ""})),
            "the key of AttributeMapping.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa must have 1 to 32 \
             characters, it has 33",
        ),
        (
            with("AttributeMapping", json!({"a": "x".repeat(131_072)})),
            with("AttributeMapping", json!({"a": "x".repeat(131_073)})),
            "AttributeMapping.a must have 0 to 131072 characters, it has 131073",
        ),
        (
            with("AttributeMapping", json!({"a": ""})),
            with("AttributeMapping", json!({"": ""})),
            "the key of AttributeMapping.\"\" must have 1 to 32 characters, it has 0",
        ),
        (
            with("IdpIdentifiers", json!(list(50))),
            with("IdpIdentifiers", json!(list(51))),
            "IdpIdentifiers must have 0 to 50 items, it has 51",
        ),
        (
            with("IdpIdentifiers", json!([long(40)])),
            with("IdpIdentifiers", json!(["ok", long(41)])),
            "IdpIdentifiers[1] must have 1 to 40 characters, it has 41",
        ),
        (
            with("IdpIdentifiers", json!(["a b_+=.@-\t9"])),
            with("IdpIdentifiers", json!(["a/b"])),
            "IdpIdentifiers[0] may hold only letters, digits, spaces and _ + = . @ -",
        ),
        (
            with("AcrMapping", json!({"Level4": "x".repeat(64)})),
            with("AcrMapping", json!({"Level4": "x".repeat(65)})),
            "AcrMapping.Level4 must have 1 to 64 characters, it has 65",
        ),
        (
            with("AcrMapping", json!({"Level1": "!~"})),
            with("AcrMapping", json!({"Level1": "\""})),
            "AcrMapping.Level1 may hold only printable ASCII without spaces, quotes and \
             backslashes",
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
            "ProviderName may hold only letters, marks, symbols, numbers, punctuation and spaces",
        ),
        (
            with_detail("attributes_request_method", "POST".into()),
            with_detail("attributes_request_method", "PUT".into()),
            "ProviderDetails.attributes_request_method must be GET or POST, not a string of 3 \
             characters",
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
        assert_eq!(problems(&past), format!("invalid properties: {said}"));
    }
}

#[test]
fn a_long_key_is_named_by_its_beginning() {
    let said = problems(&with(&"k".repeat(500), json!("v")));
    assert_eq!(
        said,
        format!(
            "invalid properties: {}… is not a property of this resource type",
            "k".repeat(64)
        )
    );
}

#[test]
fn previous_properties_are_read_in_any_shape() {
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
fn sources_arrive_and_count_for_what_is_required() {
    let mut properties = minimal(ProviderType::Google, &["client_id", "authorize_scopes"]);
    properties["ProviderDetailsFrom"] = json!({"client_secret": {
        "SecretsManager": {"SecretId": "google", "JsonKey": "secret", "VersionId": null},
        "S3": null,
    }});
    let declared = parsed(&properties);
    assert_eq!(declared.provider.details.expose("client_secret"), None);
    let place = Place::Secret {
        secret_id: "google".to_owned(),
        version_id: None,
        version_stage: None,
    };
    let json_key = Some("secret".to_owned());
    let source = Source { place, json_key };
    assert_eq!(
        declared.sources,
        [("client_secret".to_owned(), source)].into()
    );
}

#[test]
fn only_an_arn_names_a_region_and_only_by_its_name() {
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
        assert_eq!(Place::Parameter { name }.region(), region);
    }
}
