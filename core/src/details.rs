//! `ProviderDetails`: the map that holds the secrets, in a type that does not show them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use secrecy::{ExposeSecret as _, SecretString};

use crate::text::document;

/// The keys of `ProviderDetails` whose values may be shown, most useful first.
///
/// Everything else, keys of the future included, is treated as a secret. Adding a key here puts
/// its value into stack outputs, where everybody who may read the stack reads it.
pub const PUBLIC_KEYS: [&str; 21] = [
    "ActiveEncryptionCertificate",
    "SSORedirectBindingURI",
    "SLORedirectBindingURI",
    "oidc_issuer",
    "authorize_url",
    "token_url",
    "jwks_uri",
    "attributes_url",
    "client_id",
    "team_id",
    "key_id",
    "api_version",
    "authorize_scopes",
    "attributes_request_method",
    "attributes_url_add_attributes",
    "token_request_method",
    "RequestSigningAlgorithm",
    "EncryptedResponses",
    "IDPSignout",
    "IDPInit",
    "MetadataURL",
];

/// Keys that Cognito stores and never returns, so that they cannot be compared.
const WRITE_ONLY_KEYS: [&str; 1] = ["private_key"];

/// The keys that are known to hold secrets: their values are cleared from texts at any length.
const SECRET_KEYS: [&str; 3] = ["client_secret", "private_key", METADATA_FILE];

/// What a value may have at most, in characters.
pub const VALUE_MAX: usize = 131_072;

/// The key whose value is an XML document.
pub(crate) const METADATA_FILE: &str = "MetadataFile";

/// From this many characters on, a secret is cleared from texts wherever it stands. A shorter one is
/// cleared where it stands as a word, or else it would spoil the words that contain it. Shorter values
/// of unknown keys are left in texts: a "true" or "POST" is no secret.
const SECRET_MIN: usize = 8;

/// A provider's `ProviderDetails`. Its `Debug` shows keys only.
///
/// A `MetadataFile` is kept without what may stand before the document, wherever it comes from: from a
/// template, from a source, or from Cognito, which may have it from an earlier version. So two that differ
/// in that only are equal.
#[derive(Clone, Default)]
pub struct Details {
    values: BTreeMap<String, SecretString>,
    /// The keys whose values come from a source that keeps secrets, so that they are never shown.
    hidden: BTreeSet<String>,
}

impl Details {
    /// The value under `key`, if it is one that may be shown.
    pub fn public(&self, key: &str) -> Option<&str> {
        self.is_public(key).then(|| self.expose(key)).flatten()
    }

    fn is_public(&self, key: &str) -> bool {
        PUBLIC_KEYS.contains(&key) && !self.hidden.contains(key)
    }

    /// Hides, under whatever key, the values that `desired` has from a source that keeps secrets.
    pub fn hide_secrets_of(&mut self, desired: &Self) {
        let secrets = desired.hidden.iter().filter_map(|key| desired.expose(key));
        let secrets: Vec<&str> = secrets.filter(|secret| !secret.is_empty()).collect();
        let shows = |value: &str| {
            secrets.iter().any(|secret| {
                *secret == value || secret.chars().count() >= SECRET_MIN && value.contains(secret)
            })
        };
        let showing = self.values.iter();
        let showing = showing.filter(|(_, value)| shows(value.expose_secret()));
        let showing: Vec<String> = showing.map(|(key, _)| key.clone()).collect();
        self.hidden.extend(showing);
        self.hidden.extend(desired.hidden.iter().cloned());
    }

    /// The value under `key`, whatever it is: for the wire and for comparison, never for a text.
    pub fn expose(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(SecretString::expose_secret)
    }

