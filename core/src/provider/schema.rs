//! Generates the JSON schema of the properties, for editors and cfn-lint. The limits are those of
//! the rules; `make schema` writes the file.

use serde_json::{Map, Value, json};

use super::{
    ProviderType,
    keys::DOCUMENTED_KEYS,
    rules::{
        ACR_LEVELS, ACR_VALUE_MAX, DETAILS_RETURNED, IDENTIFIER_MAX, IDENTIFIERS_MAX,
        MAPPING_KEY_MAX, REQUEST_METHODS, SERVICE_TIMEOUT_SECONDS, required_keys,
    },
    source::{NAME_MAX, SourceKind},
};
use crate::{
    details::VALUE_MAX,
    physical_id::{PROVIDER_NAME_MAX, USER_POOL_ID_MAX},
};

/// Returns the schema of a resource's `Properties`, with intrinsic functions resolved.
///
/// Covers every rule except those for the content of metadata, with four differences: a quoted
/// `ServiceTimeout` is only checked to be a number; dynamic references that CloudFormation resolves
/// are allowed; a key may have both a value and a source; and `ServiceToken` is required, because
/// without it there is no event.
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
                "description": "The id of the user pool. Changing it creates a new provider in that pool.",
                "maxLength": USER_POOL_ID_MAX,
                "pattern": "^[A-Za-z0-9_-]+_[A-Za-z0-9]+$",
            })),
            "ProviderName": text(json!({
                "description": "The provider's name in the pool; for the four social types the same as ProviderType. Changing it creates a new provider.",
                "minLength": 1,
                "maxLength": PROVIDER_NAME_MAX,
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
            })),
            "ProviderType": {
                "description": "The provider's protocol or brand. It cannot be changed under the same ProviderName.",
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
                "description": "User pool attribute → the provider's attribute",
                "type": "object",
                "propertyNames": {"minLength": 1, "maxLength": MAPPING_KEY_MAX},
                "additionalProperties": text(json!({"maxLength": VALUE_MAX})),
            },
            "IdpIdentifiers": {
                "description": "Other names for the provider in sign-in requests (idp_identifier), such as an email domain",
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
                "description": "Whether to adopt an existing provider of that name. The stack then owns it, deletion included",
                "type": ["boolean", "string"], "pattern": "^(true|false)$",
            },
            "Revision": text(json!({
                "description": "Any text; change it to force an Update, for example after a secret was rotated",
            })),
        },
        "required": ["ServiceToken", "UserPoolId", "ProviderName", "ProviderType"],
        "if": {"not": {"required": ["ProviderDetailsFrom"]}},
        "then": {"required": ["ProviderDetails"]},
        "additionalProperties": false,
        "allOf": ProviderType::ALL.map(of_type),
    })
}

/// Returns the schema of a scalar, with limits that apply to strings. Booleans and numbers are
/// allowed, as CloudFormation sends them as strings.
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
    let keys = DOCUMENTED_KEYS.map(|key| {
        let mut value = value();
        if let Value::Object(value) = &mut value {
            value.insert("description".to_owned(), key.description.into());
        }
        (key.name.to_owned(), text(value))
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

/// Returns the schema of a source of one value.
fn source() -> Value {
    let kinds = SourceKind::ALL.map(|kind| {
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

/// Returns the pattern of a member of a source, if it has one.
fn pattern(member: &str) -> Option<&'static str> {
    match member {
        "Bucket" => Some(
            r"^(?!(?:[\s\S]*/)?\.\.?(?:/|(?![\s\S])))(?:arn:[A-Za-z0-9._:/-]*|[A-Za-z0-9._-]*)$",
        ),
        "Key" => Some(r"^(?!(?:[\s\S]*/)?\.\.?(?:/|(?![\s\S])))"),
        _ => None,
    }
}

/// Returns the conditions for one provider type.
fn of_type(kind: ProviderType) -> Value {
    let required: Vec<_> = match kind {
        ProviderType::Saml => vec![
            require_key("MetadataURL", Some("MetadataFile")),
            exclude_both("MetadataURL", "MetadataFile"),
        ],
        _ => required_keys(kind)
            .iter()
            .map(|key| require_key(key, None))
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
        // Not by `not`: its messages would quote the whole value, secrets included.
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

/// Requires a key in one of the maps, unless one of them has the key `instead`. Uses nested
/// conditions, because messages of `anyOf` would quote both maps, secrets included.
fn require_key(key: &str, instead: Option<&str>) -> Value {
    let keys = std::iter::once(key).chain(instead);
    json!({
        "if": {"not": {"anyOf": keys.flat_map(required_in_each).collect::<Value>()}},
        "then": has("ProviderDetails", key),
    })
}

/// Allows only one of two keys in the maps.
fn exclude_both(one: &str, other: &str) -> Value {
    json!({
        "if": {"anyOf": required_in_each(one)},
        "then": {
            "properties": Map::from_iter(MAPS.map(|map| {
                (map.to_owned(), json!({"properties": {other: false}}))
            })),
        },
    })
}

const MAPS: [&str; 2] = ["ProviderDetails", "ProviderDetailsFrom"];

/// Returns two schemas that require a key, one for each map.
fn required_in_each(key: &str) -> [Value; 2] {
    MAPS.map(|map| has(map, key))
}

fn has(map: &str, key: &str) -> Value {
    json!({"required": [map], "properties": {map: {"required": [key]}}})
}
