//! Suggestions for misspelt names.

use super::{ProviderType, documented_keys};

/// Returns the known name that is nearest to `word`, if it is near enough.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = letters(word);
    let distances = known
        .iter()
        .map(|known| (strsim::osa_distance(&word, &letters(known)), *known));
    let (distance, known) = distances.min()?;
    // At most one edit for every four letters.
    (distance * 4 <= word.chars().count()).then_some(known)
}

/// Returns a name in lower case and without punctuation, for comparison.
fn letters(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).take(LONGEST).collect()
}

/// The most letters to compare, more than any known name has. The time of a comparison grows with
/// the square of the length.
const LONGEST: usize = 64;

/// Names that other documents have for the same: the discovery of OIDC, the console, the
/// providers themselves. Without case and punctuation.
const ALIASES: [(&str, &str); 30] = [
    ("authorizationendpoint", "authorize_url"),
    ("authorizationurl", "authorize_url"),
    ("authorizeendpoint", "authorize_url"),
    ("authendpoint", "authorize_url"),
    ("authurl", "authorize_url"),
    ("tokenendpoint", "token_url"),
    ("tokenuri", "token_url"),
    ("userinfoendpoint", "attributes_url"),
    ("userinfourl", "attributes_url"),
    ("userinfo", "attributes_url"),
    ("attributesendpoint", "attributes_url"),
    ("jwksendpoint", "jwks_uri"),
    ("jwksurl", "jwks_uri"),
    ("jwks", "jwks_uri"),
    ("issuer", "oidc_issuer"),
    ("issuerurl", "oidc_issuer"),
    ("issueruri", "oidc_issuer"),
    ("scope", "authorize_scopes"),
    ("scopes", "authorize_scopes"),
    ("secret", "client_secret"),
    ("appsecret", "client_secret"),
    ("appid", "client_id"),
    ("servicesid", "client_id"),
    ("metadata", "MetadataFile"),
    ("metadatadocument", "MetadataFile"),
    ("metadataxml", "MetadataFile"),
    ("metadatauri", "MetadataURL"),
    ("requestmethod", "attributes_request_method"),
    ("encryptedassertions", "EncryptedResponses"),
    ("signingalgorithm", "RequestSigningAlgorithm"),
];

/// Returns the documented key of a provider type that `key` probably stands for.
pub fn meant_key(key: &str, kind: ProviderType) -> Option<&'static str> {
    let documented = documented_keys(kind);
    let plain = letters(key);
    let alias = ALIASES.iter().find(|(alias, _)| *alias == plain);
    alias
        .map(|(_, meant)| *meant)
        .filter(|meant| documented.contains(meant))
        .or_else(|| nearest(key, &documented))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_few_slips_is_found_and_no_other() {
        let known = ["AttributeMapping", "AcrMapping", "SAML"];
        for (word, suggestion) in [
            ("AttributeMappings", Some("AttributeMapping")),
            ("attribute_mapping", Some("AttributeMapping")),
            ("AtrtibuteMaping", Some("AttributeMapping")),
            ("Saml", Some("SAML")),
            ("SAML2", Some("SAML")),
            ("SAM", None),
            ("Mapping", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), suggestion, "{word}");
        }
        assert_eq!(nearest(&"a".repeat(100_000), &known), None);
        assert_eq!(nearest("a", &[]), None);
    }
}
