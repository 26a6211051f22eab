//! `IdpIdentifiers` that move from one provider to another: they are unique in a pool.

use super::{Call, Observed};
use crate::{physical_id::ProviderId, provider::Members};

/// The identifiers that a provider held before any were taken off it.
#[derive(Debug, Clone)]
pub(super) struct Identifiers {
    pub(super) of: ProviderId,
    pub(super) held: Vec<String>,
}

impl Identifiers {
    /// The call that gives them back.
    pub(super) fn put_back(&self) -> Call {
        identifiers_only(self.of.clone(), self.held.clone())
    }

    /// Whether their provider holds all of them again.
    pub(super) fn are_back(&self, observed: &Observed) -> bool {
        let found = observed.members.idp_identifiers.as_deref();
        let found = found.unwrap_or_default();
        self.held.iter().all(|item| found.contains(item))
    }
}

/// The Update that changes the identifiers of a provider and nothing else.
pub(super) fn identifiers_only(id: ProviderId, identifiers: Vec<String>) -> Call {
    Call::Update {
        id,
        details: None,
        members: Members {
            idp_identifiers: Some(identifiers),
            ..Members::default()
        },
    }
}
