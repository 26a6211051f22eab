//! The SAML metadata of a provider, with what else its details say.

use std::{collections::BTreeMap, time::SystemTime};

use serde_json::Value;

use super::{Declared, Problem, Problems, Provider, ProviderType};
use crate::{
    details::{Details, METADATA_FILE},
    saml::{self, Findings, Metadata, MetadataError},
};

/// What comes of metadata whose certificates have all expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiredCertificates {
    /// They are refused: the document is new here.
    Refuse,
    /// It is a warning. The document may have been here for years: a rollback brings back what there
    /// was, an adoption takes over what there is, and neither is to be kept from it by a certificate
    /// that has expired meanwhile.
    Warn,
}

impl ExpiredCertificates {
    /// Returns what holds for a Create, which may adopt a provider.
    pub const fn on_create(adopts: bool) -> Self {
        if adopts { Self::Warn } else { Self::Refuse }
    }
}

/// Looks at the metadata of a provider, if it has any.
pub fn check_metadata(
    provider: &Provider,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Findings {
    match provider.kind {
        ProviderType::Saml => check_metadata_of(&provider.details, expired, now),
        _ => Findings::default(),
    }
}

/// Looks at the metadata in the details of a SAML provider.
pub(crate) fn check_metadata_of(
    details: &Details,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Findings {
    let Some(document) = details.expose(METADATA_FILE) else {
        return Findings::default();
    };
    let given = |key| details.expose(key).is_some_and(|value| !value.is_empty());
    let mut findings = saml::read(document, now);
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
        // Which of the two Cognito goes by is not published.
        findings.demote_errors();
        findings.metadata = Metadata::default();
    }
    findings
}

/// What is wrong with properties, and what looks wrong.
#[derive(Debug, Default)]
pub struct CheckedProperties {
    /// Everything that the function refuses.
    pub problems: Vec<Problem>,
    /// What looks wrong with the metadata that are given by value, without the name of their key.
    pub warnings: Vec<String>,
}

/// Checks properties, the metadata that are given by value included.
pub fn check_properties(
    properties: &Value,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> CheckedProperties {
    let mut problems = match Declared::try_from(properties) {
        Ok(_) => Vec::new(),
        Err(Problems(problems)) => problems,
    };
    let found = check_given_metadata(properties, expired, now);
    problems.extend(found.errors.into_iter().map(Problem::Metadata));
    CheckedProperties {
        problems,
        warnings: found.warnings,
    }
}

/// Checks metadata that are given by value, in properties that may have other problems.
pub(crate) fn check_given_metadata(
    properties: &Value,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Findings {
    let map = |property| properties.get(property).and_then(Value::as_object);
    let given = map("ProviderDetails").into_iter().flatten();
    let given = given.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
    // What is read elsewhere, or resolved by nobody, is there all the same.
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
    check_metadata_of(&details.into_iter().collect(), expired, now)
}
