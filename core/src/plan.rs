//! Decides what to do for a request, one call at a time, without side effects.
//!
//! [`start`] returns the first call of a request, or the answer if no call is needed.
//! [`Plan::resume`] takes the outcome of a call and returns the next. Nothing here waits, reads a
//! clock or uses the SDK, so a test can follow every path and a model checker can explore all of
//! them.

mod adopt;
mod apply;
mod before_retry;
mod call;
mod compare;
mod create;
mod creation;
mod delete;
mod drift;
mod identifiers;
mod in_place;
mod members;
mod ownership;
mod replace;
mod superseded;
mod timing;
mod update;

use adopt::TakeOver;
use apply::Application;
pub use apply::StackKnowledge;
pub use call::{Call, CallError, CallErrorKind, Observed, Outcome, Output, StackResource};
use creation::{Creation, Purpose, Replaced};
use delete::Deletion;
pub use drift::{DifferenceType, Drift, DriftStatus, PropertyDifference, pointer};
use identifiers::Identifiers;
use superseded::Question;
pub use timing::Timing;
use update::{Course, Update};

use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Previous, Provider},
};

/// A key that Cognito never returns: which of two values is stored cannot be observed.
const NEVER_RETURNED: &str = "private_key";

/// The phases of a request. Each has its own deadline; the later phases may make calls after the
/// first deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Makes the changes that the request asks for.
    Apply,
    /// Finds out whether the changes were made.
    Verify,
    /// Undoes the changes after a failure.
    Undo,
}

/// The next step of a request.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a step is taken apart where it is made"
)]
pub enum Step {
    /// Make this call and resume the plan with the outcome.
    Call(Box<Call>, Plan),
    /// End the request with this answer.
    Answer(Answer),
}

/// The answer to CloudFormation.
#[derive(Debug, Clone)]
pub struct Answer {
    /// `PhysicalResourceId`.
    pub physical_id: String,
    /// The success to respond with SUCCESS, or the `Reason` to respond with FAILED.
    pub result: Result<Success, Reason>,
}

/// The reason why a request failed, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Reason(String);

impl Reason {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// The result of a successful request.
#[derive(Debug, Clone)]
pub struct Success {
    /// A summary of what was done, for the log.
    pub summary: &'static str,
    /// The provider whose attributes the answer contains; none for a Delete.
    pub provider: Option<(ProviderId, Option<Observed>)>,
    /// The certificate for the requests that the pool signs, or the reason why it could not be
    /// read. `None` if the pool does not sign requests to the provider.
    pub signing_certificate: Option<Result<String, Reason>>,
}

impl Success {
    /// Returns whether an Apply has changed the provider.
    pub fn is_applied(&self) -> bool {
        self.summary == apply::APPLIED
    }
}

/// A parsed request.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it in an invocation"
)]
pub enum Intent {
    /// Create the provider.
    Create {
        /// The declared provider.
        declared: Declared,
        /// The id of the request, for the physical id of a failed Create.
        request_id: String,
    },
    /// Update the provider, or replace it by another.
    Update {
        /// The physical id in the request.
        physical_id: PhysicalId,
        /// What is wanted.
        declared: Declared,
        /// The previous properties.
        previous: Previous,
    },
    /// Delete the provider.
    Delete {
        /// The physical id that came in.
        physical_id: PhysicalId,
        /// The declared provider, if it is needed and valid.
        described: Option<Declared>,
    },
    /// Bring the provider to the declared state, without CloudFormation.
    Apply {
        /// The declared provider.
        declared: Declared,
        /// The resource in its stack.
        stack: StackKnowledge,
    },
}

/// A request in progress that waits for the outcome of a call.
#[derive(Debug)]
pub struct Plan(State);

