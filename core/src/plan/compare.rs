//! Compares an observed provider with the desired one.

use std::collections::BTreeSet;

use super::Observed;
use crate::{
    details::Details,
    provider::{Declared, Members, Previous, Provider, StringMap},
};

/// The only key that Cognito adds to an `AttributeMapping` by itself: `username: sub`.
pub(super) const ADDED_MAPPING: &str = "username";

/// Returns whether `observed` equals the desired provider, secrets included, apart from Cognito's
/// own additions. Undeclared members must be empty: a provider that has more was not created from
/// this declaration.
pub(super) fn equals(desired: &Provider, observed: &Observed) -> bool {
    let Members {
        attribute_mapping,
        idp_identifiers,
        acr_mapping,
    } = &desired.members;
    let declared = Members {
        attribute_mapping: Some(attribute_mapping.clone().unwrap_or_default()),
        idp_identifiers: Some(idp_identifiers.clone().unwrap_or_default()),
        acr_mapping: Some(acr_mapping.clone().unwrap_or_default()),
    };
    holds_details(desired, &desired.details, observed) && holds_members(&declared, observed)
}

/// Returns whether `observed` has everything that is declared, secrets included. Undeclared members
/// are ignored.
pub(super) fn holds(desired: &Provider, observed: &Observed) -> bool {
    holds_details(desired, &desired.details, observed) && holds_members(&desired.members, observed)
}

/// Like [`holds`], but ignores values from sources, which may have changed since.
pub(super) fn holds_inline(declared: &Declared, observed: &Observed) -> bool {
    let desired = &declared.provider;
    let inline = desired
        .details
        .without(|key| declared.sources.contains_key(key));
    holds_details(desired, &inline, observed) && holds_members(&desired.members, observed)
}

/// Like [`holds`], but ignores identifiers, which may have moved to another provider.
pub(super) fn holds_except_identifiers(desired: &Provider, observed: &Observed) -> bool {
    let mut desired = desired.clone();
    desired.members.idp_identifiers = None;
    holds(&desired, observed)
}

/// Like [`holds_inline`], but ignores identifiers.
pub(super) fn holds_inline_except_identifiers(declared: &Declared, observed: &Observed) -> bool {
    let mut declared = declared.clone();
    declared.provider.members.idp_identifiers = None;
    holds_inline(&declared, observed)
}

/// Returns whether `observed` shows that the previous properties were never applied: it has the
/// declared values and not the previous ones. Ignores members that are no longer declared, because
/// they may have been set by hand.
pub(super) fn never_applied(declared: &Declared, previous: &Previous, observed: &Observed) -> bool {
    let wanted = &declared.provider.members;
    let before = Members {
        attribute_mapping: wanted
            .attribute_mapping
            .as_ref()
            .and_then(|_| previous.members.attribute_mapping.clone()),
        idp_identifiers: wanted
            .idp_identifiers
            .as_ref()
            .and_then(|_| previous.members.idp_identifiers.clone()),
        acr_mapping: wanted
            .acr_mapping
            .as_ref()
            .and_then(|_| previous.members.acr_mapping.clone()),
    };
    let inline = previous
        .details
        .without(|key| previous.sources.contains(key));
    let held_before =
        inline.are_contained_in(&observed.details) && holds_members(&before, observed);
    !held_before && holds_inline(declared, observed)
}

fn holds_details(desired: &Provider, details: &Details, observed: &Observed) -> bool {
    observed.kind == desired.kind.as_str() && details.are_contained_in(&observed.details)
}

/// Returns whether `observed` has exactly these values in the declared members.
pub(super) fn holds_members(declared: &Members, observed: &Observed) -> bool {
    fn holds_or_undeclared<T>(declared: Option<&T>, holds: impl Fn(&T) -> bool) -> bool {
        declared.is_none_or(holds)
    }
    let set = |list: &[String]| -> BTreeSet<String> { list.iter().cloned().collect() };
    let none = StringMap::new();
    let found = &observed.members;
    let identifiers = found.idp_identifiers.as_deref().unwrap_or_default();
    let levels = found.acr_mapping.as_ref().unwrap_or(&none);
    holds_or_undeclared(declared.attribute_mapping.as_ref(), |wanted| {
        maps(wanted, found.attribute_mapping.as_ref().unwrap_or(&none))
    }) && holds_or_undeclared(declared.idp_identifiers.as_ref(), |wanted| {
        set(wanted) == set(identifiers)
    }) && holds_or_undeclared(declared.acr_mapping.as_ref(), |wanted| levels == wanted)
}

fn maps(wanted: &StringMap, found: &StringMap) -> bool {
    let held = wanted
        .iter()
        .all(|(key, value)| found.get(key) == Some(value));
    held && found
        .keys()
        .all(|key| wanted.contains_key(key) || key == ADDED_MAPPING)
}
