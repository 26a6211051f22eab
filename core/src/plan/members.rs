//! The three-way merge of the optional members: what is declared is sent; of what was declared
//! before and is no longer, the part that the template put there is taken away; what was never
//! declared is not sent.

use super::{Observed, compare};
use crate::provider::{Declared, Members, Previous, ProviderType, StringMap};

/// Whether something is to be taken away, so that the provider has to be looked at first.
pub(super) fn takes_away(declared: &Declared, previous: &Previous) -> bool {
    dropped(declared, &previous.members) != Members::default()
}

/// The members that are not looked for: what is declared, as it is.
pub(super) fn declared_only(declared: &Declared) -> Members {
    let mut members = declared.provider.members.clone();
    if declared.provider.kind != ProviderType::Oidc {
        // Declared by mistake and refused, there is none to clear, and Cognito may mind.
        members.acr_mapping = None;
    }
    members
}

/// The members to send to the provider that was observed: what is declared, and of the members
/// that are no longer what is to stay of them.
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

/// What was declared before, in the members that are no longer declared.
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
