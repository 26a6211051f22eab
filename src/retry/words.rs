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
    let (host, why) = (|| "example.com".to_owned(), || "why".to_owned());
    for (error, name, text, names_host) in [
        (
            answered(400, "LimitExceededException", "Too many"),
            "LimitExceededException",
            "LimitExceededException: Too many",
            false,
        ),
        (
            answered(400, "AccessDenied", ""),
            "AccessDenied",
            "AccessDenied",
            false,
        ),
        (answered(499, "", ""), "4xx", "HTTP status 499", false),
        (
            answered(500, "", "Oops"),
            "5xx",
            "HTTP status 500: Oops",
            false,
        ),
        (
            AttemptError::NotConnected {
                host: host(),
                why: why(),
            },
            "NotConnected",
            "could not connect to example.com: why",
            true,
        ),
        (
            AttemptError::NotResolved {
                host: host(),
                why: why(),
            },
            "NotResolved",
            "the host name example.com does not resolve; check the region in UserPoolId or the \
             ARN: why",
            true,
        ),
        (
            AttemptError::TimedOut { host: Some(host()) },
            "TimedOut",
            "the attempt timed out: example.com did not respond",
            true,
        ),
        (
            AttemptError::TimedOut { host: None },
            "TimedOut",
            "the attempt timed out",
            false,
        ),
        (
            AttemptError::ConnectionClosed {
                host: host(),
                why: why(),
            },
            "ConnectionClosed",
            "the connection to example.com was closed before a response arrived: why",
            true,
        ),
        (
            AttemptError::InvalidResponse(why()),
            "InvalidResponse",
            "unreadable response: why",
            false,
        ),
        (
            AttemptError::NotSent(why()),
            "NotSent",
            "the request could not be sent: why",
            false,
        ),
    ] {
        assert_eq!(error.name(), name);
        assert_eq!(error.to_string(), text);
        assert_eq!(error.host().is_some(), names_host, "{name}");
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
