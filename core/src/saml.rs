//! `MetadataFile`, read before it is sent: the mistakes that Cognito would not take are named, and
//! everything else that looks wrong is a line in the log.
//!
//! Which is which, and why, is in `docs/decisions/0011-saml-metadata.md`. No text from here quotes
//! the document.

mod certificate;
mod cost;
mod declaration;
mod descriptor;
mod keys;

use std::{collections::BTreeSet, time::SystemTime};

use roxmltree::{Document, Node, ParsingOptions};
use time::{UtcDateTime, format_description::well_known::Rfc3339};

use crate::{details::VALUE_MAX, text::document};

/// More than fit into the 131,072 characters that Cognito takes, with something in them.
const NODES_MAX: u32 = 100_000;
/// Metadata have a handful. What the parser does for nested ones grows with the cube of their number,
/// and nothing could stop it.
const PREFIXES_MAX: usize = 50;

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

/// A document that Cognito would not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// No XML parser takes it.
    #[error("is not well-formed XML (line {0})")]
    NotXml(u32),
    /// XML of another kind.
    #[error("is not SAML metadata: its root is neither EntityDescriptor nor EntitiesDescriptor")]
    NotSaml,
    /// Its elements mean nothing to a SAML library.
    #[error(
        "is not SAML metadata to Cognito: its root has no namespace, and needs \
         xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" or a prefix for it"
    )]
    NoNamespace,
    /// Metadata of something else, of a service provider say.
    #[error("describes no identity provider: it has no IDPSSODescriptor")]
    NoProvider,
    /// Nowhere to send a user to.
    #[error("has no SingleSignOnService with the HTTP-Redirect binding, which Cognito needs")]
    NoRedirect,
    /// Nothing to verify an assertion with.
    #[error(
        "has no signing certificate: its IDPSSODescriptor needs a KeyDescriptor with \
         use=\"signing\", or without use, that holds an X509Certificate"
    )]
    NoCertificate,
    /// Cognito takes no expired certificate.
    #[error("has no signing certificate that is still valid: the last expired on {0}")]
    Expired(String),
}

/// What a document says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The `entityID` of the identity provider, if there is one.
    pub entity_id: Option<String>,
    /// When the next of the signing certificates expires, or the last has expired, in ISO 8601.
    pub certificate_not_after: Option<String>,
}

/// What came of looking at a document.
#[derive(Debug, Default)]
pub struct Findings {
    /// What Cognito would not take.
    pub errors: Vec<MetadataError>,
    /// What it may not take, or may not work with.
    pub warnings: Vec<String>,
    /// What is known of it.
    pub metadata: Metadata,
}

impl Findings {
    fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Leaves the verdict to Cognito.
    pub(crate) fn demote_errors(&mut self) {
        let errors = self.errors.drain(..);
        self.warnings.extend(errors.map(|error| error.to_string()));
    }
}

/// Looks at a document.
pub fn read(text: &str, now: SystemTime) -> Findings {
    let mut findings = Findings::default();
    let document = document(text);
    if document.chars().count() > VALUE_MAX {
        // That is a problem of its own, and said elsewhere.
        return findings;
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        ..ParsingOptions::default()
    };
    // White space before it is not the document's, and YAML leaves a line break easily.
    let trimmed = document.trim_start();
    let before = text.len() - trimmed.len();
    let lines_before = text
        .bytes()
        .take(before)
        .filter(|byte| *byte == b'\n')
        .count();
    if declaration::misleads(trimmed) {
        findings.warn("declares an encoding that is not UTF-8");
    }
    let excess = match cost::excess(trimmed) {
        None if prefixes(trimmed) > PREFIXES_MAX => Some("namespace prefixes"),
        excess => excess,
    };
    if let Some(what) = excess {
        findings.warn(format!("has too many {what} and was not checked"));
        return findings;
    }
    match Document::parse_with_options(trimmed, options) {
        Ok(parsed) => descriptor::inspect(&parsed, now, &mut findings),
        Err(error) => {
            let line = error
                .pos()
                .row
                .saturating_add(u32::try_from(lines_before).unwrap_or(0));
            malformed(&error, text, line, &mut findings);
        }
    }
    findings
}

/// How many namespace prefixes are declared, at most.
fn prefixes(text: &str) -> usize {
    let declarations = text.split("xmlns:").skip(1);
    let names = declarations.map(|rest| rest.split(['=', ' ', '\t', '\r', '\n']).next());
    names.collect::<BTreeSet<_>>().len()
}

/// Not everything that this parser refuses is refused by all.
fn malformed(error: &roxmltree::Error, text: &str, line: u32, findings: &mut Findings) {
    use roxmltree::Error::{
        AttributesLimitReached, DtdDetected, DuplicatedNamespace, InvalidElementNamePrefix,
        InvalidXmlPrefixUri, NamespacesLimitReached, NodesLimitReached, UnexpectedXmlUri,
        UnexpectedXmlnsUri, UnknownNamespace,
    };
    match error {
        DtdDetected => findings.warn("has a document type definition, and was not looked at"),
        NodesLimitReached | AttributesLimitReached | NamespacesLimitReached => {
            findings.warn("has too many elements to be looked at");
        }
        InvalidXmlPrefixUri(_)
        | UnexpectedXmlUri(_)
        | UnexpectedXmlnsUri(_)
        | InvalidElementNamePrefix(_)
        | DuplicatedNamespace(..)
        | UnknownNamespace(..) => {
            findings.warn(format!(
                "has a namespace that is not declared well (line {line})"
            ));
        }
        // Cognito's reference asks for escaped quotes, and may take them back.
        _ if text.contains("=\\\"") => {
            findings.warn("has quotes that are escaped by backslashes, and was not looked at");
        }
        _ => findings.errors.push(MetadataError::NotXml(line)),
    }
}

/// The elements of that name in an element, whatever their prefix and however deep.
fn named<'a, 'input>(
    within: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    within
        .descendants()
        .filter(move |node| node.is_element() && node.tag_name().name() == name)
}

fn date(time: SystemTime) -> Option<String> {
    UtcDateTime::from(time).format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests;
