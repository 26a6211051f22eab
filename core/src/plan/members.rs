//! Three-way merge of the optional members. Declared members are sent. Of a member that is no
//! longer declared, the values that the template had set are removed. Members that were never
//! declared are not sent.

use super::{Observed, compare};
use crate::provider::{Declared, Members, Previous, ProviderType, StringMap};

/// Returns whether values must be removed, for which the provider must be described first.
pub(super) fn needs_merge(declared: &Declared, previous: &Previous) -> bool {
    dropped(declared, &previous.members) != Members::default()
}

/// Returns the declared members as they are, without a merge.
pub(super) fn declared_only(declared: &Declared) -> Members {
    let mut members = declared.provider.members.clone();
    if declared.provider.kind != ProviderType::Oidc {
        // Such a declaration was rejected before, so there is no mapping to clear, and Cognito may
        // reject an empty one.
        members.acr_mapping = None;
    }
    members
}

/// Returns the members to send: the declared ones and, for members that are no longer declared, the
/// values to keep.
pub(super) fn merge(declared: &Declared, previous: &Previous, observed: &Observed) -> Members {
    let mut before = dropped(declared, &previous.members);
    let found = &observed.members;
    let mut members = declared_only(declared);
    let spares_all = compare::never_applied(declared, previous, observed);
    let rest = |before: &mut StringMap, found: Option<&StringMap>| -> StringMap {
        let found = found.into_iter().flatten();
        let stays = |key, value| spares_all || before.get(key) != Some(value);
        let rest = found.filter(|(key, value)| stays(*key, *value));
        rest.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    if let Some(before) = &mut before.attribute_mapping {
        members.attribute_mapping = Some(rest(before, found.attribute_mapping.as_ref()));
    }
    if let Some(before) = &mut before.acr_mapping {
        members.acr_mapping = Some(rest(before, found.acr_mapping.as_ref()));
    }
    if let Some(before) = &before.idp_identifiers {
        let found = found.idp_identifiers.iter().flatten();
        let rest = found.filter(|item| spares_all || !before.contains(item));
        members.idp_identifiers = Some(rest.cloned().collect());
    }
    members
}

/// Returns the previous values of the members that are no longer declared.
fn dropped(declared: &Declared, previous: &Members) -> Members {
    fn member<T: Clone>(
        wanted: Option<&T>,
        before: Option<&T>,
        is_empty: fn(&T) -> bool,
    ) -> Option<T> {
        let before = before.filter(|before| wanted.is_none() && !is_empty(before));
        before.cloned()
    }
    let wanted = &declared.provider.members;
    let levels = member(
        wanted.acr_mapping.as_ref(),
        previous.acr_mapping.as_ref(),
        StringMap::is_empty,
    );
    Members {
        attribute_mapping: member(
            wanted.attribute_mapping.as_ref(),
            previous.attribute_mapping.as_ref(),
            StringMap::is_empty,
        ),
        idp_identifiers: member(
            wanted.idp_identifiers.as_ref(),
            previous.idp_identifiers.as_ref(),
            Vec::is_empty,
        ),
        acr_mapping: levels.filter(|_| declared.provider.kind == ProviderType::Oidc),
    }
}
