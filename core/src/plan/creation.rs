//! A provider to be created, what for, and how the request ends.

use super::{
    Call, Observed, State, Step, Timing, call, fail, identifiers::Identifiers, met, sentences,
};
use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Previous, Provider},
};

/// Says that a create without an answer may have been carried out.
pub(super) const MAY_BE_CREATED: &str = "The provider may or may not have been created";

/// A provider to be made, and what it is made for.
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
    /// A Create; the id says whether anything may be left behind.
    Create { request_id: String },
    /// An Update of a create that made nothing: as a Create.
    Carry { physical_id: PhysicalId },
    /// An Update whose provider is gone.
    Recreate {
        physical_id: PhysicalId,
        /// The provider that a replacement before this may have made.
        rival: Option<ProviderId>,
    },
    /// An Update of a create whose outcome is unknown.
    Confirm {
        physical_id: PhysicalId,
        /// When that create was issued, in seconds since 1970.
        lost: i64,
        /// What it was to make.
        previous: Previous,
    },
    /// An Update to another pool or name.
    Replace {
        physical_id: PhysicalId,
        replaced: Replaced,
    },
}

/// The provider that is replaced, as far as it was seen.
#[derive(Debug)]
pub(super) struct Replaced {
    pub(super) id: ProviderId,
    /// When it was created, if it was seen.
    pub(super) created: Option<i64>,
    /// When it was changed before this request went on, or by this request itself.
    pub(super) modified: Option<i64>,
    /// What was taken off it and goes back if this fails.
    pub(super) taken: Option<Identifiers>,
}

impl Replaced {
    pub(super) const fn unseen(id: ProviderId) -> Self {
        Self {
            id,
            created: None,
            modified: None,
            taken: None,
        }
    }

    pub(super) fn seen(id: ProviderId, observed: &Observed) -> Self {
        Self {
            created: Some(observed.created),
            modified: Some(observed.modified),
            ..Self::unseen(id)
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

    /// Whether an attempt that has waited looks before it is made again. A Create has nothing to
    /// look at.
    pub(super) const fn looks_again(&self) -> bool {
        matches!(
            self.purpose,
            Purpose::Recreate { .. } | Purpose::Replace { .. }
        )
    }

    /// Answers SUCCESS with the id of the provider.
    pub(super) fn done(self, done: &'static str, observed: Option<Observed>) -> Step {
        let desired = self.declared.provider;
        met(desired.id.to_string(), done, desired, observed)
    }

    /// Answers FAILED, after giving back what was taken for this.
    pub(super) fn failed(mut self, reason: String, settled: bool) -> Step {
        if let Purpose::Replace { replaced, .. } = &mut self.purpose
            && let Some(taken) = replaced.taken.take()
        {
            return call(taken.put_back(), State::Restoring(self, reason));
        }
        fail(&self.failed_id(settled), reason)
    }

    /// Returns the id of an answer that says that this failed.
    pub(super) fn failed_id(self, settled: bool) -> PhysicalId {
        let (issued, provider) = (self.timing.issued, &self.declared.provider.id);
        match self.purpose {
            Purpose::Create { request_id } if settled => PhysicalId::NotCreated(request_id),
            Purpose::Create { .. } => PhysicalId::in_doubt(None, issued, provider),
            Purpose::Carry { physical_id } if !settled => {
                PhysicalId::in_doubt(Some(&physical_id), issued, provider)
            }
            Purpose::Carry { physical_id }
            | Purpose::Recreate { physical_id, .. }
            | Purpose::Confirm { physical_id, .. }
            | Purpose::Replace { physical_id, .. } => physical_id,
        }
    }
}

impl Purpose {
    pub(super) const fn done(&self) -> &'static str {
        match self {
            Self::Create { .. } | Self::Carry { .. } => "created",
            Self::Recreate { .. } | Self::Confirm { .. } => "created again",
            Self::Replace { .. } => "replaced",
        }
    }
}

/// The reason, and which provider may hold identifiers that are taken.
pub(super) fn held_by(reason: String, rival: Option<&ProviderId>) -> String {
    match rival {
        Some(rival) => sentences(
            &reason,
            &format!(
                "Identity provider {rival} may have been created by the request before this one \
                 and hold them: delete it, then try again"
            ),
        ),
        None => reason,
    }
}

/// The reason, and that the provider may be there if that is not settled.
pub(super) fn doubted(reason: String, settled: bool) -> String {
    if settled {
        reason
    } else {
        sentences(&reason, MAY_BE_CREATED)
    }
}
