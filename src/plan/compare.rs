//! When is a provider that is there the one that is wanted?

use std::collections::BTreeSet;

use super::Observed;
use crate::provider::{Members, Provider, StringMap};

/// The one key that Cognito adds to an `AttributeMapping` by itself (for Google, `username: sub`).
const ADDED_MAPPING: &str = "username";

/// Whether `observed` is exactly what is desired, secrets included, but for what Cognito adds by
/// itself. A member that is not declared has to be empty: a provider that has more than was asked
/// for was not made by asking for it.
pub(super) fn equals(desired: &Provider, observed: &Observed) -> bool {
    let Members {
        attribute_mapping,
        idp_identifiers,
        acr_mapping,
    } = &desired.members;
    let none = StringMap::new();
    let set = |list: &Option<Vec<String>>| -> BTreeSet<String> {
        list.iter().flatten().cloned().collect()
    };
    has_details(desired, observed)
        && maps(attribute_mapping.as_ref().unwrap_or(&none), observed)
        && has_levels(acr_mapping.as_ref().unwrap_or(&none), observed)
        && set(idp_identifiers) == set(&observed.members.idp_identifiers)
}

/// Whether `observed` holds all that is declared, identifiers aside, which may have moved on. What
/// is not declared is not the template's to judge by.
pub(super) fn holds_what_is_declared(desired: &Provider, observed: &Observed) -> bool {
    let Members {
        attribute_mapping,
        acr_mapping,
        ..
    } = &desired.members;
    has_details(desired, observed)
        && attribute_mapping
            .as_ref()
            .is_none_or(|wanted| maps(wanted, observed))
        && acr_mapping
            .as_ref()
            .is_none_or(|wanted| has_levels(wanted, observed))
}

fn has_details(desired: &Provider, observed: &Observed) -> bool {
    observed.kind == desired.kind.as_str() && desired.details.are_held_by(&observed.details)
}

fn maps(wanted: &StringMap, observed: &Observed) -> bool {
    let none = StringMap::new();
    let found = observed.members.attribute_mapping.as_ref().unwrap_or(&none);
    wanted
        .iter()
        .all(|(key, value)| found.get(key) == Some(value))
        && found
            .keys()
            .all(|key| wanted.contains_key(key) || key == ADDED_MAPPING)
}

fn has_levels(wanted: &StringMap, observed: &Observed) -> bool {
    let none = StringMap::new();
    observed.members.acr_mapping.as_ref().unwrap_or(&none) == wanted
}
