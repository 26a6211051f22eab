//! Errors in a template, with the messages that the operator reads.

use std::{borrow::Cow, fmt};

use serde_json::Value;

use super::ProviderType;
use crate::saml::MetadataError;

/// A broken rule. The message names the property, the rule and the value's shape, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// A property that this resource type does not have.
    #[error("{path} is not a property of this resource type{}", did_you_mean(*suggestion))]
    UnknownProperty {
        /// The path of the property.
        path: String,
        /// The known property with the most similar name.
        suggestion: Option<&'static str>,
    },
    /// A `ProviderType` that does not exist.
    #[error("ProviderType must be one of {types}, not \"{found}\"{}", did_you_mean(*suggestion), types = type_names())]
    Type {
        /// The value in the template.
        found: String,
        /// The known type with the most similar name.
        suggestion: Option<&'static str>,
    },
    /// A required property that is missing.
    #[error("{0} is required")]
    Missing(Cow<'static, str>),
    /// A required key of `ProviderDetails` that is missing.
    #[error("ProviderDetails.{key} is required{}", is_misspelt(misspelt.as_deref()))]
    MissingKey {
        /// The key.
        key: &'static str,
        /// The key that was probably meant for it.
        misspelt: Option<String>,
    },
    /// A value of the wrong kind or form.
    #[error("{path} must be {form}{}", but_not(shape.as_ref()))]
    Form {
        /// The path of the property, key or item.
        path: Cow<'static, str>,
        /// The required form.
        form: &'static str,
        /// The shape of the value, unless it has the right one.
        shape: Option<Shape>,
    },
    /// A text, list or map outside its published limits.
    #[error("{path} must have {} {unit} but has {has}", bounds(*min, *max))]
    Size {
        /// The property, or the key or item in it.
        path: Cow<'static, str>,
        /// The lower limit.
        min: usize,
        /// The upper limit.
        max: usize,
        /// The unit of the count, as a plural noun.
        unit: &'static str,
        /// The actual count.
        has: usize,
    },
    /// A text with a forbidden character.
    #[error("{path} may contain only {allowed}")]
    Characters {
        /// The property, or the key or item in it.
        path: Cow<'static, str>,
        /// The published character class, in words.
        allowed: &'static str,
    },
    /// A path with "." or ".." segments, which a URL would resolve to another path.
    #[error("{0} must not contain . or .. as a path segment")]
    DotSegments(Cow<'static, str>),
    /// A social provider with a name other than its type.
    #[error("ProviderName must be {0}: Cognito accepts no other name for this type")]
    SocialName(&'static str),
    /// A SAML provider without metadata.
    #[error("ProviderDetails.MetadataURL or ProviderDetails.MetadataFile is required{}", is_misspelt(misspelt.as_deref()))]
    NoMetadata {
        /// The key that was probably meant for either.
        misspelt: Option<String>,
    },
    /// A SAML provider with both kinds of metadata.
    #[error(
        "MetadataURL and MetadataFile are both given (in ProviderDetails or ProviderDetailsFrom), and Cognito accepts only one: remove one"
    )]
    BothMetadata,
    /// A `MetadataFile` that Cognito would reject.
    #[error("ProviderDetails.MetadataFile {0}")]
    Metadata(MetadataError),
    /// A key that Cognito returns and does not accept.
    #[error("ProviderDetails.{0} is set by Cognito and cannot be declared: remove it")]
    ReadOnlyKey(&'static str),
    /// A key that has both a value and a source.
    #[error("{0} is in both ProviderDetails and ProviderDetailsFrom: remove it from one")]
    ValueAndSource(String),
    /// A dynamic reference that CloudFormation did not resolve.
    #[error(
        "ProviderDetails.{0} contains a dynamic reference ({{{{resolve:…}}}}) that CloudFormation did not resolve: declare it in ProviderDetailsFrom instead"
    )]
    UnresolvedReference(String),
    /// `AcrMapping` on a provider that is not OIDC.
    #[error("AcrMapping is for OIDC providers only")]
    AcrNotOidc,
}

impl PropertyError {
    /// Returns the error for a value of the wrong kind or form.
    pub(super) fn shape(path: impl Into<String>, form: &'static str, value: &Value) -> Self {
        Self::Form {
            path: Cow::Owned(path.into()),
            form,
            shape: Some(Shape(value_shape(value))),
        }
    }

