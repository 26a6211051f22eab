//! Bringing a provider that exists to the desired state: one that is adopted, taken back or
//! confirmed.

use super::{
    Call, Failure, FailureKind, NEVER_RETURNED, Observed, Outcome, Output, State, Step, call,
    compare,
    creation::{Creation, Purpose},
    members, sentences,
    superseded::{self, Found},
};
use crate::provider::{Members, Provider};

/// The Update of a provider that exists.
#[derive(Debug)]
pub(super) struct TakeOver {
    /// What was done once it succeeds.
    done: &'static str,
    /// What the create failed with.
    failure: Failure,
    /// When the provider had last been changed when it was looked at.
    modified: i64,
    /// The members to send.
    members: Members,
}

impl Creation {
    /// Adopts a provider of that name that is not this request's own, if the template says so.
    pub(super) fn adopt(self, mut failure: Failure, observed: &Observed, older: bool) -> Step {
        let nothing_made = failure.settled || older;
        failure.settled = nothing_made;
        let Provider { id, kind, .. } = self.desired();
        let exists = format!(
            "an identity provider named {} exists already in user pool {}; it was left untouched",
            id.name, id.pool
        );
        if !self.declared.adopt_existing {
            let reason = sentences(&exists, "To adopt it, set AdoptExisting to true");
            return self.failed(reason, nothing_made);
        }
        if observed.kind != kind.as_str() {
            let why = format!(
                "It cannot be adopted as {}: it is of type {}, which Cognito cannot change",
                kind.as_str(),
                observed.kind
            );
            return self.failed(sentences(&exists, &why), nothing_made);
        }
        self.take_over("adopted", failure, observed)
    }
}

impl Creation {
    pub(super) fn take_over(
        self,
        done: &'static str,
        failure: Failure,
        observed: &Observed,
    ) -> Step {
        TakeOver::new(&self, done, failure, observed).begin(self)
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

    /// Whether the provider is as declared, as far as that shows.
    fn is_met(&self, observed: &Observed) -> bool {
        // The clean-up after a confirmation spares only what was changed.
        let must_change = matches!(self.purpose, Purpose::Confirm { .. });
        let hidden = self.desired().details.expose(NEVER_RETURNED);
        !must_change && hidden.is_none() && compare::holds(self.desired(), observed)
    }
}

impl TakeOver {
    pub(super) fn new(
        creation: &Creation,
        done: &'static str,
        failure: Failure,
        observed: &Observed,
    ) -> Self {
        let members = match &creation.purpose {
            // What it has was declared for it.
            Purpose::Confirm { previous, .. } => {
                members::merge(&creation.declared, previous, observed)
            }
            _ => members::declared_only(&creation.declared),
        };
        Self {
            done,
            failure,
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

    pub(super) fn ended(self, creation: Creation, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => creation.done(self.done, output.provider()),
            Err(waited) if waited.kind == FailureKind::Waited => {
                let look = creation.describe();
                call(look, State::LookingBeforeTakeOver(creation, self, waited))
            }
            Err(failure) => {
                let look = creation.describe();
                call(look, State::VerifyingTakeOver(creation, self, failure))
            }
        }
    }

    /// Succeeds where the Update failed and the provider is as declared all the same.
    pub(super) fn verified(self, creation: Creation, failure: Failure, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if creation.is_met(&observed) => {
                creation.done(self.done, Some(observed))
            }
            _ => {
                let reason = if failure.settled {
                    failure.text
                } else {
                    sentences(
                        &failure.text,
                        "The provider may or may not have been changed",
                    )
                };
                creation.failed(reason, self.failure.settled)
            }
        }
    }

    pub(super) fn looked(mut self, creation: Creation, waited: &Failure, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Ok(_) => return self.begin(creation),
            Err(failure) => return self.failed(creation, waited, &failure.text),
        };
        let is_changed = observed.modified > self.modified;
        // By the attempt without an answer, if there was one.
        if is_changed && compare::holds(creation.desired(), &observed) {
            return creation.done(self.done, Some(observed));
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

    fn failed(self, creation: Creation, waited: &Failure, reason: &str) -> Step {
        let reason = sentences(&waited.text, &format!("Then {reason}"));
        creation.failed(reason, self.failure.settled)
    }
}
