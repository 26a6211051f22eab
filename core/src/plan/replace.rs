//! Making another provider in the place of the old one.

use super::{
    Call, Failure, FailureKind, Observed, Outcome, Output, State, Step, call,
    creation::{Creation, Purpose, Replaced},
    fail,
    identifiers::{Identifiers, identifiers_only},
    superseded::{self, Found},
    update::{Update, after},
};
use crate::physical_id::ProviderId;

pub(super) fn start(update: Update, old: ProviderId) -> Step {
    // Identifiers are unique in a pool. Those of the old provider that the new one wants as well
    // have to come off first.
    let same_pool = old.pool == update.declared.provider.id.pool;
    let shares = !update
        .shared(update.previous.members.idp_identifiers.as_deref())
        .is_empty();
    if same_pool && shares || update.timing.looks_first() {
        return update.read_old(old, None, None);
    }
    update.replace(Replaced::unseen(old)).begin()
}

impl Update {
    /// Those of `held` that the desired provider wants.
    fn shared(&self, held: Option<&[String]>) -> Vec<String> {
        let wanted = self.declared.provider.members.idp_identifiers.as_deref();
        let wanted = wanted.unwrap_or_default();
        let held = held.unwrap_or_default().iter();
        held.filter(|item| wanted.contains(item)).cloned().collect()
    }

    /// Looks at the old provider; `taken` may be off it already, by a call without an answer.
    fn read_old(
        self,
        old: ProviderId,
        taken: Option<Identifiers>,
        waited: Option<Failure>,
    ) -> Step {
        let look = Call::Describe(old.clone());
        call(look, State::ReadingOld(self, old, taken, waited))
    }

    pub(super) fn old_read(
        self,
        old: ProviderId,
        taken: Option<Identifiers>,
        waited: Option<Failure>,
        outcome: Outcome,
    ) -> Step {
        let has_waited = waited.is_some() || self.timing.looks_first();
        let mut replaced = Replaced::unseen(old);
        let (found, kept) = match outcome {
            // One of that name that is younger than the request is another's.
            Ok(Output::Provider(observed)) if !self.timing.precedes(observed.created) => {
                replaced = Replaced::seen(replaced.id, &observed);
                self.held(&mut replaced, taken, observed)
            }
            Err(failure) if failure.kind != FailureKind::NotFound => {
                replaced.taken = taken;
                let reason = after(waited, failure.text);
                return self.replace(replaced).failed(reason, true);
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

    /// What was found of the old provider, and the identifiers that it keeps if any are to be taken
    /// off it.
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
        // Where they are off it, an earlier call or delivery of this request took them.
        let are_off = shared.is_empty() && !before.is_empty();
        if are_off || !shared.is_empty() {
            // They belong to the old provider all the same, until there is a new one.
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

    /// Leaves these identifiers to the old provider, if any are to be taken off it, and goes on.
    fn release(self, replaced: Replaced, kept: Option<Vec<String>>) -> Step {
        match kept {
            Some(kept) => {
                let release = identifiers_only(replaced.id.clone(), kept);
                call(release, State::Releasing(self, replaced))
            }
            None => self.replace(replaced).begin(),
        }
    }

    pub(super) fn released(self, mut replaced: Replaced, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => {
                replaced.modified = output.provider().map(|observed| observed.modified);
                self.replace(replaced).begin()
            }
            // It was deleted in this moment, and its identifiers with it.
            Err(failure) if failure.kind == FailureKind::NotFound => {
                replaced.taken = None;
                self.replace(replaced).begin()
            }
            Err(failure) if failure.kind == FailureKind::Waited => {
                self.read_old(replaced.id, replaced.taken, Some(failure))
            }
            Err(failure) if failure.settled => fail(&self.physical_id, failure.text),
            Err(failure) => self.replace(replaced).failed(failure.text, true),
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
