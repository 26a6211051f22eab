//! The answer as CloudFormation reads it, within the size that it reads.

use serde_json::{Map, Value};

use crate::{
    event::Envelope,
    text::{fits_xml, printable},
};
use cfn_cognito_idp_core::{
    details::PUBLIC_KEYS,
    physical_id::ProviderId,
    plan::{Answer, Observed, Success},
    saml::Metadata,
};

/// CloudFormation's limit. One byte more, and the user sees "Response object is too long" in
/// place of everything that is in it.
pub const BODY_MAX: usize = 4_096;

/// Stands where a reason was cut.
const CUT: &str = " […] ";

/// A body that fits, and the names of the attributes that did not fit into it.
#[derive(Debug)]
pub struct Body {
    /// The JSON document.
    pub document: Value,
    /// Attributes that were left out: they do not fit, or hold what a stack's outputs cannot show.
    pub left_out: Vec<&'static str>,
}

impl Body {
    /// Makes the answer to the event of that envelope, with what the declared metadata say.
    pub fn new(envelope: &Envelope, answer: &Answer, metadata: &Metadata) -> Self {
        let mut document = Map::new();
        let mut put = |key: &str, value: &str| document.insert(key.into(), value.into());
        put("PhysicalResourceId", &answer.physical_id);
        put("StackId", &envelope.stack_id);
        put("RequestId", &envelope.request_id);
        put("LogicalResourceId", &envelope.logical_id);
        let mut left_out = Vec::new();
        match &answer.result {
            Ok(success) => {
                document.insert("Status".into(), "SUCCESS".into());
                if let Some((id, observed)) = &success.provider {
                    let attributes = attributes(id, observed.as_ref(), success, metadata);
                    left_out = add_data(&mut document, attributes);
                }
            }
            Err(reason) => {
                document.insert("Status".into(), "FAILED".into());
                document.insert("Reason".into(), "".into());
                let room = BODY_MAX.saturating_sub(size(&document));
                document.insert(
                    "Reason".into(),
                    cut(&printable(reason.as_str()), room).into(),
                );
            }
        }
        Self {
            document: Value::Object(document),
            left_out,
        }
    }
}

/// What `Fn::GetAtt` reads, most useful first.
fn attributes(
    id: &ProviderId,
    observed: Option<&Observed>,
    success: &Success,
    metadata: &Metadata,
) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("UserPoolId", id.pool.to_string()),
        ("ProviderName", id.name.clone()),
        ("SamlEntityId", format!("urn:amazon:cognito:sp:{}", id.pool)),
    ];
    if let Some(observed) = observed {
        attributes.push(("ProviderType", observed.kind.clone()));
        attributes.push(("CreationDate", observed.creation_date.clone()));
        attributes.push(("LastModifiedDate", observed.last_modified_date.clone()));
    }
    if let Some(date) = &metadata.certificate_not_after {
        attributes.push(("SamlCertificateNotAfter", date.clone()));
    }
    if let Some(Ok(certificate)) = &success.signing_certificate {
        attributes.push(("SigningCertificate", certificate.clone()));
    }
    if let Some(observed) = observed {
        for key in PUBLIC_KEYS {
            if let Some(value) = observed.details.public(key) {
                attributes.push((key, value.to_owned()));
            }
        }
    }
    // After the certificates: one may be as long as either.
    if let Some(id) = &metadata.entity_id {
        attributes.push(("SamlIdpEntityId", id.clone()));
    }
    attributes
}

/// Adds `Data` with as many attributes as fit, and names the others.
fn add_data(
    document: &mut Map<String, Value>,
    attributes: Vec<(&'static str, String)>,
) -> Vec<&'static str> {
    document.insert("Data".into(), Map::new().into());
    // The first attribute has no comma before it.
    let mut room = (BODY_MAX + 1).saturating_sub(size(document));
    let mut data = Map::new();
    let mut left_out = Vec::new();
    for (key, value) in attributes {
        // A comma, and "key":"value".
        let needs = key.len() + escaped(&value) + 6;
        if needs <= room && fits_xml(&value) {
            room -= needs;
            data.insert(key.into(), value.into());
        } else {
            left_out.push(key);
        }
    }
    document.insert("Data".into(), data.into());
    left_out
}

