//! What to do about a request: pure decisions, one call at a time.
//!
//! [`start`] looks at a request and names the first call, or the answer if none is needed. Every
//! outcome goes to [`Plan::resume`], which names the next. Nothing here waits, reads a clock or
//! knows the SDK, so that every path can be walked in a test, or exhaustively by a model checker.

mod adopt;
mod before_retry;
mod compare;
mod create;
mod creation;
mod delete;
mod identifiers;
mod in_place;
mod members;
mod ownership;
mod replace;
mod superseded;
mod timing;
mod update;

use adopt::TakeOver;
use creation::{Creation, Purpose, Replaced};
use delete::Removal;
use identifiers::Identifiers;
use superseded::Question;
pub use timing::Timing;
use update::{Course, Update};

use crate::{
    details::Details,
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Members, Previous, Provider},
};

/// The key that Cognito never returns, so that it cannot be seen which of two values is stored.
const NEVER_RETURNED: &str = "private_key";

/// A call to Cognito, all that goes into it.
#[derive(Debug, Clone)]
pub enum Call {
    /// `CreateIdentityProvider`.
    Create(Provider),
    /// `DescribeIdentityProvider`.
    Describe(ProviderId),
    /// `UpdateIdentityProvider`. A member that is `None` stays as it is.
    Update {
        /// Which provider.
        id: ProviderId,
        /// `ProviderDetails`; Cognito replaces them whole.
        details: Option<Details>,
        /// The optional members.
        members: Members,
    },
    /// `DeleteIdentityProvider`.
    Delete(ProviderId),
    /// `GetSigningCertificate`, of the pool of that provider.
    SigningCertificate(ProviderId),
    /// CloudFormation's `DescribeStackResource`, of the resource that this provider is: whether the
    /// request is still its last one.
    StackResource(ProviderId),
}

impl Call {
    /// The provider that it is about.
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

    /// The operation's name in its service's API.
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
    /// `ProviderType`, by name: Cognito may know types that this handler does not.
    pub kind: String,
    /// `ProviderDetails`, with the keys that Cognito added.
    pub details: Details,
    /// The optional members. What is not set is `None` or empty, as Cognito pleases.
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

/// Why a call did not do what it was for.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What decisions depend on.
    pub kind: FailureKind,
    /// For the operator: what was being done to what, and what came back.
    pub text: String,
    /// Whether the call certainly changed nothing. A call that was sent and never answered may
    /// have been carried out, and so may one that ended in a 500.
    pub settled: bool,
}

/// The failures that lead somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// `DuplicateProviderException`: the name or an identifier is taken.
    Duplicate,
    /// `ResourceNotFoundException`: the provider or its pool is gone.
    NotFound,
    /// The attempt did not succeed and is worth another one. The time until then has passed, and
    /// others may have acted in it.
    Waited,
    /// Anything else that ends the work, the deadline included.
    Other,
}

/// What a call returned.
#[derive(Debug, Clone)]
pub enum Output {
    /// The provider, as it is now.
    Provider(Observed),
    /// The pool's signing certificate.
    Certificate(String),
    /// What CloudFormation says of the resource that the request is about.
    StackResource(StackResource),
    /// Nothing, as `DeleteIdentityProvider` does.
    Nothing,
}

/// What CloudFormation says of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// Whether it has sent the resource another request since this one, or has stopped waiting for
    /// the answer.
    pub superseded: bool,
    /// `PhysicalResourceId`, by the last answer that counted.
    pub physical_id: Option<String>,
}

impl Output {
    fn provider(self) -> Option<Observed> {
        match self {
            Self::Provider(observed) => Some(observed),
            Self::Certificate(_) | Self::StackResource(_) | Self::Nothing => None,
        }
    }
}

/// How a call ended.
pub type Outcome = Result<Output, Failure>;

/// The phases of a request, each with a time of its own. The later ones are worth calls after the
/// time for the work is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// What was asked for.
    Work,
    /// Finding out what became of it.
    Settling,
    /// Putting back what was taken for it.
    Closing,
}

