//! Builds the response to CloudFormation, within its size limit.

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

/// CloudFormation's size limit in bytes. If a response exceeds it, the user sees only "Response
/// object is too long".
pub const BODY_MAX: usize = 4_096;

/// The mark that replaces the middle of a truncated reason.
const ELLIPSIS: &str = " […] ";

/// A body within the limit, and the names of the omitted attributes.
#[derive(Debug)]
pub struct Body {
    /// The JSON document.
    pub document: Value,
    /// The attributes that were omitted because they do not fit or contain characters that stack
    /// outputs cannot show.
    pub omitted: Vec<&'static str>,
}

impl Body {
    /// Builds the response to the event of the envelope, including the facts in the declared
    /// metadata.
    pub fn new(
        envelope: &Envelope,
        answer: &Answer,
        metadata: &Metadata,
        properties: Option<String>,
    ) -> Self {
        let mut document = Map::new();
        let mut put = |key: &str, value: &str| document.insert(key.into(), value.into());
        put("PhysicalResourceId", &answer.physical_id);
        put("StackId", &envelope.stack_id);
        put("RequestId", &envelope.request_id);
        put("LogicalResourceId", &envelope.logical_id);
        let mut omitted = Vec::new();
        match &answer.result {
            Ok(success) => {
                document.insert("Status".into(), "SUCCESS".into());
                if let Some((id, observed)) = &success.provider {
                    let mut attributes = attributes(id, observed.as_ref(), success, metadata);
                    // The longest comes last.
                    attributes.extend(properties.map(|text| ("ResourceProperties", text)));
                    omitted = add_data(&mut document, attributes);
                }
            }
            Err(reason) => {
                document.insert("Status".into(), "FAILED".into());
                document.insert("Reason".into(), "".into());
                let room = BODY_MAX.saturating_sub(size(&document));
                document.insert(
                    "Reason".into(),
                    truncate_middle(&printable(reason.as_str()), room).into(),
                );
            }
        }
        Self {
            document: Value::Object(document),
            omitted,
        }
    }
}

/// Returns the attributes for `Fn::GetAtt`, most useful first.
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
    // Placed after the certificates because an entity id may be as long as one.
    if let Some(id) = &metadata.entity_id {
        attributes.push(("SamlIdpEntityId", id.clone()));
    }
    attributes
}

/// Adds `Data` with as many attributes as fit, and returns the names of the others.
fn add_data(
    document: &mut Map<String, Value>,
    attributes: Vec<(&'static str, String)>,
) -> Vec<&'static str> {
    document.insert("Data".into(), Map::new().into());
    // Adds one byte, because no comma precedes the first attribute.
    let mut room = (BODY_MAX + 1).saturating_sub(size(document));
    let mut data = Map::new();
    let mut omitted = Vec::new();
    for (key, value) in attributes {
        // Counts the comma and the quotes and colon of "key":"value".
        let needs = key.len() + escaped_length(&value) + 6;
        if needs <= room && fits_xml(&value) {
            room -= needs;
            data.insert(key.into(), value.into());
        } else {
            omitted.push(key);
        }
    }
    document.insert("Data".into(), data.into());
    omitted
}

fn size(document: &Map<String, Value>) -> usize {
    serde_json::to_string(document).map_or(BODY_MAX, |text| text.len())
}

/// Returns the length of a text inside a JSON string, in bytes.
fn escaped_length(text: &str) -> usize {
    text.chars().map(escaped_char_length).sum()
}

const fn escaped_char_length(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => character.len_utf8(),
    }
}

/// Truncates `text` to at most `room` bytes of JSON. Keeps the start, which names the action, and
/// the end, which contains the error.
fn truncate_middle(text: &str, room: usize) -> String {
    if escaped_length(text) <= room {
        return text.to_owned();
    }
    let Some(room) = room.checked_sub(ELLIPSIS.len()) else {
        return String::new();
    };
    let head_room = room - room / 3;
    let head = &text[..fitting_length(text.char_indices(), head_room)];
    let tail_room = room - escaped_length(head);
    let backwards = text
        .char_indices()
        .rev()
        .map(|(at, c)| (text.len() - at - c.len_utf8(), c));
    let tail = &text[text.len() - fitting_length(backwards, tail_room)..];
    format!("{head}{ELLIPSIS}{tail}")
}

/// Returns the length in bytes of the characters that fit into `room` bytes of JSON.
fn fitting_length(characters: impl Iterator<Item = (usize, char)>, mut room: usize) -> usize {
    let mut end = 0;
    for (at, character) in characters {
        let Some(left) = room.checked_sub(escaped_char_length(character)) else {
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
            response_url: None,
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
        Body::new(&envelope(), &answer, &Metadata::default(), None).document
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
                summary: "created",
                provider: Some((id, Some(observed))),
                signing_certificate,
            }),
        };
        Body::new(&envelope(), &answer, metadata, None)
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
        assert_eq!(body.omitted, ["oidc_issuer"]);
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
            assert!(reason.contains(ELLIPSIS));
        }
    }

    #[test]
    fn reasons_up_to_the_limit_are_not_cut() {
        let room = BODY_MAX - failed("").to_string().len();
        assert_eq!(failed(&"x".repeat(room)).to_string().len(), BODY_MAX);
        assert!(!failed(&"x".repeat(room)).to_string().contains(ELLIPSIS));
        assert!(failed(&"x".repeat(room + 1)).to_string().contains(ELLIPSIS));
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
        assert!(body.omitted.is_empty());
    }

    #[test]
    fn attributes_that_do_not_fit_are_omitted_and_named() {
        let long = "c".repeat(2_500);
        let body = succeeded(&[
            ("ActiveEncryptionCertificate", &long),
            ("SSORedirectBindingURI", "https://idp/sso"),
            ("SLORedirectBindingURI", &long),
            ("RequestSigningAlgorithm", "rsa-sha256"),
        ]);
        assert!(body.document.to_string().len() <= BODY_MAX);
        assert_eq!(body.omitted, ["SLORedirectBindingURI"]);
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
        for (length, omitted) in [(200, vec![]), (1_300, vec!["SamlIdpEntityId"])] {
            let signing = Some(Ok(certificate.clone()));
            let body = succeeded_with(&details, signing, &metadata(length));
            assert!(body.document.to_string().len() <= BODY_MAX);
            assert_eq!(body.omitted, omitted);
            let data = &body.document["Data"];
            assert_eq!(data["SigningCertificate"], certificate);
            assert_eq!(data["ActiveEncryptionCertificate"], certificate);
            assert_eq!(data["SamlCertificateNotAfter"], "2099-12-31T23:59:59Z");
        }
    }

    #[test]
    fn a_text_is_counted_as_it_is_written() {
        for character in ('\0'..='\u{ff}').chain(['株', '🦀']) {
            let text = character.to_string();
            let written = serde_json::to_string(&text).unwrap();
            assert_eq!(escaped_length(&text) + 2, written.len(), "{character:?}");
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
        assert_eq!(body.omitted, ["client_id"]);
    }
}
