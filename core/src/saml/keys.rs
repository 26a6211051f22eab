//! Checks the signing keys of an identity provider and the validity of their certificates.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    time::SystemTime,
};

use roxmltree::Node;

use super::{Findings, MetadataError, SAML, certificate::Certificate, date, named};

/// The longest certificate that Cognito accepts, in characters.
const CERTIFICATE_MAX: usize = 4_096;
/// The namespace of XML signatures. SAML libraries ignore key elements outside it.
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Checks the keys in these `KeyDescriptor` elements.
pub(super) fn inspect(descriptors: &[Node<'_, '_>], now: SystemTime, findings: &mut Findings) {
    let descriptors: Vec<_> = descriptors.iter().copied().filter(may_sign).collect();
    let infos: Vec<_> = descriptors
        .iter()
        .flat_map(|descriptor| children(*descriptor, "KeyInfo"))
        .collect();
    if infos.is_empty() {
        let mut deeper = descriptors.iter().flat_map(|key| named(*key, "KeyInfo"));
        if deeper.next().is_some() {
            findings.warn("has a signing key without an X509Certificate");
        } else {
            findings.errors.push(MetadataError::NoCertificate);
        }
        return;
    }
    let mut uses = descriptors.iter().filter_map(|key| key.attribute("use"));
    if !uses.all(is_signing) {
        findings.warn("has a KeyDescriptor whose use is neither signing nor encryption");
    }
    let keys: Vec<Key> = infos.into_iter().map(Key::read).collect();
    inspect_certificates(&keys, findings);
    inspect_dates(&keys, now, findings);
}

/// Returns whether the pool may verify assertions with the key. A use that SAML does not define
/// does not exclude it.
fn may_sign(descriptor: &Node<'_, '_>) -> bool {
    let used = descriptor.attribute("use");
    !used.is_some_and(|used| used.eq_ignore_ascii_case("encryption"))
}

fn is_signing(used: &str) -> bool {
    used.eq_ignore_ascii_case("signing")
}

/// Returns whether SAML libraries miss the key, or a part of it, because of its namespace.
fn is_misplaced(info: Node<'_, '_>) -> bool {
    let data = || children(info, "X509Data");
    let certificates = data().flat_map(|data| children(data, "X509Certificate"));
    let mut elements = iter::once(info).chain(data()).chain(certificates);
    elements.any(|element| element.tag_name().namespace() != Some(SIGNATURE))
}

/// Returns the child elements with this name, whatever their namespace.
fn children<'a, 'input>(
    within: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    let children = within.children();
    children.filter(move |node| node.is_element() && node.tag_name().name() == name)
}

/// A `KeyInfo`: a key, its certificate, and possibly the certificates of the issuing authorities.
struct Key {
    /// The length of each certificate, in characters.
    lengths: Vec<usize>,
    /// The certificates; `None` for one that cannot be read.
    certificates: Vec<Option<Certificate>>,
    /// Whether it holds a key that SAML libraries find, but no certificate.
    is_bare: bool,
    is_misplaced: bool,
}

impl Key {
    fn read(info: Node<'_, '_>) -> Self {
        let is_in = |node: &Node<'_, '_>, namespace| node.tag_name().namespace() == Some(namespace);
        let is_seen = is_in(&info, SIGNATURE)
            && info
                .parent()
                .is_some_and(|descriptor| is_in(&descriptor, SAML));
        let data = children(info, "X509Data").filter(|data| is_seen && is_in(data, SIGNATURE));
        let certificates = data.flat_map(|data| children(data, "X509Certificate"));
        let texts: Vec<String> = certificates
            .filter(|certificate| is_in(certificate, SIGNATURE))
            .map(text)
            .collect();
        let certificates = texts.iter().flat_map(|text| match Certificate::read(text) {
            Some(read) => read.into_iter().map(Some).collect(),
            None => vec![None],
        });
        let is_misplaced = is_misplaced(info);
        Self {
            is_misplaced,
            certificates: certificates.collect(),
            is_bare: is_seen && texts.is_empty() && !is_misplaced,
            lengths: texts.iter().map(String::len).collect(),
        }
    }

    /// Returns the certificates of the signing key: those that issued none of the others. If that
    /// is inconclusive, returns the first that is not an authority's, because SAML libraries use
    /// the first.
    fn signing(&self) -> (Vec<&Certificate>, Certainty) {
        let read: Vec<&Certificate> = self.certificates.iter().flatten().collect();
        if read.len() == self.certificates.len() {
            let leaves = leaves(&read);
            // An authority may have issued another of them through a certificate that is missing.
            let (authorities, others): (Vec<_>, Vec<_>) = leaves
                .iter()
                .copied()
                .partition(|certificate| certificate.is_authority);
            let is_issued = others.iter().any(|other| !other.is_self_issued());
            if is_issued && !authorities.is_empty() {
                return (others, Certainty::Assumed);
            }
            if !leaves.is_empty() {
                return (leaves, Certainty::Known);
            }
        }
        let is_authority = |certificate: &&Option<Certificate>| {
            certificate.as_ref().is_some_and(|c| c.is_authority)
        };
        let mut others = self.certificates.iter().filter(|c| !is_authority(c));
        let first = others.next().or_else(|| self.certificates.first());
        let first = first.and_then(Option::as_ref);
        (first.into_iter().collect(), Certainty::Assumed)
    }

