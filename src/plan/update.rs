//! Changing a provider in place, or making another one in its place.

use super::{
    Call, FailureKind, Outcome, Output, State, Step, call, create::Goal, fail, met, sentences,
};
use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Members, Previous, ProviderType},
};

/// An Update that has not come to making a provider.
#[derive(Debug)]
pub(super) struct Change {
    physical_id: String,
    declared: Declared,
    previous: Members,
    since: i64,
}

/// The identifiers that a provider held before any were taken off it.
#[derive(Debug)]
pub(super) struct Identifiers {
    of: ProviderId,
    held: Vec<String>,
}

impl Identifiers {
    /// Gives them back to their provider, and then answers FAILED for this reason.
    pub(super) fn put_back(self, physical_id: String, reason: String) -> Step {
        let restore = identifiers_only(self.of, self.held);
        call(restore, State::Restoring(physical_id, reason))
    }
}

/// The Update that changes the identifiers of a provider and nothing else.
fn identifiers_only(id: ProviderId, identifiers: Vec<String>) -> Call {
    Call::Update {
        id,
        details: None,
        members: Members {
            idp_identifiers: Some(identifiers),
            ..Members::default()
        },
    }
}

pub(super) fn restored(physical_id: String, reason: String, outcome: Outcome) -> Step {
    let reason = match outcome {
        Ok(_) => reason,
        Err(failure) => sentences(
            &reason,
            &format!(
                "IdpIdentifiers taken off the old provider were not put back: {}",
                failure.text
            ),
        ),
    };
    fail(physical_id, reason)
}

pub(super) fn start(
    physical_id: String,
    declared: Declared,
    previous: Previous,
    since: i64,
) -> Step {
    let new = declared.provider.id.clone();
    let mut previous = previous;
    let old = match PhysicalId::from(physical_id.as_str()) {
        PhysicalId::Unconfirmed { since, provider } if provider == new => {
            return Goal::confirm(declared, since, physical_id).begin();
        }
        PhysicalId::Provider(id) => {
            // Properties of another provider are those of a replacement that failed. They say
            // nothing about what was declared for this one.
            if previous.id.as_ref().is_some_and(|previous| *previous != id) {
                previous = Previous::default();
            }
            Some(id)
        }
        // Another handler's: what its properties named is what it made.
        PhysicalId::Foreign(_) => previous.id,
        PhysicalId::NotCreated(_) | PhysicalId::Unconfirmed { .. } => None,
    };
    let update = Change {
        physical_id,
        declared,
        previous: previous.members,
        since,
    };
    let Some(old) = old else {
        return update.recreate();
    };
    if old == new {
        let kind = update.declared.provider.kind;
        // Properties that named another type may never have been applied: this is how
        // CloudFormation undoes an Update that was refused for its type.
        return if previous.kind.is_some_and(|previous| previous != kind) {
            call(Call::Describe(new), State::CheckingType(update))
        } else {
            update.in_place()
        };
    }
    // Identifiers are unique in a pool. Those of the old provider that the new one wants as well
    // have to come off first.
    if old.pool == new.pool
        && !update
            .shared(update.previous.idp_identifiers.as_ref())
            .is_empty()
    {
        return call(Call::Describe(old.clone()), State::ReadingOld(update, old));
    }
    update.replace(None).begin()
}

impl Change {
    /// Those of `held` that the desired provider wants.
    fn shared(&self, held: Option<&Vec<String>>) -> Vec<String> {
        let wanted = &self.declared.provider.members.idp_identifiers;
        let wanted: Vec<&String> = wanted.iter().flatten().collect();
        let held = held.into_iter().flatten();
        held.filter(|item| wanted.contains(item)).cloned().collect()
    }

