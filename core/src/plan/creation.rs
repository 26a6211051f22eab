//! A provider to create, the purpose, and the answers to the request.

use super::{
    Call, Observed, State, Step, Timing, call, fail, identifiers::Identifiers, join_sentences,
    succeed,
};
use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Previous, Provider},
};

/// The sentence for a create whose outcome is unknown.
pub(super) const MAY_BE_CREATED: &str = "The provider may or may not have been created";

/// A provider to create, with the purpose.
#[derive(Debug)]
pub(super) struct Creation {
    pub(super) declared: Declared,
    pub(super) timing: Timing,
    pub(super) purpose: Purpose,
    /// Whether an attempt at the create may have been carried out.
    pub(super) in_doubt: bool,
}

#[derive(Debug)]
pub(super) enum Purpose {
    /// A Create request. The id of the answer tells whether a provider may exist.
    Create { request_id: String },
    /// An Update after a Create that created nothing; handled like a Create.
    RetryCreate { physical_id: PhysicalId },
    /// An Update whose provider no longer exists.
    Recreate {
        physical_id: PhysicalId,
        /// A provider that an earlier replacement may have created.
        other_provider: Option<ProviderId>,
    },
    /// An Update after a Create whose outcome is unknown.
    Confirm {
        physical_id: PhysicalId,
        /// The time of that Create, in seconds since 1970.
        lost: i64,
        /// The properties of that Create.
        previous: Previous,
    },
    /// An Update that changes the pool or the name.
    Replace {
        physical_id: PhysicalId,
        replaced: Replaced,
    },
}

/// The provider to replace, as far as it was observed.
#[derive(Debug)]
pub(super) struct Replaced {
    pub(super) id: ProviderId,
    /// The creation time, if the provider was observed.
    pub(super) created: Option<i64>,
    /// The time of the last change before this request's next call, this request's own changes
    /// included.
    pub(super) modified: Option<i64>,
    /// The identifiers before this request removed some, to restore if it fails.
    pub(super) taken: Option<Identifiers>,
}

impl Replaced {
    pub(super) const fn unobserved(id: ProviderId) -> Self {
        Self {
            id,
            created: None,
            modified: None,
            taken: None,
        }
    }

    pub(super) fn observed(id: ProviderId, observed: &Observed) -> Self {
        Self {
            created: Some(observed.created),
            modified: Some(observed.modified),
            ..Self::unobserved(id)
        }
    }
}

impl Creation {
    pub(super) const fn new(declared: Declared, timing: Timing, purpose: Purpose) -> Self {
        Self {
            declared,
            timing,
            purpose,
            in_doubt: false,
        }
    }

    pub(super) const fn desired(&self) -> &Provider {
        &self.declared.provider
    }

    pub(super) fn describe(&self) -> Call {
        Call::Describe(self.desired().id.clone())
    }

    pub(super) fn begin(self) -> Step {
        call(Call::Create(self.desired().clone()), State::Creating(self))
    }

    /// Returns whether the provider is described before a retry. A Create has no earlier provider
    /// to check.
    pub(super) const fn looks_before_retry(&self) -> bool {
        matches!(
            self.purpose,
            Purpose::Recreate { .. } | Purpose::Replace { .. }
        )
    }

    /// Answers SUCCESS with the id of the provider.
    pub(super) fn done(self, summary: &'static str, observed: Option<Observed>) -> Step {
        let desired = self.declared.provider;
        succeed(desired.id.to_string(), summary, desired, observed)
    }

    /// Answers FAILED, after restoring the identifiers that were removed for this.
    pub(super) fn failed(mut self, reason: String, in_doubt: bool) -> Step {
        if let Purpose::Replace { replaced, .. } = &mut self.purpose
            && let Some(taken) = replaced.taken.take()
        {
            return call(
                taken.restore_call(),
                State::RestoringIdentifiers(self, reason),
            );
        }
        fail(&self.failed_id(in_doubt), reason)
    }

    /// Returns the physical id for a FAILED answer.
    pub(super) fn failed_id(self, in_doubt: bool) -> PhysicalId {
        let (issued, provider) = (self.timing.issued, &self.declared.provider.id);
        match self.purpose {
            Purpose::Create { request_id } if !in_doubt => PhysicalId::NotCreated(request_id),
            Purpose::Create { .. } => PhysicalId::in_doubt(None, issued, provider),
            Purpose::RetryCreate { physical_id } if in_doubt => {
                PhysicalId::in_doubt(Some(&physical_id), issued, provider)
            }
            Purpose::RetryCreate { physical_id }
            | Purpose::Recreate { physical_id, .. }
            | Purpose::Confirm { physical_id, .. }
            | Purpose::Replace { physical_id, .. } => physical_id,
        }
    }
}

impl Purpose {
    pub(super) const fn summary(&self) -> &'static str {
        match self {
            Self::Create { .. } | Self::RetryCreate { .. } => "created",
            Self::Recreate { .. } | Self::Confirm { .. } => "created again",
            Self::Replace { .. } => "replaced",
        }
    }
}

/// Appends the provider that may hold the duplicate identifiers, if there is one.
pub(super) fn with_holder(reason: String, other_provider: Option<&ProviderId>) -> String {
    match other_provider {
        Some(other_provider) => join_sentences(
            &reason,
            &format!(
                "Identity provider {other_provider}, which the previous request may have created, may \
                 hold these IdpIdentifiers: delete it, then deploy again"
            ),
        ),
        None => reason,
    }
}

/// Appends that the provider may have been created, if that is in doubt.
pub(super) fn with_doubt(reason: String, in_doubt: bool) -> String {
    if in_doubt {
        join_sentences(&reason, MAY_BE_CREATED)
    } else {
        reason
    }
}
