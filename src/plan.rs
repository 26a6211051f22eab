//! What to do about a request: pure decisions, one call at a time.
//!
//! [`start`] looks at a request and names the first call, or the answer if none is needed. Every
//! outcome goes to [`Plan::resume`], which names the next. Nothing here waits, reads a clock or
//! knows the SDK, so that every path can be walked in a test, or exhaustively by a model checker.

mod compare;
mod create;
mod delete;
mod update;

use create::Goal;
use delete::Unconfirmed;
use update::{Change, Identifiers};

use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Members, Previous, Provider},
    saml::Metadata,
    secret::Details,
};

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
}

impl Call {
    /// The provider that it is about.
    pub const fn id(&self) -> &ProviderId {
        match self {
            Self::Create(provider) => &provider.id,
            Self::Describe(id)
            | Self::Delete(id)
            | Self::Update { id, .. }
            | Self::SigningCertificate(id) => id,
        }
    }

    /// The operation's name in Cognito's API.
    pub const fn operation(&self) -> &'static str {
        match self {
            Self::Create(_) => "CreateIdentityProvider",
            Self::Describe(_) => "DescribeIdentityProvider",
            Self::Update { .. } => "UpdateIdentityProvider",
            Self::Delete(_) => "DeleteIdentityProvider",
            Self::SigningCertificate(_) => "GetSigningCertificate",
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
    /// `CreationDate`, in whole seconds since 1970.
    pub created: i64,
    /// `LastModifiedDate`, in whole seconds since 1970.
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
    /// Nothing, as `DeleteIdentityProvider` does.
    Nothing,
}

impl Output {
    fn provider(self) -> Option<Observed> {
        match self {
            Self::Provider(observed) => Some(observed),
            Self::Certificate(_) | Self::Nothing => None,
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
    pub result: Result<Success, String>,
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
    pub signing_certificate: Option<Result<String, String>>,
    /// What the declared SAML metadata say; not for a plan to know.
    pub metadata: Metadata,
}

/// A request, parsed.
#[derive(Debug, Clone)]
pub enum Intent {
    /// Make the provider.
    Create {
        /// What is wanted.
        declared: Declared,
        /// For the id of an answer that says that nothing was made.
        request_id: String,
    },
    /// Change the provider, or make another in its place.
    Update {
        /// The physical id that came in.
        physical_id: String,
        /// What is wanted.
        declared: Declared,
        /// What was wanted before.
        previous: Previous,
    },
    /// Remove the provider.
    Delete {
        /// The physical id that came in.
        physical_id: String,
        /// What the properties describe, if they describe anything.
        described: Option<Provider>,
    },
}

/// A request under way, waiting for the outcome of a call.
#[derive(Debug)]
pub struct Plan(State);

#[derive(Debug)]
enum State {
    /// Create was sent.
    Creating(Goal),
    /// The name is taken: Describe tells by what.
    Inspecting(Goal, Failure),
    /// A provider that is there is being brought to the desired state.
    TakingOver(Goal, &'static str),
    /// A create failed and may have been carried out: Describe tells.
    Settling(Goal, Failure),
    /// Another type was declared before: Describe tells which one it is.
    CheckingType(Change),
    /// The provider is being changed in place.
    Updating(Change),
    /// Which identifiers does the old provider hold that the new one needs?
    ReadingOld(Change, ProviderId),
    /// They are being taken off the old provider.
    Releasing(Change, Identifiers),
    /// The create failed: they are being put back. Then the physical id is answered, FAILED, for
    /// the reason.
    Restoring(String, String),
    /// Is there anything of an unconfirmed create to delete?
    Confirming(Unconfirmed),
    /// Delete was sent.
    Deleting(String),
    /// All is done; the answer has room for the certificate that signs the requests.
    Certifying(String, Success),
}

/// Decides what to do first.
///
/// `since` is the time at which CloudFormation issued the request, in seconds since 1970:
/// a provider that is older was not made by it.
pub fn start(intent: Intent, since: i64) -> Step {
    match intent {
        Intent::Create {
            declared,
            request_id,
        } => Goal::create(declared, since, request_id).begin(),
        Intent::Update {
            physical_id,
            declared,
            previous,
        } => update::start(physical_id, declared, previous, since),
        Intent::Delete {
            physical_id,
            described,
        } => delete::start(
            &PhysicalId::from(physical_id.as_str()),
            physical_id,
            described,
        ),
    }
}

impl Plan {
    /// Decides what to do next.
    pub fn resume(self, outcome: Outcome) -> Step {
        match self.0 {
            State::Creating(goal) => goal.created(outcome),
            State::Inspecting(goal, duplicate) => goal.inspected(duplicate, outcome),
            State::TakingOver(goal, done) => goal.taken_over(done, outcome),
            State::Settling(goal, failure) => goal.settled(failure, outcome),
            State::CheckingType(update) => update.type_checked(outcome),
            State::Updating(update) => update.updated(outcome),
            State::ReadingOld(update, old) => update.old_read(old, outcome),
            State::Releasing(update, taken) => update.released(taken, outcome),
            State::Restoring(physical_id, reason) => update::restored(physical_id, reason, outcome),
            State::Confirming(unconfirmed) => unconfirmed.described(outcome),
            State::Deleting(physical_id) => delete::deleted(physical_id, outcome),
            State::Certifying(physical_id, success) => certified(physical_id, success, outcome),
        }
    }

    /// What the awaited call is for, and so how long it may take.
    pub const fn phase(&self) -> Phase {
        match self.0 {
            // What was done in the last moment is still worth its certificate.
            State::Inspecting(..) | State::Settling(..) | State::Certifying(..) => Phase::Settling,
            State::Restoring(..) => Phase::Closing,
            _ => Phase::Work,
        }
    }
}

fn call(call: Call, state: State) -> Step {
    Step::Call(Box::new(call), Plan(state))
}

/// Answers a Delete.
fn removed(physical_id: String, done: &'static str) -> Step {
    Step::Answer(Answer {
        physical_id,
        result: Ok(Success {
            done,
            provider: None,
            signing_certificate: None,
            metadata: Metadata::default(),
        }),
    })
}

/// The provider is as it is wanted: answers so, with the signing certificate if it needs one.
fn met(
    physical_id: String,
    done: &'static str,
    desired: Provider,
    observed: Option<Observed>,
) -> Step {
    let certificate = desired
        .signs_requests()
        .then(|| Call::SigningCertificate(desired.id.clone()));
    let success = Success {
        done,
        provider: Some((desired.id, observed)),
        signing_certificate: None,
        metadata: Metadata::default(),
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
        Ok(_) => Err("Cognito returned none".to_owned()),
        Err(failure) => Err(failure.text),
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

const fn fail(physical_id: String, reason: String) -> Step {
    Step::Answer(Answer {
        physical_id,
        result: Err(reason),
    })
}

#[cfg(test)]
mod tests;
