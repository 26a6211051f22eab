//! The calls that a plan asks for, and their outcomes.

use crate::{
    details::Details,
    physical_id::ProviderId,
    provider::{Members, Provider},
};

/// A call to Cognito or CloudFormation, with all of its input.
#[derive(Debug, Clone)]
pub enum Call {
    /// `CreateIdentityProvider`.
    Create(Provider),
    /// `DescribeIdentityProvider`.
    Describe(ProviderId),
    /// `UpdateIdentityProvider`. A member that is `None` stays as it is.
    Update {
        /// The provider to update.
        id: ProviderId,
        /// The complete `ProviderDetails`; Cognito replaces all of them.
        details: Option<Details>,
        /// The optional members.
        members: Members,
    },
    /// `DeleteIdentityProvider`.
    Delete(ProviderId),
    /// `GetSigningCertificate` for the provider's pool.
    SigningCertificate(ProviderId),
    /// CloudFormation's `DescribeStackResource` for the provider's resource, to find out whether
    /// this request is still the resource's latest.
    StackResource(ProviderId),
}

impl Call {
    /// Returns the provider that the call is about.
    pub const fn id(&self) -> &ProviderId {
        match self {
            Self::Create(provider) => &provider.id,
            Self::Describe(id)
            | Self::Delete(id)
            | Self::Update { id, .. }
            | Self::SigningCertificate(id)
            | Self::StackResource(id) => id,
        }
    }

    /// Returns the name of the operation in the API of its service.
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::Create(_) => "CreateIdentityProvider",
            Self::Describe(_) => "DescribeIdentityProvider",
            Self::Update { .. } => "UpdateIdentityProvider",
            Self::Delete(_) => "DeleteIdentityProvider",
            Self::SigningCertificate(_) => "GetSigningCertificate",
            Self::StackResource(_) => "DescribeStackResource",
        }
    }
}

/// A provider as Cognito describes it.
#[derive(Debug, Clone)]
pub struct Observed {
    /// `ProviderType` as text: Cognito may support types unknown to this handler.
    pub kind: String,
    /// `ProviderDetails`, with the keys that Cognito added.
    pub details: Details,
    /// The optional members. Cognito returns an unset member as `None` or empty.
    pub members: Members,
    /// `CreationDate`, in milliseconds since 1970.
    pub created: i64,
    /// `LastModifiedDate`, in milliseconds since 1970.
    pub modified: i64,
    /// `CreationDate` in ISO 8601.
    pub creation_date: String,
    /// `LastModifiedDate` in ISO 8601.
    pub last_modified_date: String,
}

/// The error of a call.
#[derive(Debug, Clone)]
pub struct CallError {
    /// The kind, on which decisions depend.
    pub kind: CallErrorKind,
    /// The message for the operator: the action, the provider and the error.
    pub text: String,
    /// Whether the service may have carried out the call: it was sent, and the response was
    /// missing, unreadable or a 5xx.
    pub in_doubt: bool,
}

/// The kinds of errors that the plan handles differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallErrorKind {
    /// `DuplicateProviderException`: the name or an identifier is taken.
    Duplicate,
    /// `ResourceNotFoundException`: the provider or its pool is gone.
    NotFound,
    /// The attempt failed and may be retried. The delay before the retry has passed; others may
    /// have changed the provider during it.
    RetryDue,
    /// Any other error that ends the work, including the deadline.
    Other,
}

/// The output of a call.
#[derive(Debug, Clone)]
pub enum Output {
    /// The provider in its current state.
    Provider(Observed),
    /// The pool's signing certificate.
    Certificate(String),
    /// The state of the request's resource in CloudFormation.
    StackResource(StackResource),
    /// No output, as of `DeleteIdentityProvider`.
    Nothing,
}

/// The state of a resource in CloudFormation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StackResource {
    /// Whether CloudFormation has since sent the resource another request, or has stopped waiting
    /// for the response.
    pub superseded: bool,
    /// `PhysicalResourceId` in the latest response that CloudFormation accepted.
    pub physical_id: Option<String>,
    /// Whether CloudFormation is changing the resource now.
    pub is_busy: bool,
    /// When its status was last changed, in milliseconds since 1970.
    pub changed_ms: i64,
}

impl Output {
    pub(super) fn provider(self) -> Option<Observed> {
        match self {
            Self::Provider(observed) => Some(observed),
            Self::Certificate(_) | Self::StackResource(_) | Self::Nothing => None,
        }
    }
}

/// The outcome of a call.
pub type Outcome = Result<Output, CallError>;
