//! Deletes a provider, but only one that belongs to this resource.

use super::{
    Call, CallErrorKind, Observed, Outcome, Output, State, Step, Timing, call, compare,
    deleted_answer, fail,
};
use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::Provider,
};

/// The longest time that CloudFormation waits for a Create, in milliseconds. A provider created
/// later belongs to another request.
const CREATE_TIMEOUT_MS: i64 = 3_600_000;

/// A provider to be deleted.
#[derive(Debug)]
pub(super) struct Deletion {
    physical_id: PhysicalId,
    provider: ProviderId,
    timing: Timing,
    /// The Create that must have created the provider for it to be deleted, if there is such a
    /// condition.
    lost: Option<UnconfirmedCreate>,
}

/// A Create whose outcome is unknown.
#[derive(Debug)]
struct UnconfirmedCreate {
    /// The time of the request, in seconds since 1970.
    since: i64,
    /// The provider that it was to create, if the properties describe it.
    desired: Option<Provider>,
}

pub(super) fn start(physical_id: &PhysicalId, described: Option<Provider>, timing: Timing) -> Step {
    let deletion = |provider: &ProviderId, lost| Deletion {
        physical_id: physical_id.clone(),
        provider: provider.clone(),
        timing,
        lost,
    };
    match physical_id {
        PhysicalId::Provider(provider) if timing.describes_first() => {
            deletion(provider, None).look()
        }
        PhysicalId::Provider(provider) => deletion(provider, None).delete(),
        PhysicalId::NotCreated(_) => {
            deleted_answer(physical_id, "nothing to delete: never created")
        }
        PhysicalId::Generated(_) => deleted_answer(
            physical_id,
            "nothing to delete: CloudFormation generated the physical id of a Create without a response",
        ),
        PhysicalId::Foreign(_) => deleted_answer(
            physical_id,
            "nothing to delete: another handler issued the physical id",
        ),
        PhysicalId::Unconfirmed { since, provider } => {
            let lost = UnconfirmedCreate {
                since: *since,
                // Properties of another provider do not describe this one.
                desired: described.filter(|desired| desired.id == *provider),
            };
            deletion(provider, Some(lost)).look()
        }
    }
}

/// Returns whether a Create issued at `since` may have created the provider, by its creation time.
pub(super) fn may_be_created_at(since: i64, observed: &Observed) -> bool {
    let since_ms = since.saturating_mul(1_000);
    (since_ms..=since_ms.saturating_add(CREATE_TIMEOUT_MS)).contains(&observed.created)
}

impl Deletion {
    fn delete(self) -> Step {
        call(Call::Delete(self.provider.clone()), State::Deleting(self))
    }

    fn look(self) -> Step {
        let look = Call::Describe(self.provider.clone());
        call(look, State::CheckingBeforeDelete(self))
    }

    /// Deletes the provider if it belongs to the resource.
    pub(super) fn on_described(self, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Ok(_) => return gone(&self.physical_id),
            Err(error) if error.kind == CallErrorKind::NotFound => {
                return gone(&self.physical_id);
            }
            Err(error) => return fail(&self.physical_id, error.text),
        };
        match &self.lost {
            Some(lost) if !lost.made(&observed) => deleted_answer(
                &self.physical_id,
                "nothing deleted: the provider of that name does not belong to this resource",
            ),
            None if self.timing.precedes(observed.created) => deleted_answer(
                &self.physical_id,
                "nothing deleted: the provider of that name was created after this request",
            ),
            _ => self.delete(),
        }
    }

    pub(super) fn on_deleted(self, outcome: Outcome) -> Step {
        match outcome {
            Ok(_) => deleted_answer(&self.physical_id, "deleted"),
            Err(error) if error.kind == CallErrorKind::NotFound => gone(&self.physical_id),
            Err(error) if error.kind == CallErrorKind::RetryDue => self.look(),
            Err(error) => fail(&self.physical_id, error.text),
        }
    }
}

impl UnconfirmedCreate {
    /// Returns whether this Create created the provider. A provider changed since then may have
    /// another owner: a retry of the stack may have adopted it.
    fn made(&self, observed: &Observed) -> bool {
        let untouched = observed.created == observed.modified;
        let desired = self.desired.as_ref();
        untouched
            && may_be_created_at(self.since, observed)
            && desired.is_some_and(|desired| compare::equals(desired, observed))
    }
}

fn gone(physical_id: &PhysicalId) -> Step {
    deleted_answer(physical_id, "nothing to delete: already gone")
}
