//! Parses the previous properties of a resource, which an older handler may have accepted in
//! another form.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Declared, Members, ProviderType, text};
use crate::{details::Details, physical_id::ProviderId};

/// The readable parts of the previous properties of a resource.
#[derive(Debug, Clone, Default)]
pub struct Previous {
    /// The pool and the name, if both are valid.
    pub id: Option<ProviderId>,
    /// `ProviderType`, if it is valid.
    pub kind: Option<ProviderType>,
    /// The `ProviderDetails` in the template.
    pub details: Details,
    /// The keys of `ProviderDetailsFrom`.
    pub sources: BTreeSet<String>,
    /// The optional members that were declared.
    pub members: Members,
    /// Whether this handler rejects the properties and therefore never applied them.
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