#[derive(Debug)]
enum State {
    /// The create is being made.
    Creating(Creation),
    /// The name is taken: Describe shows by which provider.
    InspectingDuplicate(Creation, CallError),
    /// Describe shows whether the provider with the name is older than the one it would replace.
    ComparingAge(Creation, CallError, Observed),
    /// An existing provider is being updated to the desired state.
    TakingOver(Creation, TakeOver),
    /// The update failed: Describe shows whether it took effect anyway.
    VerifyingTakeOver(Creation, TakeOver, CallError),
    /// The update is to be retried: Describe shows whether the provider was changed meanwhile.
    CheckingBeforeTakeOver(Creation, TakeOver, CallError),
    /// A create failed but may have been carried out: Describe shows whether it was.
    VerifyingCreate(Creation, CallError),
    /// A create is to be retried: Describe shows whether the old provider was changed.
    CheckingBeforeReplace(Creation, CallError),
    /// A create is to be retried: Describe shows whether the provider exists by now.
    CheckingBeforeRecreate(Creation, CallError),
    /// A superseded replacement may have been carried out: Describe shows whether it was.
    CheckingWithdrawal(Creation, String),
    /// The provider that it created is being deleted.
    Withdrawing(Creation, String),
    /// Describe shows the provider before it is updated in place.
    CheckingBeforeUpdate(Update, Option<CallError>),
    /// The provider is being updated in place.
    Updating(Update),
    /// The update failed: Describe shows whether it took effect anyway.
    Verifying(Update, CallError),
    /// Describe reads the old provider's identifiers, and whether it was changed.
    ReadingIdentifiers(Update, ProviderId, Option<Identifiers>, Option<CallError>),
    /// The identifiers are being removed from the old provider.
    RemovingIdentifiers(Update, Replaced),
    /// The create failed for the given reason: the identifiers are being restored.
    RestoringIdentifiers(Creation, String),
    /// The identifiers could not be restored: Describe shows whether the new provider has them.
    VerifyingReplacement(Creation, String),
    /// The provider may have been changed by a later request: CloudFormation tells whether there is
    /// one.
    AskingCloudFormation(Question),
    /// Describe shows whether the provider may be deleted.
    CheckingBeforeDelete(Deletion),
    /// Describe shows how the provider differs from what is to be applied.
    CheckingBeforeApply(Application),
    /// CloudFormation tells whether it changes the resource now.
    AskingBeforeApply(Application),
    /// The provider is being updated by an Apply.
    Applying(Application),
    /// That update failed: Describe shows whether it took effect anyway.
    VerifyingApply(Application, CallError),
    /// The provider is being deleted.
    Deleting(Deletion),
    /// The work is done; the signing certificate is being read for the answer.
    ReadingCertificate(String, Success),
}

/// Returns the first step of a request.
pub fn start(intent: Intent, timing: Timing) -> Step {
    match intent {
        Intent::Create {
            declared,
            request_id,
        } => Creation::new(declared, timing, Purpose::Create { request_id }).begin(),
        Intent::Update {
            physical_id,
            declared,
            previous,
        } => match Course::of(physical_id, declared, previous, timing) {
            Course::Create(creation) => creation.begin(),
            Course::InPlace(update) => update.begin(),
            Course::Replace(update, old) => replace::start(update, old),
        },
        Intent::Apply { declared, stack } => apply::start(declared, stack),
        Intent::Delete {
            physical_id,
            described,
        } => {
            let described = described.map(|declared| declared.provider);
            delete::start(&physical_id, described, timing)
        }
    }
}

impl Plan {
    /// Returns the step that follows the outcome of a call.
    pub fn resume(self, outcome: Outcome) -> Step {
        match self.0 {
            State::Creating(creation) => creation.on_created(outcome),
            State::InspectingDuplicate(creation, duplicate) => {
                creation.on_inspected(duplicate, outcome)
            }
            State::ComparingAge(creation, error, observed) => {
                creation.on_old_dated(error, observed, outcome)
            }
            State::TakingOver(creation, take_over) => take_over.on_updated(creation, outcome),
            State::CheckingBeforeTakeOver(creation, take_over, waited) => {
                take_over.on_described(creation, &waited, outcome)
            }
            State::VerifyingTakeOver(creation, take_over, error) => {
                take_over.on_verified(creation, error, outcome)
            }
            State::VerifyingCreate(creation, error) => creation.on_verified(error, outcome),
            State::CheckingBeforeReplace(creation, waited) => {
                creation.on_old_described(&waited, outcome)
            }
            State::CheckingBeforeRecreate(creation, waited) => {
                creation.on_described(&waited, outcome)
            }
            State::CheckingWithdrawal(creation, reason) => {
                creation.on_withdrawal_checked(reason, outcome)
            }
            State::Withdrawing(creation, reason) => creation.on_withdrawn(reason, outcome),
            State::CheckingBeforeUpdate(update, waited) => update.on_described(waited, outcome),
            State::Updating(update) => update.on_updated(outcome),
            State::Verifying(update, error) => update.on_verified(error, outcome),
            State::ReadingIdentifiers(update, old, taken, waited) => {
                update.on_old_described(old, taken, waited, outcome)
            }
            State::RemovingIdentifiers(update, replaced) => {
                update.on_identifiers_removed(replaced, outcome)
            }
            State::RestoringIdentifiers(creation, reason) => creation.on_restored(reason, outcome),
            State::VerifyingReplacement(creation, reason) => creation.on_found(reason, outcome),
            State::AskingCloudFormation(question) => question.on_answered(outcome),
            State::CheckingBeforeDelete(deletion) => deletion.on_described(outcome),
            State::Deleting(deletion) => deletion.on_deleted(outcome),
            State::CheckingBeforeApply(application) => application.on_described(outcome),
            State::AskingBeforeApply(application) => application.on_asked(outcome),
            State::Applying(application) => application.on_updated(outcome),
            State::VerifyingApply(application, error) => application.on_verified(error, outcome),
            State::ReadingCertificate(physical_id, success) => {
                add_certificate(physical_id, success, outcome)
            }
        }
    }

