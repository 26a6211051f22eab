//! Checks properties against the published limits of Cognito's API model and against rejections
//! observed in Cognito. No rule is stricter than Cognito.

use std::{borrow::Cow, ops::RangeInclusive};

use super::{
    Members, ProviderType, StringMap,
    error::{self, PropertyError},
    meant_key,
};
use crate::{
    details::{VALUE_MAX, kept},
    physical_id::PROVIDER_NAME_MAX,
};

/// The properties of the resource type. Any other is reported as an error.
pub const PROPERTIES: [&str; 12] = [
    "ServiceToken",
    "ServiceTimeout",
    "UserPoolId",
    "ProviderName",
    "ProviderType",
    "ProviderDetails",
    "ProviderDetailsFrom",
    "AttributeMapping",
    "IdpIdentifiers",
    "AcrMapping",
    "AdoptExisting",
    "Revision",
];

/// The values of `ServiceTimeout` that CloudFormation accepts.
pub(super) const SERVICE_TIMEOUT_SECONDS: RangeInclusive<u64> = 1..=3600;

pub(super) const MAPPING_KEY_MAX: usize = 32;
pub(super) const IDENTIFIERS_MAX: usize = 50;
pub(super) const IDENTIFIER_MAX: usize = 40;
pub(super) const ACR_VALUE_MAX: usize = 64;
pub(super) const ACR_LEVELS: [&str; 4] = ["Level1", "Level2", "Level3", "Level4"];
/// The values of `attributes_request_method` for an OIDC provider.
pub(super) const REQUEST_METHODS: [&str; 2] = ["GET", "POST"];
/// The most keys of `ProviderDetails` to compare with a required one that is missing. No type has as
/// many documented keys.
const KEYS_COMPARED: usize = 50;
/// The key of `ProviderDetails` that Cognito returns and does not accept.
pub(super) const DETAILS_RETURNED: &str = "ActiveEncryptionCertificate";

pub(super) fn check_name(name: &str, kind: Option<ProviderType>, errors: &mut Vec<PropertyError>) {
    match kind.and_then(ProviderType::fixed_name) {
        Some(fixed) if fixed != name => errors.push(PropertyError::SocialName(fixed)),
        Some(_) => {}
        None => {
            check_size("ProviderName", name, 1, PROVIDER_NAME_MAX, errors);
            if name.chars().any(char::is_control) {
                errors.push(PropertyError::Characters {
                    path: "ProviderName".into(),
                    allowed: "printable characters",
                });
            }
        }
    }
}

/// Checks that the keys required by Cognito are among `given`, whatever their values.
pub(super) fn check_required(kind: ProviderType, given: &[&str], errors: &mut Vec<PropertyError>) {
    let has = |key| given.contains(&key);
    for key in required_keys(kind).iter().filter(|key| !has(key)) {
        errors.push(PropertyError::MissingKey {
            key,
            misspelt: misspelt(kind, given, &[key]),
        });
    }
    if kind == ProviderType::Saml {
        match (has("MetadataURL"), has("MetadataFile")) {
            (false, false) => errors.push(PropertyError::NoMetadata {
                misspelt: misspelt(kind, given, &["MetadataURL", "MetadataFile"]),
            }),
            // "Only one of the MetadataURL or MetadataFile should be provided."
            (true, true) => errors.push(PropertyError::BothMetadata),
            _ => {}
        }
    }
}

/// Returns the given key that was probably meant for one of the missing ones.
fn misspelt(kind: ProviderType, given: &[&str], missing: &[&str]) -> Option<String> {
    let found = given.iter().take(KEYS_COMPARED).find(|key| {
        let meant = meant_key(key, kind);
        meant.is_some_and(|meant| missing.contains(&meant))
    });
    found.map(|key| error::shown_key(key))
}

pub(super) fn check_details(
    details: &StringMap,
    kind: Option<ProviderType>,
    errors: &mut Vec<PropertyError>,
) {
    if kind == Some(ProviderType::Oidc)
        && let Some(method) = details.get("attributes_request_method")
        && !REQUEST_METHODS.contains(&method.as_str())
    {
        errors.push(PropertyError::Form {
            path: "ProviderDetails.attributes_request_method".into(),
            form: "GET or POST",
            shape: None,
        });
    }
    // "OIDC endpoint must start with https://"
    if kind == Some(ProviderType::Oidc)
        && let Some(issuer) = details.get("oidc_issuer")
        && !issuer.contains("{{resolve:")
        && !issuer
            .get(..8)
            .is_some_and(|start| start.eq_ignore_ascii_case("https://"))
    {
        errors.push(PropertyError::Form {
            path: "ProviderDetails.oidc_issuer".into(),
            form: "a URL that starts with https://",
            shape: None,
        });
    }
    for (key, value) in details {
        let path = || Cow::Owned(format!("ProviderDetails.{}", error::shown_key(key)));
        check_key(key, errors);
        if value.contains("{{resolve:") {
            errors.push(PropertyError::UnresolvedReference(error::shown_key(key)));
        }
        check_size(path(), kept(key, value), 0, VALUE_MAX, errors);
    }
}

