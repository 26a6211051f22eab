//! Parses CloudFormation's event: first the envelope, which a response needs, then the properties.

mod salvage;

use aws_lambda_events::cloudformation::CloudFormationCustomResourceRequest;
use serde_json::Value;

/// The members of an event that a response needs.
#[derive(Clone)]
pub struct Envelope {
    /// The URL to which the response is sent. Its query is a credential. Without it, no response
    /// can be sent.
    pub response_url: Option<String>,
    /// `StackId`; empty if the event has none.
    pub stack_id: String,
    /// `RequestId`; empty if the event has none.
    pub request_id: String,
    /// `LogicalResourceId`; empty if the event has none.
    pub logical_id: String,
    /// `PhysicalResourceId`; a Create has none.
    pub physical_id: Option<String>,
}

/// The request of CloudFormation, with unparsed properties.
pub enum Request {
    /// Create a resource.
    Create {
        /// `ResourceProperties`.
        properties: Value,
    },
    /// Update or replace a resource.
    Update {
        /// `PhysicalResourceId`. The response must repeat it byte for byte.
        physical_id: String,
        /// `ResourceProperties`.
        properties: Value,
        /// `OldResourceProperties`.
        previous: Value,
    },
    /// Delete a resource.
    Delete {
        /// `PhysicalResourceId`, to be repeated byte for byte.
        physical_id: String,
        /// `ResourceProperties`.
        properties: Value,
    },
}

impl Envelope {
    /// Makes the envelope of a request that nobody is to be answered for.
    pub(crate) const fn without_response(stack_id: String, logical_id: String) -> Self {
        Self {
            response_url: None,
            stack_id,
            request_id: String::new(),
            logical_id,
            physical_id: None,
        }
    }
}

impl Request {
    /// `ResourceProperties`.
    pub const fn properties(&self) -> &Value {
        match self {
            Self::Create { properties }
            | Self::Update { properties, .. }
            | Self::Delete { properties, .. } => properties,
        }
    }
}

/// The error for an invalid event.
#[derive(Debug, thiserror::Error)]
#[error("the event is not a CloudFormation custom resource request: {0}")]
pub struct EventError(serde_json::Error);

/// Parses an event from its bytes: the envelope, and the request or the error in it.
///
/// The envelope is also recovered from events that `serde_json` rejects (nesting deeper than 128,
/// half a surrogate pair, a number out of range) and from truncated JSON.
pub fn open(event: &[u8]) -> (Envelope, Result<Request, EventError>) {
    match serde_json::from_slice(event) {
        Ok(event) => open_value(event),
        Err(error) => {
            let salvaged = salvage::salvage(event);
            let (envelope, request) = open_value(Value::Object(salvaged.members));
            let is_enough = match &request {
                // A Delete needs no properties, so the envelope is enough.
                Ok(Request::Delete { .. }) => salvaged.is_whole,
                _ => false,
            };
            let request = if is_enough {
                request
            } else {
                Err(EventError(error))
            };
            (envelope, request)
        }
    }
}

fn open_value(mut event: Value) -> (Envelope, Result<Request, EventError>) {
    let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
    let envelope = Envelope {
        response_url: text("ResponseURL"),
        stack_id: text("StackId").unwrap_or_default(),
        request_id: text("RequestId").unwrap_or_default(),
        logical_id: text("LogicalResourceId").unwrap_or_default(),
        physical_id: text("PhysicalResourceId"),
    };
    // CloudFormation's documentation makes the properties optional; the event type requires them.
    if let Some(event) = event.as_object_mut() {
        for key in ["ResourceProperties", "OldResourceProperties"] {
            event.entry(key).or_insert(Value::Null);
        }
        // The rest of an event without it still tells whose it is.
        event
            .entry("ResponseURL")
            .or_insert_with(|| String::new().into());
    }
    (envelope, request(event))
}

