//! The JSON schema: as up to date as the rules, and as strict.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::{fs, path::Path};

use cfn_cognito_idp_core::provider::{Declared, PROPERTIES, PropertyError, schema};
use jsonschema::Validator;
use serde_json::{Value, json};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../schema/cognito-identity-provider.json"
);
/// A template for each rule that rejects it, called after the rule.
const INVALID: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema");

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

fn problems(properties: &Value) -> Vec<PropertyError> {
    Declared::try_from(properties)
        .err()
        .map(|problems| problems.0)
        .unwrap_or_default()
}

fn oidc() -> Value {
    json!({
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:idp",
        "ServiceTimeout": "60",
        "UserPoolId": "eu-west-1_AbCdEf123",
        "ProviderName": "Corp",
        "ProviderType": "OIDC",
        "ProviderDetails": {
            "client_id": 42,
            "client_secret": "hunter2",
            "authorize_scopes": "openid",
            "oidc_issuer": "https://idp.example.com",
            "attributes_request_method": "GET",
            "attributes_url_add_attributes": true,
            "key_of_2030": "value",
        },
        "ProviderDetailsFrom": {
            "from_secret": {"SecretsManager": {"SecretId": "idp", "JsonKey": "secret"}},
            "from_parameter": {"SsmParameter": {"Name": "/idp"}},
            "from_object": {"S3": {"Bucket": "meta", "Key": "idp.xml", "VersionId": "1"}},
        },
        "AttributeMapping": {"email": "email"},
        "IdpIdentifiers": ["corp.example.com"],
        "AcrMapping": {"Level1": "urn:acr:1"},
        "AdoptExisting": true,
        "Revision": 7,
    })
}

#[test]
fn the_file_is_up_to_date() {
    let made = format!("{:#}\n", schema());
    if std::env::var_os("WRITE_PAGES").is_some() {
        fs::create_dir_all(Path::new(FILE).parent().unwrap()).unwrap();
        fs::write(FILE, &made).unwrap();
    }
    let found = fs::read_to_string(FILE).unwrap_or_default();
    assert!(found == made, "out of date: run `make schema`");
}

#[test]
fn every_property_is_in_the_schema_and_in_the_valid_example() {
    let schema = schema();
    let known = schema["properties"].as_object().unwrap();
    let mut expected = PROPERTIES.to_vec();
    expected.sort_unstable();
    let mut found: Vec<&String> = known.keys().collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    for name in PROPERTIES {
        assert!(oidc().get(name).is_some(), "{name}");
        assert!(known[name]["description"].is_string(), "{name}");
    }
    let details = known["ProviderDetails"]["properties"].as_object().unwrap();
    for (key, schema) in details.iter().filter(|(_, schema)| schema.is_object()) {
        assert!(schema["description"].is_string(), "{key}");
    }
    assert_eq!(details.len(), 24);
}

#[test]
fn valid_properties_are_accepted_by_rules_and_schema() {
    let validator = validator();
    let mut access_point = oidc();
    access_point["ProviderDetailsFrom"]["from_object"]["S3"]["Bucket"] =
        "arn:aws:s3:eu-west-1:123456789012:accesspoint/idp".into();
    let mut valid = vec![oidc(), access_point];
    let others = [
        (
            "SAML",
            "Corp",
            json!({"MetadataURL": "https://idp.example.com"}),
        ),
        (
            "SAML",
            "Corp",
            json!({"MetadataFile": "<xml/>", "attributes_request_method": "any"}),
        ),
        (
            "Google",
            "Google",
            json!({"client_id": "", "client_secret": "", "authorize_scopes": ""}),
        ),
    ];
    for (kind, name, details) in others {
        valid.push(json!({
            "ServiceToken": "arn",
            "UserPoolId": "eu-west-1_AbCdEf123",
            "ProviderName": name,
            "ProviderType": kind,
            "ProviderDetails": details,
        }));
    }
    for properties in valid {
        assert_eq!(problems(&properties), []);
        assert!(validator.is_valid(&properties), "{properties:#}");
    }
}