    /// Returns the path of the property, key or item that the message is about, such as
    /// `ProviderDetails.client_id` or `IdpIdentifiers[0]`. Long keys are truncated as in the
    /// message.
    pub fn path(&self) -> Cow<'_, str> {
        match self {
            Self::UnknownProperty { path, .. } => path.into(),
            Self::Type { .. } => "ProviderType".into(),
            Self::Missing(path)
            | Self::DotSegments(path)
            | Self::Form { path, .. }
            | Self::Size { path, .. }
            | Self::Characters { path, .. } => ["the key of ", "a key of "]
                .iter()
                .find_map(|words| path.strip_prefix(words))
                .unwrap_or(path)
                .into(),
            Self::SocialName(_) => "ProviderName".into(),
            Self::NoMetadata { .. } | Self::BothMetadata => "ProviderDetails".into(),
            Self::ValueAndSource(key) => path_of("ProviderDetailsFrom", key).into(),
            Self::MissingKey { key, .. } | Self::ReadOnlyKey(key) => {
                path_of("ProviderDetails", key).into()
            }
            Self::UnresolvedReference(key) => path_of("ProviderDetails", key).into(),
            Self::Metadata(_) => path_of("ProviderDetails", "MetadataFile").into(),
            Self::AcrNotOidc => "AcrMapping".into(),
        }
    }

    /// Returns whether the key at [`PropertyError::path`] is wrong, not its value.
    pub fn is_of_key(&self) -> bool {
        match self {
            Self::UnknownProperty { .. } | Self::ReadOnlyKey(_) | Self::ValueAndSource(_) => true,
            Self::Form { path, .. } | Self::Size { path, .. } | Self::Characters { path, .. } => {
                path.starts_with("the key of ")
            }
            _ => false,
        }
    }
}

/// Returns the path of a key in a map, in the form of [`PropertyError::path`]. The map "" stands
/// for the properties.
pub fn path_of(map: &str, key: &str) -> String {
    let key = shown_key(key);
    if map.is_empty() {
        key
    } else {
        format!("{map}.{key}")
    }
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |suggestion| {
        format!(": did you mean {suggestion}?")
    })
}

fn is_misspelt(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!(": is {key} misspelt?"))
}

fn but_not(shape: Option<&Shape>) -> String {
    shape.map_or_else(String::new, |shape| format!(", not {shape}"))
}

fn bounds(min: usize, max: usize) -> String {
    if min == 0 {
        format!("at most {max}")
    } else {
        format!("{min} to {max}")
    }
}

fn type_names() -> String {
    ProviderType::ALL.map(ProviderType::as_str).join(", ")
}

/// Every error in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyErrors(pub Vec<PropertyError>);

impl From<PropertyError> for PropertyErrors {
    fn from(error: PropertyError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for PropertyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&listed("invalid properties", &self.0))
    }
}

/// Returns errors in one text, numbered if there are several.
pub fn listed(title: &str, errors: &[impl fmt::Display]) -> String {
    match errors {
        [only] => format!("{title}: {only}"),
        all => {
            let numbered = (1..).zip(all);
            let numbered = numbered.map(|(number, error)| format!("({number}) {error}"));
            let numbered: Vec<_> = numbered.collect();
            format!("{title} ({} errors): {}", all.len(), numbered.join("; "))
        }
    }
}

impl std::error::Error for PropertyErrors {}

/// The kind and size of a value, which may be shown where the value may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(String);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn text_shape(text: &str) -> String {
    match text.chars().count() {
        0 => "an empty string".to_owned(),
        1 => "a string of 1 character".to_owned(),
        count => format!("a string of {count} characters"),
    }
}

fn value_shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) => text_shape(text),
        Value::Array(items) => counted("list", items.len(), ["item", "items"]),
        Value::Object(entries) => counted("map", entries.len(), ["entry", "entries"]),
    }
}

/// Returns the shape of a collection, such as "a list of 2 items".
fn counted(collection: &str, count: usize, [one, several]: [&str; 2]) -> String {
    match count {
        0 => format!("an empty {collection}"),
        1 => format!("a {collection} of 1 {one}"),
        count => format!("a {collection} of {count} {several}"),
    }
}

/// Returns a key as messages show it: truncated, because keys are not secret but may be long.
pub(super) fn shown_key(key: &str) -> String {
    /// The most characters to show, more than any known name has.
    const SHOWN: usize = 64;
    if key.is_empty() {
        return "\"\"".to_owned();
    }
    let mut shown: String = key.chars().take(SHOWN).collect();
    if shown.len() < key.len() {
        shown.push('…');
    }
    shown
}