fn request(event: Value) -> Result<Request, EventError> {
    use CloudFormationCustomResourceRequest as Event;
    match serde_json::from_value::<Event>(event).map_err(EventError)? {
        Event::Create(event) => Ok(Request::Create {
            properties: event.resource_properties,
        }),
        Event::Update(event) => Ok(Request::Update {
            physical_id: event.physical_resource_id,
            properties: event.resource_properties,
            previous: event.old_resource_properties,
        }),
        Event::Delete(event) => Ok(Request::Delete {
            physical_id: event.physical_resource_id,
            properties: event.resource_properties,
        }),
        _ => Err(EventError(serde::de::Error::custom(
            "unsupported RequestType: expected Create, Update or Delete",
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn create() -> Value {
        json!({
            "RequestType": "Create",
            "ResponseURL": "https://example.amazonaws.com/?X-Amz-Signature=1",
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/idp/1",
            "RequestId": "r-1",
            "ResourceType": "Custom::CognitoIdentityProvider",
            "LogicalResourceId": "Corp",
            "ResourceProperties": {"ProviderName": "Corp"},
        })
    }

    fn without(key: &str) -> Value {
        let mut event = create();
        event.as_object_mut().unwrap().remove(key);
        event
    }

    #[test]
    fn an_event_without_response_url_still_tells_whose_it_is() {
        let (envelope, _) = open_value(without("ResponseURL"));
        assert_eq!(envelope.response_url, None);
        assert_eq!(envelope.request_id, "r-1");
        for junk in [json!(null), json!([]), json!("junk")] {
            let (envelope, request) = open_value(junk);
            assert_eq!(envelope.response_url, None);
            assert!(request.is_err());
        }
    }

    #[test]
    fn properties_of_any_shape_are_passed_on() {
        let mut list = create();
        list["ResourceProperties"] = json!([1]);
        for (event, properties) in [
            (list, json!([1])),
            (without("ResourceProperties"), json!(null)),
        ] {
            let (_, request) = open_value(event);
            assert_eq!(*request.unwrap().properties(), properties);
        }
    }

    #[test]
    fn errors_in_the_rest_of_an_event_are_in_the_response() {
        let cases = [
            (
                "RequestType",
                json!("Rename"),
                "unknown variant `Rename`, expected one of `Create`, `Update`, `Delete`",
            ),
            (
                "StackId",
                json!(7),
                "invalid type: integer `7`, expected a string",
            ),
            (
                "RequestType",
                json!("Delete"),
                "missing field `PhysicalResourceId`",
            ),
        ];
        for (key, value, expected) in cases {
            let mut event = create();
            event[key] = value;
            let (envelope, request) = open_value(event);
            assert_eq!(envelope.request_id, "r-1");
            assert_eq!(
                request.err().unwrap().to_string(),
                format!("the event is not a CloudFormation custom resource request: {expected}")
            );
        }
    }

    #[test]
    fn unparsable_values_get_a_response_and_a_delete_goes_on() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        for odd in [deep.as_str(), r#""\ud800""#, "1e400", r#"{"\udc00": 1}"#] {
            for kind in ["Create", "Update", "Delete"] {
                let mut event = create();
                event["RequestType"] = kind.into();
                event["PhysicalResourceId"] = "id".into();
                event["ResourceProperties"] = "ODD".into();
                let event = event.to_string().replace(r#""ODD""#, odd);
                let (envelope, request) = open(event.as_bytes());
                assert_eq!(envelope.request_id, "r-1");
                assert_eq!(envelope.physical_id.as_deref(), Some("id"));
                assert_eq!(request.is_ok(), kind == "Delete", "{kind} {odd:.20}");
            }
        }
    }

    #[test]
    fn truncated_json_is_answered_if_it_has_a_response_url() {
        let text = create().to_string();
        let url_ends = text.find("Signature=1").unwrap() + "Signature=1\"".len();
        for end in url_ends + 1..text.len() {
            let (envelope, request) = open(&text.as_bytes()[..end]);
            assert!(envelope.response_url.is_some());
            assert!(request.is_err());
        }
        let (envelope, _) = open(&text.as_bytes()[..url_ends - 1]);
        assert_eq!(envelope.response_url, None);
        let mut invalid = text.replace("Corp", "C?rp").into_bytes();
        for byte in invalid.iter_mut().filter(|byte| **byte == b'?') {
            *byte = 0xff;
        }
        let garbage = format!("{text}}}garbage");
        let marked = format!("\u{feff}{text}");
        for event in [invalid, garbage.into_bytes(), marked.into_bytes()] {
            // The URL has a question mark too.
            assert_eq!(open(&event).0.request_id, "r-1");
        }
    }
}