    /// All keys with their values, for the wire.
    pub fn expose_all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(key, value)| (key.as_str(), value.expose_secret()))
    }

    /// Adds a value that was read, and hides it if it is a secret.
    pub fn insert(&mut self, key: String, value: SecretString, is_secret: bool) {
        if is_secret {
            self.hidden.insert(key.clone());
        }
        let given = value.expose_secret();
        let shorter = Some(kept(&key, given)).filter(|kept| kept.len() < given.len());
        let value = shorter.map(SecretString::from).unwrap_or(value);
        self.values.insert(key, value);
    }

    /// All but the values under some keys.
    #[must_use]
    pub fn without(&self, is_left_out: impl Fn(&str) -> bool) -> Self {
        let kept = self.values.iter().filter(|(key, _)| !is_left_out(key));
        Self {
            values: kept
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            hidden: self.hidden.clone(),
        }
    }

    /// Hides the values under these keys.
    pub fn hide(&mut self, keys: impl IntoIterator<Item = String>) {
        self.hidden.extend(keys);
    }

    /// Whether `observed` holds everything that is wanted here.
    ///
    /// Keys that Cognito added by itself do not count, nor do those that it never returns.
    pub fn are_held_by(&self, observed: &Self) -> bool {
        self.expose_all().all(|(key, wanted)| {
            observed
                .expose(key)
                .map_or_else(|| WRITE_ONLY_KEYS.contains(&key), |found| found == wanted)
        })
    }

    /// `text` with every value that may not be shown replaced: Cognito's validation messages
    /// quote what they refuse.
    pub fn redact(&self, text: &str) -> String {
        let secrets = self.secrets();
        let mut redacted = String::with_capacity(text.len());
        let (mut rest, mut before) = (text, None);
        while let Some(first) = rest.chars().next() {
            let found = secrets.iter().find(|secret| {
                let after = rest.strip_prefix(secret.as_str());
                after.is_some_and(|after| stands(before, secret, after.chars().next()))
            });
            let length = if let Some(secret) = found {
                redacted.push_str("***");
                secret.len()
            } else {
                redacted.push(first);
                first.len_utf8()
            };
            let (passed, left) = rest.split_at(length);
            (before, rest) = (passed.chars().next_back(), left);
        }
        redacted
    }

    /// Every form in which a text may quote a value that must not be shown, longest first.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = BTreeSet::new();
        for (key, value) in self.expose_all().filter(|(key, _)| !self.is_public(key)) {
            let is_secret = SECRET_KEYS.contains(&key) || self.hidden.contains(key);
            if !is_secret && value.chars().count() < SECRET_MIN {
                continue;
            }
            // As JSON has it, line breaks are "\\n".
            let json = serde_json::Value::from(value).to_string();
            let quoted = json.get(1..json.len() - 1).unwrap_or(value);
            secrets.extend([value, value.trim(), quoted].map(ToOwned::to_owned));
            // A message may quote one line of a key. Those of a document are no secrets of their own.
            if key == "private_key" {
                let lines = value.lines().map(str::trim);
                let lines = lines.filter(|line| line.chars().count() >= SECRET_MIN);
                secrets.extend(lines.map(ToOwned::to_owned));
            }
        }
        secrets.remove("");
        let mut secrets: Vec<String> = secrets.into_iter().collect();
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        secrets
    }
}

/// Returns what is kept of a value, and sent to Cognito.
pub(crate) fn kept<'a>(key: &str, value: &'a str) -> &'a str {
    if key == METADATA_FILE {
        document(value)
    } else {
        value
    }
}

