//! Decides how to carry out an Update: in place, by replacement or by a create.

use super::{
    CallError, Timing,
    creation::{Creation, Purpose},
    join_sentences,
};
use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Members, Previous},
};

/// An Update of a provider that exists according to the physical id.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) physical_id: PhysicalId,
    pub(super) declared: Declared,
    pub(super) previous: Previous,
    pub(super) timing: Timing,
    /// Whether this undoes an Update that had not been applied when this request began. A later
    /// change to the previous properties is then late work of that Update.
    pub(super) is_rollback: bool,
}

/// The way to carry out an Update.
pub(super) enum Course {
    /// No provider is known to exist: one is created.
    Create(Creation),
    /// The provider keeps its pool and name.
    InPlace(Update),
    /// Another provider replaces this one.
    Replace(Update, ProviderId),
}

impl Course {
    /// Decides by the physical id or, if another handler issued it, by the previous properties.
    pub(super) fn of(
        physical_id: PhysicalId,
        declared: Declared,
        mut previous: Previous,
        timing: Timing,
    ) -> Self {
        let create = |declared, purpose| Self::Create(Creation::new(declared, timing, purpose));
        let new = declared.provider.id.clone();
        let mut is_rollback = false;
        let old = match &physical_id {
            PhysicalId::Unconfirmed { since, provider } if *provider == new => {
                let lost = *since;
                let purpose = Purpose::Confirm {
                    physical_id,
                    lost,
                    previous,
                };
                return create(declared, purpose);
            }
            PhysicalId::Provider(id) => {
                // Previous properties of another provider belong to a replacement that failed or
                // was cancelled. They do not describe this provider, nor do properties that this
                // handler rejects.
                is_rollback = previous.id.as_ref().is_some_and(|previous| previous != id);
                if is_rollback || previous.is_refused {
                    previous.members = Members::default();
                }
                Some(id.clone())
            }
            // Another handler created the provider that its properties name.
            PhysicalId::Foreign(_) => previous.id.clone(),
            PhysicalId::NotCreated(_)
            | PhysicalId::Generated(_)
            | PhysicalId::Unconfirmed { .. } => None,
        };
        let Some(old) = old else {
            return create(declared, Purpose::RetryCreate { physical_id });
        };
        let update = Update {
            physical_id,
            declared,
            previous,
            timing,
            is_rollback,
        };
        if old == new {
            Self::InPlace(update)
        } else {
            Self::Replace(update, old)
        }
    }
}

impl Update {
    pub(super) fn id(&self) -> ProviderId {
        self.declared.provider.id.clone()
    }

    /// Returns the provider that an earlier replacement may have created, if this request undoes
    /// one.
    pub(super) fn other_provider(&self) -> Option<ProviderId> {
        let other = self.previous.id.as_ref();
        other
            .filter(|id| **id != self.declared.provider.id)
            .cloned()
    }
}

/// Prepends the error of the attempt before the retry, if there was one.
pub(super) fn after(waited: Option<CallError>, reason: String) -> String {
    match waited {
        Some(waited) => join_sentences(&waited.text, &format!("Not retried: {reason}")),
        None => reason,
    }
}
