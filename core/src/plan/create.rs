//! Making a provider, for a Create, for an Update that finds it gone, and for a replacement.

use super::{
    Call, Failure, FailureKind, Observed, Outcome, Output, State, Step, Timing, adopt::TakeOver,
    call, compare, fail, identifiers::Identifiers, met, sentences,
};
use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Previous, Provider},
};

/// Says that a create without an answer may have been carried out.
pub(super) const MAY_BE_CREATED: &str = "The provider may or may not have been created";

/// A provider to be made, and what it is made for.
#[derive(Debug)]
pub(super) struct Goal {
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

impl Goal {
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

    pub(super) fn created(mut self, outcome: Outcome) -> Step {
        let mut failure = match outcome {
            Ok(output) => {
                let done = self.purpose.done();
                return self.succeeded(done, output.provider());
            }
            Err(failure) => failure,
        };
        self.in_doubt |= !failure.settled;
        failure.settled = !self.in_doubt;
        match (&self.purpose, failure.kind) {
            (_, FailureKind::Duplicate) => call(self.describe(), State::Inspecting(self, failure)),
            (Purpose::Replace { replaced, .. }, FailureKind::Waited) => {
                let look = Call::Describe(replaced.id.clone());
                call(look, State::LookingBeforeReplace(self, failure))
            }
            (_, FailureKind::Waited) => {
                call(self.describe(), State::LookingBeforeRecreate(self, failure))
            }
            _ if self.looks_after_refusal() || !failure.settled => {
                call(self.describe(), State::Settling(self, failure))
            }
            _ => self.failed(failure.text, true),
        }
    }

    /// Whether a refusal leaves open that an earlier delivery has made the provider, or that a
    /// rollback finds it as it was.
    const fn looks_after_refusal(&self) -> bool {
        match self.purpose {
            Purpose::Create { .. } | Purpose::Carry { .. } => self.timing.is_late(),
            Purpose::Replace { .. } => true,
            Purpose::Recreate { .. } | Purpose::Confirm { .. } => false,
        }
    }

    pub(super) fn take_over(
        self,
        done: &'static str,
        failure: Failure,
        observed: &Observed,
    ) -> Step {
        TakeOver::new(&self, done, failure, observed).begin(self)
    }

    /// Fails a create that was refused or without an answer, where the provider of that name is
    /// not its work.
    pub(super) fn refused(self, failure: Failure, nothing_made: bool) -> Step {
        let settled =
            nothing_made || failure.settled && matches!(self.purpose, Purpose::Replace { .. });
        let reason = if settled || !failure.settled {
            doubted(failure.text, settled)
        } else {
            sentences(
                &failure.text,
                "The provider may have been created by an earlier delivery of this request",
            )
        };
        self.failed(reason, settled)
    }

    pub(super) fn settled(self, failure: Failure, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) => self.judge(failure, observed),
            // Nothing of the name is there, and no call of this delivery is under way. A request
            // that got no answer may still be, so that "not found" is no proof there.
            Err(unseen) if unseen.kind == FailureKind::NotFound && failure.settled => {
                self.failed(failure.text, true)
            }
            _ => self.refused(failure, false),
        }
    }

    /// The provider is made, or was found made.
    pub(super) fn succeeded(self, done: &'static str, observed: Option<Observed>) -> Step {
        if let (Purpose::Confirm { .. }, Some(observed)) = (&self.purpose, &observed)
            && observed.created == observed.modified
        {
            // The clean-up of the unconfirmed id deletes what was made and not changed since.
            let failure = Failure {
                kind: FailureKind::Other,
                text: String::new(),
                settled: true,
            };
            return self.take_over(done, failure, observed);
        }
        self.done(done, observed)
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

    /// The id of an answer that says that this failed.
    fn failed_id(self, settled: bool) -> PhysicalId {
        let unconfirmed = PhysicalId::Unconfirmed {
            since: self.timing.issued,
            provider: self.declared.provider.id,
        };
        match self.purpose {
            Purpose::Create { request_id } if settled => PhysicalId::NotCreated(request_id),
            Purpose::Create { .. } => unconfirmed,
            Purpose::Carry {
                physical_id: PhysicalId::NotCreated(_) | PhysicalId::MadeUp(_),
            } if !settled => unconfirmed,
            Purpose::Carry { physical_id }
            | Purpose::Recreate { physical_id, .. }
            | Purpose::Confirm { physical_id, .. }
            | Purpose::Replace { physical_id, .. } => physical_id,
        }
    }

    /// Answers once identifiers were put back, or could not be.
    pub(super) fn restored(self, reason: String, outcome: Outcome) -> Step {
        let Err(failure) = outcome else {
            return fail(&self.failed_id(true), reason);
        };
        let reason = sentences(
            &reason,
            &format!(
                "IdpIdentifiers taken off the old provider were not put back: {}",
                failure.text
            ),
        );
        if failure.kind == FailureKind::Duplicate {
            // Another provider holds them: the new one, if its create was carried out after all.
            return call(self.describe(), State::Finding(self, reason));
        }
        fail(&self.failed_id(true), reason)
    }

    /// Succeeds after all if the new provider is as declared, identifiers included, which are
    /// unique.
    pub(super) fn found(self, reason: String, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if compare::holds(self.desired(), &observed) => {
                self.succeeded("replaced, though the answer was lost", Some(observed))
            }
            _ => fail(&self.failed_id(true), reason),
        }
    }
}

impl Purpose {
    const fn done(&self) -> &'static str {
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
