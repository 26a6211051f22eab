//! The properties as a JSON schema: what editors and cfn-lint can tell of a template. The limits
//! are those of the rules; `make schema` writes it down.

use serde_json::{Map, Value, json};

use super::{
    ProviderType,
    rules::{
        ACR_LEVELS, ACR_VALUE_MAX, DETAILS_RETURNED, IDENTIFIER_MAX, IDENTIFIERS_MAX,
        MAPPING_KEY_MAX, REQUEST_METHODS, SERVICE_TIMEOUT_SECONDS, required_keys,
    },
    source::{Kind, NAME_MAX},
};
use crate::{
    details::VALUE_MAX,
    physical_id::{PROVIDER_NAME_MAX, USER_POOL_ID_MAX},
};

/// The schema of a resource's `Properties`, with intrinsic functions and their like resolved.
///
/// It says what the rules say, but for metadata, which it does not look into, and four things: a
/// `ServiceTimeout` in quotes is only seen to be a number, dynamic references that CloudFormation
/// resolves are let through, a key may be given twice, by value and by source, and a `ServiceToken` is
/// required, without which there is no event.
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Made by `make schema` from core/src/provider.",
        "title": "Custom::CognitoIdentityProvider",
        "description": "Properties of an identity provider of an Amazon Cognito user pool",
        "type": "object",
        "properties": {
            "ServiceToken": text(json!({"description": "The ARN of the function"})),
            "ServiceTimeout": service_timeout(),
            "UserPoolId": text(json!({
                "description": "The id of the user pool. Another one makes a new provider there.",
                "maxLength": USER_POOL_ID_MAX,
                "pattern": "^[A-Za-z0-9_-]+_[A-Za-z0-9]+$",
            })),
            "ProviderName": text(json!({
                "description": "The name of the provider in the pool; a social provider is called what \
                                its type is called. Another name makes a new provider.",
                "minLength": 1,
                "maxLength": PROVIDER_NAME_MAX,
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
            })),
            "ProviderType": {
                "description": "What the provider speaks. It cannot be changed.",
                "enum": ProviderType::ALL.map(ProviderType::as_str),
            },
            "ProviderDetails": provider_details(),
            "ProviderDetailsFrom": {
                "description": "Keys of ProviderDetails whose values the function reads itself, each \
                                from SecretsManager, SsmParameter or S3",
                "type": "object",
                "properties": {DETAILS_RETURNED: false},
                "propertyNames": {"maxLength": VALUE_MAX},
                "additionalProperties": source(),
            },
            "AttributeMapping": {
                "description": "Attributes of the pool, and what the provider calls them",
                "type": "object",
                "propertyNames": {"minLength": 1, "maxLength": MAPPING_KEY_MAX},
                "additionalProperties": text(json!({"maxLength": VALUE_MAX})),
            },
            "IdpIdentifiers": {
                "description": "What a sign-in request may name the provider by, such as a mail domain",
                "type": "array",
                "maxItems": IDENTIFIERS_MAX,
                "items": text(json!({
                    "minLength": 1,
                    "maxLength": IDENTIFIER_MAX,
                    "pattern": "^([A-Za-z0-9_+=.@ \\t-\\r-]|[^\\u0000-\\u007f])*$",
                })),
            },
            "AcrMapping": {
                "description": "Levels of authentication, and the provider's acr values for them; \
                                OIDC only",
                "type": "object",
                "propertyNames": {"enum": ACR_LEVELS},
                "additionalProperties": text(json!({
                    "minLength": 1,
                    "maxLength": ACR_VALUE_MAX,
                    "pattern": r"^[!#-\[\]-~]*$",
                })),
            },
            // Not an `enum`: cfn-lint takes every other text for false.
            "AdoptExisting": {
                "description": "Whether a provider of that name that exists is taken over",
                "type": ["boolean", "string"], "pattern": "^(true|false)$",
            },
            "Revision": text(json!({
                "description": "Any text; changing it has the values of ProviderDetailsFrom read again",
            })),
        },
        "required": ["ServiceToken", "UserPoolId", "ProviderName", "ProviderType"],
        "if": {"not": {"required": ["ProviderDetailsFrom"]}},
        "then": {"required": ["ProviderDetails"]},
        "additionalProperties": false,
        "allOf": ProviderType::ALL.map(of_type),
    })
}

