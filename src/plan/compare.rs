//! When is a provider that is there the one that is wanted?

use std::collections::BTreeSet;

use super::Observed;
use crate::provider::{Provider, StringMap};

/// The one key that Cognito adds to an `AttributeMapping` by itself (for Google, `username: sub`).
const ADDED_MAPPING: &str = "username";

/// Whether `observed` is exactly what is desired, secrets included, but for what Cognito adds by
/// itself and for its identifiers. A member that is not declared has to be empty: a provider that
/// has more than was asked for is not the one that was asked for.
pub(super) fn equals_but_identifiers(desired: &Provider, observed: &Observed) -> bool {
    let none = StringMap::new();
    let wanted = desired.members.attribute_mapping.as_ref().unwrap_or(&none);
    let found = observed.members.attribute_mapping.as_ref().unwrap_or(&none);
    let mapping = wanted
        .iter()
        .all(|(key, value)| found.get(key) == Some(value))
        && found
            .keys()
            .all(|key| wanted.contains_key(key) || key == ADDED_MAPPING);

    mapping
        && observed.kind == desired.kind.as_str()
        && desired.details.are_held_by(&observed.details)
        && desired.members.acr_mapping.as_ref().unwrap_or(&none)
            == observed.members.acr_mapping.as_ref().unwrap_or(&none)
}

/// As [`equals_but_identifiers`], with the same identifiers in any order.
pub(super) fn equals(desired: &Provider, observed: &Observed) -> bool {
    let set = |list: &Option<Vec<String>>| -> BTreeSet<String> {
        list.iter().flatten().cloned().collect()
    };
    equals_but_identifiers(desired, observed)
        && set(&desired.members.idp_identifiers) == set(&observed.members.idp_identifiers)
}
