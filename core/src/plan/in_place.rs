//! Changing a provider in place.

use super::{
    Call, Failure, FailureKind, NEVER_RETURNED, Observed, Outcome, Output, State, Step, call,
    compare,
    creation::{Creation, Purpose, held_by},
    fail, members, met,
    superseded::{self, Found},
    update::{Update, after},
};
use crate::provider::Members;

impl Update {
    pub(super) fn begin(self) -> Step {
        // Properties that named another type may never have been applied: this is how
        // CloudFormation undoes an Update that was refused for its type.
        let kind = self.declared.provider.kind;
        let changes_type = self.previous.kind.is_some_and(|previous| previous != kind);
        let takes_away = members::takes_away(&self.declared, &self.previous);
        if changes_type || takes_away || self.timing.looks_first() {
            return self.look(None);
        }
        let members = members::declared_only(&self.declared);
        self.send(members)
    }

    /// Looks at the provider, after `waited` has kept it from being changed at once.
    fn look(self, waited: Option<Failure>) -> Step {
        call(
            Call::Describe(self.id()),
            State::LookingBeforeUpdate(self, waited),
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

    pub(super) fn looked(mut self, waited: Option<Failure>, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Ok(_) => return self.gone(waited),
            Err(failure) if failure.kind == FailureKind::NotFound => return self.gone(waited),
            Err(failure) => return fail(&self.physical_id, after(waited, failure.text)),
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
                return self.met("found as it is declared", Some(observed));
            }
            // Any two requests of the same inline values read the same sources.
            let differs_by_source = compare::holds_members(&members, &observed)
                && compare::holds_inline(&self.declared, &observed);
            if !differs_by_source && !self.undoes {
                return superseded::ask(&self.id(), Found::Changed, move |stop| match stop {
                    Ok(()) => self.send(members),
                    Err(stop) => fail(&self.physical_id, after(waited, stop.reason)),
                });
            }
        } else {
            self.undoes |= never_applied;
        }
        self.send(members)
    }

    /// Makes the provider again, unless this request is past: what it has waited for may be the
    /// end of its stack.
    fn gone(self, waited: Option<Failure>) -> Step {
        if waited.is_none() && !self.timing.looks_first() {
            return self.recreate();
        }
        superseded::ask(&self.id(), Found::Gone, move |stop| match stop {
            Ok(()) => self.recreate(),
            Err(stop) => fail(&self.physical_id, after(waited, stop.reason)),
        })
    }

    pub(super) fn updated(self, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => self.met("updated", output.provider()),
            Err(failure) if failure.kind == FailureKind::NotFound => self.recreate(),
            Err(failure) if failure.kind == FailureKind::Waited => self.look(Some(failure)),
            Err(failure) => call(Call::Describe(self.id()), State::Verifying(self, failure)),
        }
    }

    /// Succeeds where the Update was refused and the provider is as declared all the same: a
    /// rollback to what never changed, or a call whose answer was lost.
    pub(super) fn verified(self, failure: Failure, outcome: Outcome) -> Step {
        if let Ok(Output::Provider(observed)) = outcome {
            let members = members::merge(&self.declared, &self.previous, &observed);
            if self.is_met(&members, &observed) && self.shows_all() {
                return self.met("found as it is declared, though refused", Some(observed));
            }
        }
        let reason = if failure.kind == FailureKind::Duplicate {
            held_by(failure.text, self.rival().as_ref())
        } else {
            failure.text
        };
        fail(&self.physical_id, reason)
    }

    /// Whether the provider holds all that is declared, and nothing is left to be taken away.
    fn is_met(&self, to_send: &Members, observed: &Observed) -> bool {
        compare::holds_members(to_send, observed)
            && compare::holds(&self.declared.provider, observed)
    }

    /// Whether Cognito's answer shows all that this Update changes.
    fn shows_all(&self) -> bool {
        let wanted = self.declared.provider.details.expose(NEVER_RETURNED);
        let from_source = self.declared.sources.contains_key(NEVER_RETURNED);
        wanted.is_none() || !from_source && wanted == self.previous.details.expose(NEVER_RETURNED)
    }

    fn met(self, done: &'static str, mut observed: Option<Observed>) -> Step {
        let desired = self.declared.provider;
        if let Some(observed) = &mut observed {
            // They may be those of the previous properties still.
            let undeclared = |key: &String| desired.details.expose(key).is_none();
            let read_before = self.previous.sources.into_iter().filter(undeclared);
            observed.details.hide(read_before);
        }
        met(desired.id.to_string(), done, desired, observed)
    }

    fn recreate(self) -> Step {
        let purpose = Purpose::Recreate {
            rival: self.rival(),
            physical_id: self.physical_id,
        };
        Creation::new(self.declared, self.timing, purpose).begin()
    }
}
