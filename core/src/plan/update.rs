//! What an Update comes to: a provider that is changed in place, replaced or created.

use super::{
    Failure, Timing,
    creation::{Creation, Purpose},
    sentences,
};
use crate::{
    physical_id::{PhysicalId, ProviderId},
    provider::{Declared, Members, Previous},
};

/// An Update of a provider that exists, as far as the physical id tells.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) physical_id: PhysicalId,
    pub(super) declared: Declared,
    pub(super) previous: Previous,
    pub(super) timing: Timing,
    /// Whether this undoes an Update that was not applied when it began: whatever then changes the
    /// provider to the previous properties is that Update, late.
    pub(super) undoes: bool,
}

/// What an Update comes to.
pub(super) enum Course {
    /// No provider is known to exist: one is created.
    Create(Creation),
    /// The provider keeps its pool and name.
    InPlace(Update),
    /// Another provider replaces this one.
    Replace(Update, ProviderId),
}

impl Course {
    /// Decides by the physical id, and by the previous properties where it is another handler's.
    pub(super) fn of(
        physical_id: PhysicalId,
        declared: Declared,
        mut previous: Previous,
        timing: Timing,
    ) -> Self {
        let create = |declared, purpose| Self::Create(Creation::new(declared, timing, purpose));
        let new = declared.provider.id.clone();
        let mut undoes = false;
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
                // Properties of another provider are those of a replacement that failed or was
                // cancelled. They say nothing about what was declared for this one, and neither do
                // properties that this handler refuses.
                undoes = previous.id.as_ref().is_some_and(|previous| previous != id);
                if undoes || previous.is_refused {
                    previous.members = Members::default();
                }
                Some(id.clone())
            }
            // Another handler's: what its properties named is what it made.
            PhysicalId::Foreign(_) => previous.id.clone(),
            PhysicalId::NotCreated(_) | PhysicalId::MadeUp(_) | PhysicalId::Unconfirmed { .. } => {
                None
            }
        };
        let Some(old) = old else {
            return create(declared, Purpose::Carry { physical_id });
        };
        let update = Update {
            physical_id,
            declared,
            previous,
            timing,
            undoes,
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

    /// The provider that a replacement before this may have made, if this undoes one.
    pub(super) fn rival(&self) -> Option<ProviderId> {
        let other = self.previous.id.as_ref();
        other
            .filter(|id| **id != self.declared.provider.id)
            .cloned()
    }
}

/// A reason, after what was waited for before it came to that.
pub(super) fn after(waited: Option<Failure>, reason: String) -> String {
    match waited {
        Some(waited) => sentences(&waited.text, &format!("Then {reason}")),
        None => reason,
    }
}
