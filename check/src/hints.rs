//! What Cognito or CloudFormation may refuse, or take for something else than was meant. The function
//! says nothing of it.

use cfn_cognito_idp_core::provider::{ProviderType, documented_keys, meant_key, path_of};
use serde_json::Value;

use crate::template::Reading;

/// What there is to say, and the paths that it is about.
pub(crate) fn of(reading: &Reading) -> Vec<(String, String)> {
    let mut hints: Vec<(String, String)> = name(reading).into_iter().collect();
    let kind = reading.property("ProviderType").and_then(Value::as_str);
    if let Some(kind) = kind.and_then(ProviderType::from_name) {
        keys(reading, kind, &mut hints);
    }
    let warnings = &reading.warnings;
    hints.extend(
        warnings
            .iter()
            .map(|(path, text)| (path.clone(), text.clone())),
    );
    hints
}

/// `CreateIdentityProvider` has a stricter pattern than the other operations:
/// `[^_\p{Z}][\p{L}\p{M}\p{S}\p{N}\p{P}][^_\p{Z}]+`.
fn name(reading: &Reading) -> Option<(String, String)> {
    let path = "ProviderName";
    let name = reading.property(path)?.as_str()?;
    if name.is_empty() || reading.is_unknown(path) {
        return None;
    }
    let mut characters = name.chars();
    let is_free = |c: char| c != '_' && !c.is_whitespace();
    let is_taken = characters.next().is_some_and(is_free)
        && characters.next().is_some_and(|c| !c.is_whitespace())
        && characters.clone().next().is_some()
        && characters.all(is_free);
    let text = "Cognito refuses this ProviderName for a new provider: it needs at least 3 \
                characters, no spaces, and no underscore except as the second character. Existing \
                providers with such a name still work";
    (!is_taken).then(|| (path.to_owned(), text.to_owned()))
}

/// Keys that the documentation does not have.
fn keys(reading: &Reading, kind: ProviderType, hints: &mut Vec<(String, String)>) {
    let documented = documented_keys(kind);
    let maps = ["ProviderDetails", "ProviderDetailsFrom"];
    let has = |key: &str| {
        let mut values = maps.iter().filter_map(|map| reading.property(map));
        values.any(|map| map.get(key).is_some())
    };
    for map in maps {
        let keys = reading.property(map).and_then(Value::as_object);
        let keys = keys.into_iter().flatten();
        for (key, _) in keys {
            // It is returned, and the rules say so.
            let is_known =
                documented.contains(&key.as_str()) || key == "ActiveEncryptionCertificate";
            if is_known || key.contains("${") {
                continue;
            }
            let path = path_of(map, key);
            let suggestion = meant_key(key, kind)
                .filter(|suggestion| !has(suggestion))
                .map_or_else(String::new, |suggestion| {
                    format!(": did you mean {suggestion}?")
                });
            let text = format!(
                "{path} is not a documented key for {} providers{suggestion}{} The function \
                 passes it \
                 on unchanged",
                kind.as_str(),
                if suggestion.is_empty() { "." } else { "" },
            );
            hints.push((path, text));
        }
    }
}

/// What to say of a text in which CloudFormation has a reference to a secret, if it has one.
pub(crate) fn of_reference(path: &str, text: &str) -> Option<String> {
    let (_, rest) = text.split_once("{{resolve:secretsmanager:")?;
    let (reference, _) = rest.split_once("}}")?;
    let said = format!(
        "{path} contains a dynamic reference to Secrets Manager. AWS does not support these in \
         custom resources; if it arrives unresolved, the function refuses the request"
    );
    let Some(key) = path.strip_prefix("ProviderDetails.") else {
        return Some(said);
    };
    let source = source(reference);
    Some(format!(
        "{said}. Instead, write ProviderDetailsFrom: {{{key}: {{SecretsManager: \
         {{{source}}}}}}}"
    ))
}

/// The members of a source for `secret-id:SecretString:json-key:version-stage:version-id`.
fn source(reference: &str) -> String {
    let parts = parts(reference);
    // arn:aws:secretsmanager:eu-west-1:123456789012:secret:idp
    let id_parts = if reference.starts_with("arn:") { 7 } else { 1 };
    let (id, rest) = parts.split_at(id_parts.min(parts.len()));
    let id = id.join(":");
    let rest = rest.iter().skip(1).copied();
    let members = std::iter::once(("SecretId", id.as_str()))
        .chain(
            ["JsonKey", "VersionStage", "VersionId"]
                .into_iter()
                .zip(rest),
        )
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let function = if value.contains("${") { "!Sub " } else { "" };
            format!("{name}: {function}\"{value}\"")
        });
    members.collect::<Vec<_>>().join(", ")
}

/// Splits at colons that are not in `${AWS::Region}` and its like.
fn parts(reference: &str) -> Vec<&str> {
    let mut inside = false;
    reference
        .split(|c| {
            inside = (inside || c == '{') && c != '}';
            c == ':' && !inside
        })
        .collect()
}
