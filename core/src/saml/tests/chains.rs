//! Tests which of several certificates in one key sets the expiry date.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{der::*, *};
use crate::saml::certificate::Certificate;

/// Returns a document whose only signing key has these certificates.
fn chain(certificates: &[Parts<'_>]) -> String {
    let certificates: Vec<_> = certificates.iter().map(Parts::base64).collect();
    with_certificate(&certificates.join("</ds:X509Certificate><ds:X509Certificate>"))
}

fn until(document: &str) -> Option<String> {
    check(document, now()).metadata.certificate_not_after
}

const LEAF: Parts<'_> = Parts {
    issuer: "Issuing CA",
    key: "leaf",
    ..OWN
};
const ISSUING: Parts<'_> = Parts {
    issuer: "Root CA",
    subject: "Issuing CA",
    key: "issuing",
    is_authority: true,
    not_after: "280101000000Z",
    ..OWN
};
const ROOT: Parts<'_> = Parts {
    issuer: "Root CA",
    subject: "Root CA",
    key: "root",
    is_authority: true,
    not_after: "270101000000Z",
    ..OWN
};

#[test]
fn the_leaf_certificate_counts_in_any_order() {
    for certificates in [
        vec![LEAF, ISSUING, ROOT],
        vec![ROOT, ISSUING, LEAF],
        vec![ISSUING, LEAF],
        // The authority between them is left out.
        vec![ROOT, LEAF],
        vec![LEAF, ROOT],
        vec![LEAF],
        // The text of a name may be encoded in different ways.
        vec![
            Parts {
                text: PRINTABLE,
                subject: "ISSUING  CA",
                ..ISSUING
            },
            LEAF,
        ],
    ] {
        let document = chain(&certificates);
        assert_eq!(said(&document), (vec![], vec![]), "{certificates:?}");
        assert_eq!(until(&document).as_deref(), Some("2034-01-01T00:00:00Z"));
    }
}

#[test]
fn an_expired_authority_is_not_mentioned_and_an_expired_leaf_is_refused() {
    let expired = "200101000000Z";
    let authority = Parts {
        not_after: expired,
        ..ISSUING
    };
    assert_eq!(said(&chain(&[LEAF, authority])), (vec![], vec![]));
    let leaf = Parts {
        not_after: expired,
        ..LEAF
    };
    let document = chain(&[leaf, ISSUING]);
    let day = "2020-01-01T00:00:00Z";
    assert_eq!(refused(&document), MetadataError::Expired(day.to_owned()));
    assert_eq!(until(&document).as_deref(), Some(day));
}

#[test]
fn the_first_certificate_counts_if_names_are_inconclusive() {
    let renewed = Parts {
        not_after: "280101000000Z",
        ..OWN
    };
    let document = chain(&[OWN, renewed]);
    assert_eq!(said(&document), (vec![], vec![]));
    assert_eq!(until(&document).as_deref(), Some("2034-01-01T00:00:00Z"));
    // The choice is uncertain, so nothing is rejected while another certificate is valid.
    let expired = Parts {
        not_after: "200101000000Z",
        ..OWN
    };
    let document = chain(&[expired, OWN]);
    assert_eq!(
        doubted(&document),
        "has a signing certificate that expired on 2020-01-01T00:00:00Z"
    );
    assert_eq!(until(&document).as_deref(), Some("2020-01-01T00:00:00Z"));
    let document = chain(&[expired, expired]);
    assert!(matches!(refused(&document), MetadataError::Expired(_)));
}

#[test]
fn a_lone_authority_certificate_counts() {
    let own = Parts {
        is_authority: true,
        ..OWN
    };
    let document = chain(&[own]);
    assert_eq!(said(&document), (vec![], vec![]));
    assert_eq!(until(&document).as_deref(), Some("2034-01-01T00:00:00Z"));
    // Either of the two may sign, so nothing is rejected.
    let expired = Parts {
        not_after: "200101000000Z",
        ..LEAF
    };
    let document = chain(&[ROOT, expired]);
    assert_eq!(
        doubted(&document),
        "has a signing certificate that expired on 2020-01-01T00:00:00Z"
    );
    // An authority and a leaf of the same name and key.
    let renewed = Parts {
        not_after: "280101000000Z",
        ..own
    };
    let document = chain(&[renewed, OWN]);
    assert_eq!(until(&document).as_deref(), Some("2034-01-01T00:00:00Z"));
}

#[test]
fn certificates_of_different_keys_all_count() {
    let other = Parts {
        key: "other",
        not_after: "280101000000Z",
        ..OWN
    };
    let document = chain(&[OWN, other]);
    assert_eq!(said(&document), (vec![], vec![]));
    assert_eq!(until(&document).as_deref(), Some("2028-01-01T00:00:00Z"));
}

#[test]
fn a_certificate_that_cannot_be_read_may_be_the_one_that_signs() {
    let unread = "</ds:X509Certificate><ds:X509Certificate>MIIC";
    let document = with_certificate(&format!("{}{unread}", LEAF.base64()));
    assert_eq!(
        doubted(&document),
        "has signing certificates that cannot be read: 1 of 2"
    );
    assert_eq!(until(&document).as_deref(), Some("2034-01-01T00:00:00Z"));
    let ca = ISSUING.base64();
    for (first, second) in [("MIIC", ca.as_str()), (ca.as_str(), "MIIC")] {
        let between = "</ds:X509Certificate><ds:X509Certificate>";
        let document = with_certificate(&format!("{first}{between}{second}"));
        assert_eq!(
            doubted(&document),
            "has signing certificates that cannot be read: 1 of 2"
        );
        assert_eq!(until(&document), None);
    }
}

