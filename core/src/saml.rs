//! Checks a `MetadataFile` before it is sent: contents that Cognito rejects are errors, and
//! everything else that looks wrong is a warning in the log.
//!
//! `docs/decisions/0011-saml-metadata.md` lists both and gives the reasons. No message quotes the
//! document.

mod certificate;
mod cost;
mod declaration;
mod descriptor;
mod keys;

use std::{collections::BTreeSet, time::SystemTime};

use roxmltree::{Document, Node, ParsingOptions};
use time::{UtcDateTime, format_description::well_known::Rfc3339};

use crate::{details::VALUE_MAX, text::document};

/// The most nodes to parse: more than fit, with content, into the 131,072 characters that Cognito
/// accepts.
const NODES_MAX: u32 = 100_000;
/// The most namespace prefixes to parse; metadata have a handful. The parser's work for nested
/// prefixes grows with the cube of their number and cannot be interrupted.
const PREFIXES_MAX: usize = 50;

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

/// A reason why Cognito would reject a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// The document is not well-formed XML. Holds the line of the first error.
    #[error("is not well-formed XML (line {0})")]
    NotXml(u32),
    /// There is no text.
    #[error("is empty")]
    Empty,
    /// The text is a URL.
    #[error("is a URL: give it as ProviderDetails.MetadataURL, or give the document that is there")]
    Url,
    /// The text has no markup at all, such as a file's name.
    #[error("is not XML: it must be the text of the metadata, not the name of a file")]
    NoMarkup,
    /// The root element is not a SAML metadata element.
    #[error("is not SAML metadata: its root is neither EntityDescriptor nor EntitiesDescriptor")]
    NotSaml,
    /// The root element has no namespace, so SAML libraries do not recognise it.
    #[error(
        "is not SAML metadata: its root element has no namespace; declare \
         xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" or a prefix bound to it"
    )]
    NoNamespace,
    /// The metadata describe something else, such as a service provider.
    #[error("describes no identity provider: it has no IDPSSODescriptor")]
    NoProvider,
    /// There is no endpoint to redirect a user to.
    #[error(
        "has no SingleSignOnService with the HTTP-Redirect binding: add one, or set ProviderDetails.SSORedirectBindingURI"
    )]
    NoRedirect,
    /// There is no certificate to verify an assertion with.
    #[error(
        "has no signing certificate: its IDPSSODescriptor needs a KeyDescriptor with \
         use=\"signing\", or without use, that holds an X509Certificate"
    )]
    NoCertificate,
    /// Every signing certificate has expired, and Cognito rejects those. Holds the last expiry.
    #[error("has only expired signing certificates; the last one expired on {0}")]
    Expired(String),
}

/// Facts read from a metadata document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The `entityID` of the identity provider, if there is one.
    pub entity_id: Option<String>,
    /// The next expiry of a signing certificate, or the last one if all have expired, in ISO 8601.
    pub certificate_not_after: Option<String>,
}

/// The results of checking a document.
#[derive(Debug, Default)]
pub struct Findings {
    /// Reasons why Cognito would reject the document.
    pub errors: Vec<MetadataError>,
    /// Contents that Cognito may reject or may not work with.
    pub warnings: Vec<String>,
    /// Facts read from the document.
    pub metadata: Metadata,
}

impl Findings {
    fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Turns errors into warnings, which leaves the verdict to Cognito.
    pub(crate) fn demote_errors(&mut self) {
        let errors = self.errors.drain(..);
        self.warnings.extend(errors.map(|error| error.to_string()));
    }
}

/// Checks a metadata document.
pub fn check(text: &str, now: SystemTime) -> Findings {
    let mut findings = Findings::default();
    let document = document(text);
    if document.chars().count() > VALUE_MAX {
        // The rule for the length of a value reports this.
        return findings;
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES_MAX,
        entity_resolver: None,
    };
    // Leading white space is not part of the document; YAML easily adds a line break.
    let trimmed = document.trim_start();
    let before = text.len() - trimmed.len();
    let lines_before = text
        .bytes()
        .take(before)
        .filter(|byte| *byte == b'\n')
        .count();
    if declaration::declares_wrong_encoding(trimmed) {
        findings.warn(
            "declares an encoding other than UTF-8, in which its text would read differently",
        );
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

/// Returns an upper bound for the number of declared namespace prefixes.
fn prefixes(text: &str) -> usize {
    let declarations = text.split("xmlns:").skip(1);
    let names = declarations.map(|rest| rest.split(['=', ' ', '\t', '\r', '\n']).next());
    names.collect::<BTreeSet<_>>().len()
}

/// Reports a parser error, as a warning if other parsers may accept the document.
fn malformed(error: &roxmltree::Error, text: &str, line: u32, findings: &mut Findings) {
    use roxmltree::Error::{
        AttributesLimitReached, DtdDetected, DuplicatedNamespace, InvalidElementNamePrefix,
        InvalidXmlPrefixUri, NamespacesLimitReached, NodesLimitReached, UnexpectedXmlUri,
        UnexpectedXmlnsUri, UnknownNamespace,
    };
    match error {
        // A page that was saved in place of the metadata, such as a login or an error page.
        DtdDetected if is_html(text) => findings.errors.push(MetadataError::NotSaml),
        DtdDetected => findings.warn("has a DOCTYPE and was not checked"),
        NodesLimitReached | AttributesLimitReached | NamespacesLimitReached => {
            findings.warn("has too many elements and was not checked");
        }
        InvalidXmlPrefixUri(_)
        | UnexpectedXmlUri(_)
        | UnexpectedXmlnsUri(_)
        | InvalidElementNamePrefix(_)
        | DuplicatedNamespace(..)
        | UnknownNamespace(..) => {
            findings.warn(format!(
                "has an undeclared or invalid namespace prefix (line {line})"
            ));
        }
        // Cognito's API reference asks for escaped quotes, so Cognito may unescape them.
        _ if text.contains("=\\\"") => {
            findings.warn("has quotes that are escaped by backslashes, and was not looked at");
        }
        _ if !text.contains('<') => findings.errors.push(without_markup(text)),
        _ => findings.errors.push(MetadataError::NotXml(line)),
    }
}

/// Returns what is wrong with a text in which no element begins.
fn without_markup(text: &str) -> MetadataError {
    let text = text.trim_start();
    if text.is_empty() {
        return MetadataError::Empty;
    }
    let is_url = ["https://", "http://"].iter().any(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if is_url {
        MetadataError::Url
    } else {
        MetadataError::NoMarkup
    }
}

/// Returns whether a document begins, after an XML declaration, with a DOCTYPE of HTML.
fn is_html(text: &str) -> bool {
    let declared = text.trim_start().strip_prefix("<?xml");
    let text = declared
        .and_then(|rest| rest.split_once("?>"))
        .map_or(text, |(_, rest)| rest);
    let name = text.trim_start().strip_prefix("<!DOCTYPE");
    name.and_then(|name| name.trim_start().get(..4))
        .is_some_and(|name| name.eq_ignore_ascii_case("html"))
}

/// Returns the descendants with this name, whatever their prefix.
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
