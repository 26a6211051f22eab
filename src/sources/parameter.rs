//! Reads a parameter of the SSM Parameter Store with one request in the AWS JSON 1.1 protocol.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{
    config::http::HttpResponse,
    error::{BoxError, ErrorMetadata},
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{Content, Fetched};
use crate::{
    attempts::Attempts,
    endpoint,
    hosts::Hosts,
    request::{Answer, Outcome, Service},
};

const SSM: Service<Content> = Service {
    name: "ssm",
    operation: "GetParameter",
    signing: |_| {},
    read,
};

/// Reads and decrypts a parameter.
///
/// # Errors
/// Returns the error of the last attempt.
pub(super) async fn get(sdk: &SdkConfig, name: &str, attempts: &Attempts) -> Outcome<Content> {
    let endpoint = match endpoint::configured(sdk, "SSM") {
        Some(url) => url,
        None => format!("https://{}", Hosts::of(sdk).await.ssm()),
    };
    let input = json!({"Name": name, "WithDecryption": true}).to_string();
    let mut request = http::Request::new(input);
    *request.method_mut() = http::Method::POST;
    let json = http::HeaderValue::from_static("application/x-amz-json-1.1");
    request.headers_mut().insert(CONTENT_TYPE, json);
    let target = http::HeaderValue::from_static("AmazonSSM.GetParameter");
    request.headers_mut().insert("x-amz-target", target);
    SSM.send(sdk, &endpoint, request, attempts).await
}

fn read(response: &HttpResponse) -> Answer<Content> {
    let body = response.body().bytes().unwrap_or_default();
    let output = serde_json::from_slice::<Value>(body);
    if !response.status().is_success() {
        return Err(OrchestratorError::operation(error(
            &output.unwrap_or_default(),
        )));
    }
    let output = output.map_err(|_| OrchestratorError::other(BoxError::from("not JSON")))?;
    let member = |name| output.pointer(name).and_then(Value::as_str);
    let is_plain = matches!(member("/Parameter/Type"), Some("String" | "StringList"));
    let value = member("/Parameter/Value").map(|text| Fetched {
        text: text.into(),
        is_secret: !is_plain,
    });
    Ok(value.ok_or("the parameter has no value"))
}

/// Parses an error response of SSM. Other responses yield empty metadata.
fn error(output: &Value) -> ErrorMetadata {
    let text = |member| output.get(member).and_then(Value::as_str);
    let mut error = ErrorMetadata::builder();
    if let Some(code) = text("__type") {
        // Some codes have a namespace prefix.
        error = error.code(code.rsplit('#').next().unwrap_or(code));
    }
    if let Some(message) = text("message").or_else(|| text("Message")) {
        error = error.message(message);
    }
    error.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_if_they_are_those_of_ssm() {
        let read = error(&json!({"__type": "com.amazonaws.ssm#ParameterNotFound"}));
        assert_eq!(
            (read.code(), read.message()),
            (Some("ParameterNotFound"), None)
        );
        let read = error(&json!({"__type": "AccessDeniedException", "Message": "no"}));
        assert_eq!(
            (read.code(), read.message()),
            (Some("AccessDeniedException"), Some("no"))
        );
        for other in [json!(null), json!([]), json!({"__type": 1})] {
            assert_eq!(error(&other), ErrorMetadata::builder().build());
        }
    }
}
