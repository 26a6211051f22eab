//! Tests of small files, each with one feature of real metadata.

use super::*;

const UNTIL: &str = "2034-01-01T00:00:00Z";

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/metadata/", $name, ".xml"))
    };
}

fn until(document: &str) -> Option<String> {
    check(document, now()).metadata.certificate_not_after
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
        "has a signing key outside the XML signature namespace"
    );
    assert_eq!(until(document), None);
}

#[test]
fn a_root_without_a_namespace_is_refused() {
    assert_eq!(refused(file!("no-namespace")), MetadataError::NoNamespace);
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_document() {
    let document = file!("bom");
    assert_eq!(said(document), (vec![], vec![]));
    let details = details(&[("MetadataFile", document)]);
    let kept = details.expose("MetadataFile").unwrap();
    assert!(kept.starts_with("<?xml"), "{kept:.10}");
    assert!(document.ends_with(kept));
}

#[test]
fn a_wrong_encoding_declaration_is_a_warning() {
    let document = file!("declared-utf16");
    assert_eq!(
        doubted(document),
        "declares an encoding other than UTF-8, in which its text would read differently"
    );
    assert_eq!(until(document).as_deref(), Some(UNTIL));
}

#[test]
fn expired_metadata_are_a_warning() {
    let document = file!("valid-until-past");
    assert_eq!(
        doubted(document),
        "has a validUntil in the past: 2020-01-01T00:00:00Z"
    );
    assert_eq!(until(document).as_deref(), Some(UNTIL));
}

#[test]
fn a_service_without_a_location_is_a_warning() {
    assert_eq!(
        doubted(file!("location-missing")),
        "has a SingleSignOnService without Location"
    );
}

#[test]
fn a_certificate_in_pem_in_base64_is_read() {
    let document = file!("base64-of-pem");
    assert_eq!(said(document), (vec![], vec![]));
    assert_eq!(until(document).as_deref(), Some(UNTIL));
}

#[test]
fn an_expired_certificate_beside_a_key_without_one_is_a_warning() {
    let document = file!("expired-and-keyvalue");
    let (errors, warnings) = said(document);
    assert_eq!(errors, []);
    assert_eq!(
        warnings,
        [
            "has a signing key without an X509Certificate",
            "has a signing certificate that expired on 2020-01-01T00:00:00Z"
        ]
    );
    assert_eq!(until(document).as_deref(), Some("2020-01-01T00:00:00Z"));
}

#[test]
fn a_key_with_an_unknown_use_may_sign() {
    let document = file!("use-unspecified");
    assert_eq!(
        doubted(document),
        "has a KeyDescriptor whose use is neither signing nor encryption"
    );
    assert_eq!(until(document).as_deref(), Some(UNTIL));
}

#[test]
fn every_element_around_a_provider_may_end_its_validity() {
    let document = file!("valid-until-past");
    let validity = " validUntil=\"2020-01-01T00:00:00Z\"";
    let with = |from: &str, to: &str| document.replace(validity, "").replacen(from, to, 1);
    let in_group = |attributes: &str| {
        let group = format!("<g:EntitiesDescriptor xmlns:g=\"{SAML}\"");
        let document = with(
            "<md:Entity",
            &format!("{group}{attributes}>{group}><md:Entity"),
        );
        format!("{document}</g:EntitiesDescriptor></g:EntitiesDescriptor>")
    };
    let past = "has a validUntil in the past: 2020-01-01T00:00:00Z".to_owned();
    let role = "<md:IDPSSODescriptor";
    assert_eq!(doubted(&with(role, &format!("{role}{validity}"))), past);
    assert!(said(&in_group(validity)).1.contains(&past));
    assert!(!said(&in_group("")).1.contains(&past));
    // The certificate has a date of its own, and so may have other elements.
    let key = "<md:KeyDescriptor";
    let other = with(key, &format!("{key}{validity}"));
    assert_eq!(said(&other), (vec![], vec![]));
}

#[test]
fn a_validity_is_read_in_every_form_of_xml() {
    let document = file!("valid-until-past");
    let with = |end: &str| document.replace("2020-01-01T00:00:00Z", end);
    for (end, day) in [
        ("2026-11-22T06:59:59Z", "2026-11-22T06:59:59Z"),
        (" 2020-01-01T00:00:00Z\n", "2020-01-01T00:00:00Z"),
        ("2020-01-01T00:00:00.123Z", "2020-01-01T00:00:00.123Z"),
        ("2020-01-01T00:00:00", "2020-01-01T00:00:00Z"),
        ("2020-01-01T00:00:00+02:00", "2019-12-31T22:00:00Z"),
    ] {
        let warning = format!("has a validUntil in the past: {day}");
        assert_eq!(doubted(&with(end)), warning);
    }
    for end in [
        "2026-11-22T07:00:00Z",
        "2026-11-22T07:30:00",
        "2026-11-22T00:00:00-12:00",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(said(&with(end)), (vec![], vec![]), "{end}");
    }
    for end in ["", "2020-01-01", "soon"] {
        assert_eq!(
            doubted(&with(end)),
            "has a validUntil that is not a date and time"
        );
    }
}

#[test]
fn every_service_needs_a_location() {
    for location in [
        "Location=\"\"",
        "Location=\" \"",
        "location=\"https://idp.example.com\"",
    ] {
        let document = file!("location-missing")
            .replace("HTTP-Redirect\"", &format!("HTTP-Redirect\" {location}"));
        assert_eq!(
            doubted(&document),
            "has a SingleSignOnService without Location"
        );
    }
}

#[test]
fn a_provider_that_does_not_say_that_it_supports_saml_2_is_doubted() {
    let document = OKTA.replace(
        "SAML:2.0:protocol\"",
        "SAML:1.1:protocol urn:mace:shibboleth:1.0\"",
    );
    assert_ne!(document, OKTA);
    let warning = "has an IDPSSODescriptor without urn:oasis:names:tc:SAML:2.0:protocol in \
                 protocolSupportEnumeration";
    assert_eq!(doubted(&document), warning);
    assert_eq!(
        doubted(&OKTA.replace("protocolSupportEnumeration", "protocols")),
        warning
    );
    let both = OKTA.replace(
        "SAML:2.0:protocol\"",
        "SAML:1.1:protocol\n urn:oasis:names:tc:SAML:2.0:protocol\"",
    );
    assert_eq!(said(&both), (vec![], vec![]));
}

#[test]
fn elements_outside_the_metadata_namespace_are_a_warning() {
    for name in ["IDPSSODescriptor", "SingleSignOnService"] {
        let document = OKTA.replace(&format!("md:{name}"), name);
        assert_eq!(
            doubted(&document),
            "has elements outside the SAML metadata namespace"
        );
    }
    let document = OKTA.replace("md:KeyDescriptor", "KeyDescriptor");
    assert_eq!(
        doubted(&document),
        "has elements outside the SAML metadata namespace"
    );
    assert_eq!(until(&document), None);
    // Prefixes that are declared and not used do not help.
    let document = OKTA
        .replace("<md:", "<")
        .replace("</md:", "</")
        .replace("<ds:", "<")
        .replace("</ds:", "</");
    assert_eq!(said(&document).0, [MetadataError::NoNamespace]);
}
