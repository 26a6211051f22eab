//! Creating a provider, for a Create, for an Update that finds it gone, and for a replacement.

use super::{
    Call, Failure, FailureKind, Outcome, Output, State, Step, call, compare,
    creation::{Creation, Purpose},
    fail, sentences,
};

impl Creation {
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
