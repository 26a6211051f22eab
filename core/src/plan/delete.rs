//! Removing a provider, and only one that is this resource's.

use super::{
    Call, FailureKind, Observed, Outcome, Output, State, Step, Timing, call, compare, fail, removed,
};
use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::Provider,
};

/// For how many milliseconds CloudFormation waits for a create at most. What was made later was
/// made by another request.
const WAITED_FOR_MS: i64 = 3_600_000;

/// A provider to be deleted.
#[derive(Debug)]
pub(super) struct Removal {
    physical_id: PhysicalId,
    provider: ProviderId,
    timing: Timing,
    /// Set where the provider is to be deleted only if it was made by this create.
    lost: Option<LostCreate>,
}

/// A create whose outcome is unknown.
#[derive(Debug)]
struct LostCreate {
    /// When it was issued, in seconds since 1970.
    since: i64,
    /// What it was to make, if the properties tell.
    desired: Option<Provider>,
}

pub(super) fn start(physical_id: &PhysicalId, described: Option<Provider>, timing: Timing) -> Step {
    let removal = |provider: &ProviderId, lost| Removal {
        physical_id: physical_id.clone(),
        provider: provider.clone(),
        timing,
        lost,
    };
    match physical_id {
        PhysicalId::Provider(provider) if timing.looks_first() => removal(provider, None).look(),
        PhysicalId::Provider(provider) => removal(provider, None).delete(),
        PhysicalId::NotCreated(_) => removed(physical_id, "nothing to delete: never created"),
        PhysicalId::MadeUp(_) => removed(
            physical_id,
            "nothing to delete: CloudFormation made up the id",
        ),
        PhysicalId::Foreign(_) => removed(
            physical_id,
            "nothing to delete: the id is not of this handler",
        ),
        PhysicalId::Unconfirmed { since, provider } => {
            let lost = LostCreate {
                since: *since,
                // Properties of another provider say nothing about this one.
                desired: described.filter(|desired| desired.id == *provider),
            };
            removal(provider, Some(lost)).look()
        }
    }
}

/// Whether a provider is of the time in which a create that was issued then may have made it.
pub(super) fn may_be_of(since: i64, observed: &Observed) -> bool {
    let since_ms = since.saturating_mul(1_000);
    (since_ms..=since_ms.saturating_add(WAITED_FOR_MS)).contains(&observed.created)
}

impl Removal {
    fn delete(self) -> Step {
        call(Call::Delete(self.provider.clone()), State::Deleting(self))
    }

    fn look(self) -> Step {
        let look = Call::Describe(self.provider.clone());
        call(look, State::LookingBeforeDelete(self))
    }

    /// Deletes the provider if it is the one that the request is about.
    pub(super) fn looked(self, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Ok(_) => return gone(&self.physical_id),
            Err(failure) if failure.kind == FailureKind::NotFound => {
                return gone(&self.physical_id);
            }
            Err(failure) => return fail(&self.physical_id, failure.text),
        };
        match &self.lost {
            Some(lost) if !lost.made(&observed) => removed(
                &self.physical_id,
                "nothing to delete: the provider of that name is not of this resource",
            ),
            None if self.timing.precedes(observed.created) => removed(
                &self.physical_id,
                "nothing to delete: the provider of that name was created after this request",
            ),
            _ => self.delete(),
        }
    }

    pub(super) fn deleted(self, outcome: Outcome) -> Step {
        match outcome {
            Ok(_) => removed(&self.physical_id, "deleted"),
            Err(failure) if failure.kind == FailureKind::NotFound => gone(&self.physical_id),
            Err(failure) if failure.kind == FailureKind::Waited => self.look(),
            Err(failure) => fail(&self.physical_id, failure.text),
        }
    }
}

impl LostCreate {
    /// Whether it made this provider. One that was changed since may be another's by now: this
    /// stack's next try may have taken it over.
    fn made(&self, observed: &Observed) -> bool {
        let untouched = observed.created == observed.modified;
        let desired = self.desired.as_ref();
        untouched
            && may_be_of(self.since, observed)
            && desired.is_some_and(|desired| compare::equals(desired, observed))
    }
}

fn gone(physical_id: &PhysicalId) -> Step {
    removed(physical_id, "nothing to delete: already gone")
}