/// A scalar with these limits if it is a string: booleans and numbers are taken for strings.
fn text(limits: Value) -> Value {
    let mut schema = Map::from_iter([("type".to_owned(), json!(["string", "boolean", "number"]))]);
    if let Value::Object(limits) = limits {
        schema.extend(limits);
    }
    schema.into()
}

fn service_timeout() -> Value {
    json!({
        "description": "Seconds until CloudFormation stops waiting for the answer",
        "type": ["integer", "string"],
        "minimum": SERVICE_TIMEOUT_SECONDS.start(),
        "maximum": SERVICE_TIMEOUT_SECONDS.end(),
        "pattern": r"^\+?[0-9]+$",
    })
}

fn provider_details() -> Value {
    let value = || {
        json!({
            "maxLength": VALUE_MAX,
            "pattern": r"^(?![\s\S]*\{\{resolve:(?!ssm:|secretsmanager:))",
        })
    };
    let keys = DETAILS.map(|(key, description)| {
        let mut value = value();
        if let Value::Object(value) = &mut value {
            value.insert("description".to_owned(), description.into());
        }
        (key.to_owned(), text(value))
    });
    let mut properties = Map::from_iter(keys);
    properties.insert(DETAILS_RETURNED.to_owned(), false.into());
    json!({
        "description": "How Cognito reaches the provider; which keys there are depends on the type",
        "type": "object",
        "properties": properties,
        "propertyNames": {"maxLength": VALUE_MAX},
        "additionalProperties": text(value()),
    })
}

/// The keys of `ProviderDetails` that Cognito documents, and what each is.
const DETAILS: [(&str, &str); 23] = [
    (
        "MetadataURL",
        "SAML: where Cognito fetches the provider's metadata, and renews them",
    ),
    (
        "MetadataFile",
        "SAML: the provider's metadata, a document in XML",
    ),
    (
        "IDPInit",
        "SAML: whether sign-ins may begin at the provider, true or false",
    ),
    (
        "IDPSignout",
        "SAML: whether signing out also signs out at the provider, true or false",
    ),
    (
        "EncryptedResponses",
        "SAML: whether assertions have to be encrypted, true or false",
    ),
    (
        "RequestSigningAlgorithm",
        "SAML: rsa-sha256 to sign the requests",
    ),
    (
        "SSORedirectBindingURI",
        "SAML: where to sign in, in place of what the metadata say",
    ),
    (
        "SLORedirectBindingURI",
        "SAML: where to sign out, in place of what the metadata say",
    ),
    (
        "client_id",
        "The id that the provider has given to the pool",
    ),
    ("client_secret", "The secret that belongs to client_id"),
    (
        "authorize_scopes",
        "What is asked for at a sign-in, such as openid email",
    ),
    ("oidc_issuer", "OIDC: the URL that discovery begins at"),
    (
        "attributes_request_method",
        "OIDC: GET or POST, for attributes_url",
    ),
    (
        "attributes_url",
        "Where attributes of users are, if discovery does not tell",
    ),
    (
        "attributes_url_add_attributes",
        "Whether attributes_url is extended by their names",
    ),
    (
        "authorize_url",
        "Where users sign in, if discovery does not tell",
    ),
    (
        "token_url",
        "Where codes become tokens, if discovery does not tell",
    ),
    (
        "token_request_method",
        "The method for token_url, as Cognito returns it",
    ),
    (
        "jwks_uri",
        "OIDC: where the keys are that sign tokens, if discovery does not tell",
    ),
    (
        "api_version",
        "Facebook: the version of its API, such as v17.0",
    ),
    ("team_id", "SignInWithApple: the id of the team"),
    ("key_id", "SignInWithApple: the id of the private key"),
    (
        "private_key",
        "SignInWithApple: the private key, without its first and last line",
    ),
];

