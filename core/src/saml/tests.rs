mod chains;
mod der;
mod files;

use std::time::Duration;

use time::macros::utc_datetime;

use super::*;
use crate::{
    details::Details,
    provider::{
        ExpiredCertificates, Members, Provider, ProviderType,
        metadata::{check_details_metadata, check_inline_metadata, check_metadata},
    },
};

const OKTA: &str = include_str!("../../../tests/metadata/okta.xml");
const ENTRA: &str = include_str!("../../../tests/metadata/entra.xml");
const ADFS: &str = include_str!("../../../tests/metadata/adfs.xml");
const KEYCLOAK: &str = include_str!("../../../tests/metadata/keycloak.xml");
const GOOGLE: &str = include_str!("../../../tests/metadata/google.xml");
const SHIBBOLETH: &str = include_str!("../../../tests/metadata/shibboleth.xml");
const EXPIRED: &str = include_str!("../../../tests/metadata/expired.xml");

const VALID_UNTIL: &str = "2099-12-31T23:59:59Z";
const NEXT_UNTIL: &str = "2055-06-01T12:00:00Z";

fn now() -> SystemTime {
    utc_datetime!(2026-11-22 07:00).into()
}

fn details(entries: &[(&str, &str)]) -> Details {
    entries.iter().copied().collect()
}

fn checked(entries: &[(&str, &str)]) -> Findings {
    check_details_metadata(&details(entries), ExpiredCertificates::Refuse, now())
}

/// Returns the errors and the warnings.
fn said(document: &str) -> (Vec<MetadataError>, Vec<String>) {
    let found = check(document, now());
    (found.errors, found.warnings)
}

