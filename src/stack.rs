//! Asks CloudFormation whether a request is still the latest of its resource.

use std::time::Duration;

use aws_config::{Region, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_cloudformation::{
    Client, config::Builder, operation::describe_stack_resource::DescribeStackResourceError,
    types::StackResourceDetail,
};
use tokio::time::{Instant, timeout_at};

use crate::{
    attempts::{Attempts, Classifier, unlimited_retry_partition, unsent, with_unlimited_retries},
    retry::{AttemptError, Retry, Rounds},
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
        let attempts = Attempts::new("DescribeStackResource", action, None, self.retry);
        let end = end.min(Instant::now() + PATIENCE);
        let asked = timeout_at(end, self.describe(stack_id, logical_id, &attempts));
        match asked.await {
            Ok(Ok(description)) => Ok(Output::StackResource(StackResource {
                superseded: !description.is_of(issued),
                is_busy: description.status.ends_with("_IN_PROGRESS"),
                changed_ms: description.since_ms,
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
    ) -> Result<Description, AttemptError> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let mut sdk = with_unlimited_retries(&self.sdk)
            .into_builder()
            .timeout_config(timeouts);
        if let Some(region) = region(stack_id) {
            sdk = sdk.region(Region::new(region.to_owned()));
        }
        let config = Builder::from(&sdk.build())
            .retry_partition(unlimited_retry_partition())
            .retry_classifier(Classifier::<DescribeStackResourceError>::new(attempts))
            .interceptor(attempts.clone())
            .build();
        let got = Client::from_conf(config)
            .describe_stack_resource()
            .stack_name(stack_id)
            .logical_resource_id(logical_id)
            .send()
            .await
            .map_err(|error| unsent(&error))?;
        let description = got.stack_resource_detail.and_then(Description::new);
        description
            .ok_or_else(|| AttemptError::InvalidResponse("it describes no resource".to_owned()))
    }
}

impl Description {
    fn new(detail: StackResourceDetail) -> Option<Self> {
        Some(Self {
            status: detail.resource_status?.as_str().to_owned(),
            since_ms: detail.last_updated_timestamp?.to_millis().ok()?,
            physical_id: detail.physical_resource_id,
        })
    }

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