/// Whether a text between these characters is the secret, and not part of a word.
fn stands(before: Option<char>, secret: &str, after: Option<char>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match secret.chars().count() {
        SECRET_MIN.. => true,
        // A letter is a word in many a sentence, so that it has to be quoted or assigned.
        1 => {
            before.is_some_and(|c| "\"'=:{[(".contains(c))
                && after.is_none_or(|c| "\"',;}])".contains(c))
        }
        _ => !is_word(before) && !is_word(after),
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Details {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self {
            values: entries
                .into_iter()
                .map(|(key, value)| {
                    let (key, value) = (key.into(), SecretString::from(value.into()));
                    let kept = kept(&key, value.expose_secret()).into();
                    (key, kept)
                })
                .collect(),
            hidden: BTreeSet::new(),
        }
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn google() -> Details {
        Details::from_iter([
            ("client_id", "id-1"),
            ("client_secret", "hunter2"),
            ("future_token", "hunter2-and-more"),
        ])
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(
            format!("{:?}", google()),
            r#"{"client_id", "client_secret", "future_token"}"#
        );
    }

    #[test]
    fn only_known_keys_are_public() {
        assert_eq!(google().public("client_id"), Some("id-1"));
        assert_eq!(google().public("client_secret"), None);
        assert_eq!(google().public("future_token"), None);
    }

    #[test]
    fn redaction_takes_the_longest_secret_first_and_leaves_public_values() {
        assert_eq!(
            google().redact("Value '{client_id=id-1, t=hunter2-and-more, s=hunter2}' is refused"),
            "Value '{client_id=id-1, t=***, s=***}' is refused"
        );
    }

    #[test]
    fn redaction_takes_secrets_that_are_quoted_as_json() {
        let details = Details::from_iter([("private_key", "BEGIN\nk\"1\\\nEND")]);
        assert_eq!(
            details.redact(
                r#"{"private_key":"BEGIN\nk\"1\\\nEND"} is not BEGIN
k"1\
END"#
            ),
            r#"{"private_key":"***"} is not ***"#
        );
    }

    #[test]
    fn redaction_takes_short_secrets_and_leaves_short_values_of_unknown_keys() {
        let details = Details::from_iter([("private_key", "k1"), ("flag", "true")]);
        assert_eq!(details.redact("k1 is not true"), "*** is not true");
    }

    #[test]
    fn redaction_leaves_words_that_contain_a_short_secret() {
        for (secret, text, redacted) in [
            (
                "e",
                "Provider is refused: \"e\"",
                "Provider is refused: \"***\"",
            ),
            ("a", "a value is a", "a value is a"),
            ("id", "Provider id is invalid", "Provider *** is invalid"),
            ("s3cret", "s3crets, s3cret", "s3crets, ***"),
            ("s3cret-8", "xs3cret-8x", "x***x"),
            ("***", "*** and ***", "*** and ***"),
        ] {
            let details = Details::from_iter([("client_secret", secret)]);
            assert_eq!(details.redact(text), redacted);
        }
    }

    #[test]
    fn redaction_replaces_overlapping_secrets_once() {
        let details = Details::from_iter([
            ("client_secret", "abcdefgh"),
            ("private_key", "efghijkl"),
            ("future_token", "abcdefghij"),
        ]);
        assert_eq!(details.redact("abcdefghijkl abcdefgh"), "***kl ***");
    }

    #[test]
    fn redaction_takes_each_line_of_a_key() {
        let key = "-----BEGIN PRIVATE KEY-----\r\nMIGTAgEAMBMG\r\n-----END PRIVATE KEY-----\r\n";
        let details = Details::from_iter([("private_key", key)]);
        assert_eq!(details.redact("bad line MIGTAgEAMBMG"), "bad line ***");
    }

    #[test]
    fn what_comes_from_a_source_of_secrets_is_never_public() {
        let mut desired = Details::from_iter([("authorize_scopes", "openid")]);
        desired.insert("client_id".to_owned(), "from-a-secret".into(), true);
        desired.insert("team_id".to_owned(), "from-a-string".into(), false);
        assert_eq!(desired.public("client_id"), None);
        assert_eq!(desired.public("team_id"), Some("from-a-string"));
        assert_eq!(
            desired.redact("from-a-secret, from-a-string"),
            "***, from-a-string"
        );

        let mut observed = Details::from_iter([
            ("client_id", "from-a-secret"),
            ("key_id", "from-a-secret"),
            ("authorize_url", "https://idp.example.com/from-a-secret"),
            ("oidc_issuer", "https://idp.example.com"),
        ]);
        observed.hide_secrets_of(&desired);
        for key in ["client_id", "key_id", "authorize_url"] {
            assert_eq!(observed.public(key), None, "{key}");
        }
        assert!(observed.public("oidc_issuer").is_some());
    }

    #[test]
    fn metadata_are_kept_and_compared_without_what_stands_before_them() {
        let document = "<?xml version=\"1.0\"?><a/>";
        let marked = format!("\u{feff}\r\n{document}");
        let mut added = Details::default();
        added.insert("MetadataFile".to_owned(), marked.clone().into(), true);
        let given = Details::from_iter([("MetadataFile", marked.as_str())]);
        let plain = Details::from_iter([("MetadataFile", document)]);
        for details in [&added, &given, &plain] {
            assert_eq!(details.expose("MetadataFile"), Some(document));
            for other in [&added, &given, &plain] {
                assert!(details.are_held_by(other));
            }
        }
        let key = Details::from_iter([("private_key", "\u{feff}k")]);
        assert_eq!(key.expose("private_key"), Some("\u{feff}k"));
    }

    #[test]
    fn comparison_ignores_added_and_write_only_keys_and_nothing_else() {
        let wanted = Details::from_iter([("client_id", "a"), ("private_key", "k")]);
        let held =
            |entries: &[(&str, &str)]| wanted.are_held_by(&entries.iter().copied().collect());
        assert!(held(&[("client_id", "a"), ("authorize_url", "u")]));
        assert!(held(&[("client_id", "a"), ("private_key", "k")]));
        assert!(!held(&[("client_id", "a"), ("private_key", "other")]));
        assert!(!held(&[("client_id", "b")]));
        assert!(!held(&[("private_key", "k")]));
    }
}