fn refused(document: &str) -> MetadataError {
    let (mut errors, warnings) = said(document);
    assert_eq!(warnings, [""; 0]);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

fn doubted(document: &str) -> String {
    let (errors, mut warnings) = said(document);
    assert_eq!(errors, []);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    warnings.remove(0)
}

/// Returns [`OKTA`] with another signing certificate.
fn with_certificate(text: &str) -> String {
    let (before, rest) = OKTA.split_once("<ds:X509Certificate>").unwrap();
    let (_, after) = rest.split_once("</ds:X509Certificate>").unwrap();
    format!("{before}<ds:X509Certificate>{text}</ds:X509Certificate>{after}")
}

fn certificate_of(document: &str) -> &str {
    let (_, rest) = document.split_once("<ds:X509Certificate>").unwrap();
    rest.split_once("</ds:X509Certificate>").unwrap().0
}

#[test]
fn metadata_of_common_providers_are_accepted() {
    for (document, entity, until) in [
        (OKTA, "http://www.okta.com/exk1example", VALID_UNTIL),
        (
            ENTRA,
            "https://sts.windows.net/00000000-0000-4000-8000-000000000000/",
            NEXT_UNTIL,
        ),
        (
            ADFS,
            "http://adfs.example.com/adfs/services/trust",
            NEXT_UNTIL,
        ),
        (
            KEYCLOAK,
            "https://keycloak.example.com/realms/corp",
            VALID_UNTIL,
        ),
        (
            GOOGLE,
            "https://accounts.google.com/o/saml2?idpid=C0example",
            VALID_UNTIL,
        ),
        (
            SHIBBOLETH,
            "https://idp.example.org/idp/shibboleth",
            NEXT_UNTIL,
        ),
    ] {
        assert_eq!(said(document), (vec![], vec![]), "{entity}");
        let metadata = check(document, now()).metadata;
        assert_eq!(metadata.entity_id.as_deref(), Some(entity));
        assert_eq!(metadata.certificate_not_after.as_deref(), Some(until));
    }
}

#[test]
fn formatting_of_metadata_is_ignored() {
    for document in [
        OKTA.replace("md:", "whatever:")
            .replace("xmlns:md", "xmlns:whatever"),
        OKTA.replace('\n', "\r\n"),
        format!("\u{feff}{OKTA}"),
        format!("\n  {OKTA}\n\n"),
        OKTA.replace("UTF-8", "us-ascii"),
        format!("\n\u{feff}{OKTA}"),
        OKTA.replace(
            "<md:NameIDFormat>",
            "<!-- a <note> & more --><md:NameIDFormat>",
        ),
        OKTA.replace("use=\"signing\"", ""),
        with_certificate(&certificate_of(OKTA).replace('\n', "&#13;\n\t ")),
        with_certificate(&certificate_of(OKTA).replacen('M', "<!-- -->M", 1)),
        with_certificate(&format!("<![CDATA[{}]]>", certificate_of(OKTA))),
    ] {
        assert_eq!(said(&document), (vec![], vec![]), "{document}");
        let metadata = check(&document, now()).metadata;
        assert_eq!(metadata.certificate_not_after.as_deref(), Some(VALID_UNTIL));
    }
}

#[test]
fn invalid_xml_is_rejected_with_its_line() {
    for (document, line) in [
        ("\n\n\n \"<", 4),
        ("<!-- nothing -->", 1),
        ("<a>\n<b>\n</a>", 3),
        ("<a>\n&nbsp;</a>", 2),
        ("<a/>\n<b/>", 2),
        ("https://idp.example.com/<tenant>/metadata", 1),
    ] {
        assert_eq!(refused(document), MetadataError::NotXml(line), "{document}");
    }
    let half = &OKTA[..OKTA.len() / 2];
    assert!(matches!(refused(half), MetadataError::NotXml(_)));
}

#[test]
fn a_url_or_a_file_name_in_place_of_the_metadata_is_named() {
    for url in [
        "\n\n  https://idp.example.com/metadata",
        "HTTP://idp.example.com/metadata?a=b&c",
    ] {
        assert_eq!(refused(url), MetadataError::Url, "{url}");
    }
    for empty in ["", " \n"] {
        assert_eq!(refused(empty), MetadataError::Empty, "{empty:?}");
    }
    for text in ["metadata/corp.xml", "{\"a\": 1}", "https:/é", "aHR0cHM6"] {
        assert_eq!(refused(text), MetadataError::NoMarkup, "{text}");
    }
}

#[test]
fn metadata_without_an_identity_provider_are_rejected() {
    assert_eq!(
        refused("<html><body>404</body></html>"),
        MetadataError::NotSaml
    );
    let service = OKTA.replace("IDPSSODescriptor", "SPSSODescriptor");
    assert_eq!(refused(&service), MetadataError::NoProvider);
    let none = format!("<EntitiesDescriptor xmlns=\"{SAML}\"/>");
    assert_eq!(said(&none).0, [MetadataError::NoProvider]);
}

#[test]
fn a_redirect_service_is_required_unless_the_template_sets_its_url() {
    let document = OKTA.replace("HTTP-Redirect", "SOAP");
    assert_eq!(refused(&document), MetadataError::NoRedirect);
    let uri = ("SSORedirectBindingURI", "https://idp.example.com/sso");
    let found = checked(&[("MetadataFile", document.as_str()), uri]);
    assert_eq!((found.errors, found.warnings), (vec![], vec![]));
    let empty = ("SSORedirectBindingURI", "");
    let found = checked(&[("MetadataFile", document.as_str()), empty]);
    assert_eq!(found.errors, [MetadataError::NoRedirect]);
}

#[test]
fn a_signing_certificate_is_required() {
    let encryption = OKTA.replace("use=\"signing\"", "use=\"encryption\"");
    assert_eq!(refused(&encryption), MetadataError::NoCertificate);
    let named = OKTA
        .replace("ds:X509Data", "ds:KeyValue")
        .replace("ds:X509Certificate", "ds:Modulus");
    assert_eq!(
        doubted(&named),
        "has a signing key without an X509Certificate"
    );
}

#[test]
fn all_errors_are_reported_together() {
    let document = OKTA
        .replace("HTTP-Redirect", "SOAP")
        .replace("use=\"signing\"", "use=\"encryption\"");
    assert_eq!(
        said(&document).0,
        [MetadataError::NoRedirect, MetadataError::NoCertificate]
    );
}

#[test]
fn expired_certificates_are_rejected_in_new_metadata() {
    let expired = MetadataError::Expired("2020-01-01T00:00:00Z".to_owned());
    assert_eq!(refused(EXPIRED), expired);
    let found = check_details_metadata(
        &details(&[("MetadataFile", EXPIRED)]),
        ExpiredCertificates::Warn,
        now(),
    );
    assert_eq!(found.errors, []);
    assert_eq!(found.warnings, [expired.to_string()]);
    assert_eq!(
        found.metadata.certificate_not_after.as_deref(),
        Some("2020-01-01T00:00:00Z")
    );
}

#[test]
fn a_certificate_is_valid_from_its_first_second_to_its_last() {
    let end = SystemTime::from(utc_datetime!(2020-01-01 00:00));
    let found = check(EXPIRED, end);
    assert_eq!((found.errors, found.warnings), (vec![], vec![]));
    let after = end + Duration::from_secs(1);
    assert_eq!(check(EXPIRED, after).errors.len(), 1);
    let beginning = SystemTime::from(utc_datetime!(2010-01-01 00:00));
    assert_eq!(check(EXPIRED, beginning).warnings, [""; 0]);
    let before = SystemTime::from(utc_datetime!(2009-12-31 23:59));
    assert_eq!(
        check(EXPIRED, before).warnings,
        ["has no signing certificate that is valid yet"]
    );
}

#[test]
fn one_valid_certificate_is_enough() {
    let key = OKTA.split_once("<md:KeyDescriptor").unwrap().1;
    let key = key.split_once("</md:KeyDescriptor>").unwrap().0;
    let old = key.replace(certificate_of(OKTA), certificate_of(EXPIRED));
    let both = OKTA.replacen(
        "<md:KeyDescriptor",
        &format!("<md:KeyDescriptor{old}</md:KeyDescriptor><md:KeyDescriptor"),
        1,
    );
    assert_eq!(
        doubted(&both),
        "has a signing certificate that expired on 2020-01-01T00:00:00Z"
    );
    // The operator must know the date of that certificate.
    let next = check(&both, now()).metadata.certificate_not_after;
    assert_eq!(next.as_deref(), Some("2099-12-31T23:59:59Z"));
    // An unreadable certificate may be valid.
    let both = both.replace(certificate_of(OKTA), "MIIC");
    let (errors, warnings) = said(&both);
    assert_eq!(errors, []);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}

#[test]
fn unreadable_certificates_are_warnings() {
    let pem = format!("-----BEGIN CERTIFICATE-----{}", certificate_of(OKTA));
    let half = &certificate_of(OKTA)[..64];
    for text in ["", "?", "MIIC", "AAAA", "MAA=", pem.as_str(), half] {
        let document = with_certificate(text);
        assert_eq!(
            doubted(&document),
            "has signing certificates that cannot be read: 1 of 1"
        );
        assert_eq!(check(&document, now()).metadata.certificate_not_after, None);
    }
    assert_eq!(
        doubted(&with_certificate(&"A".repeat(4_096))),
        "has signing certificates that cannot be read: 1 of 1"
    );
    let (errors, warnings) = said(&with_certificate(&"A".repeat(4_097)));
    assert_eq!(errors, []);
    assert_eq!(
        warnings.first().unwrap(),
        "has a signing certificate of more than 4096 characters"
    );
}

#[test]
fn contents_that_cognito_may_accept_are_warnings() {
    let (declaration, entity) = OKTA.split_at(OKTA.find("<md:").unwrap());
    let several = |entities: &str| {
        format!("<g:EntitiesDescriptor xmlns:g=\"{SAML}\">{entities}</g:EntitiesDescriptor>")
    };
    for (document, warning) in [
        (
            several(entity),
            "is an EntitiesDescriptor, not an EntityDescriptor",
        ),
        (
            format!("{declaration}<!DOCTYPE a [<!ENTITY b \"b\">]>{entity}"),
            "has a DOCTYPE and was not checked",
        ),
        (
            OKTA.replace('"', "\\\""),
            "has quotes that are escaped by backslashes, and was not looked at",
        ),
        (
            OKTA.replace("ds:X509Data", "nobody:X509Data"),
            "has an undeclared or invalid namespace prefix (line 1)",
        ),
        (
            OKTA.replace(SAML, "urn:else"),
            "has a root element outside the SAML metadata namespace",
        ),
        (OKTA.replace("entityID", "name"), "has no entityID"),
    ] {
        assert_eq!(doubted(&document), warning);
    }
    let found = check(&several(&entity.repeat(2)), now());
    assert_eq!(found.errors, []);
    assert!(
        found
            .warnings
            .contains(&"describes several identity providers".to_owned())
    );
    assert_eq!(found.metadata, Metadata::default());
}

#[test]
fn a_web_page_in_place_of_the_metadata_is_refused() {
    for page in [
        "<!DOCTYPE html>\n<html><body><br></body></html>",
        "<?xml version=\"1.0\"?><!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"><html/>",
    ] {
        assert_eq!(refused(page), MetadataError::NotSaml);
    }
    let entity = &OKTA[OKTA.find("<md:").unwrap()..];
    for before in ["<!DOCTYPE htm>", "<!-- <!DOCTYPE html> --><!DOCTYPE a>"] {
        assert_eq!(
            doubted(&format!("{before}{entity}")),
            "has a DOCTYPE and was not checked"
        );
    }
}

#[test]
fn errors_in_a_file_beside_a_metadata_url_are_warnings() {
    let url = ("MetadataURL", "https://idp.example.com/metadata");
    let found = checked(&[("MetadataFile", "nothing"), url]);
    assert_eq!(found.errors, []);
    assert_eq!(
        found.warnings,
        ["is not XML: it must be the text of the metadata, not the name of a file"]
    );
    let found = checked(&[("MetadataFile", OKTA), url]);
    assert_eq!(found.metadata, Metadata::default());
    assert_eq!(checked(&[url]).warnings, [""; 0]);
}

#[test]
fn nested_and_entity_bomb_documents_are_handled() {
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    for deep in [&deep, &"<a>".repeat(40_000)] {
        assert_eq!(
            doubted(deep),
            "has too many nested elements and was not checked"
        );
    }
    let open = "<a>".repeat(100);
    assert!(matches!(refused(&open), MetadataError::NotXml(1)));
    let laughs =
        r#"<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>"#;
    assert!(doubted(laughs).contains("DOCTYPE"));
}

#[test]
fn expensive_documents_are_not_parsed() {
    // The parser compares prefixes with each other, and attributes.
    let prefixes = |count| {
        let elements = (0..count).map(|level| format!("<a xmlns:p{level}=\"x\"/>"));
        format!("<a>{}</a>", elements.collect::<String>())
    };
    assert_eq!(
        doubted(&prefixes(6_000)),
        "has too many namespace prefixes and was not checked"
    );
    assert_eq!(refused(&prefixes(50)), MetadataError::NotSaml);
    let attributes = (0..10_000).map(|n| format!(" a{n}=''"));
    let attributes = attributes.collect::<Vec<_>>().concat();
    assert_eq!(
        doubted(&format!("<a{attributes}/>")),
        "has too many attributes in one element and was not checked"
    );
    assert_eq!(refused(&"x".repeat(131_072)), MetadataError::NoMarkup);
    // Another rule reports documents longer than Cognito accepts.
    let (errors, warnings) = said(&"<a>".repeat(50_000));
    assert!(errors.is_empty() && warnings.is_empty());
    // The same certificate in several keys counts once.
    let keys = 90;
    let nested = OKTA
        .replace(
            "<md:KeyDescriptor",
            &format!("{}<md:KeyDescriptor", "<md:KeyDescriptor>".repeat(keys)),
        )
        .replace(
            "</md:KeyDescriptor>",
            &"</md:KeyDescriptor>".repeat(keys + 1),
        );
    let nested = nested.replace(certificate_of(OKTA), "MIIC");
    assert_eq!(
        doubted(&nested),
        "has signing certificates that cannot be read: 1 of 1"
    );
}

#[test]
fn messages_do_not_quote_the_document() {
    for document in [
        "planted",
        "<planted/>",
        "<a planted='1' planted='2'/>",
        "<planted:a/>",
        "<a>&planted;</a>",
        "<a></planted>",
        "<!DOCTYPE planted>",
    ] {
        let (errors, warnings) = said(document);
        let text = format!("{errors:?} {warnings:?}");
        assert!(!text.contains("planted"), "{text}");
        assert!(errors.len() + warnings.len() > 0, "{document}");
    }
}

#[test]
fn metadata_errors_are_reported_with_other_errors() {
    let properties = serde_json::json!({
        "ProviderType": "SAML", "Typo": 1,
        "ProviderDetails": {"MetadataFile": "<html/>", "IDPSignout": true},
    });
    let found = check_inline_metadata(&properties, ExpiredCertificates::Refuse, now()).errors;
    assert_eq!(found, [MetadataError::NotSaml]);
    // Keys from sources count as present.
    let no_redirect = OKTA.replace("HTTP-Redirect", "HTTP-POST");
    for (key, errors, warnings) in [
        ("client_id", 1, 0),
        ("SSORedirectBindingURI", 0, 0),
        ("MetadataURL", 0, 1),
    ] {
        let by_source = serde_json::json!({
            "ProviderType": "SAML", "ProviderDetails": {"MetadataFile": no_redirect},
            "ProviderDetailsFrom": {key: {"SsmParameter": {"Name": "/x"}}},
        });
        let by_reference = serde_json::json!({
            "ProviderType": "SAML",
            "ProviderDetails": {"MetadataFile": no_redirect, key: "{{resolve:ssm:x}}"},
        });
        for properties in [by_source, by_reference] {
            let found = check_inline_metadata(&properties, ExpiredCertificates::Refuse, now());
            let counts = (found.errors.len(), found.warnings.len());
            assert_eq!(counts, (errors, warnings), "{key}");
        }
    }
    for properties in [
        serde_json::json!({
            "ProviderType": "SAML", "ProviderDetails": {},
            "ProviderDetailsFrom": {"MetadataFile": {"SsmParameter": {"Name": "/x"}}},
        }),
        serde_json::json!({"ProviderType": "OIDC", "ProviderDetails": {"MetadataFile": "x"}}),
        serde_json::json!({"ProviderType": "SAML", "ProviderDetails": {"MetadataFile": 7}}),
        serde_json::json!({"ProviderType": "SAML", "ProviderDetails": []}),
        serde_json::json!({
            "ProviderType": "SAML", "ProviderDetails": {"MetadataFile": "{{resolve:ssm:x}}"},
        }),
        serde_json::json!(7),
    ] {
        let found = check_inline_metadata(&properties, ExpiredCertificates::Refuse, now());
        assert_eq!(found.errors, []);
    }
}

#[test]
fn metadata_are_looked_at_in_saml_providers_only() {
    for (kind, errors) in [(ProviderType::Saml, 1), (ProviderType::Oidc, 0)] {
        let provider = Provider {
            id: "eu-west-1_AbC|Corp".parse().unwrap(),
            kind,
            details: details(&[("MetadataFile", "<html/>")]),
            members: Members::default(),
        };
        let found = check_metadata(&provider, ExpiredCertificates::Refuse, now());
        assert_eq!(found.errors.len(), errors, "{kind:?}");
    }
}
