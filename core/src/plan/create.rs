//! Creates a provider: for a Create, for an Update whose provider is gone, and for a replacement.

use super::{
    Call, CallError, CallErrorKind, Outcome, Output, State, Step, call, compare,
    creation::{Creation, Purpose},
    fail, join_sentences,
};

impl Creation {
    pub(super) fn on_created(mut self, outcome: Outcome) -> Step {
        let mut error = match outcome {
            Ok(output) => {
                let summary = self.purpose.summary();
                return self.succeeded(summary, output.provider());
            }
            Err(error) => error,
        };
        self.in_doubt |= error.in_doubt;
        error.in_doubt = self.in_doubt;
        match (&self.purpose, error.kind) {
            (_, CallErrorKind::Duplicate) => {
                call(self.describe(), State::InspectingDuplicate(self, error))
            }
            (Purpose::Replace { replaced, .. }, CallErrorKind::RetryDue) => {
                let look = Call::Describe(replaced.id.clone());
                call(look, State::CheckingBeforeReplace(self, error))
            }
            (_, CallErrorKind::RetryDue) => {
                call(self.describe(), State::CheckingBeforeRecreate(self, error))
            }
            _ if self.looks_after_refusal() || error.in_doubt => {
                call(self.describe(), State::VerifyingCreate(self, error))
            }
            _ => self.failed(error.text, false),
        }
    }

    /// Returns whether to describe the provider after a rejection: an earlier delivery may have
    /// created it, or a rollback may find it unchanged.
    const fn looks_after_refusal(&self) -> bool {
        match self.purpose {
            Purpose::Create { .. } | Purpose::RetryCreate { .. } => self.timing.is_late(),
            Purpose::Replace { .. } => true,
            Purpose::Recreate { .. } | Purpose::Confirm { .. } => false,
        }
    }

    pub(super) fn on_verified(self, error: CallError, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) => self.decide_ownership(error, observed),
            // No provider has the name and no call of this delivery is in progress. A call without
            // a response may still be in progress, and then "not found" proves nothing.
            Err(unseen) if unseen.kind == CallErrorKind::NotFound && !error.in_doubt => {
                self.failed(error.text, false)
            }
            _ => self.refused(error, false),
        }
    }

    /// Answers after the attempt to restore the identifiers.
    pub(super) fn on_restored(self, reason: String, outcome: Outcome) -> Step {
        let Err(error) = outcome else {
            return fail(&self.failed_id(false), reason);
        };
        let reason = join_sentences(
            &reason,
            &format!(
                "The IdpIdentifiers removed from the old provider could not be restored: {}",
                error.text
            ),
        );
        if error.kind == CallErrorKind::Duplicate {
            // Another provider has them: the new one, if its create was carried out after all.
            return call(self.describe(), State::VerifyingReplacement(self, reason));
        }
        fail(&self.failed_id(false), reason)
    }

    /// Succeeds if the new provider is as declared, which includes the unique identifiers.
    pub(super) fn on_found(self, reason: String, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if compare::holds(self.desired(), &observed) => self
                .succeeded(
                    "replaced; the response to the create was lost",
                    Some(observed),
                ),
            _ => fail(&self.failed_id(false), reason),
        }
    }
}
