//! Tests of the names and messages of errors, and of the time for which each is retried.

use std::time::Duration;

use super::{AttemptError, Retry, Retryable};

fn answered(status: u16, code: &str, message: &str) -> AttemptError {
    AttemptError::Service {
        status,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

#[test]
fn an_error_has_a_name_for_the_log_and_a_message_for_the_operator() {
    let why = || "why".to_owned();
    for (error, name, text) in [
        (
            answered(400, "LimitExceededException", "Too many"),
            "LimitExceededException",
            "LimitExceededException: Too many",
        ),
        (
            answered(400, "AccessDenied", ""),
            "AccessDenied",
            "AccessDenied",
        ),
        (answered(499, "", ""), "4xx", "HTTP status 499"),
        (answered(500, "", "Oops"), "5xx", "HTTP status 500: Oops"),
        (
            AttemptError::NotConnected(why()),
            "NotConnected",
            "could not connect: why",
        ),
        (
            AttemptError::NotResolved(why()),
            "NotResolved",
            "the host name does not resolve; check the region in UserPoolId or the ARN: why",
        ),
        (AttemptError::TimedOut, "TimedOut", "the attempt timed out"),
        (
            AttemptError::ConnectionClosed(why()),
            "ConnectionClosed",
            "the connection was closed before a response arrived: why",
        ),
        (
            AttemptError::InvalidResponse(why()),
            "InvalidResponse",
            "unreadable response: why",
        ),
        (
            AttemptError::NotSent(why()),
            "NotSent",
            "the request could not be sent: why",
        ),
    ] {
        assert_eq!(error.name(), name);
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn only_denied_access_and_unknown_hosts_are_retried_for_a_limited_time() {
    let window = |reason| Retry::AWS.window(reason);
    assert_eq!(window(Retryable::Transient), Duration::MAX);
    assert_eq!(window(Retryable::Throttled), Duration::MAX);
    assert_eq!(window(Retryable::AccessDenied), Duration::from_secs(20));
    assert_eq!(window(Retryable::HostNotFound), Duration::from_secs(30));
}
