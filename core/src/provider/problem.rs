//! What can be wrong with a template, in the words that the operator reads.

use std::{borrow::Cow, fmt};

use serde_json::Value;

use super::ProviderType;
use crate::saml::MetadataError;

/// One broken rule. The text names the property, the rule and the value's shape, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A property that this resource type does not have.
    #[error("{path} is not a property of this resource type{}", did_you_mean(*meant))]
    Unknown {
        /// Its path.
        path: String,
        /// The property that was probably meant.
        meant: Option<&'static str>,
    },
    /// A `ProviderType` that there is not.
    #[error("ProviderType must be one of {types}, not \"{found}\"{}", did_you_mean(*meant), types = types())]
    Type {
        /// What it is.
        found: String,
        /// The type that was probably meant.
        meant: Option<&'static str>,
    },
    /// A property, or a key of `ProviderDetails`, that has to be there.
    #[error("{0} is required")]
    Missing(Cow<'static, str>),
    /// A value of another kind or form than the property takes.
    #[error("{path} must be {form}, not {shape}")]
    Form {
        /// The property, or the key or item in it.
        path: Cow<'static, str>,
        /// What it must be.
        form: &'static str,
        /// What it is.
        shape: Shape,
    },
    /// A text, list or map outside its published limits.
    #[error("{path} must have {min} to {max} {unit}, it has {has}")]
    Size {
        /// The property, or the key or item in it.
        path: Cow<'static, str>,
        /// The least there may be.
        min: usize,
        /// The most there may be.
        max: usize,
        /// What is counted.
        unit: &'static str,
        /// How many there are.
        has: usize,
    },
    /// A text with a character that it may not hold.
    #[error("{path} may hold only {allowed}")]
    Characters {
        /// The property, or the key or item in it.
        path: Cow<'static, str>,
        /// The published character class, in words.
        allowed: &'static str,
    },
    /// A path that a URL would shorten.
    #[error("{0} may not have . or .. between slashes, which URLs leave out")]
    Steps(Cow<'static, str>),
    /// A social provider by a name of its own.
    #[error("ProviderName must be {0}, as every provider of that type is called in Cognito")]
    SocialName(&'static str),
    /// SAML without metadata.
    #[error("ProviderDetails.MetadataURL or ProviderDetails.MetadataFile is required")]
    NoMetadata,
    /// SAML with metadata twice.
    #[error(
        "only one of MetadataURL and MetadataFile may be given, in ProviderDetails or \
         ProviderDetailsFrom: remove the other"
    )]
    BothMetadata,
    /// A `MetadataFile` that Cognito would not take.
    #[error("ProviderDetails.MetadataFile {0}")]
    Metadata(MetadataError),
    /// A key that Cognito refuses to be given.
    #[error("ProviderDetails.{0} is returned by Cognito and cannot be set: remove it")]
    Returned(&'static str),
    /// A key whose value is given and to be read.
    #[error("{0} is in both ProviderDetails and ProviderDetailsFrom: remove it from one")]
    GivenTwice(String),
    /// A dynamic reference that CloudFormation passed on instead of resolving it.
    #[error(
        "ProviderDetails.{0} holds a dynamic reference that CloudFormation left unresolved \
         ({{{{resolve:…}}}}): name its source in ProviderDetailsFrom"
    )]
    Unresolved(String),
    /// `AcrMapping` on a provider that is not OIDC.
    #[error("AcrMapping is for OIDC providers only")]
    AcrNotOidc,
}

impl Problem {
    /// A value of the wrong shape.
    pub(super) fn shape(path: impl Into<String>, form: &'static str, value: &Value) -> Self {
        Self::Form {
            path: Cow::Owned(path.into()),
            form,
            shape: Shape(value_shape(value)),
        }
    }

    /// What the text is about: a property, or the key or item in it, such as
    /// `ProviderDetails.client_id` and `IdpIdentifiers[0]`. A long key is cut as it is in the text.
    pub fn path(&self) -> Cow<'_, str> {
        match self {
            Self::Unknown { path, .. } => path.into(),
            Self::Type { .. } => "ProviderType".into(),
            Self::Missing(path)
            | Self::Steps(path)
            | Self::Form { path, .. }
            | Self::Size { path, .. }
            | Self::Characters { path, .. } => ["the key of ", "a key of "]
                .iter()
                .find_map(|words| path.strip_prefix(words))
                .unwrap_or(path)
                .into(),
            Self::SocialName(_) => "ProviderName".into(),
            Self::NoMetadata | Self::BothMetadata => "ProviderDetails".into(),
            Self::GivenTwice(key) => path_of("ProviderDetailsFrom", key).into(),
            Self::Returned(key) => path_of("ProviderDetails", key).into(),
            Self::Unresolved(key) => path_of("ProviderDetails", key).into(),
            Self::Metadata(_) => path_of("ProviderDetails", "MetadataFile").into(),
            Self::AcrNotOidc => "AcrMapping".into(),
        }
    }

    /// Whether it is the key at [`Problem::path`] that is wrong, whatever its value.
    pub fn is_of_key(&self) -> bool {
        match self {
            Self::Unknown { .. } | Self::Returned(_) | Self::GivenTwice(_) => true,
            Self::Form { path, .. } | Self::Size { path, .. } | Self::Characters { path, .. } => {
                path.starts_with("the key of ")
            }
            _ => false,
        }
    }
}

/// The path of a key in a map, as [`Problem::path`] tells it. The properties are the map "".
pub fn path_of(map: &str, key: &str) -> String {
    let key = name(key);
    if map.is_empty() {
        key
    } else {
        format!("{map}.{key}")
    }
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!(": did you mean {meant}?"))
}

fn types() -> String {
    ProviderType::ALL.map(ProviderType::as_str).join(", ")
}

/// Everything that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "invalid properties: {only}"),
            all => {
                write!(f, "invalid properties ({} problems)", all.len())?;
                for (number, problem) in (1..).zip(all) {
                    write!(
                        f,
                        "{} ({number}) {problem}",
                        if number == 1 { ":" } else { ";" }
                    )?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Problems {}

/// What a value looks like from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(String);

impl Shape {
    /// The shape of a text.
    pub(super) fn text(text: &str) -> Self {
        Self(text_shape(text))
    }
}

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
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(entries) => format!("a map of {}", entries.len()),
    }
}

/// A key from a template as it may stand in a message: a key is no secret, but it may be long.
pub(super) fn name(key: &str) -> String {
    /// Longer than any name that the service knows; past it, only the reader's patience is spent.
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