#[test]
fn a_pem_text_in_base64_may_have_a_chain() {
    let pem = |label: &str, certificate: Parts<'_>| {
        let body = certificate.base64();
        let (first, second) = body.split_at(64);
        format!("-----BEGIN {label}-----\r\n{first}\r\n{second}\r\n-----END {label}-----\r\n")
    };
    let ca = pem("CERTIFICATE", ISSUING);
    let leaf = pem("CERTIFICATE", LEAF);
    for text in [
        leaf.clone(),
        format!("{ca}{leaf}"),
        format!("Subject: CN=idp.example.com\n{leaf}"),
        format!("{}{leaf}", pem("EC PARAMETERS", ROOT)),
        pem("X509 CERTIFICATE", LEAF),
    ] {
        let document = with_certificate(&BASE64_STANDARD.encode(&text));
        assert_eq!(said(&document), (vec![], vec![]), "{text}");
        assert_eq!(until(&document).as_deref(), Some("2034-01-01T00:00:00Z"));
    }
    for text in [
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        &leaf.replacen('M', "?", 1),
        &pem("PUBLIC KEY", LEAF),
        &leaf.replace("END", "NO"),
    ] {
        let document = with_certificate(&BASE64_STANDARD.encode(text));
        assert_eq!(
            doubted(&document),
            "has signing certificates that cannot be read: 1 of 1"
        );
    }
}

#[test]
fn dates_are_read_in_every_form_of_asn1() {
    let unusual = "has a signing certificate in an unusual encoding that some libraries reject";
    for (not_after, until_date, warnings) in [
        ("491231235959Z", "2049-12-31T23:59:59Z", vec![]),
        ("20500101000000Z", "2050-01-01T00:00:00Z", vec![]),
        ("99991231235959Z", "9999-12-31T23:59:59Z", vec![]),
        ("340101000000+0130", "2033-12-31T22:30:00Z", vec![unusual]),
        ("3401010000-0030", "2034-01-01T00:30:00Z", vec![unusual]),
        ("3401010000Z", "2034-01-01T00:00:00Z", vec![unusual]),
        ("20340101000000-0200", "2034-01-01T02:00:00Z", vec![unusual]),
        ("20340101000000.5Z", "2034-01-01T00:00:00Z", vec![unusual]),
    ] {
        let certificate = Parts { not_after, ..OWN };
        let document = with_certificate(&certificate.base64());
        let warnings: Vec<String> = warnings.into_iter().map(str::to_owned).collect();
        assert_eq!(said(&document), (vec![], warnings), "{not_after}");
        assert_eq!(until(&document).as_deref(), Some(until_date));
    }
    for not_before in [
        "500101000000Z",
        "19490101000000Z",
        "600101000000Z",
        "00010101000000Z",
    ] {
        let certificate = Parts { not_before, ..OWN };
        let document = with_certificate(&certificate.base64());
        assert_eq!(said(&document), (vec![], vec![]), "{not_before}");
    }
    let long_ago = Parts {
        not_after: "650101000000Z",
        ..OWN
    };
    let document = with_certificate(&long_ago.base64());
    let day = "1965-01-01T00:00:00Z".to_owned();
    assert_eq!(refused(&document), MetadataError::Expired(day));
    for not_after in [
        "341301000000Z",
        "340230000000Z",
        "340101240000Z",
        "340101006000Z",
        "340101000060Z",
        "340101000000",
        "340101000000+2400",
        "340101000000+0060",
        "340101000000+01",
        "99991231235959-0100",
        "00000101000000+0100",
        "34010100000 Z",
        "+40101000000Z",
        "",
    ] {
        let certificate = Parts { not_after, ..OWN };
        let document = with_certificate(&certificate.base64());
        assert_eq!(
            doubted(&document),
            "has signing certificates that cannot be read: 1 of 1",
            "{not_after}"
        );
    }
}

#[test]
fn bytes_after_a_certificate_are_a_warning() {
    for after in [&b"\0"[..], b"\n", b"more"] {
        let bytes = [&OWN.der(), after].concat();
        let document = with_certificate(&BASE64_STANDARD.encode(bytes));
        assert_eq!(
            doubted(&document),
            "has a signing certificate in an unusual encoding that some libraries reject"
        );
        assert_eq!(until(&document).as_deref(), Some("2034-01-01T00:00:00Z"));
    }
}

#[test]
fn a_certificate_that_says_that_it_is_no_authority_is_none() {
    let is_authority = |der: Vec<u8>| {
        let read = Certificate::read(&BASE64_STANDARD.encode(der)).unwrap();
        read.first().unwrap().is_authority
    };
    let mut der = ISSUING.der();
    assert!(is_authority(der.clone()));
    // The last byte is that of the flag in the basic constraints.
    *der.last_mut().unwrap() = 0;
    assert!(!is_authority(der));
}

#[test]
fn names_are_compared_without_case_and_white_space_if_they_are_texts() {
    let name = |tag, subject| {
        let parts = Parts {
            text: tag,
            subject,
            ..OWN
        };
        let mut read = Certificate::read(&parts.base64()).unwrap();
        read.remove(0).subject
    };
    assert_eq!(name(UTF8, "Issuing CA"), name(PRINTABLE, "ISSUING  CA"));
    assert_ne!(name(UTF8, "Issuing CA"), name(UTF8, "Root CA"));
    assert_ne!(name(0x04, "Issuing CA"), name(0x04, "ISSUING CA"));
}
