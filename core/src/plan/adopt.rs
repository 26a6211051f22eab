//! Updates an existing provider to the desired state: one that is adopted, taken back or confirmed.

use super::{
    Call, CallError, CallErrorKind, NEVER_RETURNED, Observed, Outcome, Output, State, Step, call,
    compare,
    creation::{Creation, Purpose},
    join_sentences, members,
    superseded::{self, Found},
};
use crate::provider::{Members, Provider};

/// The Update of an existing provider.
#[derive(Debug)]
pub(super) struct TakeOver {
    /// The summary for the log if it succeeds.
    summary: &'static str,
    /// The error of the create.
    error: CallError,
    /// The provider's last change when it was described.
    modified: i64,
    /// The members to send.
    members: Members,
}

impl Creation {
    /// Adopts a provider with the desired name that another owns, if the template allows it.
    pub(super) fn adopt(self, mut error: CallError, observed: &Observed, older: bool) -> Step {
        let in_doubt = error.in_doubt && !older;
        error.in_doubt = in_doubt;
        let Provider { id, kind, .. } = self.desired();
        let exists = format!(
            "identity provider {} already exists in user pool {} and was not changed",
            id.name, id.pool
        );
        if !self.declared.adopt_existing {
            let reason = join_sentences(
                &exists,
                "To adopt it, set AdoptExisting: true. From then on the stack owns it, and \
                 deletes it when the resource is deleted. If another resource declares it, such as \
                 this resource under an earlier logical id, first set DeletionPolicy: Retain for \
                 that one and deploy it, because its Delete would remove the provider",
            );
            return self.failed(reason, in_doubt);
        }
        if observed.kind != kind.as_str() {
            let why = format!(
                "It cannot be adopted as {}: its type is {}, and Cognito cannot change a \
                 provider's type",
                kind.as_str(),
                observed.kind
            );
            return self.failed(join_sentences(&exists, &why), in_doubt);
        }
        self.take_over("adopted", error, observed)
    }
}

impl Creation {
    pub(super) fn take_over(
        self,
        summary: &'static str,
        error: CallError,
        observed: &Observed,
    ) -> Step {
        TakeOver::new(&self, summary, error, observed).begin(self)
    }

    /// Succeeds with a provider that was created or found to exist.
    pub(super) fn succeeded(self, summary: &'static str, observed: Option<Observed>) -> Step {
        if let (Purpose::Confirm { .. }, Some(observed)) = (&self.purpose, &observed)
            && observed.created == observed.modified
        {
            // The Delete of the unconfirmed id removes a provider that was not changed since its
            // creation, so this one must be changed.
            let error = CallError {
                kind: CallErrorKind::Other,
                text: String::new(),
                in_doubt: false,
            };
            return self.take_over(summary, error, observed);
        }
        self.done(summary, observed)
    }

    /// Returns whether the provider is as declared, as far as Cognito shows it.
    fn is_met(&self, observed: &Observed) -> bool {
        // The Delete after a confirmation keeps only a changed provider.
        let must_change = matches!(self.purpose, Purpose::Confirm { .. });
        let hidden = self.desired().details.expose(NEVER_RETURNED);
        !must_change && hidden.is_none() && compare::holds(self.desired(), observed)
    }
}

impl TakeOver {
    pub(super) fn new(
        creation: &Creation,
        summary: &'static str,
        error: CallError,
        observed: &Observed,
    ) -> Self {
        let members = match &creation.purpose {
            // The previous properties were declared for this provider.
            Purpose::Confirm { previous, .. } => {
                members::merge(&creation.declared, previous, observed)
            }
            _ => members::declared_only(&creation.declared),
        };
        Self {
            summary,
            error,
            modified: observed.modified,
            members,
        }
    }

    pub(super) fn begin(self, creation: Creation) -> Step {
        let Provider { id, details, .. } = creation.desired().clone();
        let update = Call::Update {
            id,
            details: Some(details),
            members: self.members.clone(),
        };
        call(update, State::TakingOver(creation, self))
    }

    pub(super) fn on_updated(self, creation: Creation, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => creation.done(self.summary, output.provider()),
            Err(waited) if waited.kind == CallErrorKind::RetryDue => {
                let look = creation.describe();
                call(look, State::CheckingBeforeTakeOver(creation, self, waited))
            }
            Err(error) => {
                let look = creation.describe();
                call(look, State::VerifyingTakeOver(creation, self, error))
            }
        }
    }

    /// Succeeds if the Update failed but the provider is as declared.
    pub(super) fn on_verified(
        self,
        creation: Creation,
        error: CallError,
        outcome: Outcome,
    ) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if creation.is_met(&observed) => {
                creation.done(self.summary, Some(observed))
            }
            _ => {
                let reason = if error.in_doubt {
                    join_sentences(&error.text, "The provider may or may not have been changed")
                } else {
                    error.text
                };
                creation.failed(reason, self.error.in_doubt)
            }
        }
    }

    pub(super) fn on_described(
        mut self,
        creation: Creation,
        waited: &CallError,
        outcome: Outcome,
    ) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Ok(_) => return self.begin(creation),
            Err(error) => return self.failed(creation, waited, &error.text),
        };
        let is_changed = observed.modified > self.modified;
        // The change may be that of an attempt without a response.
        if is_changed && compare::holds(creation.desired(), &observed) {
            return creation.done(self.summary, Some(observed));
        }
        self.modified = observed.modified;
        let found = if is_changed {
            Found::Changed
        } else {
            Found::Unchanged
        };
        let waited = waited.clone();
        superseded::ask(
            &creation.desired().id.clone(),
            found,
            move |stop| match stop {
                Ok(()) => self.begin(creation),
                Err(stop) => self.failed(creation, &waited, &stop.reason),
            },
        )
    }

    fn failed(self, creation: Creation, waited: &CallError, reason: &str) -> Step {
        let reason = join_sentences(&waited.text, &format!("Not retried: {reason}"));
        creation.failed(reason, self.error.in_doubt)
    }
}
