//! The physical ids this handler issues, and the names they are made of.

use std::{fmt, str::FromStr};

/// Characters in a `UserPoolId` (`UserPoolIdType` of the Cognito API model).
pub const USER_POOL_ID_MAX: usize = 55;
/// Characters, not bytes, in a `ProviderName` (`ProviderNameType` of the Cognito API model).
pub const PROVIDER_NAME_MAX: usize = 32;

/// The id of a user pool, `<region>_<suffix>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserPoolId(String);

/// A text that is no user pool id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a user pool id")]
pub struct InvalidUserPoolId;

impl UserPoolId {
    /// The region the pool lives in, which is where its calls go.
    pub fn region(&self) -> &str {
        self.0.rsplit_once('_').map_or("", |(region, _)| region)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserPoolId {
    type Err = InvalidUserPoolId;

    /// Takes what the published pattern takes: `[\w-]+_[0-9a-zA-Z]+`, at most 55 characters.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        match text.rsplit_once('_') {
            Some((region, suffix))
                if text.len() <= USER_POOL_ID_MAX
                    && !region.is_empty()
                    && region.chars().all(word)
                    && !suffix.is_empty()
                    && suffix.chars().all(|c| c.is_ascii_alphanumeric()) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidUserPoolId),
        }
    }
}

impl fmt::Display for UserPoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What names an identity provider: its pool and its name there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId {
    /// The pool it belongs to.
    pub pool: UserPoolId,
    /// `ProviderName`, 1 to 32 characters. It may itself contain a `|`.
    pub name: String,
}

impl FromStr for ProviderId {
    type Err = InvalidUserPoolId;

    /// Reads `<UserPoolId>|<ProviderName>`, split at the first `|`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pool, name) = text.split_once('|').ok_or(InvalidUserPoolId)?;
        if name.is_empty() || name.chars().count() > PROVIDER_NAME_MAX {
            return Err(InvalidUserPoolId);
        }
        Ok(Self {
            pool: pool.parse()?,
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.pool, self.name)
    }
}

/// A `PhysicalResourceId`, read.
///
/// Reading never fails: whatever this handler did not issue is [`PhysicalId::Foreign`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PhysicalId {
    /// `<UserPoolId>|<ProviderName>`: the provider is this resource's.
    Provider(ProviderId),
    /// `not-created/<RequestId>`: a create that is known to have made nothing.
    NotCreated(String),
    /// `unconfirmed/<epoch seconds>/<UserPoolId>|<ProviderName>`: a create whose outcome nobody
    /// saw. The time is that of the request, so that nothing older is taken for its work.
    Unconfirmed {
        /// Seconds since 1970 at which CloudFormation issued the request.
        since: i64,
        /// What was being created.
        provider: ProviderId,
    },
    /// Made up by CloudFormation for a Create that it cancelled or never had an answer to: nothing
    /// is known to have been made.
    MadeUp(String),
    /// Issued by another handler.
    Foreign(String),
}

/// The least and the most characters of the suffix of an id that CloudFormation makes up. Those
/// seen have 12 or 13.
const MADE_UP_SUFFIX: std::ops::RangeInclusive<usize> = 8..=16;

impl PhysicalId {
    /// Reads the id of a resource of that stack. CloudFormation makes up ids of the form
    /// `<stack name>-<logical id>-<suffix>`, which only the stack and the resource can tell from
    /// those of another handler.
    pub fn read(text: &str, stack_id: &str, logical_id: &str) -> Self {
        match Self::from(text) {
            Self::Foreign(text) if is_made_up(&text, stack_id, logical_id) => Self::MadeUp(text),
            id => id,
        }
    }

    /// Returns the id of an answer to a Create or an Update whose outcome is unknown: the id of the
    /// resource if it has a provider, else one that says what may have been made, and since when.
    pub fn in_doubt(physical_id: Option<&Self>, issued: i64, provider: &ProviderId) -> Self {
        match physical_id {
            None | Some(Self::NotCreated(_) | Self::MadeUp(_)) => Self::Unconfirmed {
                since: issued,
                provider: provider.clone(),
            },
            Some(id) => id.clone(),
        }
    }
}