/// What comes next.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a step is taken apart where it is made"
)]
pub enum Step {
    /// Make this call and tell the plan how it ended.
    Call(Box<Call>, Plan),
    /// Answer CloudFormation.
    Answer(Answer),
}

/// The answer to CloudFormation.
#[derive(Debug, Clone)]
pub struct Answer {
    /// `PhysicalResourceId`.
    pub physical_id: String,
    /// SUCCESS with what came of it, or FAILED with the `Reason`.
    pub result: Result<Success, Reason>,
}

/// Why a request failed, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Reason(String);

impl Reason {
    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// A request that was met.
#[derive(Debug, Clone)]
pub struct Success {
    /// What was done, for the log.
    pub done: &'static str,
    /// The provider whose attributes the answer carries; a Delete has none.
    pub provider: Option<(ProviderId, Option<Observed>)>,
    /// The certificate that the pool signs its requests with, or why it is not known. A provider
    /// whose requests are not signed has none.
    pub signing_certificate: Option<Result<String, Reason>>,
}

/// A request, parsed.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it in an invocation"
)]
pub enum Intent {
    /// Make the provider.
    Create {
        /// What is wanted.
        declared: Declared,
        /// For the id of an answer that says that nothing was made.
        request_id: String,
    },
    /// Update the provider, or make another in its place.
    Update {
        /// The physical id that came in.
        physical_id: PhysicalId,
        /// What is wanted.
        declared: Declared,
        /// What was wanted before.
        previous: Previous,
    },
    /// Remove the provider.
    Delete {
        /// The physical id that came in.
        physical_id: PhysicalId,
        /// What the properties declare, if that matters and can be read.
        described: Option<Declared>,
    },
}

/// A request under way, waiting for the outcome of a call.
#[derive(Debug)]
pub struct Plan(State);

#[derive(Debug)]
enum State {
    /// Create was sent.
    Creating(Creation),
    /// The name is taken: Describe tells by what.
    Inspecting(Creation, Failure),
    /// Describe tells whether the provider of that name is older than the one it would replace.
    Dating(Creation, Failure, Observed),
    /// A provider that exists is being brought to the desired state.
    TakingOver(Creation, TakeOver),
    /// That failed: Describe tells whether it is as declared all the same.
    VerifyingTakeOver(Creation, TakeOver, Failure),
    /// That has waited: Describe tells whether the provider was changed meanwhile.
    LookingBeforeTakeOver(Creation, TakeOver, Failure),
    /// A create failed and may have been carried out: Describe tells.
    Settling(Creation, Failure),
    /// A create is to be tried again: Describe tells whether the old provider was changed.
    LookingBeforeReplace(Creation, Failure),
    /// A create is to be tried again: Describe tells whether the provider is there by now.
    LookingBeforeRecreate(Creation, Failure),
    /// A replacement that may have been carried out was overtaken: Describe tells.
    Withdrawing(Creation, String),
    /// What it has made is being deleted.
    Withdrawn(Creation, String),
    /// Describe tells what the provider is before it is changed in place.
    LookingBeforeUpdate(Update, Option<Failure>),
    /// The provider is being changed in place.
    Updating(Update),
    /// The change failed: Describe tells whether the provider is as declared all the same.
    Verifying(Update, Failure),
    /// Describe reads the old provider's identifiers, and whether it was changed.
    ReadingOld(Update, ProviderId, Option<Identifiers>, Option<Failure>),
    /// They are being taken off the old provider.
    Releasing(Update, Replaced),
    /// The create failed for that reason: they are being put back.
    Restoring(Creation, String),
    /// They could not be put back: Describe tells whether the new provider has them.
    Finding(Creation, String),
    /// The provider was changed after the request: CloudFormation tells by which request.
    Asking(Question),
    /// Describe tells whether the provider is the one to be deleted.
    LookingBeforeDelete(Removal),
    /// Delete was sent.
    Deleting(Removal),
    /// All is done; the answer has room for the certificate that signs the requests.
    Certifying(String, Success),
}

