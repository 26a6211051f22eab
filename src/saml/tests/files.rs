//! Small files, each with one thing in it that real metadata have.

use super::*;

const UNTIL: &str = "2034-01-01T00:00:00Z";

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../tests/metadata/", $name, ".xml"))
    };
}

fn until(document: &str) -> Option<String> {
    read(document, now()).metadata.certificate_not_after
}

#[test]
fn the_date_is_that_of_the_signing_certificate_and_not_of_its_authority() {
    let document = file!("chain-leaf-valid-ca-sooner");
    assert_eq!(said(document), (vec![], vec![]));
    assert_eq!(until(document).as_deref(), Some(UNTIL));
}

#[test]
fn a_key_outside_of_the_namespace_of_signatures_has_no_date() {
    let document = file!("keyinfo-in-md");
    assert_eq!(
        doubted(document),
        "has a signing key outside of the namespace of XML signatures"
    );
    assert_eq!(until(document), None);
}

#[test]
fn a_certificate_in_pem_in_base64_is_read() {
    let document = file!("base64-of-pem");
    assert_eq!(said(document), (vec![], vec![]));
    assert_eq!(until(document).as_deref(), Some(UNTIL));
}

#[test]
fn an_expired_certificate_beside_a_key_without_one_is_doubted() {
    let document = file!("expired-and-keyvalue");
    let (mistakes, doubts) = said(document);
    assert_eq!(mistakes, []);
    assert_eq!(
        doubts,
        [
            "has a signing key, but no X509Certificate of it",
            "has a signing certificate that expired on 2020-01-01T00:00:00Z"
        ]
    );
    assert_eq!(until(document).as_deref(), Some("2020-01-01T00:00:00Z"));
}

#[test]
fn a_key_of_an_unknown_use_serves_signing() {
    let document = file!("use-unspecified");
    assert_eq!(
        doubted(document),
        "has a KeyDescriptor whose use is neither signing nor encryption"
    );
    assert_eq!(until(document).as_deref(), Some(UNTIL));
}
