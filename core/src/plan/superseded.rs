//! A request that finds the provider changed after it was issued.
//!
//! That may be the work of a rollback: this request is cancelled then, and must not undo it. It may
//! as well be the late work of the cancelled request that this one rolls back. Cognito's state looks
//! the same in both cases, so that CloudFormation is asked.

use std::fmt;

use super::{Call, Outcome, Output, State, Step, call, sentences};
use crate::physical_id::ProviderId;

/// What a request finds that it has to ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The provider was changed since the request was issued. Where CloudFormation cannot be asked,
    /// the request stops: what it would overwrite may be what a rollback has restored.
    Changed,
    /// The provider is gone. Where CloudFormation cannot be asked, it is made again.
    Gone,
    /// The provider is as it was. What is to be made beside it would be left behind if the request
    /// was cancelled. Where CloudFormation cannot be asked, it is made.
    Unchanged,
}

/// What waits for CloudFormation's answer.
pub(super) struct Question {
    id: ProviderId,
    found: Found,
    go_on: Box<dyn FnOnce(Result<(), Stop>) -> Step + Send>,
}

/// That the request is to stop.
pub(super) struct Stop {
    pub(super) reason: String,
    /// The resource's `PhysicalResourceId`, as far as CloudFormation was heard.
    pub(super) physical_id: Option<String>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Question")
            .field(&self.id)
            .field(&self.found)
            .finish()
    }
}

/// Asks whether the request is still the last one of its resource, and goes on with the reason to
/// stop if it is to stop.
pub(super) fn ask(
    id: &ProviderId,
    found: Found,
    go_on: impl FnOnce(Result<(), Stop>) -> Step + Send + 'static,
) -> Step {
    let question = Question {
        id: id.clone(),
        found,
        go_on: Box::new(go_on),
    };
    call(Call::StackResource(id.clone()), State::Asking(question))
}

impl Question {
    pub(super) fn answered(self, outcome: Outcome) -> Step {
        let stop = match outcome {
            Ok(Output::StackResource(resource)) if resource.superseded => Err(Stop {
                reason: format!(
                    "overtaken: CloudFormation has ended or replaced this request since, and \
                     identity provider ({}) {}",
                    self.id,
                    self.found.words()
                ),
                physical_id: resource.physical_id,
            }),
            Err(failure) if self.found == Found::Changed => Err(Stop {
                reason: sentences(
                    &format!(
                        "overtaken: identity provider ({}) {}, by a later request or by hand",
                        self.id,
                        self.found.words()
                    ),
                    &format!(
                        "Whether this is the last request of its resource is unknown: {}",
                        failure.text
                    ),
                ),
                physical_id: None,
            }),
            _ => Ok(()),
        };
        (self.go_on)(stop)
    }
}

impl Found {
    const fn words(self) -> &'static str {
        match self {
            Self::Changed => "was changed after it was issued",
            Self::Gone => "is gone",
            Self::Unchanged => "is left as it is",
        }
    }
}