/// Where one value is to be read.
fn source() -> Value {
    let kinds = Kind::ALL.map(|kind| {
        let members = kind.members().map(|member| {
            let limits = match pattern(member) {
                Some(pattern) => {
                    json!({"minLength": 1, "maxLength": NAME_MAX, "pattern": pattern})
                }
                None => json!({"minLength": 1, "maxLength": NAME_MAX}),
            };
            (member.to_owned(), text(limits))
        });
        let members: Map<_, _> = members.collect();
        let members = json!({
            "type": "object",
            "properties": members,
            "required": kind.required(),
            "additionalProperties": false,
        });
        (kind.as_str().to_owned(), members)
    });
    json!({
        "type": "object",
        "properties": Map::from_iter(kinds),
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
    })
}

/// What a member of a source may be, beside its length.
fn pattern(member: &str) -> Option<&'static str> {
    match member {
        "Bucket" => Some(
            r"^(?!(?:[\s\S]*/)?\.\.?(?:/|(?![\s\S])))(?:arn:[A-Za-z0-9._:/-]*|[A-Za-z0-9._-]*)$",
        ),
        "Key" => Some(r"^(?!(?:[\s\S]*/)?\.\.?(?:/|(?![\s\S])))"),
        _ => None,
    }
}

/// What holds for one type.
fn of_type(kind: ProviderType) -> Value {
    let required: Vec<_> = match kind {
        ProviderType::Saml => vec![
            in_either("MetadataURL", Some("MetadataFile")),
            not_both("MetadataURL", "MetadataFile"),
        ],
        _ => required_keys(kind)
            .iter()
            .map(|key| in_either(key, None))
            .collect(),
    };
    let mut properties = Map::new();
    if kind == ProviderType::Oidc {
        let methods = json!({
            "properties": {
                "attributes_request_method": {"enum": REQUEST_METHODS},
                "oidc_issuer": {
                    "type": "string",
                    "pattern": r"^([hH][tT][tT][pP][sS]://|[\s\S]*\{\{resolve:)",
                },
            },
        });
        properties.insert("ProviderDetails".to_owned(), methods);
    }
    if let Some(name) = kind.fixed_name() {
        properties.insert("ProviderName".to_owned(), json!({"enum": [name]}));
    }
    if kind != ProviderType::Oidc {
        // Messages of `not` would quote the whole value, secrets included.
        properties.insert("AcrMapping".to_owned(), false.into());
    }
    json!({
        "if": {
            "properties": {"ProviderType": {"const": kind.as_str()}},
            "required": ["ProviderType"],
        },
        "then": {
            "properties": properties,
            "allOf": required,
        },
    })
}

/// A key that one of the maps must have, unless one has the other key. By nested conditions, because
/// messages of `anyOf` would quote both maps, secrets included.
fn in_either(key: &str, instead: Option<&str>) -> Value {
    let keys = std::iter::once(key).chain(instead);
    json!({
        "if": {"not": {"anyOf": keys.flat_map(ways).collect::<Value>()}},
        "then": has("ProviderDetails", key),
    })
}

/// Two keys of which the maps may have one.
fn not_both(one: &str, other: &str) -> Value {
    json!({
        "if": {"anyOf": ways(one)},
        "then": {
            "properties": Map::from_iter(MAPS.map(|map| {
                (map.to_owned(), json!({"properties": {other: false}}))
            })),
        },
    })
}

const MAPS: [&str; 2] = ["ProviderDetails", "ProviderDetailsFrom"];

/// That a key is there, in one of the maps.
fn ways(key: &str) -> [Value; 2] {
    MAPS.map(|map| has(map, key))
}

fn has(map: &str, key: &str) -> Value {
    json!({"required": [map], "properties": {map: {"required": [key]}}})
}
