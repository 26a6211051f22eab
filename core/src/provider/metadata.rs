//! Checks the SAML metadata of a provider together with its other details.

use std::{collections::BTreeMap, time::SystemTime};

use serde_json::Value;

use super::{Declared, PropertyError, PropertyErrors, Provider, ProviderType};
use crate::{
    details::{Details, METADATA_FILE},
    saml::{self, Findings, Metadata, MetadataError},
};

/// The treatment of metadata whose signing certificates have all expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiredCertificates {
    /// An error, for a document that is new to this resource.
    Refuse,
    /// A warning, for a document that may be years old. A rollback restores old metadata and an
    /// adoption keeps existing metadata; a certificate that has expired since must not prevent
    /// either.
    Warn,
}

impl ExpiredCertificates {
    /// Returns the treatment for a Create, which warns if it may adopt a provider.
    pub const fn on_create(adopts: bool) -> Self {
        if adopts { Self::Warn } else { Self::Refuse }
    }
}

/// Checks the metadata of a provider, if it has any.
pub fn check_metadata(
    provider: &Provider,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Findings {
    match provider.kind {
        ProviderType::Saml => check_details_metadata(&provider.details, expired, now),
        _ => Findings::default(),
    }
}

/// Checks the metadata in the details of a SAML provider.
pub(crate) fn check_details_metadata(
    details: &Details,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Findings {
    let Some(document) = details.expose(METADATA_FILE) else {
        return Findings::default();
    };
    let given = |key| details.expose(key).is_some_and(|value| !value.is_empty());
    let mut findings = saml::check(document, now);
    if given("SSORedirectBindingURI") {
        findings
            .errors
            .retain(|error| *error != MetadataError::NoRedirect);
    }
    if expired == ExpiredCertificates::Warn {
        let is_expired = |error: &mut MetadataError| matches!(error, MetadataError::Expired(_));
        let expired = findings.errors.extract_if(.., is_expired);
        findings
            .warnings
            .extend(expired.map(|error| error.to_string()));
    }
    if given("MetadataURL") {
        // Cognito does not document which of the two it uses.
        findings.demote_errors();
        findings.metadata = Metadata::default();
    }
    findings
}

/// The errors and warnings of a check of properties.
#[derive(Debug, Default)]
pub struct CheckedProperties {
    /// The errors, for which the function rejects the properties.
    pub errors: Vec<PropertyError>,
    /// The warnings about metadata given by value. Their texts do not name the key.
    pub warnings: Vec<String>,
}

/// Checks properties, including metadata given by value.
pub fn check_properties(
    properties: &Value,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> CheckedProperties {
    let mut errors = match Declared::try_from(properties) {
        Ok(_) => Vec::new(),
        Err(PropertyErrors(errors)) => errors,
    };
    let found = check_inline_metadata(properties, expired, now);
    errors.extend(found.errors.into_iter().map(PropertyError::Metadata));
    CheckedProperties {
        errors,
        warnings: found.warnings,
    }
}

/// Checks metadata given by value, in properties that may have other errors.
pub(crate) fn check_inline_metadata(
    properties: &Value,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Findings {
    let map = |property| properties.get(property).and_then(Value::as_object);
    let given = map("ProviderDetails").into_iter().flatten();
    let given = given.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
    // Keys that are read from a source or hold an unresolved reference count as present.
    let sources = map("ProviderDetailsFrom").into_iter().flatten();
    let elsewhere = sources.map(|(key, _)| (key.as_str(), "unknown"));
    let mut details: BTreeMap<_, _> = elsewhere.filter(|(key, _)| *key != METADATA_FILE).collect();
    details.extend(given.filter(|(key, value)| {
        let is_reference = value.contains("{{resolve:");
        *key != METADATA_FILE || !is_reference
    }));
    if properties.get("ProviderType").and_then(Value::as_str) != Some(ProviderType::Saml.as_str()) {
        return Findings::default();
    }
    check_details_metadata(&details.into_iter().collect(), expired, now)
}
