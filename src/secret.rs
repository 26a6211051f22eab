//! `ProviderDetails`: the map that holds the secrets, in a type that does not show them.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret as _, SecretString};

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
const SECRET_KEYS: [&str; 3] = ["client_secret", "private_key", "MetadataFile"];

/// Shorter values of unknown keys are left in texts: a "true" or "POST" is no secret, and its
/// removal would spoil the message.
const UNKNOWN_SECRET_MIN: usize = 8;

/// A provider's `ProviderDetails`. Its `Debug` shows keys only.
#[derive(Clone, Default)]
pub struct Details(BTreeMap<String, SecretString>);

impl Details {
    /// The value under `key`, if it is one that may be shown.
    pub fn public(&self, key: &str) -> Option<&str> {
        if PUBLIC_KEYS.contains(&key) {
            self.expose(key)
        } else {
            None
        }
    }

    /// The value under `key`, whatever it is: for the wire and for comparison, never for a text.
    pub fn expose(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(SecretString::expose_secret)
    }

    /// All keys with their values, for the wire.
    pub fn expose_all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.expose_secret()))
    }

    /// Adds a value that was read.
    pub fn insert(&mut self, key: String, value: SecretString) {
        self.0.insert(key, value);
    }

    /// All but the values under some keys.
    #[must_use]
    pub fn without(&self, is_left_out: impl Fn(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(key, _)| !is_left_out(key));
        Self(
            kept.map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        )
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
        // A message may quote them as JSON does: a key's line breaks are "\\n" there.
        let quoted = |secret: &str| {
            let json = serde_json::Value::from(secret).to_string();
            json.get(1..json.len() - 1).unwrap_or(secret).to_owned()
        };
        let mut secrets: Vec<String> = self
            .expose_all()
            .filter(|(key, value)| {
                let least = if SECRET_KEYS.contains(key) {
                    1
                } else {
                    UNKNOWN_SECRET_MIN
                };
                !PUBLIC_KEYS.contains(key) && value.len() >= least
            })
            .flat_map(|(_, value)| [quoted(value), value.to_owned()])
            .collect();
        secrets.sort_by_key(|value| std::cmp::Reverse(value.len()));
        secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Details {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), SecretString::from(value.into())))
                .collect(),
        )
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
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
