//! Asks CloudFormation whether a request is still the latest of its resource.

use std::time::Duration;

use aws_config::{Region, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_cognitoidentityprovider::{
    config::http::HttpResponse,
    error::{BoxError, ErrorMetadata},
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_types::{DateTime, date_time::Format};
use http::header::CONTENT_TYPE;
use roxmltree::{Document, Node};
use tokio::time::{Instant, timeout_at};
use url::form_urlencoded;

use crate::{
    attempts::{Attempts, unsent, with_unlimited_retries},
    endpoint,
    hosts::Hosts,
    request::{Answer, Service},
    retry::{Retry, Rounds},
};
use cfn_cognito_idp_core::plan::{Outcome, Output, StackResource};

/// The timeout of a single attempt. CloudFormation responds in tens of milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest time to wait for a response, retries included.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest time from the date of a request to the change of its resource's status, in
/// milliseconds. The status changes before the request, but the date is truncated to seconds. The
/// status of a rollback changes later.
const SAME_REQUEST_MS: i64 = 1_000;

const CLOUDFORMATION: Service<Description> = Service {
    name: "cloudformation",
    operation: "DescribeStackResource",
    signing: |_| {},
    read,
};

/// A resource as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Description {
    status: String,
    /// The time of the last change of the status, in milliseconds since 1970.
    since_ms: i64,
    physical_id: Option<String>,
}

/// A client for CloudFormation in all regions.
#[derive(Debug)]
pub struct Stacks {
    sdk: SdkConfig,
    retry: Retry,
}

impl Stacks {
    /// Creates a client with the credentials, endpoint and HTTP client of `sdk`.
    pub fn new(sdk: &SdkConfig, retry: Retry) -> Self {
        Self {
            sdk: sdk.clone(),
            // A missing response is better than a long wait.
            retry: Retry {
                access_denied: Duration::ZERO,
                throttled: Rounds {
                    unit: retry.throttled.unit / 5,
                    ..retry.throttled
                },
                ..retry
            },
        }
    }

    /// Returns the state of a resource, and whether its request of the time `issued` (in seconds
    /// since 1970) is superseded.
    ///
    /// # Errors
    /// Returns an error if CloudFormation cannot be asked, for example without permission.
    pub async fn resource(
        &self,
        stack_id: &str,
        logical_id: &str,
        issued: i64,
        end: Instant,
    ) -> Outcome {
        let action = format!("asking CloudFormation about {logical_id}");
        let attempts = Attempts::new(CLOUDFORMATION.operation, action, None, self.retry);
        let end = end.min(Instant::now() + PATIENCE);
        let asked = timeout_at(end, self.describe(stack_id, logical_id, &attempts));
        match asked.await {
            Ok(Ok(description)) => Ok(Output::StackResource(StackResource {
                superseded: !description.is_of(issued),
                physical_id: description.physical_id,
            })),
            Ok(Err(unsent)) => Err(attempts.failed(&unsent).into()),
            Err(_) => Err(attempts.out_of_time().into()),
        }
    }

    async fn describe(
        &self,
        stack_id: &str,
        logical_id: &str,
        attempts: &Attempts,
    ) -> Result<Description, crate::retry::AttemptError> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let mut sdk = with_unlimited_retries(&self.sdk)
            .into_builder()
            .timeout_config(timeouts);
        if let Some(region) = region(stack_id) {
            sdk = sdk.region(Region::new(region.to_owned()));
        }
        let sdk = sdk.build();
        let endpoint = match endpoint::configured(&sdk, "CloudFormation") {
            Some(url) => url,
            None => format!("https://{}", Hosts::of(&sdk).await.cloudformation()),
        };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", CLOUDFORMATION.operation)
            .append_pair("Version", "2010-05-15")
            .append_pair("StackName", stack_id)
            .append_pair("LogicalResourceId", logical_id)
            .finish();
        let mut request = http::Request::new(form);
        *request.method_mut() = http::Method::POST;
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        let sent = CLOUDFORMATION.send(&sdk, &endpoint, request, attempts);
        sent.await.map_err(|error| unsent(&error))
    }
}

impl Description {
    /// Returns whether the request of the time `issued` set the status.
    fn is_of(&self, issued: i64) -> bool {
        let issued_ms = issued.saturating_mul(1_000);
        self.status.ends_with("_IN_PROGRESS")
            && self.since_ms < issued_ms.saturating_add(SAME_REQUEST_MS)
    }
}

/// Returns the region in the ARN of a stack. It is validated because it becomes part of a host name
/// to which credentials are sent.
fn region(stack_id: &str) -> Option<&str> {
    // arn:aws:cloudformation:eu-west-1:123456789012:stack/idp/51af3dc0
    let region = stack_id.strip_prefix("arn:")?.split(':').nth(2)?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (!region.is_empty() && region.chars().all(is_name)).then_some(region)
}

fn read(response: &HttpResponse) -> Answer<Description> {
    let body = str::from_utf8(response.body().bytes().unwrap_or_default()).unwrap_or_default();
    let document = Document::parse(body);
    let of = |name: &str| {
        let nodes = document.as_ref().ok()?.descendants();
        let mut named = nodes.filter(|node| node.tag_name().name() == name);
        named.next().and_then(|node: Node<'_, '_>| node.text())
    };
    if !response.status().is_success() {
        let mut error = ErrorMetadata::builder();
        if let Some(code) = of("Code") {
            error = error.code(code);
        }
        if let Some(message) = of("Message") {
            error = error.message(message);
        }
        return Err(OrchestratorError::operation(error.build()));
    }
    let since = of("LastUpdatedTimestamp")
        .and_then(|date| DateTime::from_str(date, Format::DateTime).ok())
        .and_then(|date| date.to_millis().ok());
    match (of("ResourceStatus"), since) {
        (Some(status), Some(since_ms)) => Ok(Description {
            status: status.to_owned(),
            since_ms,
            physical_id: of("PhysicalResourceId").map(str::to_owned),
        }),
        _ => Err(OrchestratorError::other(BoxError::from(
            "not a description of a resource",
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_current_while_its_resource_is_in_progress_since_it_was_issued() {
        let is_of = |status: &str, since_ms| {
            let description = Description {
                status: status.to_owned(),
                since_ms,
                physical_id: None,
            };
            description.is_of(100)
        };
        assert!(is_of("UPDATE_IN_PROGRESS", 99_400));
        assert!(is_of("UPDATE_IN_PROGRESS", 100_999));
        assert!(is_of("CREATE_IN_PROGRESS", 100_000));
        assert!(!is_of("UPDATE_IN_PROGRESS", 101_000));
        for ended in ["UPDATE_FAILED", "UPDATE_COMPLETE", "DELETE_COMPLETE"] {
            assert!(!is_of(ended, 100_000));
        }
    }

    #[test]
    fn only_the_arn_of_a_stack_names_a_region() {
        let arn = "arn:aws:cloudformation:eu-west-1:123456789012:stack/idp/51af3dc0";
        assert_eq!(region(arn), Some("eu-west-1"));
        for other in [
            "",
            "idp",
            "arn:aws:cloudformation:evil.example/:1:stack/a/b",
        ] {
            assert_eq!(region(other), None);
        }
    }
}
