//! Parses `ProviderDetailsFrom`: the sources of values of `ProviderDetails`.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value};

use super::{
    error::{self, PropertyError},
    rules,
    suggestion::nearest,
    text,
};

use crate::named::named;

/// The keys of `ProviderDetails` to read, with their sources.
pub type Sources = BTreeMap<String, Source>;

/// The source of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The item to fetch.
    pub location: Location,
    /// The part of it to use: a key of the JSON object in a secret.
    pub json_key: Option<String>,
}

/// An item that one call fetches. Values from the same item have the same version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the services")]
pub enum Location {
    /// A secret of Secrets Manager.
    Secret {
        secret_id: String,
        version_id: Option<String>,
        version_stage: Option<String>,
    },
    /// A parameter of the SSM Parameter Store.
    Parameter { name: String },
    /// An object in S3.
    Object {
        bucket: String,
        key: String,
        version_id: Option<String>,
    },
}

impl Location {
    /// Returns the region of an ARN. Without an ARN, it is the function's own region.
    pub fn region(&self) -> Option<&str> {
        let (Self::Secret { secret_id: id, .. } | Self::Parameter { name: id }) = self else {
            return None;
        };
        // arn:aws:ssm:eu-west-1:123456789012:parameter/idp
        let region = id.strip_prefix("arn:")?.split(':').nth(2)?;
        // The region becomes part of a host name, to which the request sends credentials.
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (!region.is_empty() && region.chars().all(is_name)).then_some(region)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { secret_id, .. } => write!(f, "Secrets Manager ({secret_id})"),
            Self::Parameter { name } => write!(f, "SSM Parameter Store ({name})"),
            Self::Object { bucket, key, .. } => write!(f, "S3 ({bucket}/{key})"),
        }
    }
}

/// The most characters of a name, more than any of the services allows.
pub(super) const NAME_MAX: usize = 2_048;

named! {
    /// The kinds of source.
    pub(super) enum SourceKind {
        SecretsManager = "SecretsManager",
        SsmParameter = "SsmParameter",
        S3 = "S3",
    }
}

impl SourceKind {
    /// Returns the required members.
    pub(super) const fn required(self) -> &'static [&'static str] {
        match self {
            Self::SecretsManager => &["SecretId"],
            Self::SsmParameter => &["Name"],
            Self::S3 => &["Bucket", "Key"],
        }
    }

    /// Returns the optional members.
    pub(super) const fn optional(self) -> &'static [&'static str] {
        match self {
            Self::SecretsManager => &["JsonKey", "VersionId", "VersionStage"],
            Self::SsmParameter => &[],
            Self::S3 => &["VersionId"],
        }
    }

    /// Returns all members.
    pub(super) fn members(self) -> impl Iterator<Item = &'static str> {
        self.required().iter().chain(self.optional()).copied()
    }
}

/// Parses the source at `path` in the properties, and reports errors in it.
pub(super) fn parse_source(
    path: &str,
    value: &Value,
    errors: &mut Vec<PropertyError>,
) -> Option<Source> {
    const FORM: &str = "a map with exactly one of SecretsManager, SsmParameter, S3";
    let kinds = value.as_object().into_iter().flatten();
    let mut kinds = kinds.filter(|(_, members)| !members.is_null());
    let (Some((name, members)), None) = (kinds.next(), kinds.next()) else {
        errors.push(PropertyError::shape(path, FORM, value));
        return None;
    };
    let path = format!("{path}.{}", error::shown_key(name));
    let Some(kind) = SourceKind::from_name(name) else {
        errors.push(PropertyError::Form {
            path: format!("the key of {path}").into(),
            form: "one of SecretsManager, SsmParameter, S3",
            shape: None,
        });
        return None;
    };
    let known: Vec<_> = kind.members().collect();
    let Some(members) = members.as_object() else {
        errors.push(PropertyError::shape(path, "a map of strings", members));
        return None;
    };
    for member in members.keys().filter(|key| !known.contains(&key.as_str())) {
        errors.push(PropertyError::UnknownProperty {
            path: format!("{path}.{}", error::shown_key(member)),
            suggestion: nearest(member, &known),
        });
    }
    let mut parser = MemberParser {
        path,
        members,
        errors,
    };
    // Every member is parsed, so that all errors are reported.
    let (location, json_key) = match kind {
        SourceKind::SecretsManager => {
            let secret_id = parser.required("SecretId");
            let version_id = parser.optional("VersionId");
            let version_stage = parser.optional("VersionStage");
            let json_key = parser.optional("JsonKey");
            let location = secret_id.map(|secret_id| Location::Secret {
                secret_id,
                version_id,
                version_stage,
            });
            (location, json_key)
        }
        SourceKind::SsmParameter => {
            let name = parser.required("Name");
            (name.map(|name| Location::Parameter { name }), None)
        }
        SourceKind::S3 => {
            let bucket = parser.required("Bucket");
            let key = parser.required("Key");
            parser.check_bucket(bucket.as_deref().unwrap_or_default());
            parser.check_segments("Bucket", bucket.as_deref().unwrap_or_default());
            parser.check_segments("Key", key.as_deref().unwrap_or_default());
            let version_id = parser.optional("VersionId");
            let location = bucket.zip(key).map(|(bucket, key)| Location::Object {
                bucket,
                key,
                version_id,
            });
            (location, None)
        }
    };
    location.map(|location| Source { location, json_key })
}

struct MemberParser<'a> {
    path: String,
    members: &'a Map<String, Value>,
    errors: &'a mut Vec<PropertyError>,
}

impl MemberParser<'_> {
    fn optional(&mut self, member: &str) -> Option<String> {
        let value = self.members.get(member).filter(|value| !value.is_null())?;
        let path = format!("{}.{member}", self.path);
        let Some(text) = text(value) else {
            self.errors
                .push(PropertyError::shape(path, "a string", value));
            return None;
        };
        rules::check_size(path, &text, 1, NAME_MAX, self.errors);
        Some(text)
    }

    /// Checks the name of a bucket, which becomes part of a host name to which the request sends
    /// credentials, or the ARN of an access point.
    fn check_bucket(&mut self, name: &str) {
        let marks = if name.starts_with("arn:") {
            ".-_:/"
        } else {
            ".-_"
        };
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
        if !name.chars().all(is_allowed) {
            self.errors.push(PropertyError::Characters {
                path: format!("{}.Bucket", self.path).into(),
                allowed: "letters, digits and . - _, and : / in the ARN of an access point",
            });
        }
    }

    /// Rejects `.` and `..` segments: URLs resolve them as path steps.
    fn check_segments(&mut self, member: &str, text: &str) {
        if text.split('/').any(|part| matches!(part, "." | "..")) {
            let path = format!("{}.{member}", self.path);
            self.errors.push(PropertyError::DotSegments(path.into()));
        }
    }

    fn required(&mut self, member: &str) -> Option<String> {
        if self.members.get(member).is_none_or(Value::is_null) {
            let path = format!("{}.{member}", self.path);
            self.errors.push(PropertyError::Missing(path.into()));
        }
        self.optional(member)
    }
}