/// Whether an id is `<stack name>-<logical id>-<suffix>`.
fn is_made_up(text: &str, stack_id: &str, logical_id: &str) -> bool {
    // arn:aws:cloudformation:eu-west-1:123456789012:stack/<name>/<guid>
    let name = stack_id.split('/').nth(1).unwrap_or(stack_id);
    let suffix = text.strip_prefix(name).and_then(|rest| {
        rest.strip_prefix('-')?
            .strip_prefix(logical_id)?
            .strip_prefix('-')
    });
    suffix.is_some_and(|suffix| {
        MADE_UP_SUFFIX.contains(&suffix.len()) && suffix.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

impl From<&str> for PhysicalId {
    /// Reads an id by its form alone, so that one that CloudFormation made up is
    /// [`PhysicalId::Foreign`].
    fn from(text: &str) -> Self {
        if let Some(request_id) = text.strip_prefix("not-created/") {
            return Self::NotCreated(request_id.to_owned());
        }
        let unconfirmed = text
            .strip_prefix("unconfirmed/")
            .and_then(|rest| rest.split_once('/'))
            .and_then(|(since, provider)| {
                Some(Self::Unconfirmed {
                    since: since.parse().ok()?,
                    provider: provider.parse().ok()?,
                })
            })
            // "+1" and "01" are numbers too, but none that was issued.
            .filter(|id| id.to_string() == text);
        if let Some(id) = unconfirmed {
            return id;
        }
        text.parse()
            .map_or_else(|_| Self::Foreign(text.to_owned()), Self::Provider)
    }
}

impl fmt::Display for PhysicalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(provider) => provider.fmt(f),
            Self::NotCreated(request_id) => write!(f, "not-created/{request_id}"),
            Self::Unconfirmed { since, provider } => write!(f, "unconfirmed/{since}/{provider}"),
            Self::MadeUp(text) | Self::Foreign(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(pool: &str, name: &str) -> ProviderId {
        ProviderId {
            pool: pool.parse().unwrap(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn ids_round_trip() {
        let ids = [
            PhysicalId::Provider(provider("eu-west-1_AbC", "Corp")),
            PhysicalId::Provider(provider("eu-west-1_AbC", "a|b")),
            PhysicalId::Provider(provider("us-gov-west-1_9", "Ünternehmen 株式会社")),
            PhysicalId::NotCreated("8f0c".into()),
            PhysicalId::Unconfirmed {
                since: 1_795_331_000,
                provider: provider("eu-west-1_AbC", "a/b|c"),
            },
            PhysicalId::Foreign("my-stack-Corp-1ABCDEF".into()),
        ];
        for id in ids {
            assert_eq!(PhysicalId::from(id.to_string().as_str()), id);
        }
    }

    #[test]
    fn what_was_never_issued_is_foreign() {
        let texts = [
            "",
            "|",
            "eu-west-1_AbC|",
            "eu-west-1|Corp",
            "eu-west-1_|Corp",
            "eu-west-1_A-b|Corp",
            "eu-west-1_AbC/Corp",
            "unconfirmed/soon/eu-west-1_AbC|Corp",
            "unconfirmed/1/Corp",
            "unconfirmed/+1/eu-west-1_AbC|Corp",
            "unconfirmed/01/eu-west-1_AbC|Corp",
            "2026/11/22/[$LATEST]0123456789abcdef",
            "eu-west-1_AbC|a name of more than 32 characters",
        ];
        for text in texts {
            assert_eq!(PhysicalId::from(text), PhysicalId::Foreign(text.into()));
        }
    }

    #[test]
    fn an_id_that_cloudformation_made_up_is_known_by_its_stack_and_resource() {
        const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-idp/51af3dc0";
        let read = |text: &str| PhysicalId::read(text, STACK, "Corp");
        for id in ["my-idp-Corp-1A2B3C4D5E6F7", "my-idp-Corp-3XJnPGSFYMPo"] {
            assert_eq!(read(id), PhysicalId::MadeUp(id.into()));
            assert_eq!(read(id).to_string(), id);
        }
        for id in [
            "other-Corp-1A2B3C4D5E6F7",
            "my-idp-Other-1A2B3C4D5E6F7",
            "my-idp-Corp-",
            "my-idp-Corp-1",
            "my-idp-Corp-1A2B3C4D-E6F7",
            "my-idp-Corp",
            "2026/11/22/[$LATEST]0123456789abcdef",
        ] {
            assert_eq!(read(id), PhysicalId::Foreign(id.into()));
        }
        let id = "eu-west-1_AbC|Corp";
        assert_eq!(read(id), PhysicalId::from(id));
    }

    #[test]
    fn a_pool_names_its_region() {
        let region = |id: &str| id.parse::<UserPoolId>().unwrap().region().to_owned();
        assert_eq!(region("eu-west-1_AbC"), "eu-west-1");
        assert_eq!(region("local_pool_1"), "local_pool");
    }

    #[test]
    fn the_longest_pool_id_is_55_characters() {
        let id = |suffix| format!("eu-west-1_{}", "a".repeat(suffix));
        assert!(id(45).parse::<UserPoolId>().is_ok());
        assert!(id(46).parse::<UserPoolId>().is_err());
    }
}
