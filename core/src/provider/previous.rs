//! The previous properties of a resource, in whatever shape an older handler left them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Declared, Members, ProviderType, text};
use crate::{details::Details, physical_id::ProviderId};

/// What the previous properties of a resource said, as far as it can be read.
#[derive(Debug, Clone, Default)]
pub struct Previous {
    /// Pool and name, if they can be read.
    pub id: Option<ProviderId>,
    /// `ProviderType`, if it is one.
    pub kind: Option<ProviderType>,
    /// `ProviderDetails`, as given in the template.
    pub details: Details,
    /// The keys of `ProviderDetailsFrom`.
    pub sources: BTreeSet<String>,
    /// Which optional members were declared, and with what.
    pub members: Members,
    /// Whether this handler refuses such properties, so that it has never applied them.
    pub is_refused: bool,
}

impl From<&Value> for Previous {
    fn from(properties: &Value) -> Self {
        let property = |key| properties.get(key).filter(|value| !value.is_null());
        let string = |key| property(key).and_then(text);
        let id = || {
            let id = format!("{}|{}", string("UserPoolId")?, string("ProviderName")?);
            id.parse().ok()
        };
        let entries = |value: &Value| {
            let entries = value.as_object().into_iter().flatten();
            let entries = entries.filter_map(|(key, value)| Some((key.clone(), text(value)?)));
            entries.collect::<Vec<_>>()
        };
        let map = |key| property(key).map(|value| entries(value).into_iter().collect());
        let list = |key| {
            property(key).map(|value| {
                let items = value.as_array().into_iter().flatten();
                items.filter_map(text).collect()
            })
        };
        let details = property("ProviderDetails").map(entries).unwrap_or_default();
        let sources = property("ProviderDetailsFrom").and_then(Value::as_object);
        Self {
            id: id(),
            kind: string("ProviderType").and_then(|name| ProviderType::from_name(&name)),
            details: details.into_iter().collect(),
            sources: sources
                .into_iter()
                .flatten()
                .map(|(key, _)| key.clone())
                .collect(),
            members: Members {
                attribute_mapping: map("AttributeMapping"),
                idp_identifiers: list("IdpIdentifiers"),
                acr_mapping: map("AcrMapping"),
            },
            is_refused: Declared::try_from(properties).is_err(),
        }
    }
}
