//! The published limits of Cognito's API model, and what it was seen to refuse whatever else is there;
//! nothing stricter than those.

use std::{borrow::Cow, ops::RangeInclusive};

use super::{
    Members, ProviderType, StringMap,
    problem::{self, Problem, Shape},
};
use crate::{
    details::{VALUE_MAX, kept},
    physical_id::PROVIDER_NAME_MAX,
};

/// The properties of the resource type; any other is a mistake that must not be ignored.
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

/// What CloudFormation takes as `ServiceTimeout`.
pub(super) const SERVICE_TIMEOUT_SECONDS: RangeInclusive<u64> = 1..=3600;

pub(super) const MAPPING_KEY_MAX: usize = 32;
pub(super) const IDENTIFIERS_MAX: usize = 50;
pub(super) const IDENTIFIER_MAX: usize = 40;
pub(super) const ACR_VALUE_MAX: usize = 64;
pub(super) const ACR_LEVELS: [&str; 4] = ["Level1", "Level2", "Level3", "Level4"];
/// Of an OIDC provider.
pub(super) const REQUEST_METHODS: [&str; 2] = ["GET", "POST"];
/// The key of `ProviderDetails` that Cognito returns and refuses to be given.
pub(super) const DETAILS_RETURNED: &str = "ActiveEncryptionCertificate";

pub(super) fn check_name(name: &str, kind: Option<ProviderType>, problems: &mut Vec<Problem>) {
    match kind.and_then(ProviderType::fixed_name) {
        Some(fixed) if fixed != name => problems.push(Problem::SocialName(fixed)),
        Some(_) => {}
        None => {
            size("ProviderName", name, 1, PROVIDER_NAME_MAX, problems);
            if name.chars().any(char::is_control) {
                problems.push(Problem::Characters {
                    path: "ProviderName".into(),
                    allowed: "letters, marks, symbols, numbers, punctuation and spaces",
                });
            }
        }
    }
}

/// Whether the keys are there that Cognito wants; `has` tells, whatever their values are.
pub(super) fn check_required(
    kind: ProviderType,
    has: impl Fn(&str) -> bool,
    problems: &mut Vec<Problem>,
) {
    for key in required_keys(kind).iter().filter(|key| !has(key)) {
        problems.push(Problem::Missing(format!("ProviderDetails.{key}").into()));
    }
    if kind == ProviderType::Saml {
        match (has("MetadataURL"), has("MetadataFile")) {
            (false, false) => problems.push(Problem::NoMetadata),
            // "Only one of the MetadataURL or MetadataFile should be provided."
            (true, true) => problems.push(Problem::BothMetadata),
            _ => {}
        }
    }
}

pub(super) fn check_details(
    details: &StringMap,
    kind: Option<ProviderType>,
    problems: &mut Vec<Problem>,
) {
    if kind == Some(ProviderType::Oidc)
        && let Some(method) = details.get("attributes_request_method")
        && !REQUEST_METHODS.contains(&method.as_str())
    {
        problems.push(Problem::Form {
            path: "ProviderDetails.attributes_request_method".into(),
            form: "GET or POST",
            shape: Shape::text(method),
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
        problems.push(Problem::Form {
            path: "ProviderDetails.oidc_issuer".into(),
            form: "a URL that starts with https://",
            shape: Shape::text(issuer),
        });
    }
    for (key, value) in details {
        let path = || Cow::Owned(format!("ProviderDetails.{}", problem::name(key)));
        check_key(key, problems);
        if value.contains("{{resolve:") {
            problems.push(Problem::Unresolved(problem::name(key)));
        }
        size(path(), kept(key, value), 0, VALUE_MAX, problems);
    }
}

/// A key of the details, wherever its value comes from.
pub(super) fn check_key(key: &str, problems: &mut Vec<Problem>) {
    if key == DETAILS_RETURNED {
        problems.push(Problem::Returned(DETAILS_RETURNED));
    }
    // The key is too long to be named whole, so the map is named instead.
    size("a key of ProviderDetails", key, 0, VALUE_MAX, problems);
}

/// The keys without which Cognito refuses to create a provider of that type.
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
    problems: &mut Vec<Problem>,
) {
    for (key, value) in members.attribute_mapping.iter().flatten() {
        let shown = problem::name(key);
        let path = || Cow::Owned(format!("AttributeMapping.{shown}"));
        size(
            format!("the key of {}", path()),
            key,
            1,
            MAPPING_KEY_MAX,
            problems,
        );
        size(path(), value, 0, VALUE_MAX, problems);
    }
    if let Some(identifiers) = &members.idp_identifiers {
        check_identifiers(identifiers, problems);
    }
    if let Some(levels) = &members.acr_mapping {
        check_levels(levels, kind, problems);
    }
}

fn check_identifiers(identifiers: &[String], problems: &mut Vec<Problem>) {
    if identifiers.len() > IDENTIFIERS_MAX {
        problems.push(Problem::Size {
            path: "IdpIdentifiers".into(),
            min: 0,
            max: IDENTIFIERS_MAX,
            unit: "items",
            has: identifiers.len(),
        });
    }
    for (index, item) in identifiers.iter().enumerate() {
        let path = format!("IdpIdentifiers[{index}]");
        // The published class is [\w\s+=.@-]; whether \w takes more than ASCII is for Cognito
        // to say.
        let refused = |c: char| {
            c.is_ascii()
                && !c.is_ascii_alphanumeric()
                && !c.is_ascii_whitespace()
                && !"_+=.@-\x0B".contains(c)
        };
        if item.contains(refused) {
            problems.push(Problem::Characters {
                path: path.clone().into(),
                allowed: "letters, digits, spaces and _ + = . @ -",
            });
        }
        size(path, item, 1, IDENTIFIER_MAX, problems);
    }
}

fn check_levels(levels: &StringMap, kind: Option<ProviderType>, problems: &mut Vec<Problem>) {
    if kind.is_some_and(|kind| kind != ProviderType::Oidc) {
        problems.push(Problem::AcrNotOidc);
    }
    for (level, value) in levels {
        let path = format!("AcrMapping.{}", problem::name(level));
        if !ACR_LEVELS.contains(&level.as_str()) {
            problems.push(Problem::Form {
                path: format!("the key of {path}").into(),
                form: "one of Level1, Level2, Level3, Level4",
                shape: Shape::text(level),
            });
        }
        // [\x21\x23-\x5B\x5D-\x7E]
        if value.contains(|c: char| !c.is_ascii_graphic() || c == '"' || c == '\\') {
            problems.push(Problem::Characters {
                path: path.clone().into(),
                allowed: "printable ASCII without spaces, quotes and backslashes",
            });
        }
        size(path, value, 1, ACR_VALUE_MAX, problems);
    }
}

pub(super) fn size(
    path: impl Into<Cow<'static, str>>,
    text: &str,
    min: usize,
    max: usize,
    problems: &mut Vec<Problem>,
) {
    let has = text.chars().count();
    if has < min || has > max {
        problems.push(Problem::Size {
            path: path.into(),
            min,
            max,
            unit: "characters",
            has,
        });
    }
}
