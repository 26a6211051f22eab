//! Applying a declaration without CloudFormation: an Update in place that never creates, renames or
//! deletes.

use super::{
    Answer, Call, CallError, CallErrorKind, NEVER_RETURNED, Observed, Outcome, Output, State, Step,
    Success, call, compare, fail, join_sentences, members,
};
use crate::{
    physical_id::PhysicalId,
    provider::{Declared, Provider},
};

/// The summary of an Apply that has changed the provider.
pub(super) const APPLIED: &str = "applied";

/// The reason if CloudFormation does not tell what it does.
const NOT_KNOWN: &str = "it is not known whether CloudFormation changes the provider now";

/// The resource of a provider in a stack, as far as an Apply knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackKnowledge {
    /// The event names no stack, so CloudFormation cannot be asked.
    Unknown,
    /// The event names its stack, but not its own time.
    Stack,
    /// The event names its stack, and was sent at that time in milliseconds since 1970.
    StackSince(i64),
}

/// An Apply in progress.
#[derive(Debug)]
pub(super) struct Application {
    declared: Declared,
    stack: StackKnowledge,
    /// The error of the previous attempt, if it is to be retried.
    previous_error: Option<CallError>,
    /// `LastModifiedDate` at the previous Describe.
    modified: Option<i64>,
}

pub(super) fn start(declared: Declared, stack: StackKnowledge) -> Step {
    Application {
        declared,
        stack,
        previous_error: None,
        modified: None,
    }
    .describe()
}

impl Application {
    const fn desired(&self) -> &Provider {
        &self.declared.provider
    }

    fn physical_id(&self) -> PhysicalId {
        PhysicalId::Provider(self.desired().id.clone())
    }

    fn describe(self) -> Step {
        let describe = Call::Describe(self.desired().id.clone());
        call(describe, State::CheckingBeforeApply(self))
    }

    pub(super) fn on_described(mut self, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Err(error) if error.kind != CallErrorKind::NotFound => return self.fail(error.text),
            _ => return self.gone(),
        };
        let kind = self.desired().kind.as_str();
        if observed.kind != kind {
            let reason = format!(
                "Cognito cannot change the type of identity provider {} from {} to {kind}",
                self.desired().id,
                observed.kind
            );
            return self.fail(reason);
        }
        if self.is_applied(&observed) {
            // By an attempt without a response, if there was one.
            let was_in_doubt = self
                .previous_error
                .as_ref()
                .is_some_and(|error| error.in_doubt);
            let summary = if was_in_doubt {
                APPLIED
            } else {
                "already as declared"
            };
            return self.succeed(summary, Some(observed));
        }
        let changed = self.modified.is_some_and(|known| observed.modified > known);
        if changed && self.stack == StackKnowledge::Unknown {
            return self.fail("the provider was changed by someone else meanwhile".to_owned());
        }
        self.modified = Some(observed.modified);
        if self.stack == StackKnowledge::Unknown {
            return self.update();
        }
        let ask = Call::StackResource(self.desired().id.clone());
        call(ask, State::AskingBeforeApply(self))
    }

    /// Returns whether the provider is as declared. A key that Cognito never returns has to be sent.
    fn is_applied(&self, observed: &Observed) -> bool {
        let hidden = self.desired().details.expose(NEVER_RETURNED);
        let was_sent = self
            .previous_error
            .as_ref()
            .is_some_and(|error| error.in_doubt)
            && self.modified.is_some_and(|known| observed.modified > known);
        (hidden.is_none() || was_sent) && compare::holds(self.desired(), observed)
    }

    /// Goes on unless CloudFormation changes the resource now, or has changed it after the event.
    pub(super) fn on_asked(self, outcome: Outcome) -> Step {
        let resource = match outcome {
            Ok(Output::StackResource(resource)) => resource,
            Ok(_) => return self.fail(NOT_KNOWN.to_owned()),
            Err(error) => return self.fail(format!("{NOT_KNOWN}: {}", error.text)),
        };
        if resource.is_busy {
            let reason = "CloudFormation is changing the resource: apply again once the operation \
                          of its stack has ended";
            return self.fail(reason.to_owned());
        }
        match self.stack {
            StackKnowledge::StackSince(sent) if resource.changed_ms > sent => self.fail(
                "superseded: CloudFormation has changed the resource after this event was sent"
                    .to_owned(),
            ),
            _ => self.update(),
        }
    }

    fn update(self) -> Step {
        let Provider { id, details, .. } = self.desired().clone();
        let update = Call::Update {
            id,
            details: Some(details),
            members: members::declared_only(&self.declared),
        };
        call(update, State::Applying(self))
    }

    pub(super) fn on_updated(mut self, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => self.succeed(APPLIED, output.provider()),
            Err(error) if error.kind == CallErrorKind::NotFound => self.gone(),
            Err(error) if error.kind == CallErrorKind::RetryDue => {
                self.previous_error = Some(error);
                self.describe()
            }
            Err(error) if error.in_doubt => {
                let describe = Call::Describe(self.desired().id.clone());
                call(describe, State::VerifyingApply(self, error))
            }
            Err(error) => self.fail(error.text),
        }
    }

    /// Succeeds if the Update was carried out although its response was lost.
    pub(super) fn on_verified(mut self, error: CallError, outcome: Outcome) -> Step {
        let text = error.text.clone();
        self.previous_error = Some(error);
        match outcome {
            Ok(Output::Provider(observed)) if self.is_applied(&observed) => {
                self.succeed(APPLIED, Some(observed))
            }
            _ => {
                self.previous_error = None;
                self.fail(join_sentences(
                    &text,
                    "The provider may or may not have been changed",
                ))
            }
        }
    }

    fn gone(self) -> Step {
        let reason = format!(
            "identity provider {} does not exist, and Apply creates none: change Revision and \
             deploy its stack",
            self.desired().id
        );
        self.fail(reason)
    }

    fn succeed(self, summary: &'static str, observed: Option<Observed>) -> Step {
        let id = self.declared.provider.id;
        Step::Answer(Answer {
            physical_id: id.to_string(),
            result: Ok(Success {
                summary,
                provider: Some((id, observed)),
                signing_certificate: None,
            }),
        })
    }

    fn fail(self, reason: String) -> Step {
        let reason = match &self.previous_error {
            Some(error) => join_sentences(&error.text, &format!("Not retried: {reason}")),
            None => reason,
        };
        fail(&self.physical_id(), reason)
    }
}
