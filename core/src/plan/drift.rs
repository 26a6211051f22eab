//! Drift: how a provider differs from its declaration, in CloudFormation's terms.

use std::collections::BTreeSet;

use super::{NEVER_RETURNED, Observed, compare::ADDED_MAPPING};
use crate::{
    details::Details,
    named::named,
    provider::{Declared, StringMap},
};

/// Stands for a value that must not be shown.
const HIDDEN: &str = "***";

named! {
    /// `StackResourceDriftStatus`.
    pub enum DriftStatus {
        InSync = "IN_SYNC",
        Modified = "MODIFIED",
        Deleted = "DELETED",
        NotChecked = "NOT_CHECKED",
    }
}

named! {
    /// `DifferenceType`.
    pub enum DifferenceType {
        Add = "ADD",
        Remove = "REMOVE",
        NotEqual = "NOT_EQUAL",
    }
}

/// One property that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyDifference {
    /// `PropertyPath`: a JSON pointer into the properties.
    pub path: String,
    /// The declared value, as far as it may be shown; `None` if it is not declared.
    pub expected: Option<String>,
    /// Cognito's value, as far as it may be shown; `None` if Cognito has none.
    pub actual: Option<String>,
}

impl PropertyDifference {
    /// Returns its type.
    pub const fn kind(&self) -> DifferenceType {
        match (&self.expected, &self.actual) {
            (None, _) => DifferenceType::Add,
            (Some(_), None) => DifferenceType::Remove,
            (Some(_), Some(_)) => DifferenceType::NotEqual,
        }
    }
}

/// The drift of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Whether there is any.
    pub status: DriftStatus,
    /// The properties that differ.
    pub differences: Vec<PropertyDifference>,
    /// The paths of declared values that Cognito never returns.
    pub not_compared: Vec<String>,
}

impl Drift {
    /// Compares a declaration that is complete with the provider, if it exists. Undeclared members, and
    /// keys that Cognito adds by itself, are not compared.
    pub fn new(declared: &Declared, observed: Option<&Observed>) -> Self {
        let Some(observed) = observed else {
            return Self {
                status: DriftStatus::Deleted,
                differences: Vec::new(),
                not_compared: Vec::new(),
            };
        };
        let desired = &declared.provider;
        let mut differences = Vec::new();
        if observed.kind != desired.kind.as_str() {
            differences.push(PropertyDifference {
                path: "/ProviderType".to_owned(),
                expected: Some(desired.kind.as_str().to_owned()),
                actual: Some(observed.kind.clone()),
            });
        }
        let not_compared = compare_details(&desired.details, &observed.details, &mut differences);
        let none = StringMap::new();
        let (wanted, found) = (&desired.members, &observed.members);
        if let Some(wanted) = &wanted.attribute_mapping {
            let mut found = found.attribute_mapping.clone().unwrap_or_default();
            if !wanted.contains_key(ADDED_MAPPING) {
                found.remove(ADDED_MAPPING);
            }
            compare_maps("AttributeMapping", wanted, &found, &mut differences);
        }
        if let Some(wanted) = &wanted.acr_mapping {
            let found = found.acr_mapping.as_ref().unwrap_or(&none);
            compare_maps("AcrMapping", wanted, found, &mut differences);
        }
        if let Some(wanted) = &wanted.idp_identifiers {
            let found = found.idp_identifiers.as_deref().unwrap_or_default();
            compare_lists("IdpIdentifiers", wanted, found, &mut differences);
        }
        // A mapping may repeat a secret.
        for value in differences
            .iter_mut()
            .flat_map(|difference| [&mut difference.expected, &mut difference.actual])
            .flatten()
        {
            *value = observed.details.redact(&desired.details.redact(value));
        }
        let status = if !differences.is_empty() {
            DriftStatus::Modified
        } else if not_compared.is_empty() {
            DriftStatus::InSync
        } else {
            DriftStatus::NotChecked
        };
        Self {
            status,
            differences,
            not_compared,
        }
    }
}

/// Compares the declared keys. Returns the paths of those that cannot be compared.
fn compare_details(
    desired: &Details,
    observed: &Details,
    differences: &mut Vec<PropertyDifference>,
) -> Vec<String> {
    let mut observed = observed.clone();
    observed.hide_secrets_of(desired);
    let mut not_compared = Vec::new();
    for (key, wanted) in desired.expose_all() {
        let path = pointer("ProviderDetails", key);
        let found = observed.expose(key);
        if found.is_none() && key == NEVER_RETURNED {
            not_compared.push(path);
        } else if found != Some(wanted) {
            // Where one of the two must not be shown, neither is.
            let is_shown = desired.public(key).is_some()
                && (found.is_none() || observed.public(key).is_some());
            let shown = |value: &str| if is_shown { value } else { HIDDEN }.to_owned();
            differences.push(PropertyDifference {
                path,
                expected: Some(shown(wanted)),
                actual: found.map(shown),
            });
        }
    }
    not_compared
}

fn compare_maps(
    property: &str,
    wanted: &StringMap,
    found: &StringMap,
    differences: &mut Vec<PropertyDifference>,
) {
    let keys: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    for key in keys {
        let (expected, actual) = (wanted.get(key), found.get(key));
        if expected != actual {
            differences.push(PropertyDifference {
                path: pointer(property, key),
                expected: expected.cloned(),
                actual: actual.cloned(),
            });
        }
    }
}

/// Compares lists whose order has no meaning.
fn compare_lists(
    property: &str,
    wanted: &[String],
    found: &[String],
    differences: &mut Vec<PropertyDifference>,
) {
    for (index, item) in wanted.iter().enumerate() {
        if !found.contains(item) {
            differences.push(PropertyDifference {
                path: format!("/{property}/{index}"),
                expected: Some(item.clone()),
                actual: None,
            });
        }
    }
    for (index, item) in found.iter().enumerate() {
        if !wanted.contains(item) {
            differences.push(PropertyDifference {
                path: format!("/{property}/{index}"),
                expected: None,
                actual: Some(item.clone()),
            });
        }
    }
}

/// Returns the JSON pointer (RFC 6901) of a key in a property.
pub fn pointer(property: &str, key: &str) -> String {
    let key = key.replace('~', "~0").replace('/', "~1");
    format!("/{property}/{key}")
}