#[test]
fn invalid_properties_are_refused_by_rules_and_schema() {
    let validator = validator();
    let mut count = 0;
    for entry in fs::read_dir(INVALID).unwrap() {
        let path = entry.unwrap().path();
        let example: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let properties = &example["Resources"]["Example"]["Properties"];
        let said: Vec<String> = problems(properties)
            .iter()
            .map(ToString::to_string)
            .collect();
        let error = example["Metadata"]["Error"].as_str().unwrap();
        assert_eq!(said, [error], "{}", path.display());
        assert!(!validator.is_valid(properties), "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 51);
}

#[test]
fn every_path_is_taken_or_refused_by_both() {
    let validator = validator();
    let parts = ["", ".", "..", "...", "a", ".a", "a.", "\n"];
    for path in parts.iter().flat_map(|one| {
        parts.iter().flat_map(move |two| {
            [
                format!("{one}/{two}"),
                format!("{one}/b/{two}"),
                (*one).to_owned(),
            ]
        })
    }) {
        for member in ["Bucket", "Key"] {
            let mut properties = oidc();
            properties["ProviderDetailsFrom"]["from_object"]["S3"][member] = json!(path);
            assert_eq!(
                validator.is_valid(&properties),
                problems(&properties).is_empty(),
                "{member} {path:?}"
            );
        }
    }
}

/// The character classes are written down twice: as code and as patterns.
#[test]
fn every_character_is_taken_or_refused_by_both() {
    let validator = validator();
    let ascii_and_beyond = (0..0x180).chain([0x2028, 0x3000, 0xD7FF, 0xFFFD, 0x1_F600]);
    for character in ascii_and_beyond.filter_map(char::from_u32) {
        let text = Value::from(format!("a{character}b"));
        let mut variants = Vec::from([(); 6].map(|()| oidc()));
        variants[0]["UserPoolId"] = json!(format!("eu-west-1{character}_Ab"));
        variants[1]["UserPoolId"] = json!(format!("eu-west-1_{character}Ab"));
        variants[2]["ProviderName"] = text.clone();
        variants[3]["IdpIdentifiers"][0] = text.clone();
        variants[4]["AcrMapping"]["Level1"] = text.clone();
        variants[5]["ProviderDetailsFrom"]["from_object"]["S3"]["Bucket"] = text;
        for (number, properties) in variants.iter().enumerate() {
            assert_eq!(
                validator.is_valid(properties),
                problems(properties).is_empty(),
                "{character:?} in variant {number}"
            );
        }
    }
}

#[test]
fn every_limit_is_the_same_for_both() {
    let validator = validator();
    let long = |count| "株".repeat(count);
    for count in [0, 1, 32, 33, 40, 41, 46, 50, 51, 64, 65, 131_072, 131_073] {
        let mut variants = Vec::from([(); 9].map(|()| oidc()));
        variants[0]["UserPoolId"] = json!(format!("a_{}", "a".repeat(count)));
        variants[1]["ProviderName"] = json!(long(count));
        variants[2]["ProviderDetails"]["key"] = json!(long(count));
        variants[3]["ProviderDetails"][long(count)] = json!("");
        variants[4]["AttributeMapping"][long(count)] = json!("");
        variants[5]["AttributeMapping"]["email"] = json!(long(count));
        variants[6]["IdpIdentifiers"] = json!([long(count)]);
        variants[7]["IdpIdentifiers"] = json!(vec!["a"; count]);
        variants[8]["AcrMapping"]["Level1"] = json!("a".repeat(count));
        for (number, properties) in variants.iter().enumerate() {
            assert_eq!(
                validator.is_valid(properties),
                problems(properties).is_empty(),
                "{count} in variant {number}"
            );
        }
    }
    for seconds in [0, 1, 3600, 3601] {
        let mut properties = oidc();
        properties["ServiceTimeout"] = json!(seconds);
        assert_eq!(
            validator.is_valid(&properties),
            problems(&properties).is_empty(),
            "{seconds}"
        );
    }
}
