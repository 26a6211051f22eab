//! Updates a provider in place.

use super::{
    Call, CallError, CallErrorKind, NEVER_RETURNED, Observed, Outcome, Output, State, Step, call,
    compare,
    creation::{Creation, Purpose, with_holder},
    fail, members, succeed,
    superseded::{self, Found},
    update::{Update, after},
};
use crate::provider::Members;

impl Update {
    pub(super) fn begin(self) -> Step {
        // Previous properties with another type may never have been applied: CloudFormation sends
        // them when it rolls back an Update that was rejected for its type.
        let kind = self.declared.provider.kind;
        let changes_type = self.previous.kind.is_some_and(|previous| previous != kind);
        let needs_merge = members::needs_merge(&self.declared, &self.previous);
        if changes_type || needs_merge || self.timing.describes_first() {
            return self.look(None);
        }
        let members = members::declared_only(&self.declared);
        self.send(members)
    }

    /// Describes the provider before the first Update or, after `waited`, before a retry.
    fn look(self, waited: Option<CallError>) -> Step {
        call(
            Call::Describe(self.id()),
            State::CheckingBeforeUpdate(self, waited),
        )
    }

    fn send(self, members: Members) -> Step {
        let update = Call::Update {
            id: self.id(),
            details: Some(self.declared.provider.details.clone()),
            members,
        };
        call(update, State::Updating(self))
    }

    pub(super) fn on_described(mut self, waited: Option<CallError>, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Ok(_) => return self.gone(waited),
            Err(error) if error.kind == CallErrorKind::NotFound => return self.gone(waited),
            Err(error) => return fail(&self.physical_id, after(waited, error.text)),
        };
        let kind = self.declared.provider.kind.as_str();
        if observed.kind != kind {
            let reason = format!(
                "the type of identity provider {} cannot be changed from {} to {kind}: \
                 choose another ProviderName",
                self.declared.provider.id, observed.kind
            );
            return fail(&self.physical_id, reason);
        }
        let members = members::merge(&self.declared, &self.previous, &observed);
        let never_applied = compare::never_applied(&self.declared, &self.previous, &observed);
        if self.timing.precedes(observed.modified) {
            if self.is_met(&members, &observed) {
                return self.succeed("already as declared", Some(observed));
            }
            // Requests with the same inline values read the same sources.
            let differs_by_source = compare::holds_members(&members, &observed)
                && compare::holds_inline(&self.declared, &observed);
            if !differs_by_source && !self.is_rollback {
                return superseded::ask(&self.id(), Found::Changed, move |stop| match stop {
                    Ok(()) => self.send(members),
                    Err(stop) => fail(&self.physical_id, after(waited, stop.reason)),
                });
            }
        } else {
            self.is_rollback |= never_applied;
        }
        self.send(members)
    }

    /// Recreates the provider, unless the request is superseded: its stack may have been deleted
    /// during the wait.
    fn gone(self, waited: Option<CallError>) -> Step {
        if waited.is_none() && !self.timing.describes_first() {
            return self.recreate();
        }
        superseded::ask(&self.id(), Found::Gone, move |stop| match stop {
            Ok(()) => self.recreate(),
            Err(stop) => fail(&self.physical_id, after(waited, stop.reason)),
        })
    }

    pub(super) fn on_updated(self, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => self.succeed("updated", output.provider()),
            Err(error) if error.kind == CallErrorKind::NotFound => self.recreate(),
            Err(error) if error.kind == CallErrorKind::RetryDue => self.look(Some(error)),
            Err(error) => call(Call::Describe(self.id()), State::Verifying(self, error)),
        }
    }

    /// Succeeds if the Update failed but the provider is as declared: after a rollback of an Update
    /// that changed nothing, or after a lost response.
    pub(super) fn on_verified(self, error: CallError, outcome: Outcome) -> Step {
        if let Ok(Output::Provider(observed)) = outcome {
            let members = members::merge(&self.declared, &self.previous, &observed);
            if self.is_met(&members, &observed) && self.shows_all() {
                return self.succeed(
                    "already as declared, although Cognito refused the update",
                    Some(observed),
                );
            }
        }
        let reason = if error.kind == CallErrorKind::Duplicate {
            with_holder(error.text, self.other_provider().as_ref())
        } else {
            error.text
        };
        fail(&self.physical_id, reason)
    }

    /// Returns whether the provider has everything that is declared and nothing remains to be
    /// removed.
    fn is_met(&self, to_send: &Members, observed: &Observed) -> bool {
        compare::holds_members(to_send, observed)
            && compare::holds(&self.declared.provider, observed)
    }

    /// Returns whether Describe shows everything that this Update changes.
    fn shows_all(&self) -> bool {
        let wanted = self.declared.provider.details.expose(NEVER_RETURNED);
        let from_source = self.declared.sources.contains_key(NEVER_RETURNED);
        wanted.is_none() || !from_source && wanted == self.previous.details.expose(NEVER_RETURNED)
    }

    fn succeed(self, summary: &'static str, mut observed: Option<Observed>) -> Step {
        let desired = self.declared.provider;
        if let Some(observed) = &mut observed {
            // Cognito may still return values of the previous sources.
            let undeclared = |key: &String| desired.details.expose(key).is_none();
            let read_before = self.previous.sources.into_iter().filter(undeclared);
            observed.details.hide(read_before);
        }
        succeed(desired.id.to_string(), summary, desired, observed)
    }

    fn recreate(self) -> Step {
        let purpose = Purpose::Recreate {
            other_provider: self.other_provider(),
            physical_id: self.physical_id,
        };
        Creation::new(self.declared, self.timing, purpose).begin()
    }
}