    /// Returns whether the key may have a valid certificate.
    fn may_be_valid(&self, now: SystemTime) -> bool {
        let is_valid = |certificate: &Certificate| certificate.not_after >= now;
        match self.signing() {
            (signing, Certainty::Known) => signing.into_iter().any(is_valid),
            (_, Certainty::Assumed) => {
                self.certificates.is_empty()
                    || self
                        .certificates
                        .iter()
                        .any(|certificate| certificate.as_ref().is_none_or(is_valid))
            }
        }
    }
}

/// Certainty about which of several certificates belongs to the signing key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Known,
    Assumed,
}

/// Returns the certificates that issued none of the others. The issuer of a self-issued certificate
/// is any certificate with the same name and key.
fn leaves<'a>(chain: &[&'a Certificate]) -> Vec<&'a Certificate> {
    let (own, others): (Vec<&Certificate>, Vec<_>) = chain
        .iter()
        .copied()
        .partition(|certificate| certificate.is_self_issued());
    let issuers: BTreeSet<_> = others
        .iter()
        .map(|certificate| &certificate.issuer)
        .collect();
    let mut keys = BTreeMap::<_, usize>::new();
    for certificate in own {
        *keys
            .entry((&certificate.subject, &certificate.key))
            .or_default() += 1;
    }
    let issued_one = |certificate: &Certificate| {
        let same = keys.get(&(&certificate.subject, &certificate.key));
        issuers.contains(&certificate.subject)
            || same.copied().unwrap_or(0) > usize::from(certificate.is_self_issued())
    };
    let all = chain.iter().copied();
    all.filter(|certificate| !issued_one(certificate)).collect()
}

fn inspect_certificates(keys: &[Key], findings: &mut Findings) {
    if keys.iter().any(|key| key.is_misplaced) {
        findings.warn("has a signing key outside the XML signature namespace");
    }
    if keys.iter().any(|key| key.is_bare) {
        findings.warn("has a signing key without an X509Certificate");
    }
    let mut lengths = keys.iter().flat_map(|key| &key.lengths);
    if lengths.any(|length| *length > CERTIFICATE_MAX) {
        findings.warn(format!(
            "has a signing certificate of more than {CERTIFICATE_MAX} characters"
        ));
    }
    let certificates = || keys.iter().flat_map(|key| &key.certificates);
    let unread = certificates().filter(|certificate| certificate.is_none());
    let unread = unread.count();
    if unread > 0 {
        findings.warn(format!(
            "has signing certificates that cannot be read: {unread} of {}",
            certificates().count()
        ));
    }
    let mut signing = keys.iter().flat_map(|key| key.signing().0);
    if signing.any(|certificate| certificate.is_unusual) {
        findings
            .warn("has a signing certificate in an unusual encoding that some libraries reject");
    }
}

fn inspect_dates(keys: &[Key], now: SystemTime, findings: &mut Findings) {
    let mut signing: Vec<_> = keys.iter().flat_map(|key| key.signing().0).collect();
    signing.sort_by_key(|certificate| certificate.not_after);
    let (Some(first), Some(last)) = (signing.first(), signing.last()) else {
        return;
    };
    // An expired certificate needs no attention while another is valid.
    let next = signing
        .iter()
        .find(|certificate| certificate.not_after >= now);
    findings.metadata.certificate_not_after = date(next.unwrap_or(last).not_after);
    let last_day = date(last.not_after).unwrap_or_default();
    if !keys.iter().any(|key| key.may_be_valid(now)) {
        findings.errors.push(MetadataError::Expired(last_day));
    } else if first.not_after < now {
        let day = date(first.not_after).unwrap_or_default();
        findings.warn(format!("has a signing certificate that expired on {day}"));
    } else if signing
        .iter()
        .all(|certificate| certificate.not_before > now)
    {
        findings.warn("has no signing certificate that is valid yet");
    }
}

/// Returns the text of an element without white space, which certificates may contain anywhere.
fn text(element: Node<'_, '_>) -> String {
    let texts = element
        .children()
        .filter(Node::is_text)
        .map(|child| child.text());
    texts
        .flatten()
        .flat_map(str::split_ascii_whitespace)
        .collect()
}
