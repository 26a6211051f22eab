//! `IdpIdentifiers` that move from one provider to another, because they are unique in a pool.

use super::{Call, Observed};
use crate::{physical_id::ProviderId, provider::Members};

/// The identifiers of a provider before any were removed.
#[derive(Debug, Clone)]
pub(super) struct Identifiers {
    pub(super) of: ProviderId,
    pub(super) held: Vec<String>,
}

impl Identifiers {
    /// Returns the call that restores them.
    pub(super) fn restore_call(&self) -> Call {
        update_identifiers(self.of.clone(), self.held.clone())
    }

    /// Returns whether the provider has all of them again.
    pub(super) fn are_restored(&self, observed: &Observed) -> bool {
        let found = observed.members.idp_identifiers.as_deref();
        let found = found.unwrap_or_default();
        self.held.iter().all(|item| found.contains(item))
    }
}

/// Returns the Update call that changes only the identifiers of a provider.
pub(super) fn update_identifiers(id: ProviderId, identifiers: Vec<String>) -> Call {
    Call::Update {
        id,
        details: None,
        members: Members {
            idp_identifiers: Some(identifiers),
            ..Members::default()
        },
    }
}
