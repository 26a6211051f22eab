//! Removing a provider, and only one that is this resource's.

use super::{
    Call, FailureKind, Observed, Outcome, Output, State, Step, call, compare, fail, removed,
};
use crate::{physical_id::PhysicalId, provider::Provider};

/// For how many seconds CloudFormation waits for a create at most. What was made later was made
/// by another request.
const WAITED_FOR: i64 = 3_600;

/// A create whose outcome nobody saw, to be undone.
#[derive(Debug)]
pub(super) struct Unconfirmed {
    physical_id: String,
    since: i64,
    described: Option<Provider>,
}

pub(super) fn start(id: &PhysicalId, physical_id: String, described: Option<Provider>) -> Step {
    match id {
        PhysicalId::Provider(id) => call(Call::Delete(id.clone()), State::Deleting(physical_id)),
        PhysicalId::NotCreated(_) => removed(physical_id, "nothing to delete: never created"),
        PhysicalId::Foreign(_) => removed(
            physical_id,
            "nothing to delete: the id is not of this handler",
        ),
        PhysicalId::Unconfirmed { since, provider } => call(
            Call::Describe(provider.clone()),
            State::Confirming(Unconfirmed {
                physical_id,
                since: *since,
                // Properties of another provider say nothing about this one.
                described: described.filter(|described| described.id == *provider),
            }),
        ),
    }
}

/// Whether a provider is of the time in which a create that was issued then may have made it.
pub(super) fn may_be_of(since: i64, observed: &Observed) -> bool {
    (since..=since + WAITED_FOR).contains(&observed.created)
}

impl Unconfirmed {
    pub(super) fn described(self, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) => {
                // Changed since, it has been taken over by somebody: by this stack's next try, say.
                let in_time =
                    may_be_of(self.since, &observed) && observed.created == observed.modified;
                let made_here = self
                    .described
                    .as_ref()
                    .filter(|desired| in_time && compare::equals(desired, &observed));
                match made_here {
                    Some(desired) => call(
                        Call::Delete(desired.id.clone()),
                        State::Deleting(self.physical_id),
                    ),
                    None => removed(
                        self.physical_id,
                        "nothing to delete: the provider of that name is not of this resource",
                    ),
                }
            }
            Ok(_) => gone(self.physical_id),
            Err(failure) if failure.kind == FailureKind::NotFound => gone(self.physical_id),
            Err(failure) => fail(self.physical_id, failure.text),
        }
    }
}

pub(super) fn deleted(physical_id: String, outcome: Outcome) -> Step {
    match outcome {
        Ok(_) => removed(physical_id, "deleted"),
        Err(failure) if failure.kind == FailureKind::NotFound => gone(physical_id),
        Err(failure) => fail(physical_id, failure.text),
    }
}

fn gone(physical_id: String) -> Step {
    removed(physical_id, "nothing to delete: already gone")
}