    fn in_place(self) -> Step {
        let desired = &self.declared.provider;
        let mut members = merge(&desired.members, &self.previous);
        if desired.kind != ProviderType::Oidc {
            // Declared by mistake and refused, there is none to clear, and Cognito may mind.
            members.acr_mapping = None;
        }
        let update = Call::Update {
            id: desired.id.clone(),
            details: Some(desired.details.clone()),
            members,
        };
        call(update, State::Updating(self))
    }

    pub(super) fn type_checked(self, outcome: Outcome) -> Step {
        let wanted = self.declared.provider.kind.as_str();
        match outcome {
            Ok(Output::Provider(observed)) if observed.kind != wanted => {
                let reason = format!(
                    "the type of identity provider {} cannot be changed from {} to {wanted}: \
                     choose another ProviderName",
                    self.declared.provider.id, observed.kind
                );
                fail(self.physical_id, reason)
            }
            Ok(_) => self.in_place(),
            Err(failure) if failure.kind == FailureKind::NotFound => self.recreate(),
            Err(failure) => fail(self.physical_id, failure.text),
        }
    }

    pub(super) fn updated(self, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => {
                let desired = self.declared.provider;
                met(
                    desired.id.to_string(),
                    "updated",
                    desired,
                    output.provider(),
                )
            }
            Err(failure) if failure.kind == FailureKind::NotFound => self.recreate(),
            Err(failure) => fail(self.physical_id, failure.text),
        }
    }

    fn recreate(self) -> Step {
        Goal::recreate(self.declared, self.since, self.physical_id).begin()
    }

    fn replace(self, taken: Option<Identifiers>) -> Goal {
        Goal::replace(self.declared, self.since, self.physical_id, taken)
    }

    pub(super) fn old_read(self, old: ProviderId, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(output) => output.provider(),
            Err(failure) if failure.kind == FailureKind::NotFound => None,
            Err(failure) => return fail(self.physical_id, failure.text),
        };
        let Some(observed) = observed else {
            return self.replace(None).begin();
        };
        let mut held = observed.members.idp_identifiers.clone().unwrap_or_default();
        let taken = self.shared(observed.members.idp_identifiers.as_ref());
        let kept: Vec<String> = held
            .iter()
            .filter(|item| !taken.contains(item))
            .cloned()
            .collect();
        // A delivery of this event that died half-way may have taken them off already. They
        // belong to the old provider all the same, until there is a new one.
        for item in self.shared(self.previous.idp_identifiers.as_ref()) {
            if !held.contains(&item) {
                held.push(item);
            }
        }
        let identifiers = Identifiers {
            of: old.clone(),
            held,
        };
        if taken.is_empty() {
            return self.replace(Some(identifiers)).begin();
        }
        let release = identifiers_only(old, kept);
        call(release, State::Releasing(self, identifiers))
    }

    pub(super) fn released(self, taken: Identifiers, outcome: Outcome) -> Step {
        match outcome {
            Ok(_) => self.replace(Some(taken)).begin(),
            // It was deleted in this moment, and its identifiers with it.
            Err(failure) if failure.kind == FailureKind::NotFound => self.replace(None).begin(),
            Err(failure) if failure.settled => fail(self.physical_id, failure.text),
            Err(failure) => taken.put_back(self.physical_id, failure.text),
        }
    }
}

/// The three-way merge of the optional members: what is declared is sent; what was declared
/// before and is no longer is sent empty; what was never declared is not sent.
pub(super) fn merge(desired: &Members, previous: &Members) -> Members {
    fn member<T: Clone + Default>(desired: Option<&T>, previous: Option<&T>) -> Option<T> {
        desired.cloned().or_else(|| previous.map(|_| T::default()))
    }
    Members {
        attribute_mapping: member(
            desired.attribute_mapping.as_ref(),
            previous.attribute_mapping.as_ref(),
        ),
        idp_identifiers: member(
            desired.idp_identifiers.as_ref(),
            previous.idp_identifiers.as_ref(),
        ),
        acr_mapping: member(desired.acr_mapping.as_ref(), previous.acr_mapping.as_ref()),
    }
}