fn size(document: &Map<String, Value>) -> usize {
    serde_json::to_string(document).map_or(BODY_MAX, |text| text.len())
}

/// How many bytes a text takes inside a JSON string.
fn escaped(text: &str) -> usize {
    text.chars().map(escaped_char).sum()
}

const fn escaped_char(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => character.len_utf8(),
    }
}

/// `text` in at most `room` bytes of JSON. What is too long keeps its head, which says what was
/// being done, and its end, which says what came of it.
fn cut(text: &str, room: usize) -> String {
    if escaped(text) <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(CUT.len()) else {
        return String::new();
    };
    let head_room = room - room / 3;
    let head = &text[..fitting(text.char_indices(), head_room)];
    let tail_room = room - escaped(head);
    let backwards = text
        .char_indices()
        .rev()
        .map(|(at, c)| (text.len() - at - c.len_utf8(), c));
    let tail = &text[text.len() - fitting(backwards, tail_room)..];
    format!("{head}{CUT}{tail}")
}

/// The number of bytes of the characters that fit into `room` bytes of JSON.
fn fitting(characters: impl Iterator<Item = (usize, char)>, mut room: usize) -> usize {
    let mut end = 0;
    for (at, character) in characters {
        let Some(left) = room.checked_sub(escaped_char(character)) else {
            break;
        };
        room = left;
        end = at + character.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use cfn_cognito_idp_core::details::Details;

    fn envelope() -> Envelope {
        Envelope {
            response_url: String::new(),
            stack_id: "stack".into(),
            request_id: "request".into(),
            logical_id: "Corp".into(),
            physical_id: None,
        }
    }

    fn failed(reason: &str) -> Value {
        let answer = Answer {
            physical_id: "not-created/request".into(),
            result: Err(reason.to_owned().into()),
        };
        Body::new(&envelope(), &answer, &Metadata::default()).document
    }

    fn succeeded(details: &[(&str, &str)]) -> Body {
        succeeded_with(details, None, &Metadata::default())
    }

    fn succeeded_with(
        details: &[(&str, &str)],
        signing_certificate: Option<Result<String, cfn_cognito_idp_core::plan::Reason>>,
        metadata: &Metadata,
    ) -> Body {
        let observed = Observed {
            kind: "SAML".into(),
            details: details.iter().copied().collect::<Details>(),
            members: cfn_cognito_idp_core::provider::Members::default(),
            created: 0,
            modified: 0,
            creation_date: "2026-11-22T07:00:00Z".into(),
            last_modified_date: "2026-11-22T08:00:00Z".into(),
        };
        let id: ProviderId = "eu-west-1_AbC|Corp".parse().unwrap();
        let answer = Answer {
            physical_id: id.to_string(),
            result: Ok(Success {
                done: "created",
                provider: Some((id, Some(observed))),
                signing_certificate,
            }),
        };
        Body::new(&envelope(), &answer, metadata)
    }

    #[test]
    fn a_reason_that_fits_is_whole() {
        assert_eq!(
            failed("why not").to_string(),
            r#"{"LogicalResourceId":"Corp","PhysicalResourceId":"not-created/request","Reason":"why not","RequestId":"request","StackId":"stack","Status":"FAILED"}"#
        );
    }

    #[test]
    fn a_reason_has_no_control_characters_and_no_attribute_has_any_but_line_breaks() {
        let body = failed("creating (Co\u{1}rp): line one\nline\u{ffff} two\u{7f}");
        assert_eq!(
            body["Reason"],
            "creating (Co\u{fffd}rp): line one line\u{fffd} two\u{fffd}"
        );
        let body = succeeded(&[("oidc_issuer", "a\u{b}b"), ("client_id", "a\tb\r\nc")]);
        assert_eq!(body.left_out, ["oidc_issuer"]);
        assert_eq!(body.document["Data"]["client_id"], "a\tb\r\nc");
    }

    #[test]
    fn a_long_reason_keeps_head_and_end_and_fills_the_room() {
        for filler in ["a", "ü", "株", "🦀", "\"", "\u{1}", "\n", "\\"] {
            let body = failed(&format!("HEAD{}END", filler.repeat(5_000)));
            let length = body.to_string().len();
            assert!(length <= BODY_MAX, "{length} bytes of {filler:?}");
            assert!(length > BODY_MAX - 16, "{length} bytes of {filler:?}");
            let reason = body["Reason"].as_str().unwrap();
            assert!(reason.starts_with("HEAD") && reason.ends_with("END"));
            assert!(reason.contains(CUT));
        }
    }

    #[test]
    fn the_limit_is_reached_before_anything_is_cut() {
        let room = BODY_MAX - failed("").to_string().len();
        assert_eq!(failed(&"x".repeat(room)).to_string().len(), BODY_MAX);
        assert!(!failed(&"x".repeat(room)).to_string().contains(CUT));
        assert!(failed(&"x".repeat(room + 1)).to_string().contains(CUT));
    }

    #[test]
    fn attributes_are_the_public_ones() {
        let body = succeeded(&[
            ("SSORedirectBindingURI", "https://idp/sso"),
            ("MetadataFile", "<xml/>"),
            ("client_secret", "hunter2"),
            ("future_key", "unknown"),
        ]);
        assert_eq!(
            body.document["Data"],
            serde_json::json!({
                "UserPoolId": "eu-west-1_AbC",
                "ProviderName": "Corp",
                "ProviderType": "SAML",
                "SamlEntityId": "urn:amazon:cognito:sp:eu-west-1_AbC",
                "CreationDate": "2026-11-22T07:00:00Z",
                "LastModifiedDate": "2026-11-22T08:00:00Z",
                "SSORedirectBindingURI": "https://idp/sso",
            })
        );
        assert!(body.left_out.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole_and_named() {
        let long = "c".repeat(2_500);
        let body = succeeded(&[
            ("ActiveEncryptionCertificate", &long),
            ("SSORedirectBindingURI", "https://idp/sso"),
            ("SLORedirectBindingURI", &long),
            ("RequestSigningAlgorithm", "rsa-sha256"),
        ]);
        assert!(body.document.to_string().len() <= BODY_MAX);
        assert_eq!(body.left_out, ["SLORedirectBindingURI"]);
        assert_eq!(body.document["Data"]["ActiveEncryptionCertificate"], long);
        assert_eq!(
            body.document["Data"]["RequestSigningAlgorithm"],
            "rsa-sha256"
        );
    }

    #[test]
    fn both_certificates_fit_and_a_long_entity_id_gives_way_to_them() {
        let certificate = "c".repeat(1_300);
        let metadata = |length| Metadata {
            entity_id: Some("e".repeat(length)),
            certificate_not_after: Some("2099-12-31T23:59:59Z".to_owned()),
        };
        let details = [("ActiveEncryptionCertificate", certificate.as_str())];
        for (length, left_out) in [(200, vec![]), (1_300, vec!["SamlIdpEntityId"])] {
            let signing = Some(Ok(certificate.clone()));
            let body = succeeded_with(&details, signing, &metadata(length));
            assert!(body.document.to_string().len() <= BODY_MAX);
            assert_eq!(body.left_out, left_out);
            let data = &body.document["Data"];
            assert_eq!(data["SigningCertificate"], certificate);
            assert_eq!(data["ActiveEncryptionCertificate"], certificate);
            assert_eq!(data["SamlCertificateNotAfter"], "2099-12-31T23:59:59Z");
        }
    }

    #[test]
    fn attributes_fill_the_limit_to_the_byte() {
        let without = succeeded(&[]).document.to_string().len();
        let overhead = r#","client_id":"""#.len();
        let fits = "x".repeat(BODY_MAX - without - overhead);
        let body = succeeded(&[("client_id", &fits)]);
        assert_eq!(body.document.to_string().len(), BODY_MAX);
        let body = succeeded(&[("client_id", &format!("{fits}x"))]);
        assert_eq!(body.left_out, ["client_id"]);
    }
}
