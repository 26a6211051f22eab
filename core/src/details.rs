//! `ProviderDetails`, in a type that does not reveal the secrets in it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use secrecy::{ExposeSecret as _, SecretString};

use crate::text::document;

/// The keys of `ProviderDetails` whose values may be shown, most useful first.
///
/// Every other key, including future ones, is treated as a secret. Adding a key here puts its value
/// into stack outputs, visible to everyone who can read the stack.
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

/// Keys that Cognito stores but never returns: their values cannot be compared.
const WRITE_ONLY_KEYS: [&str; 1] = ["private_key"];

/// Keys known to hold secrets: their values are redacted whatever their length.
const SECRET_KEYS: [&str; 3] = ["client_secret", "private_key", METADATA_FILE];

/// The longest value that Cognito accepts, in characters.
pub const VALUE_MAX: usize = 131_072;

/// The key whose value is an XML document.
pub(crate) const METADATA_FILE: &str = "MetadataFile";

/// The length, in characters, from which a secret is redacted anywhere in a text. A shorter secret
/// is redacted only where it is a whole word, because other words may contain it. Shorter values of
/// unknown keys are not redacted: "true" or "POST" is not a secret.
const SECRET_MIN: usize = 8;

/// A provider's `ProviderDetails`. Its `Debug` shows keys only.
///
/// A `MetadataFile` is stored without the byte order mark and white space before the document,
/// whether it comes from a template, from a source, or from Cognito (where an earlier version may
/// have written them). Two values that differ only in these characters are equal.
#[derive(Clone, Default)]
pub struct Details {
    values: BTreeMap<String, SecretString>,
    /// Keys whose values are never shown because they come from a source of secrets.
    hidden: BTreeSet<String>,
}

impl Details {
    /// Returns the value of `key` if it may be shown.
    pub fn public(&self, key: &str) -> Option<&str> {
        self.is_public(key).then(|| self.expose(key)).flatten()
    }

    fn is_public(&self, key: &str) -> bool {
        PUBLIC_KEYS.contains(&key) && !self.hidden.contains(key)
    }

    /// Hides every key whose value repeats a hidden value of `desired`, and every key hidden in
    /// `desired`.
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

    /// Returns the value of `key`, secret or not. For requests and comparisons only, never for
    /// messages.
    pub fn expose(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(SecretString::expose_secret)
    }

    /// Returns all keys and values, secrets included. For requests and comparisons only, never for
    /// messages.
    pub fn expose_all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .map(|(key, value)| (key.as_str(), value.expose_secret()))
    }

    /// Adds a value, and hides it if it is a secret.
    pub fn insert(&mut self, key: String, value: SecretString, is_secret: bool) {
        if is_secret {
            self.hidden.insert(key.clone());
        }
        let given = value.expose_secret();
        let kept = kept(&key, given);
        let value = if kept.len() == given.len() {
            value
        } else {
            kept.into()
        };
        self.values.insert(key, value);
    }

    /// Returns a copy without the keys for which `is_left_out` holds.
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

    /// Hides the values of these keys.
    pub fn hide(&mut self, keys: impl IntoIterator<Item = String>) {
        self.hidden.extend(keys);
    }

    /// Returns whether `observed` contains all of these values.
    ///
    /// Ignores keys that Cognito added, and keys that are missing because Cognito never returns
    /// them.
    pub fn are_contained_in(&self, observed: &Self) -> bool {
        self.expose_all().all(|(key, wanted)| {
            observed
                .expose(key)
                .map_or_else(|| WRITE_ONLY_KEYS.contains(&key), |found| found == wanted)
        })
    }

    /// Returns `text` with every secret replaced by `***`: Cognito's validation messages quote the
    /// values that they reject.
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

    /// Returns every form in which a text may quote a secret, longest first.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = BTreeSet::new();
        for (key, value) in self.expose_all().filter(|(key, _)| !self.is_public(key)) {
            let is_secret = SECRET_KEYS.contains(&key) || self.hidden.contains(key);
            if !is_secret && value.chars().count() < SECRET_MIN {
                continue;
            }
            // JSON escapes line breaks as "\\n".
            let json = serde_json::Value::from(value).to_string();
            let quoted = json.get(1..json.len() - 1).unwrap_or(value);
            secrets.extend([value, value.trim(), quoted].map(ToOwned::to_owned));
            // A message may quote a single line of a private key. Single lines of metadata are not
            // secret.
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

/// Returns the part of a value that is stored and sent to Cognito.
pub(crate) fn kept<'a>(key: &str, value: &'a str) -> &'a str {
    if key == METADATA_FILE {
        document(value)
    } else {
        value
    }
}

/// Returns whether an occurrence of `secret` between these characters is the secret itself and not
/// part of a word.
fn stands(before: Option<char>, secret: &str, after: Option<char>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match secret.chars().count() {
        SECRET_MIN.. => true,
        // A single letter is often a word, so it counts only when quoted or assigned.
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
    fn a_value_of_a_key_that_is_hidden_is_neither_shown_nor_left_in_texts() {
        let mut details = google();
        details.hide(["client_id".to_owned()]);
        assert_eq!(details.public("client_id"), None);
        assert_eq!(details.redact("id-1 is refused"), "*** is refused");
    }

    #[test]
    fn redaction_takes_values_of_unknown_keys_from_eight_characters_on() {
        let details =
            Details::from_iter([("future_token", "12345678"), ("future_flag", "1234567")]);
        assert_eq!(details.redact("12345678 1234567"), "*** 1234567");
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
                assert!(details.are_contained_in(other));
            }
        }
        let key = Details::from_iter([("private_key", "\u{feff}k")]);
        assert_eq!(key.expose("private_key"), Some("\u{feff}k"));
    }

    #[test]
    fn comparison_ignores_added_and_write_only_keys_and_nothing_else() {
        let wanted = Details::from_iter([("client_id", "a"), ("private_key", "k")]);
        let held =
            |entries: &[(&str, &str)]| wanted.are_contained_in(&entries.iter().copied().collect());
        assert!(held(&[("client_id", "a"), ("authorize_url", "u")]));
        assert!(held(&[("client_id", "a"), ("private_key", "k")]));
        assert!(!held(&[("client_id", "a"), ("private_key", "other")]));
        assert!(!held(&[("client_id", "b")]));
        assert!(!held(&[("private_key", "k")]));
    }
}
