//! `ProviderDetailsFrom`: where values of `ProviderDetails` are to be read.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value};

use super::{
    meant::nearest,
    problem::{self, Problem, Shape},
    rules, text,
};

use crate::named::named;

/// The keys of `ProviderDetails` that are to be read, and where.
pub type Sources = BTreeMap<String, Source>;

/// Where one value is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What is to be fetched.
    pub place: Place,
    /// Which part of it: a key of the JSON object that a secret holds.
    pub json_key: Option<String>,
}

/// What is fetched in one call. Values of the same place are of the same version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the services")]
pub enum Place {
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

impl Place {
    /// The region that an ARN names. Elsewhere, it is the function's own.
    pub fn region(&self) -> Option<&str> {
        let (Self::Secret { secret_id: id, .. } | Self::Parameter { name: id }) = self else {
            return None;
        };
        // arn:aws:ssm:eu-west-1:123456789012:parameter/idp
        let region = id.strip_prefix("arn:")?.split(':').nth(2)?;
        // It becomes part of a host name, and the request carries credentials.
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (!region.is_empty() && region.chars().all(is_name)).then_some(region)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { secret_id, .. } => write!(f, "Secrets Manager ({secret_id})"),
            Self::Parameter { name } => write!(f, "SSM Parameter Store ({name})"),
            Self::Object { bucket, key, .. } => write!(f, "S3 ({bucket}/{key})"),
        }
    }
}

/// Longer than any name that the services know.
pub(super) const NAME_MAX: usize = 2_048;

named! {
    /// The kinds of source.
    pub(super) enum Kind {
        SecretsManager = "SecretsManager",
        SsmParameter = "SsmParameter",
        S3 = "S3",
    }
}

impl Kind {
    /// The members that it must have.
    pub(super) const fn required(self) -> &'static [&'static str] {
        match self {
            Self::SecretsManager => &["SecretId"],
            Self::SsmParameter => &["Name"],
            Self::S3 => &["Bucket", "Key"],
        }
    }

    /// The members that it may have beside.
    pub(super) const fn optional(self) -> &'static [&'static str] {
        match self {
            Self::SecretsManager => &["JsonKey", "VersionId", "VersionStage"],
            Self::SsmParameter => &[],
            Self::S3 => &["VersionId"],
        }
    }

    /// All members that it knows.
    pub(super) fn members(self) -> impl Iterator<Item = &'static str> {
        self.required().iter().chain(self.optional()).copied()
    }
}

/// One source, at `path` in the properties, or what is wrong with it.
pub(super) fn source(path: &str, value: &Value, problems: &mut Vec<Problem>) -> Option<Source> {
    const FORM: &str = "a map with one of SecretsManager, SsmParameter, S3";
    let kinds = value.as_object().into_iter().flatten();
    let mut kinds = kinds.filter(|(_, members)| !members.is_null());
    let (Some((name, members)), None) = (kinds.next(), kinds.next()) else {
        problems.push(Problem::shape(path, FORM, value));
        return None;
    };
    let path = format!("{path}.{}", problem::name(name));
    let Some(kind) = Kind::from_name(name) else {
        problems.push(Problem::Form {
            path: format!("the key of {path}").into(),
            form: "one of SecretsManager, SsmParameter, S3",
            shape: Shape::text(name),
        });
        return None;
    };
    let known: Vec<_> = kind.members().collect();
    let Some(members) = members.as_object() else {
        problems.push(Problem::shape(path, "a map of strings", members));
        return None;
    };
    for member in members.keys().filter(|key| !known.contains(&key.as_str())) {
        problems.push(Problem::Unknown {
            path: format!("{path}.{}", problem::name(member)),
            meant: nearest(member, &known),
        });
    }
    let mut reader = Reader {
        path,
        members,
        problems,
    };
    // All of them are looked at before the first that is missing ends it.
    let (place, json_key) = match kind {
        Kind::SecretsManager => {
            let secret_id = reader.required("SecretId");
            let version_id = reader.optional("VersionId");
            let version_stage = reader.optional("VersionStage");
            let json_key = reader.optional("JsonKey");
            let place = secret_id.map(|secret_id| Place::Secret {
                secret_id,
                version_id,
                version_stage,
            });
            (place, json_key)
        }
        Kind::SsmParameter => {
            let name = reader.required("Name");
            (name.map(|name| Place::Parameter { name }), None)
        }
        Kind::S3 => {
            let bucket = reader.required("Bucket");
            let key = reader.required("Key");
            reader.check_bucket(bucket.as_deref().unwrap_or_default());
            reader.check_steps("Bucket", bucket.as_deref().unwrap_or_default());
            reader.check_steps("Key", key.as_deref().unwrap_or_default());
            let version_id = reader.optional("VersionId");
            let place = bucket.zip(key).map(|(bucket, key)| Place::Object {
                bucket,
                key,
                version_id,
            });
            (place, None)
        }
    };
    place.map(|place| Source { place, json_key })
}

struct Reader<'a> {
    path: String,
    members: &'a Map<String, Value>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn optional(&mut self, member: &str) -> Option<String> {
        let value = self.members.get(member).filter(|value| !value.is_null())?;
        let path = format!("{}.{member}", self.path);
        let Some(text) = text(value) else {
            self.problems.push(Problem::shape(path, "a string", value));
            return None;
        };
        rules::size(path, &text, 1, NAME_MAX, self.problems);
        Some(text)
    }

    /// Checks the name of a bucket, which becomes part of a host name, or the ARN of an access point.
    fn check_bucket(&mut self, name: &str) {
        let marks = if name.starts_with("arn:") {
            ".-_:/"
        } else {
            ".-_"
        };
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
        if !name.chars().all(is_allowed) {
            self.problems.push(Problem::Characters {
                path: format!("{}.Bucket", self.path).into(),
                allowed: "letters, digits and . - _, and : / in the ARN of an access point",
            });
        }
    }

    /// Checks that no part is `.` or `..`: the URL of the request would lose it.
    fn check_steps(&mut self, member: &str, text: &str) {
        if text.split('/').any(|part| matches!(part, "." | "..")) {
            let path = format!("{}.{member}", self.path);
            self.problems.push(Problem::Steps(path.into()));
        }
    }

    fn required(&mut self, member: &str) -> Option<String> {
        if self.members.get(member).is_none_or(Value::is_null) {
            let path = format!("{}.{member}", self.path);
            self.problems.push(Problem::Missing(path.into()));
        }
        self.optional(member)
    }
}