    /// Returns the phase of the awaited call, which sets its deadline.
    pub const fn phase(&self) -> Phase {
        match self.0 {
            // The certificate is still read after work that ended at the deadline.
            State::InspectingDuplicate(..)
            | State::VerifyingCreate(..)
            | State::VerifyingApply(..)
            | State::Verifying(..)
            | State::VerifyingTakeOver(..)
            | State::ReadingCertificate(..) => Phase::Verify,
            State::RestoringIdentifiers(..)
            | State::VerifyingReplacement(..)
            | State::CheckingWithdrawal(..)
            | State::Withdrawing(..) => Phase::Undo,
            _ => Phase::Apply,
        }
    }

    /// Returns whether the plan must check the provider before a retry of the awaited call, because
    /// others may have changed it meanwhile. The caller then reports a retryable error as
    /// [`CallErrorKind::RetryDue`] after the delay.
    pub const fn looks_before_retry(&self) -> bool {
        match &self.0 {
            State::Creating(creation) => creation.looks_before_retry(),
            State::TakingOver(..)
            | State::Updating(..)
            | State::RemovingIdentifiers(..)
            | State::Deleting(..)
            | State::Applying(..) => true,
            _ => false,
        }
    }
}

fn call(call: Call, state: State) -> Step {
    Step::Call(Box::new(call), Plan(state))
}

/// Returns the successful answer to a Delete.
fn deleted_answer(physical_id: &PhysicalId, summary: &'static str) -> Step {
    Step::Answer(Answer {
        physical_id: physical_id.to_string(),
        result: Ok(Success {
            summary,
            provider: None,
            signing_certificate: None,
        }),
    })
}

/// Returns the successful answer to a Create or an Update, or the call that reads the signing
/// certificate for it.
fn succeed(
    physical_id: String,
    summary: &'static str,
    desired: Provider,
    mut observed: Option<Observed>,
) -> Step {
    if let Some(observed) = &mut observed {
        observed.details.hide_secrets_of(&desired.details);
    }
    let certificate = desired
        .signs_requests()
        .then(|| Call::SigningCertificate(desired.id.clone()));
    let success = Success {
        summary,
        provider: Some((desired.id, observed)),
        signing_certificate: None,
    };
    match certificate {
        Some(certificate) => call(certificate, State::ReadingCertificate(physical_id, success)),
        None => Step::Answer(Answer {
            physical_id,
            result: Ok(success),
        }),
    }
}

/// Succeeds whatever the outcome: the certificate is optional.
fn add_certificate(physical_id: String, mut success: Success, outcome: Outcome) -> Step {
    success.signing_certificate = Some(match outcome {
        Ok(Output::Certificate(certificate)) => Ok(certificate),
        Ok(_) => Err(Reason("Cognito returned no certificate".to_owned())),
        Err(error) => Err(error.text.into()),
    });
    Step::Answer(Answer {
        physical_id,
        result: Ok(success),
    })
}

/// Joins two sentences. The first may already end in a full stop, as Cognito's messages do.
fn join_sentences(first: &str, second: &str) -> String {
    format!("{}. {second}", first.trim_end_matches('.'))
}

fn fail(physical_id: &PhysicalId, reason: String) -> Step {
    Step::Answer(Answer {
        physical_id: physical_id.to_string(),
        result: Err(reason.into()),
    })
}

#[cfg(test)]
mod tests;
