//! Replaces a provider by one with another pool or name.

use super::{
    Call, CallError, CallErrorKind, Observed, Outcome, Output, State, Step, call,
    creation::{Creation, Purpose, Replaced},
    fail,
    identifiers::{Identifiers, update_identifiers},
    superseded::{self, Found},
    update::{Update, after},
};
use crate::physical_id::ProviderId;

pub(super) fn start(update: Update, old: ProviderId) -> Step {
    // Identifiers are unique in a pool, so those that the new provider declares too must first be
    // removed from the old one.
    let same_pool = old.pool == update.declared.provider.id.pool;
    let shares = !update
        .shared(update.previous.members.idp_identifiers.as_deref())
        .is_empty();
    if same_pool && shares || update.timing.describes_first() {
        return update.read_old(old, None, None);
    }
    update.replace(Replaced::unobserved(old)).begin()
}

impl Update {
    /// Returns the identifiers in `held` that the desired provider declares too.
    fn shared(&self, held: Option<&[String]>) -> Vec<String> {
        let wanted = self.declared.provider.members.idp_identifiers.as_deref();
        let wanted = wanted.unwrap_or_default();
        let held = held.unwrap_or_default().iter();
        held.filter(|item| wanted.contains(item)).cloned().collect()
    }

    /// Describes the old provider. A call without a response may already have removed `taken` from
    /// it.
    fn read_old(
        self,
        old: ProviderId,
        taken: Option<Identifiers>,
        waited: Option<CallError>,
    ) -> Step {
        let look = Call::Describe(old.clone());
        call(look, State::ReadingIdentifiers(self, old, taken, waited))
    }

    pub(super) fn on_old_described(
        self,
        old: ProviderId,
        taken: Option<Identifiers>,
        waited: Option<CallError>,
        outcome: Outcome,
    ) -> Step {
        let has_waited = waited.is_some() || self.timing.describes_first();
        let mut replaced = Replaced::unobserved(old);
        let (found, kept) = match outcome {
            // A provider created after the request belongs to another.
            Ok(Output::Provider(observed)) if !self.timing.precedes(observed.created) => {
                replaced = Replaced::observed(replaced.id, &observed);
                self.held(&mut replaced, taken, observed)
            }
            Err(error) if error.kind != CallErrorKind::NotFound => {
                replaced.taken = taken;
                let reason = after(waited, error.text);
                return self.replace(replaced).failed(reason, false);
            }
            _ => (Found::Gone, None),
        };
        if !has_waited && found != Found::Changed {
            return self.release(replaced, kept);
        }
        superseded::ask(&replaced.id.clone(), found, move |stop| match stop {
            Ok(()) => self.release(replaced, kept),
            Err(stop) => fail(&self.physical_id, after(waited, stop.reason)),
        })
    }

    /// Returns the state of the old provider and, if any of its identifiers must be removed, those
    /// that it keeps.
    fn held(
        &self,
        replaced: &mut Replaced,
        taken: Option<Identifiers>,
        observed: Observed,
    ) -> (Found, Option<Vec<String>>) {
        let is_changed = self.timing.precedes(observed.modified);
        let mut held = observed.members.idp_identifiers.unwrap_or_default();
        let (mut shared, mut before) = (Vec::new(), Vec::new());
        if replaced.id.pool == self.declared.provider.id.pool {
            shared = self.shared(Some(&held));
            before = self.shared(self.previous.members.idp_identifiers.as_deref());
        }
        // If they are missing, an earlier call or delivery of this request removed them.
        let are_off = shared.is_empty() && !before.is_empty();
        if are_off || !shared.is_empty() {
            // They still belong to the old provider until the new one exists.
            let missing = before.into_iter().filter(|item| !held.contains(item));
            replaced.taken = taken.or_else(|| {
                Some(Identifiers {
                    of: replaced.id.clone(),
                    held: held.iter().cloned().chain(missing).collect(),
                })
            });
        }
        held.retain(|item| !shared.contains(item));
        let found = if is_changed && !are_off {
            Found::Changed
        } else {
            Found::Unchanged
        };
        (found, Some(held).filter(|_| !shared.is_empty()))
    }

    /// Reduces the old provider's identifiers to `kept`, if any must be removed, and continues.
    fn release(self, replaced: Replaced, kept: Option<Vec<String>>) -> Step {
        match kept {
            Some(kept) => {
                let release = update_identifiers(replaced.id.clone(), kept);
                call(release, State::RemovingIdentifiers(self, replaced))
            }
            None => self.replace(replaced).begin(),
        }
    }

    pub(super) fn on_identifiers_removed(self, mut replaced: Replaced, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => {
                replaced.modified = output.provider().map(|observed| observed.modified);
                self.replace(replaced).begin()
            }
            // It was deleted meanwhile, and its identifiers with it.
            Err(error) if error.kind == CallErrorKind::NotFound => {
                replaced.taken = None;
                self.replace(replaced).begin()
            }
            Err(error) if error.kind == CallErrorKind::RetryDue => {
                self.read_old(replaced.id, replaced.taken, Some(error))
            }
            Err(error) if !error.in_doubt => fail(&self.physical_id, error.text),
            Err(error) => self.replace(replaced).failed(error.text, false),
        }
    }

    fn replace(self, replaced: Replaced) -> Creation {
        let purpose = Purpose::Replace {
            physical_id: self.physical_id,
            replaced,
        };
        Creation::new(self.declared, self.timing, purpose)
    }
}