/// Checks a key of the details, whether it has a value or a source.
pub(super) fn check_key(key: &str, errors: &mut Vec<PropertyError>) {
    if key == DETAILS_RETURNED {
        errors.push(PropertyError::ReadOnlyKey(DETAILS_RETURNED));
    }
    // The key is too long to show, so the message names the map.
    check_size("a key of ProviderDetails", key, 0, VALUE_MAX, errors);
}

/// Returns the keys that Cognito requires for a provider of this type.
pub(super) const fn required_keys(kind: ProviderType) -> &'static [&'static str] {
    match kind {
        ProviderType::Saml => &[],
        ProviderType::Oidc => &[
            "client_id",
            "authorize_scopes",
            "oidc_issuer",
            "attributes_request_method",
        ],
        ProviderType::Google | ProviderType::Facebook | ProviderType::LoginWithAmazon => {
            &["client_id", "client_secret", "authorize_scopes"]
        }
        ProviderType::SignInWithApple => &[
            "client_id",
            "team_id",
            "key_id",
            "private_key",
            "authorize_scopes",
        ],
    }
}

pub(super) fn check_members(
    members: &Members,
    kind: Option<ProviderType>,
    errors: &mut Vec<PropertyError>,
) {
    for (key, value) in members.attribute_mapping.iter().flatten() {
        let shown = error::shown_key(key);
        let path = || Cow::Owned(format!("AttributeMapping.{shown}"));
        check_size(
            format!("the key of {}", path()),
            key,
            1,
            MAPPING_KEY_MAX,
            errors,
        );
        check_size(path(), value, 0, VALUE_MAX, errors);
    }
    if let Some(identifiers) = &members.idp_identifiers {
        check_identifiers(identifiers, errors);
    }
    if let Some(levels) = &members.acr_mapping {
        check_levels(levels, kind, errors);
    }
}

fn check_identifiers(identifiers: &[String], errors: &mut Vec<PropertyError>) {
    if identifiers.len() > IDENTIFIERS_MAX {
        errors.push(PropertyError::Size {
            path: "IdpIdentifiers".into(),
            min: 0,
            max: IDENTIFIERS_MAX,
            unit: "items",
            has: identifiers.len(),
        });
    }
    for (index, item) in identifiers.iter().enumerate() {
        let path = format!("IdpIdentifiers[{index}]");
        // The published class is [\w\s+=.@-]. Cognito decides whether \w includes non-ASCII
        // characters.
        let refused = |c: char| {
            c.is_ascii()
                && !c.is_ascii_alphanumeric()
                && !c.is_ascii_whitespace()
                && !"_+=.@-\x0B".contains(c)
        };
        if item.contains(refused) {
            errors.push(PropertyError::Characters {
                path: path.clone().into(),
                allowed: "letters, digits, spaces and _ + = . @ -",
            });
        }
        check_size(path, item, 1, IDENTIFIER_MAX, errors);
    }
}

fn check_levels(levels: &StringMap, kind: Option<ProviderType>, errors: &mut Vec<PropertyError>) {
    if kind.is_some_and(|kind| kind != ProviderType::Oidc) {
        errors.push(PropertyError::AcrNotOidc);
    }
    for (level, value) in levels {
        let path = format!("AcrMapping.{}", error::shown_key(level));
        if !ACR_LEVELS.contains(&level.as_str()) {
            errors.push(PropertyError::Form {
                path: format!("the key of {path}").into(),
                form: "one of Level1, Level2, Level3, Level4",
                shape: None,
            });
        }
        // [\x21\x23-\x5B\x5D-\x7E]
        if value.contains(|c: char| !c.is_ascii_graphic() || c == '"' || c == '\\') {
            errors.push(PropertyError::Characters {
                path: path.clone().into(),
                allowed: "printable ASCII characters except spaces, double quotes and backslashes",
            });
        }
        check_size(path, value, 1, ACR_VALUE_MAX, errors);
    }
}

pub(super) fn check_size(
    path: impl Into<Cow<'static, str>>,
    text: &str,
    min: usize,
    max: usize,
    errors: &mut Vec<PropertyError>,
) {
    let has = text.chars().count();
    if has < min || has > max {
        errors.push(PropertyError::Size {
            path: path.into(),
            min,
            max,
            unit: "characters",
            has,
        });
    }
}