/// Decides what to do first.
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
    /// Decides what to do next.
    pub fn resume(self, outcome: Outcome) -> Step {
        match self.0 {
            State::Creating(creation) => creation.created(outcome),
            State::Inspecting(creation, duplicate) => creation.inspected(duplicate, outcome),
            State::Dating(creation, failure, observed) => {
                creation.dated(failure, observed, outcome)
            }
            State::TakingOver(creation, take_over) => take_over.ended(creation, outcome),
            State::LookingBeforeTakeOver(creation, take_over, waited) => {
                take_over.looked(creation, &waited, outcome)
            }
            State::VerifyingTakeOver(creation, take_over, failure) => {
                take_over.verified(creation, failure, outcome)
            }
            State::Settling(creation, failure) => creation.settled(failure, outcome),
            State::LookingBeforeReplace(creation, waited) => creation.old_looked(&waited, outcome),
            State::LookingBeforeRecreate(creation, waited) => creation.reappeared(&waited, outcome),
            State::Withdrawing(creation, reason) => creation.withdrawing(reason, outcome),
            State::Withdrawn(creation, reason) => creation.withdrawn(reason, outcome),
            State::LookingBeforeUpdate(update, waited) => update.looked(waited, outcome),
            State::Updating(update) => update.updated(outcome),
            State::Verifying(update, failure) => update.verified(failure, outcome),
            State::ReadingOld(update, old, taken, waited) => {
                update.old_read(old, taken, waited, outcome)
            }
            State::Releasing(update, replaced) => update.released(replaced, outcome),
            State::Restoring(creation, reason) => creation.restored(reason, outcome),
            State::Finding(creation, reason) => creation.found(reason, outcome),
            State::Asking(question) => question.answered(outcome),
            State::LookingBeforeDelete(removal) => removal.looked(outcome),
            State::Deleting(removal) => removal.deleted(outcome),
            State::Certifying(physical_id, success) => certified(physical_id, success, outcome),
        }
    }

    /// What the awaited call is for, and so how long it may take.
    pub const fn phase(&self) -> Phase {
        match self.0 {
            // What was done in the last moment is still worth its certificate.
            State::Inspecting(..)
            | State::Settling(..)
            | State::Verifying(..)
            | State::VerifyingTakeOver(..)
            | State::Certifying(..) => Phase::Settling,
            State::Restoring(..)
            | State::Finding(..)
            | State::Withdrawing(..)
            | State::Withdrawn(..) => Phase::Closing,
            _ => Phase::Work,
        }
    }

    /// Whether the awaited call changes what others may change meanwhile: an attempt that failed in
    /// passing is then told as [`FailureKind::Waited`], once it is time for another.
    pub const fn looks_again(&self) -> bool {
        match &self.0 {
            State::Creating(creation) => creation.looks_again(),
            State::TakingOver(..)
            | State::Updating(..)
            | State::Releasing(..)
            | State::Deleting(..) => true,
            _ => false,
        }
    }
}

fn call(call: Call, state: State) -> Step {
    Step::Call(Box::new(call), Plan(state))
}

/// Answers a Delete.
fn removed(physical_id: &PhysicalId, done: &'static str) -> Step {
    Step::Answer(Answer {
        physical_id: physical_id.to_string(),
        result: Ok(Success {
            done,
            provider: None,
            signing_certificate: None,
        }),
    })
}

/// The provider is as it is wanted: answers so, with the signing certificate if it needs one.
fn met(
    physical_id: String,
    done: &'static str,
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
        done,
        provider: Some((desired.id, observed)),
        signing_certificate: None,
    };
    match certificate {
        Some(certificate) => call(certificate, State::Certifying(physical_id, success)),
        None => Step::Answer(Answer {
            physical_id,
            result: Ok(success),
        }),
    }
}

/// Whatever came of it, what was asked for is done.
fn certified(physical_id: String, mut success: Success, outcome: Outcome) -> Step {
    success.signing_certificate = Some(match outcome {
        Ok(Output::Certificate(certificate)) => Ok(certificate),
        Ok(_) => Err(Reason("Cognito returned none".to_owned())),
        Err(failure) => Err(failure.text.into()),
    });
    Step::Answer(Answer {
        physical_id,
        result: Ok(success),
    })
}

/// Two sentences, the first of which may or may not end in a full stop: Cognito's do.
fn sentences(first: &str, second: &str) -> String {
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
