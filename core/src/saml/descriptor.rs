//! Checks the descriptors of an identity provider: its entity id, its endpoints and its validity.

use std::{collections::BTreeSet, time::SystemTime};

use roxmltree::{Document, Node};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Findings, MetadataError, SAML, date, keys, named};

const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// The protocol that an identity provider must support for Cognito.
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// Checks a parsed document.
pub(super) fn inspect(document: &Document<'_>, now: SystemTime, findings: &mut Findings) {
    let root = document.root_element();
    match root.tag_name().name() {
        "EntityDescriptor" => {}
        "EntitiesDescriptor" => findings.warn("is an EntitiesDescriptor, not an EntityDescriptor"),
        _ => return findings.errors.push(MetadataError::NotSaml),
    }
    match root.tag_name().namespace() {
        Some(SAML) => {}
        None => findings.errors.push(MetadataError::NoNamespace),
        Some(_) => findings.warn("has a root element outside the SAML metadata namespace"),
    }
    let providers: Vec<_> = named(root, "IDPSSODescriptor").collect();
    let Some(first) = providers.first() else {
        return findings.errors.push(MetadataError::NoProvider);
    };
    inspect_validity(&providers, now, findings);
    let entity = |provider: &Node<'_, '_>| provider.parent().map(|entity| entity.id());
    if providers
        .iter()
        .any(|provider| entity(provider) != entity(first))
    {
        // Cognito does not document which one it uses.
        return findings.warn("describes several identity providers");
    }
    let entity_id = first
        .parent()
        .and_then(|entity| entity.attribute("entityID"))
        .filter(|id| !id.is_empty());
    if entity_id.is_none() {
        findings.warn("has no entityID");
    }
    findings.metadata.entity_id = entity_id.map(ToOwned::to_owned);

    let within = |name| {
        providers
            .iter()
            .flat_map(move |provider| named(*provider, name))
    };
    let services: Vec<_> = within("SingleSignOnService").collect();
    let keys: Vec<_> = within("KeyDescriptor").collect();
    if root.tag_name().namespace() == Some(SAML) {
        let around = providers.iter().flat_map(Node::ancestors);
        let elements = around.filter(Node::is_element);
        inspect_namespaces(
            elements.chain(services.iter().chain(&keys).copied()),
            findings,
        );
    }
    inspect_protocol(&providers, findings);
    inspect_services(&services, findings);
    keys::inspect(&keys, now, findings);
}

/// Checks `validUntil` of the providers and of the elements that contain them.
fn inspect_validity(providers: &[Node<'_, '_>], now: SystemTime, findings: &mut Findings) {
    let elements: BTreeSet<_> = providers.iter().flat_map(Node::ancestors).collect();
    let ends = elements
        .iter()
        .filter_map(|element| element.attribute("validUntil"));
    let (mut earliest, mut is_unread) = (None, false);
    for end in ends.map(date_time) {
        match end {
            Some(end) => earliest = Some(earliest.map_or(end, |earliest| end.min(earliest))),
            None => is_unread = true,
        }
    }
    if let Some(end) = earliest.filter(|end| *end < now) {
        let end = date(end).unwrap_or_default();
        findings.warn(format!("has a validUntil in the past: {end}"));
    }
    if is_unread {
        findings.warn("has a validUntil that is not a date and time");
    }
}

/// Checks the namespaces of elements that SAML libraries find by name and namespace.
fn inspect_namespaces<'a, 'input: 'a>(
    mut elements: impl Iterator<Item = Node<'a, 'input>>,
    findings: &mut Findings,
) {
    if elements.any(|element| element.tag_name().namespace() != Some(SAML)) {
        findings.warn("has elements outside the SAML metadata namespace");
    }
}

fn inspect_protocol(providers: &[Node<'_, '_>], findings: &mut Findings) {
    let protocols = providers
        .iter()
        .filter_map(|provider| provider.attribute("protocolSupportEnumeration"));
    let mut protocols = protocols.flat_map(str::split_ascii_whitespace);
    if !protocols.any(|protocol| protocol == PROTOCOL) {
        findings.warn(format!(
            "has an IDPSSODescriptor without {PROTOCOL} in protocolSupportEnumeration"
        ));
    }
}

fn inspect_services(services: &[Node<'_, '_>], findings: &mut Findings) {
    let has_location = |service: &Node<'_, '_>| {
        let location = service.attribute("Location");
        location.is_some_and(|location| !location.trim().is_empty())
    };
    if !services.iter().all(has_location) {
        findings.warn("has a SingleSignOnService without Location");
    }
    let mut bindings = services
        .iter()
        .filter_map(|service| service.attribute("Binding"));
    if !bindings.any(|binding| binding == REDIRECT) {
        findings.errors.push(MetadataError::NoRedirect);
    }
}

/// Parses an XML date and time. Without a zone it is in UTC, as SAML requires.
fn date_time(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339);
    let moment = read(text).or_else(|_| read(&format!("{text}Z")));
    moment.ok().map(SystemTime::from)
}
