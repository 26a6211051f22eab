//! Handles a request that finds its provider changed after the request was issued.
//!
//! A rollback may have changed it: then this request is cancelled and must not undo the rollback.
//! Or this request is the rollback, and the change is late work of the cancelled request. Cognito's
//! state is the same in both cases, so the plan asks CloudFormation.

use std::fmt;

use super::{Call, Outcome, Output, State, Step, call, join_sentences};
use crate::physical_id::ProviderId;

/// The state of a provider that makes a request ask CloudFormation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The provider was changed after the request was issued. If CloudFormation cannot be asked,
    /// the request stops, because it might overwrite what a rollback has restored.
    Changed,
    /// The provider no longer exists. If CloudFormation cannot be asked, it is recreated.
    Gone,
    /// The provider is unchanged. If the request was cancelled, a replacement would be orphaned. If
    /// CloudFormation cannot be asked, it is created anyway.
    Unchanged,
}

/// A plan that waits for CloudFormation's response.
pub(super) struct Question {
    id: ProviderId,
    found: Found,
    continuation: Box<dyn FnOnce(Result<(), Stop>) -> Step + Send>,
}

/// The reason to stop a request.
pub(super) struct Stop {
    pub(super) reason: String,
    /// The resource's `PhysicalResourceId`, if CloudFormation returned it.
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

/// Asks CloudFormation whether the request is still the latest of its resource, and continues with
/// a [`Stop`] if it is not.
pub(super) fn ask(
    id: &ProviderId,
    found: Found,
    continuation: impl FnOnce(Result<(), Stop>) -> Step + Send + 'static,
) -> Step {
    let question = Question {
        id: id.clone(),
        found,
        continuation: Box::new(continuation),
    };
    call(
        Call::StackResource(id.clone()),
        State::AskingCloudFormation(question),
    )
}

impl Question {
    pub(super) fn on_answered(self, outcome: Outcome) -> Step {
        let stop = match outcome {
            Ok(Output::StackResource(resource)) if resource.superseded => Err(Stop {
                reason: format!(
                    "this request was superseded: CloudFormation no longer waits for it or has sent a newer one. Identity provider ({}) {}",
                    self.id,
                    self.found.words()
                ),
                physical_id: resource.physical_id,
            }),
            Err(error) if self.found == Found::Changed => Err(Stop {
                reason: join_sentences(
                    &format!(
                        "identity provider ({}) {}, by a newer request or by someone else",
                        self.id,
                        self.found.words()
                    ),
                    &format!(
                        "It is not known whether CloudFormation still waits for this request: {}",
                        error.text
                    ),
                ),
                physical_id: None,
            }),
            _ => Ok(()),
        };
        (self.continuation)(stop)
    }
}

impl Found {
    const fn words(self) -> &'static str {
        match self {
            Self::Changed => "was changed after this request was issued",
            Self::Gone => "is gone",
            Self::Unchanged => "was left unchanged",
        }
    }
}
